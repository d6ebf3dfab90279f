"""Tables that explain: element balances, shares by country, prices."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import pandas as pd

from planner.formulation.mathematics.security import net
from planner.formulation.mathematics.security.scope import Entry
from planner.formulation.mathematics.security.scope import country as country_of
from planner.formulation.network import CommodityRegion
from planner.language.instance import Instance
from planner.language.units import unit
from planner.results.rows import NOTHING, TableRow, at
from planner.results.scenarios import mass
from planner.results.solution import Solution
from planner.tables.frames import table
from planner.tables.schemas import RUN
from planner.tree.nodes import Node


def element_balance(solution: Solution) -> pd.DataFrame:
    """Sources and uses of each element, by region and node [quantity of element per year].

    Signs: what enters a region is positive, what leaves it negative; `processed` is what processes lose
    (negative) or release from inputs whose content is not stated; all measures of a node add up to zero.
    """
    label = unit(solution.network.base.units, "quantity/year")

    def rows() -> Iterator[TableRow]:
        for node in solution.nodes:
            totals: dict[tuple[str, str, str], float] = defaultdict(float)
            commodities = solution.instance(node).commodities
            for measure, commodity, region, amount in _contents(solution, node):
                for element, share in commodities[commodity].elements.items():
                    totals[element, region, measure] += share * amount
            for (element, region, measure), amount in totals.items():
                if abs(amount) > NOTHING:
                    yield {"element": element, "region": region, **at(node), "measure": measure,
                           "amount": amount, "unit": label}

    return table(RUN["element_balance"], rows())


def _contents(solution: Solution, node: Node) -> Iterable[tuple[str, str, str, float]]:
    """Every entry of every balance that is not 0: measure, commodity, region, signed amount."""
    network, instance = solution.network, solution.instance(node)
    for (facility, process), amount in solution.used(node, "activity"):
        recipe, region = instance.processes[process], network.region_of(facility)
        measure = "processed" if recipe.inputs else "mined"
        yield from ((measure, k, region, q * amount) for k, q in recipe.outputs.items())
        yield from ((measure, k, region, -q * amount) for k, q in recipe.inputs.items())
    for (lane, commodity, origin, destination), amount in solution.used(node, "flow"):
        yield "sent", commodity, origin, -amount
        yield "arrived", commodity, destination, amount * (1 - instance.lanes[lane].loss)
    for (supplier, _, region), amount in solution.used(node, "purchased"):
        yield "purchased", instance.suppliers[supplier].commodity, region, amount
    for (outlet, _, region), amount in solution.used(node, "sold"):
        yield "sold", instance.outlets[outlet].commodity, region, -amount
    for (demand, commodity), amount in solution.used(node, "delivered"):
        yield "delivered", commodity, instance.demands[demand].region, -amount
    for (name,), amount in solution.used(node, "collected"):
        yield "collected", instance.returns[name].commodity, instance.returns[name].region, amount
    released = solution.values(node, "released")
    for (name,), amount in solution.of(node, "filled"):
        part = instance.stockpiles[name]
        yield "from_stock", part.commodity, part.region, released[(name,)] - amount
    for (commodity, region), amount in solution.used(node, "disposed"):
        yield "disposed", commodity, region, -amount


def shares(solution: Solution) -> pd.DataFrame:
    """Direct suppliers of each stage by country: made in its planned facilities, or bought from it.

    Goods made of the stage's own goods are not counted again; waste is subtracted from all in proportion. `share` is
    of the stage's supply at the node; `hhi` the sum of squared shares (0 to 1), `largest` the largest country's share.
    """
    label = unit(solution.network.base.units, "quantity/year")

    sources = [tuple(_sources(solution, instance)) for instance in solution.network.variants]

    def rows() -> Iterator[TableRow]:
        for node in solution.nodes:
            supplied = _supplied(solution, node, sources[solution.network.variant(node)])
            for stage in dict.fromkeys(stage for stage, _ in supplied):
                amounts = {country: a for (s, country), a in supplied.items() if s == stage and a > NOTHING}
                total = sum(amounts.values())
                portions = [a / total for a in amounts.values()]
                for country, amount in amounts.items():
                    yield {"stage": stage, "country": country, **at(node), "amount": amount,
                           "share": amount / total, "hhi": sum(p * p for p in portions),
                           "largest": max(portions), "unit": label}

    return table(RUN["shares"], rows())


class _Source(NamedTuple):
    """Sources of a commodity of a stage: its balances, and its suppliers (country and term)."""

    stage: str
    places: tuple[CommodityRegion, ...]
    terms: tuple[tuple[str, Entry], ...]


def _sources(solution: Solution, instance: Instance) -> Iterator[_Source]:
    """Every commodity with what supplies it that is not made of its stage's own goods."""
    network = solution.network
    for stage, places in _stages(solution).items():
        for k in dict.fromkeys(k for k, _ in places):
            here, terms = tuple(p for p in places if p[0] == k), list[tuple[str, Entry]]()
            for place in here:
                terms += [(country_of(instance, place[1]), e) for e in net.made(network, instance, places, place)]
                for key in network.balance[place].bought:
                    origin = instance.suppliers[key[0]].origin or place[1]
                    terms.append((country_of(instance, origin), ("purchased", key, 1.0)))
            yield _Source(stage, here, tuple(terms))


def _supplied(solution: Solution, node: Node, sources: Iterable[_Source]) -> dict[tuple[str, str], float]:
    """Supply of each stage by each country, without waste."""
    disposed, supplied = solution.values(node, "disposed"), defaultdict[tuple[str, str], float](float)
    for source in sources:
        amounts: dict[str, float] = defaultdict(float)
        for country, (family, key, coefficient) in source.terms:
            amounts[country] += coefficient * solution.values(node, family)[key]
        total, wasted = sum(amounts.values()), sum(disposed.get(place, 0.0) for place in source.places)
        for country, amount in amounts.items():
            supplied[source.stage, country] += amount * max(0.0, 1 - wasted / total) if total > NOTHING else 0.0
    return supplied


def _stages(solution: Solution) -> dict[str, tuple[CommodityRegion, ...]]:
    """The balances of every stage, of goods that have mass."""
    found: dict[str, list[CommodityRegion]] = defaultdict(list)
    commodities = solution.network.base.commodities
    for k, r in solution.network.balance:
        if commodities[k].mass:
            found[commodities[k].stage or k].append((k, r))
    return {stage: tuple(places) for stage, places in found.items()}


def prices(solution: Solution) -> pd.DataFrame:
    """Shadow price of every commodity by region and node: cost of needing one more unit there, integers fixed.

    Only where something is made, moved or used: where nothing is, the solver's dual value means nothing.
    """
    network, label = solution.network, unit(solution.network.base.units, "price")
    active = {node.index: _active(solution, node) for node in solution.nodes}
    rows = (
        {"commodity": key[0], "region": key[1], **at(node), "unit": label,
         "price": dual / (mass(solution, node) * network.price) + 0.0}
        for node, key, dual in solution.row_prices("balance")
        if mass(solution, node) and not math.isnan(dual) and key in active[node.index]
    )
    return table(RUN["prices"], rows)


def _active(solution: Solution, node: Node) -> set[Any]:
    """The balances (commodity, region) through which more flows than what is thrown away."""
    return {
        (commodity, region)
        for measure, commodity, region, amount in _contents(solution, node)
        if abs(amount) > NOTHING and measure != "disposed"
    }
