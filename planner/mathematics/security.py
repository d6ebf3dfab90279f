"""Security of supply: requirements that a plan must meet at every node of their scope.

Each is elastic on request: `missed` is what it is missed by, at a price. Index q: requirements.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import pyomo.environ as pyo

from planner.mathematics.situation import OfSituation, applies
from planner.names import matching
from planner.network import Network
from planner.program import Chapter, Constraint, Data, Key, OfFigures, Variable
from planner.schema import Dependence, Served
from planner.tree import Node


def served_keys(network: Network) -> tuple[Key, ...]:
    """(requirement, region, demand) for every demand in the scope of a served requirement."""
    return tuple(
        (name, demand.region, d)
        for name, part in network.base.requirements.items() if isinstance(part, Served)
        for d, demand in network.base.demands.items()
        if matching(part.regions, [demand.region]) and matching(part.classes, [demand.user_class])
    )


def dependence_keys(network: Network) -> tuple[Key, ...]:
    """(requirement, region or '*', commodity or '*') for every row of a dependence requirement."""
    keys = []
    for name, part in network.base.requirements.items():
        if not isinstance(part, Dependence):
            continue
        places = [
            (r if "region" in part.by else "*", k if "commodity" in part.by else "*")
            for k, r in dependence_places(network, part, "*", "*")
        ]
        keys += [(name, r, k) for r, k in dict.fromkeys(places)]
    return tuple(keys)


def dependence_places(network: Network, part: Dependence, region: str, commodity: str) -> list[tuple[str, str]]:
    """The balances (commodity, region) that one row of a dependence requirement pools."""
    return [
        (k, r) for k, r in network.balance
        if matching(part.commodities, [k]) and matching(part.regions, [r]) and r != part.exporter
        and region in ("*", r) and commodity in ("*", k)
    ]


def allowed_short(network: Network, key: Key, node: Node) -> float:
    """Shortage the requirement allows; the whole demand where it does not apply."""
    part = network.instance(node).requirements[key[0]]
    amount = network.instance(node).demands[key[2]].amount.at(node.middle)
    assert isinstance(part, Served)
    return (1 - part.target.at(node.middle)) * amount if applies(network, part, node) else amount


def share_allowed(network: Network, name: str, node: Node) -> float | None:
    """Largest share at a node, None where the requirement does not apply."""
    part = network.instance(node).requirements[name]
    assert isinstance(part, Dependence)
    return part.share.at(node.middle) if applies(network, part, node) else None


def chapter(network: Network) -> Chapter:
    served, dependent = served_keys(network), dependence_keys(network)
    keys = (*served, *dependent)
    of = partial(OfFigures, network)

    def most_missed(node: Node) -> list[float]:
        parts = network.instance(node).requirements
        return [float("inf") if parts[k[0]].elastic is not None else 0.0 for k in keys]

    def penalties(node: Node) -> list[float]:
        elastic = [network.instance(node).requirements[k[0]].elastic for k in keys]
        return [network.price * e.price.at(node.middle) if e is not None else 0.0 for e in elastic]

    return Chapter(
        variables=(
            Variable("missed", keys, "what a requirement is missed by", upper=of(most_missed),
                     costs={"penalty": of(penalties)}, parts=[(k[0], k[1]) for k in keys]),
        ),
        data=(Data("allowed_short", served, "shortage allowed",
                   OfSituation(network, lambda n: [allowed_short(network, k, n) for k in served])),),
        constraints=(
            Constraint("served", served, served_rule),
            Constraint("dependence", dependent, dependence_rule),
        ),
    )


def served_rule(block: Any, name: str, region: str, demand: str) -> Any:
    r"""\sum_i short_{d,i,n} \le (1 - target_{q,n})\, amount_{d,n} + missed_{q,d,n}"""
    tranches = range(1, len(block.instance.demands[demand].shortage) + 1)
    short = sum(block.short[demand, i] for i in tranches)
    return short <= block.allowed_short[name, region, demand] + block.missed[name, region, demand]


def dependence_rule(block: Any, name: str, region: str, commodity: str) -> Any:
    r"""\sum purchased_{exporter} + \sum arrivals_{exporter} \le share_{q,n} (\sum_{a,p} input_{p,k}\,
    activity_{a,p,n} + \sum_d delivered_{d,k,n}) + missed_{q,n}"""
    network: Network = block.network
    share = block.structure.shares[name]
    if share is None:
        return pyo.Constraint.Skip
    part = network.base.requirements[name]
    assert isinstance(part, Dependence)
    purchases, use = 0, 0
    for place in dependence_places(network, part, region, commodity):
        purchases += from_exporter(block, part.exporter, place)
        use += used_at(block, place)
    return purchases <= share * use + block.missed[name, region, commodity]


def from_exporter(block: Any, exporter: str, place: tuple[str, str]) -> Any:
    network: Network = block.network
    balance, instance = network.balance[place], block.instance
    bought = (block.purchased[key] for key in balance.bought if instance.suppliers[key[0]].origin == exporter)
    arrived = ((1 - instance.lanes[m.lane].loss) * block.flow[m] for m in balance.arriving if m.origin == exporter)
    return sum(bought) + sum(arrived)


def used_at(block: Any, place: tuple[str, str]) -> Any:
    balance, processes = block.network.balance[place], block.instance.processes
    inputs = (processes[p].inputs[place[0]] * block.activity[a, p] for a, p in balance.used_by)
    return sum(inputs) + sum(block.delivered[key] for key in balance.delivered)
