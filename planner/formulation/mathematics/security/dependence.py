"""Dependence: what is bought from an exporter, as a share of use.

Index q: requirements; k: commodities; r: regions; a, p: assets and their processes; d: demands; n: nodes.
"""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from planner.common.caching import cached
from planner.common.patterns import matching
from planner.formulation.declarations import Chapter, Constraint, Key
from planner.formulation.mathematics.node_data import applies
from planner.formulation.mathematics.security import net
from planner.formulation.mathematics.security.scope import is_meant, named
from planner.formulation.network import Network
from planner.language.requirements import Dependence
from planner.tree.nodes import Node


def keys(network: Network) -> tuple[Key, ...]:
    """(requirement, region or '*', commodity or '*') for every row of a dependence requirement."""
    found = []
    for name in named(network, Dependence):
        part = network.base.requirements[name]
        assert isinstance(part, Dependence)
        rows = [
            (r if "region" in part.by else "*", k if "commodity" in part.by else "*")
            for k, r in dependence_places(network, name, "*", "*")
        ]
        found += [(name, r, k) for r, k in dict.fromkeys(rows)]
    return tuple(found)


@cached
def dependence_places(network: Network, name: str, region: str, commodity: str) -> tuple[tuple[str, str], ...]:
    """The balances (commodity, region) that one row of a dependence requirement pools."""
    part = network.base.requirements[name]
    assert isinstance(part, Dependence)
    return tuple(
        (k, r) for k, r in network.balance
        if region in ("*", r) and commodity in ("*", k) and r != part.exporter
        and is_meant(network.base, part, k) and matching(part.regions, [r])
    )


def share_allowed(network: Network, name: str, node: Node) -> float | None:
    """Largest share at a node, None where the requirement does not apply."""
    part = network.instance(node).requirements[name]
    assert isinstance(part, Dependence)
    return part.share.at(node.middle) if applies(part, node) else None


@cached
def turned(network: Network) -> net.Rows:
    """The places of every row some of whose goods may be made of the row's own goods, and so used again."""
    rows = {key: dependence_places(network, *key) for key in keys(network)}
    return {
        key: places for key, places in rows.items()
        if any(p in net.turning_back(network, net.commodities_of(places))
               for place in places for _, p in network.balance[place].made_by)
    }


def chapter(network: Network) -> Chapter:
    return Chapter(constraints=(Constraint("dependence", keys(network), dependence),))


def dependence(block: Any, name: str, region: str, commodity: str) -> Any:
    r"""\sum purchased_{exporter} + \sum arrivals_{exporter} \le share_{q,n} (\sum_{a,p} input_{p,k}\,
    activity_{a,p,n} + \sum_d delivered_{d,k,n}) + missed_{q,n}, \text{ or } share\, \sum_k net\_use_{q,k,n}"""
    network: Network = block.network
    share = block.structure.shares[name]
    if share is None:
        return pyo.Constraint.Skip
    part = network.base.requirements[name]
    assert isinstance(part, Dependence)
    places = dependence_places(network, name, region, commodity)
    purchases = sum(from_exporter(block, part.exporter, place) for place in places)
    if (name, region, commodity) in turned(network):
        use = sum(block.net_use[key] for key in net.keys({(name, region, commodity): places}))
    else:
        use = sum(used_at(block, place) for place in places)
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
