"""The table of requirements: target, achievement, slack, violation and shadow price of every row that holds.

`slack` is the room left and `violation` what an elastic rule is missed by, both in `unit`; target and achievement are
in `target_unit`. The shadow price is the cost saved per unit of easing with the integers fixed: at a node per unit
and year, as if the node were certain and undiscounted; of rules on the plan as a whole, discounted to the base year.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from planner.formulation.declarations import Key
from planner.formulation.mathematics.node_data import applies
from planner.formulation.mathematics.security import concentration, cover, dependence, net, sharing, sources, supply
from planner.formulation.mathematics.security.dependence import dependence_places
from planner.formulation.mathematics.security.scope import Entry, unserved
from planner.language.requirements import Dependence, Recover, Served, Survive
from planner.language.units import unit
from planner.results.coupled import COUPLED
from planner.results.rows import NOTHING, Row, at, nowhere
from planner.results.scenarios import mass
from planner.results.solution import Solution
from planner.tables.frames import table
from planner.tables.schemas import RUN
from planner.tree.nodes import Node


class Reading(NamedTuple):
    """What a row demands and what the plan achieves."""

    scope: str
    target: float
    achieved: float
    target_unit: str = "share"
    role: str = "quantity/year"
    room: float | None = None  # Room left, where variables of the row may be larger than they need be.


Reader = Callable[[Solution, Node, Key], Reading | None]


def requirements(solution: Solution) -> pd.DataFrame:
    """Target, achievement, slack, violation and shadow price of every requirement wherever it holds."""
    return table(RUN["requirements"], _rows(solution))


def _rows(solution: Solution) -> Iterator[Row]:
    activity = np.asarray(solution.program.matrix @ solution.outcome.values)
    base = solution.network.base
    for position, (node, family, key) in enumerate(solution.program.rows):
        if node is not None and family in READERS:
            reading = READERS[family](solution, node, key)
            if reading is not None:
                missed = solution.values(node, "missed")[key]
                worth = mass(solution, node) or node.length * node.factor
                kind = base.requirements[key[0]].kind
                yield {"requirement": key[0], "kind": kind, **at(node)} | _said(
                    solution, position, reading, activity[position], missed, worth
                )
        elif node is None and family in COUPLED:
            found = COUPLED[family](solution, key)
            kind = base.requirements[key[0]].kind
            place = at(found.node) if found.node is not None else nowhere()
            reading = Reading(
                found.scope, found.target, found.achieved, found.target_unit, found.role, found.room
            )
            yield {"requirement": key[0], "kind": kind, **place} | _said(
                solution, position, reading, activity[position], found.missed, found.worth
            )


def _said(
    solution: Solution, position: int, reading: Reading, activity: float, missed: float, worth: float
) -> Row:
    """What a row of the table says beside where it stands; easing a row by one unit saves its dual value."""
    program, units = solution.program, solution.network.base.units
    is_most = math.isfinite(program.row_upper[position])
    room = program.row_upper[position] - activity if is_most else activity - program.row_lower[position]
    room = room - missed if reading.room is None else reading.room
    dual = float(solution.outcome.prices[position]) * (-1.0 if is_most else 1.0)
    if room > 1e-6 * (1 + abs(activity)) and missed <= 0:
        dual = 0.0  # Variables of a row with room may be larger than they need be, and then have prices.
    is_quantity = reading.role.startswith("quantity")
    price = worth * (solution.network.price if is_quantity else 1.0)
    return {
        "scope": reading.scope, "target": reading.target, "achieved": reading.achieved,
        "target_unit": unit(units, reading.target_unit), "slack": max(0.0, room), "violation": missed,
        "shadow_price": dual / price + 0.0, "unit": unit(units, reading.role),
        "price_unit": unit(units, "price") if is_quantity else f"{units.money}/{unit(units, reading.role)}",
    }


def _served(solution: Solution, node: Node, key: Key) -> Reading | None:
    part = solution.instance(node).requirements[key[0]]
    assert isinstance(part, Served | Survive | Recover)
    if not applies(part, node):
        return None
    amount, short = solution.instance(node).demands[key[2]].amount.at(node.middle), _short(solution, node, key[2])
    achieved = 1 - short / amount if amount else 1.0
    return Reading(f"region={key[1]};demand={key[2]}", part.target.at(node.middle), achieved)


def _short(solution: Solution, node: Node, demand: str) -> float:
    short = solution.values(node, "short")
    return math.fsum(short[key] for _, key, _ in unserved(solution.network, demand))


def _dependence(solution: Solution, node: Node, key: Key) -> Reading | None:
    part, share = solution.network.base.requirements[key[0]], dependence.share_allowed(solution.network, key[0], node)
    assert isinstance(part, Dependence)
    if share is None:
        return None
    bought, use = _bought_and_used(solution, node, part.exporter, key)
    room = max(0.0, share * use - bought)
    return Reading(f"region={key[1]};commodity={key[2]}", share, bought / use if use > NOTHING else 0.0, room=room)


def _bought_and_used(solution: Solution, node: Node, exporter: str, key: Key) -> tuple[float, float]:
    """Purchases from the exporter and net use, over the balances one row pools [quantity/year]."""
    network, instance = solution.network, solution.instance(node)
    places = dependence_places(network, *key)
    bought = math.fsum(bought_from(solution, node, exporter, place) for place in places)
    if key in dependence.turned(network):
        return bought, _net_use(solution, node, places, with_stock=True)
    commodities = dict.fromkeys(k for k, _ in places)
    return bought, math.fsum(_sum(solution, node, net.used(network, instance, places, k)) for k in commodities)


def _net_use(solution: Solution, node: Node, places: tuple[net.Place, ...], with_stock: bool = False) -> float:
    """What is both supplied anew and used, over the commodities of some places [quantity/year]."""
    network, instance = solution.network, solution.instance(node)
    found = 0.0
    for k in dict.fromkeys(k for k, _ in places):
        supplied = net.first(network, instance, places, k) + (net.kept(network, places, k) if with_stock else [])
        found += min(_sum(solution, node, net.used(network, instance, places, k)), _sum(solution, node, supplied))
    return found


def _sum(solution: Solution, node: Node, entries: list[Entry]) -> float:
    return math.fsum(coefficient * solution.values(node, family)[key] for family, key, coefficient in entries)


def bought_from(solution: Solution, node: Node, exporter: str, place: tuple[str, str]) -> float:
    """What comes of a commodity into a region from an exporter: purchases and arrivals [quantity/year]."""
    balance, instance = solution.network.balance[place], solution.instance(node)
    purchased, flow = solution.values(node, "purchased"), solution.values(node, "flow")
    bought = sum(purchased[k] for k in balance.bought if instance.suppliers[k[0]].origin == exporter)
    arrived = sum((1 - instance.lanes[m.lane].loss) * flow[m] for m in balance.arriving if m.origin == exporter)
    return bought + arrived


def _of_supply(key: Key) -> str:
    return f"region={key[1]};stage={key[2]};commodity={key[3]}"


def _concentration(solution: Solution, node: Node, key: Key) -> Reading:
    network, part = solution.network, concentration.part_of(solution.network, key)
    supplied, total = solution.values(node, "from_source"), _net_use(solution, node, supply.rows(network)[key])
    limit, amounts = concentration.limit(network, key, node), [
        supplied[(*key, c)] for c in concentration.countries(network, key)
    ]
    if part.largest is not None:
        measured = achieved = sum(sorted(amounts, reverse=True)[: part.largest])
    else:
        measured = sum(concentration.tangents(part, amount, total) for amount in amounts)
        achieved = sum(amount * amount for amount in amounts) / total if total > NOTHING else 0.0
    share = achieved / total if total > NOTHING else 0.0
    return Reading(_of_supply(key), limit, share, room=limit * total - measured)


def _sources(solution: Solution, node: Node, key: Key) -> Reading:
    network, part = solution.network, sources.part_of(solution.network, key)
    least = sources.least(network, key, node)
    supplied = _supplied(solution, node, key)
    enough = sum(v > NOTHING and v >= least * (1 - 1e-6) for v in supplied)
    room = sorted(supplied, reverse=True)[part.count - 1] - least
    return Reading(_of_supply(key), float(part.count), float(enough), "sources", room=room)


def _supplied(solution: Solution, node: Node, row: Key) -> list[float]:
    """What each source of a row supplies that is used and its own [quantity/year]."""
    network, instance = solution.network, solution.instance(node)
    pool, found = supply.rows(network)[row], dict[str, float]()
    for *_, source, k in (key for key in supply.parts(network) if key[:-2] == row):
        limits = [supply.entries(network, instance, row, pool, k)[source], net.used(network, instance, pool, k)]
        own = supply.own(network, instance, row, source, k)
        limits += [own] if own is not None else []
        found[source] = found.get(source, 0.0) + min(_sum(solution, node, entries) for entries in limits)
    return list(found.values())


def _cover(solution: Solution, node: Node, key: Key) -> Reading:
    network = solution.network
    days = cover.part_at(network, key[0], node).days.at(node.middle)
    need, covered = cover.need(network, key, node), covered_by(solution, node, key)
    achieved = days * covered / need if need > 0 else days
    return Reading(f"region={key[1]};demand={key[2]}", days, achieved, "days", "quantity")


def covered_by(solution: Solution, node: Node, key: Key) -> float:
    """What stocks would give users, and what these have learned to do without, over the days of cover [quantity]."""
    name, label, demand = key
    given, accepts = solution.values(node, "cover_given"), solution.instance(node).demands[demand].accepts
    found = sum(accepts[k] * given[name, label, d, k] for q, s, d, k in given if (q, s, d) == key)
    return float(found + solution.values(node, "cover_avoided").get(key, 0.0))


def _sharing(solution: Solution, node: Node, key: Key) -> Reading:
    network = solution.network
    shares = {}
    for other in sharing.keys(network):
        if (other[0], other[2]) == (key[0], key[2]):
            amount = sharing.amount(network, other, node)
            short = sum(_short(solution, node, d) for d in sharing.users(network, other))
            shares[other] = short / amount if amount else 0.0
    target, more = sharing.apart(network, key[0], node), shares[key] - min(shares.values())
    room = (target - more) * sharing.amount(network, key, node)
    return Reading(f"region={key[1]};class={key[2]}", target, more, room=room)


READERS: dict[str, Reader] = {
    "served": _served, "survive": _served, "recover": _served, "dependence": _dependence,
    "concentration": _concentration, "hhi": _concentration, "sources": _sources, "cover": _cover, "sharing": _sharing,
}
