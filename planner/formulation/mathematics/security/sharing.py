"""Sharing: users of one class suffer alike in all regions of a requirement.

Index q: requirements; c: classes; r: regions; d: demands; n: nodes. U is unserved, D demand of a class in a region.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from planner.formulation.declarations import Chapter, Constraint, Data, Key, Link, Term, Variable
from planner.formulation.mathematics.node_data import OfSituation, applies
from planner.formulation.mathematics.security.kind import Ease, EmptyScope, NodeKind, PlanValues, Reading, most_share
from planner.formulation.mathematics.security.scope import at_base, at_node, demands_of, stated, total, unserved
from planner.formulation.mathematics.security.served import short_of
from planner.formulation.network import Network
from planner.language.instance import Units
from planner.language.requirements import Sharing
from planner.tree.nodes import Node


def keys(network: Network) -> tuple[Key, ...]:
    """(requirement, region, class) wherever a class has users in more than one region."""
    found = []
    for name in stated(network, Sharing):
        places = dict.fromkeys(
            (network.base.demands[d].region, network.base.demands[d].user_class) for d in members(network, name)
        )
        shared = [c for _, c in places]
        found += [(name, r, c) for r, c in places if shared.count(c) > 1]
    return tuple(found)


def members(network: Network, name: str) -> list[str]:
    return demands_of(network, at_base(network, name, Sharing))


def users(network: Network, key: Key) -> list[str]:
    """The demands of a class in a region."""
    demands = network.base.demands
    return [d for d in members(network, key[0]) if (demands[d].region, demands[d].user_class) == key[1:]]


def amount(network: Network, key: Key, node: Node) -> float:
    """Demand of a class in a region at a node [quantity/year]."""
    return sum(network.instance(node).demands[d].amount.at(node.middle) for d in users(network, key))


def max_gap(network: Network, name: str, node: Node) -> float:
    """Largest difference between unserved shares; infinite where the requirement does not hold."""
    part = at_node(network, name, node, Sharing)
    return part.max_gap.at(node.middle) if applies(part, node) else math.inf


def chapter(network: Network) -> Chapter:
    every = keys(network)
    pools = tuple(dict.fromkeys((name, c) for name, _, c in every))

    def least(node: Node) -> list[Term]:
        return [Term(i, node.index, "least_share", (key[0], key[2]), amount(network, key, node))
                for i, key in enumerate(every)]

    def allowed(node: Node) -> list[float]:
        gaps = [max_gap(network, key[0], node) for key in every]
        return [gap * amount(network, key, node) if gap < math.inf else math.inf
                for gap, key in zip(gaps, every, strict=True)]

    return Chapter(
        variables=(Variable("least_share", pools, "unserved share of the best served region", "share",
                            upper=lambda _: [1.0] * len(pools), reads=()),),
        links=(Link("least_suffered", every, "unserved demand at that share", least, lambda _: [0.0] * len(every),
                    of_figures=True, reads=("demands.amount",)),),
        data=(Data("sharing_allowed", every, "unserved demand allowed beyond that",
                   OfSituation(network, allowed), reads=("demands.amount", "requirements.max_gap")),),
        constraints=(Constraint("best_served", every, best_served), Constraint("sharing", every, sharing)),
    )


def _unserved(block: Any, key: Key) -> Any:
    network: Network = block.network
    return sum(total(block, unserved(network, d)) for d in users(network, key))


def best_served(block: Any, *key: str) -> Any:
    r"""U_{c,r,n} \ge least\_share_{q,c,n}\, D_{c,r,n}"""
    return _unserved(block, key) >= block.least_suffered[key]


def sharing(block: Any, *key: str) -> Any:
    r"""U_{c,r,n} \le (least\_share_{q,c,n} + max\_gap_{q,n})\, D_{c,r,n} + missed_{q,c,r,n}"""
    return _unserved(block, key) <= block.least_suffered[key] + block.sharing_allowed[key] + block.missed[key]


class SharingKind(NodeKind[Sharing]):
    part, families = Sharing, ("sharing",)
    eases = (Ease("max_gap", 1, "share", 1.0),)
    chapters = (chapter,)

    def keys(self, network: Network) -> tuple[Key, ...]:
        return keys(network)

    def asks(self, part: Sharing, moment: float, units: Units) -> str:
        return most_share(part.max_gap, moment)

    def idle(self, network: Network, name: str, part: Sharing) -> Iterator[EmptyScope]:
        if not self.has_rows(network, name):
            yield EmptyScope(f"{name} compares no regions: no class in its scope has users in two regions")

    def reading(self, plan: PlanValues, node: Node, key: Key) -> Reading:
        network = plan.network
        shares = {}
        for other in keys(network):
            if (other[0], other[2]) == (key[0], key[2]):
                needed, short = amount(network, other, node), short_of(plan, node, users(network, other))
                shares[other] = short / needed if needed else 0.0
        target, more = max_gap(network, key[0], node), shares[key] - min(shares.values())
        room = (target - more) * amount(network, key, node)
        return Reading(f"region={key[1]};class={key[2]}", target, more, room=room)
