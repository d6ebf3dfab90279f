"""Tables that explain: element balances, shares by country, prices."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from planner.mathematics.security import net
from planner.mathematics.security.scope import country as country_of
from planner.results.rows import NOTHING, Row, at
from planner.results.scenarios import mass
from planner.results.solution import Solution
from planner.tables.frames import table
from planner.tables.schemas import RUN
from planner.tree import Node
from planner.units import unit


def element_balance(solution: Solution) -> pd.DataFrame:
    """Where each element comes from and where it goes, by region and node [quantity of element per year].

    Signs: what enters a region is positive, what leaves it negative; `processed` is what processes lose
    (negative) or release from inputs whose content is not stated; all measures of a node add up to zero.
    """
    label = unit(solution.network.base.units, "quantity/year")

    def rows() -> Iterator[Row]:
        for node in solution.nodes:
            totals: dict[tuple[str, str, str], float] = defaultdict(float)
            for measure, commodity, region, amount in _contents(solution, node):
                for element, share in solution.instance(node).commodities[commodity].elements.items():
                    totals[element, region, measure] += share * amount
            for (element, region, measure), amount in totals.items():
                if abs(amount) > NOTHING:
                    yield {"element": element, "region": region, **at(node), "measure": measure,
                           "amount": amount, "unit": label}

    return table(RUN["element_balance"], rows())


def _contents(solution: Solution, node: Node) -> Iterable[tuple[str, str, str, float]]:
    """Every entry of every balance: measure, commodity, region, signed amount."""
    network, instance = solution.network, solution.instance(node)
    for (facility, process), amount in solution.of(node, "activity"):
        recipe, region = instance.processes[process], network.region_of(facility)
        measure = "processed" if recipe.inputs else "mined"
        yield from ((measure, k, region, q * amount) for k, q in recipe.outputs.items())
        yield from ((measure, k, region, -q * amount) for k, q in recipe.inputs.items())
    for (lane, commodity, origin, destination), amount in solution.of(node, "flow"):
        yield "sent", commodity, origin, -amount
        yield "arrived", commodity, destination, amount * (1 - instance.lanes[lane].loss)
    for (supplier, _, region), amount in solution.of(node, "purchased"):
        yield "purchased", instance.suppliers[supplier].commodity, region, amount
    for (outlet, _, region), amount in solution.of(node, "sold"):
        yield "sold", instance.outlets[outlet].commodity, region, -amount
    for (demand, commodity), amount in solution.of(node, "delivered"):
        yield "delivered", commodity, instance.demands[demand].region, -amount
    for (name,), amount in solution.of(node, "collected"):
        yield "collected", instance.returns[name].commodity, instance.returns[name].region, amount
    released = solution.values(node, "released")
    for (name,), amount in solution.of(node, "filled"):
        part = instance.stockpiles[name]
        yield "from_stock", part.commodity, part.region, released[(name,)] - amount
    for (commodity, region), amount in solution.of(node, "disposed"):
        yield "disposed", commodity, region, -amount


def shares(solution: Solution) -> pd.DataFrame:
    """Who supplies each stage, directly: made in the planned facilities of a country, or bought from it.

    What is made of the stage's own goods is not counted again, what is thrown away is taken from all alike. `share` is
    of the stage's supply at the node; `hhi` the sum of squared shares (0 to 1), `largest` the largest country's share.
    """
    label = unit(solution.network.base.units, "quantity/year")

    def rows() -> Iterator[Row]:
        for node in solution.nodes:
            supplied = _supplied(solution, node)
            for stage in dict.fromkeys(stage for stage, _ in supplied):
                amounts = {country: a for (s, country), a in supplied.items() if s == stage and a > NOTHING}
                total = sum(amounts.values())
                portions = [a / total for a in amounts.values()]
                for country, amount in amounts.items():
                    yield {"stage": stage, "country": country, **at(node), "amount": amount,
                           "share": amount / total, "hhi": sum(p * p for p in portions),
                           "largest": max(portions), "unit": label}

    return table(RUN["shares"], rows())


def _supplied(solution: Solution, node: Node) -> dict[tuple[str, str], float]:
    """What each country supplies of each stage that is not made of the stage's own goods nor thrown away."""
    network, instance, disposed = solution.network, solution.instance(node), solution.values(node, "disposed")
    supplied: dict[tuple[str, str], float] = defaultdict(float)
    for stage, places in _stages(solution).items():
        for k in dict.fromkeys(k for k, _ in places):
            sources: dict[str, float] = defaultdict(float)
            for place in (p for p in places if p[0] == k):
                for family, key, coefficient in net.made(network, instance, places, place):
                    sources[country_of(instance, place[1])] += coefficient * solution.values(node, family)[key]
                for key in network.balance[place].bought:
                    origin = instance.suppliers[key[0]].origin or place[1]
                    sources[country_of(instance, origin)] += solution.values(node, "purchased")[key]
            total, wasted = sum(sources.values()), sum(disposed.get(p, 0.0) for p in places if p[0] == k)
            for name, amount in sources.items():
                supplied[stage, name] += amount * max(0.0, 1 - wasted / total) if total > NOTHING else 0.0
    return supplied


def _stages(solution: Solution) -> dict[str, tuple[net.Place, ...]]:
    """The balances of every stage, of goods that have mass."""
    found: dict[str, list[net.Place]] = defaultdict(list)
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
