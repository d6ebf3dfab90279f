"""Dependence: what is bought from an exporter, as a share of use.

Index q: requirements; k: commodities; r: regions; a, p: assets and their processes; d: demands; n: nodes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pyomo.environ as pyo

from planner.common.caching import cached
from planner.common.patterns import matching
from planner.formulation.declarations import Chapter, Constraint, Key
from planner.formulation.mathematics.node_data import applies
from planner.formulation.mathematics.security import net, supply
from planner.formulation.mathematics.security.kind import (
    NOTHING,
    Ease,
    EmptyScope,
    NodeKind,
    PlanValues,
    Reading,
    most_share,
)
from planner.formulation.mathematics.security.scope import at_base, at_node, is_meant, stated
from planner.formulation.network import Network
from planner.language.instance import Units
from planner.language.requirements import Dependence
from planner.tree.nodes import Node


def keys(network: Network) -> tuple[Key, ...]:
    """(requirement, region or '*', commodity or '*') for every row of a dependence requirement."""
    found = []
    for name, part in stated(network, Dependence).items():
        rows = [
            (r if "region" in part.by else "*", k if "commodity" in part.by else "*")
            for k, r in dependence_places(network, name, "*", "*")
        ]
        found += [(name, r, k) for r, k in dict.fromkeys(rows)]
    return tuple(found)


@cached
def dependence_places(network: Network, name: str, region: str, commodity: str) -> tuple[tuple[str, str], ...]:
    """The balances (commodity, region) that one row of a dependence requirement pools."""
    part = at_base(network, name, Dependence)
    return tuple(
        (k, r) for k, r in network.balance
        if region in ("*", r) and commodity in ("*", k) and r != part.exporter
        and is_meant(network.base, part, k) and matching(part.regions, [r])
    )


def share_allowed(network: Network, name: str, node: Node) -> float | None:
    """Largest share at a node, None where the requirement does not apply."""
    part = at_node(network, name, node, Dependence)
    return part.share.at(node.middle) if applies(part, node) else None


@cached
def turned(network: Network) -> net.PooledBalances:
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
    part = at_base(network, name, Dependence)
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


class DependenceKind(NodeKind[Dependence]):
    part, families = Dependence, ("dependence",)
    eases = (Ease("share", 1, "share", 1.0),)
    chapters = (chapter,)

    def keys(self, network: Network) -> tuple[Key, ...]:
        return keys(network)

    def asks(self, part: Dependence, moment: float, units: Units) -> str:
        return most_share(part.share, moment)

    def idle(self, network: Network, name: str, part: Dependence) -> Iterator[EmptyScope]:
        if not _has_imports(network, part):
            hint = "a supplier with that origin or a lane from there must deliver its commodities to its regions"
            yield EmptyScope(f"nothing in the scope of {name} can come from {part.exporter}", hint=hint)

    def reading(self, plan: PlanValues, node: Node, key: Key) -> Reading | None:
        share = share_allowed(plan.network, key[0], node)
        if share is None:
            return None
        exporter = at_base(plan.network, key[0], Dependence).exporter
        bought, use = _bought_and_used(plan, node, exporter, key)
        room = max(0.0, share * use - bought)
        scope = f"region={key[1]};commodity={key[2]}"
        return Reading(scope, share, bought / use if use > NOTHING else 0.0, room=room)


def _has_imports(network: Network, part: Dependence) -> bool:
    commodities = {k for k in network.base.commodities if is_meant(network.base, part, k)}
    regions = set(matching(part.regions, network.base.regions))
    bought = any(
        supplier.origin == part.exporter
        and supplier.commodity in commodities
        and regions.intersection(matching(supplier.regions, network.base.regions))
        for supplier in network.base.suppliers.values()
    )
    return bought or any(
        m.origin == part.exporter and m.commodity in commodities and m.destination in regions
        for m in network.movements
    )


def _bought_and_used(plan: PlanValues, node: Node, exporter: str, key: Key) -> tuple[float, float]:
    """Purchases from the exporter and net use, over the balances one row pools [quantity/year]."""
    network, instance = plan.network, plan.instance(node)
    places = dependence_places(network, *key)
    bought = math.fsum(bought_from(plan, node, exporter, place) for place in places)
    if key in turned(network):
        return bought, supply.net_use(plan, node, places, with_stock=True)
    used = (net.used(network, instance, places, k) for k in dict.fromkeys(k for k, _ in places))
    return bought, math.fsum(supply.amount(plan, node, entries) for entries in used)


def bought_from(plan: PlanValues, node: Node, exporter: str, place: tuple[str, str]) -> float:
    """Imports of a commodity into a region from an exporter: purchases and arrivals [quantity/year]."""
    balance, instance = plan.network.balance[place], plan.instance(node)
    purchased, flow = plan.values(node, "purchased"), plan.values(node, "flow")
    bought = sum(purchased[k] for k in balance.bought if instance.suppliers[k[0]].origin == exporter)
    arrived = sum((1 - instance.lanes[m.lane].loss) * flow[m] for m in balance.arriving if m.origin == exporter)
    return bought + arrived
