"""Tables that explain: element balances, shares by country, requirements, prices."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from planner.mathematics.security import (
    allowed_short,
    dependence_keys,
    dependence_places,
    served_keys,
    share_allowed,
)
from planner.mathematics.situation import applies
from planner.network import Network, Place
from planner.program import Key
from planner.results.rows import NODE, NOTHING, Row, at, table
from planner.results.scenarios import mass
from planner.results.solution import Solution
from planner.schema import Dependence, Served
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

    return table(f"element region {NODE} measure amount unit", rows())


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

    `share` is of the stage's supply at the node; `hhi` the sum of squared shares (0 to 1), `largest` the
    largest country's share.
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

    return table(f"stage country {NODE} amount share hhi largest unit", rows())


def _supplied(solution: Solution, node: Node) -> dict[tuple[str, str], float]:
    network, instance = solution.network, solution.instance(node)
    supplied: dict[tuple[str, str], float] = defaultdict(float)

    def add(commodity: str, region: str, amount: float) -> None:
        part, place = instance.commodities[commodity], instance.regions.get(region)
        country = (place.country if place is not None else None) or region
        if part.mass:
            supplied[part.stage or commodity, country] += amount

    for (facility, process), amount in solution.of(node, "activity"):
        for commodity, quantity in instance.processes[process].outputs.items():
            add(commodity, network.region_of(facility), quantity * amount)
    for (supplier, _, region), amount in solution.of(node, "purchased"):
        add(instance.suppliers[supplier].commodity, instance.suppliers[supplier].origin or region, amount)
    return supplied


def requirements(solution: Solution) -> pd.DataFrame:
    """Target, achievement, slack, violation and shadow price of every requirement wherever it applies."""
    columns = f"requirement kind scope {NODE} target achieved slack violation shadow_price unit price_unit"
    found = [*_served(solution), *_dependence(solution)]
    units = solution.network.base.units
    labels = {"unit": unit(units, "quantity/year"), "price_unit": unit(units, "price")}
    return table(columns, (row | labels for row in found))


def _shadow(solution: Solution, family: str) -> dict[tuple[int, Any], float]:
    """Cost saved per unit by which a requirement is eased, in the instance's price unit."""
    price = solution.network.price
    return {
        (node.index, key): -dual / (mass(solution, node) * price) + 0.0 if mass(solution, node) else 0.0
        for node, key, dual in solution.row_prices(family)
    }


def _served(solution: Solution) -> Iterator[Row]:
    network, shadow = solution.network, _shadow(solution, "served")
    for node in solution.nodes:
        missed, short = solution.values(node, "missed"), solution.values(node, "short")
        for key in served_keys(network):
            part = solution.instance(node).requirements[key[0]]
            assert isinstance(part, Served)
            if not applies(network, part, node):
                continue
            demand = solution.instance(node).demands[key[2]]
            amount = demand.amount.at(node.middle)
            unserved = sum(short[key[2], i] for i in range(1, len(demand.shortage) + 1))
            yield {
                "requirement": key[0], "kind": "served", "scope": f"region={key[1]};demand={key[2]}", **at(node),
                "target": part.target.at(node.middle), "achieved": 1 - unserved / amount if amount else 1.0,
                "slack": max(0.0, allowed_short(network, key, node) - unserved), "violation": missed[key],
                "shadow_price": shadow.get((node.index, key), 0.0),
            }


def _dependence(solution: Solution) -> Iterator[Row]:
    network, shadow = solution.network, _shadow(solution, "dependence")
    rows = {key: _places(network, key) for key in dependence_keys(network)}
    for node in solution.nodes:
        missed = solution.values(node, "missed")
        for key, places in rows.items():
            share = share_allowed(network, key[0], node)
            if share is None:
                continue
            part = network.base.requirements[key[0]]
            assert isinstance(part, Dependence)
            bought, use = _bought_and_used(solution, node, part.exporter, places)
            yield {
                "requirement": key[0], "kind": "dependence", "scope": f"region={key[1]};commodity={key[2]}",
                **at(node), "target": share, "achieved": bought / use if use > NOTHING else 0.0,
                "slack": max(0.0, share * use - bought), "violation": missed[key],
                "shadow_price": shadow.get((node.index, key), 0.0),
            }


def _places(network: Network, key: Key) -> list[Place]:
    """The balances that one row of a dependence requirement pools."""
    part = network.base.requirements[key[0]]
    assert isinstance(part, Dependence)
    return dependence_places(network, part, key[1], key[2])


def _bought_and_used(
    solution: Solution, node: Node, exporter: str, places: list[Place]
) -> tuple[float, float]:
    """Purchases from the exporter and use, over the balances one row pools [quantity/year]."""
    network, instance = solution.network, solution.instance(node)
    activity, delivered = solution.values(node, "activity"), solution.values(node, "delivered")
    bought = use = 0.0
    for place in places:
        balance = network.balance[place]
        bought += bought_from(solution, node, exporter, place)
        use += sum(instance.processes[a[1]].inputs[place[0]] * activity[a] for a in balance.used_by)
        use += sum(delivered[d] for d in balance.delivered)
    return bought, use


def bought_from(solution: Solution, node: Node, exporter: str, place: tuple[str, str]) -> float:
    """What comes of a commodity into a region from an exporter: purchases and arrivals [quantity/year]."""
    balance, instance = solution.network.balance[place], solution.instance(node)
    purchased, flow = solution.values(node, "purchased"), solution.values(node, "flow")
    bought = sum(purchased[k] for k in balance.bought if instance.suppliers[k[0]].origin == exporter)
    arrived = sum((1 - instance.lanes[m.lane].loss) * flow[m] for m in balance.arriving if m.origin == exporter)
    return bought + arrived


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
    return table(f"commodity region {NODE} price unit", rows)


def _active(solution: Solution, node: Node) -> set[Any]:
    """The balances (commodity, region) through which more flows than what is thrown away."""
    return {
        (commodity, region)
        for measure, commodity, region, amount in _contents(solution, node)
        if abs(amount) > NOTHING and measure != "disposed"
    }
