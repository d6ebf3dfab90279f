"""Sharing: users of one class suffer alike in all regions of a requirement.

Index q: requirements; c: classes; r: regions; d: demands; n: nodes. U is unserved, D demand of a class in a region.
"""

from __future__ import annotations

import math
from typing import Any

from planner.formulation.declarations import Chapter, Constraint, Data, Key, Link, Term, Variable
from planner.formulation.mathematics.node_data import OfSituation, applies
from planner.formulation.mathematics.security.scope import demands_of, named, total, unserved
from planner.formulation.network import Network
from planner.language.requirements import Sharing
from planner.tree.nodes import Node


def keys(network: Network) -> tuple[Key, ...]:
    """(requirement, region, class) wherever a class has users in more than one region."""
    found = []
    for name in named(network, Sharing):
        places = dict.fromkeys(
            (network.base.demands[d].region, network.base.demands[d].user_class) for d in members(network, name)
        )
        shared = [c for _, c in places]
        found += [(name, r, c) for r, c in places if shared.count(c) > 1]
    return tuple(found)


def members(network: Network, name: str) -> list[str]:
    part = network.base.requirements[name]
    assert isinstance(part, Sharing)
    return demands_of(network, part)


def users(network: Network, key: Key) -> list[str]:
    """The demands of a class in a region."""
    demands = network.base.demands
    return [d for d in members(network, key[0]) if (demands[d].region, demands[d].user_class) == key[1:]]


def amount(network: Network, key: Key, node: Node) -> float:
    """Demand of a class in a region at a node [quantity/year]."""
    return sum(network.instance(node).demands[d].amount.at(node.middle) for d in users(network, key))


def apart(network: Network, name: str, node: Node) -> float:
    """Largest difference between unserved shares; infinite where the requirement does not hold."""
    part = network.instance(node).requirements[name]
    assert isinstance(part, Sharing)
    return part.apart.at(node.middle) if applies(part, node) else math.inf


def chapter(network: Network) -> Chapter:
    every = keys(network)
    pools = tuple(dict.fromkeys((name, c) for name, _, c in every))

    def least(node: Node) -> list[Term]:
        return [Term(i, node.index, "least_share", (key[0], key[2]), amount(network, key, node))
                for i, key in enumerate(every)]

    def allowed(node: Node) -> list[float]:
        return [apart(network, key[0], node) * amount(network, key, node) if apart(network, key[0], node) < math.inf
                else math.inf for key in every]

    return Chapter(
        variables=(Variable("least_share", pools, "unserved share of the best served region", "share",
                            upper=lambda _: [1.0] * len(pools)),),
        links=(Link("least_suffered", every, "unserved demand at that share", least, lambda _: [0.0] * len(every),
                    of_figures=True),),
        data=(Data("sharing_allowed", every, "unserved demand allowed beyond that",
                   OfSituation(network, allowed)),),
        constraints=(Constraint("best_served", every, best_served), Constraint("sharing", every, sharing)),
    )


def _unserved(block: Any, key: Key) -> Any:
    network: Network = block.network
    return sum(total(block, unserved(network, d)) for d in users(network, key))


def best_served(block: Any, *key: str) -> Any:
    r"""U_{c,r,n} \ge least\_share_{q,c,n}\, D_{c,r,n}"""
    return _unserved(block, key) >= block.least_suffered[key]


def sharing(block: Any, *key: str) -> Any:
    r"""U_{c,r,n} \le (least\_share_{q,c,n} + apart_{q,n})\, D_{c,r,n} + missed_{q,c,r,n}"""
    return _unserved(block, key) <= block.least_suffered[key] + block.sharing_allowed[key] + block.missed[key]
