"""The block of rules that couple nodes of different branches, or scenarios; it stands behind all nodes.

Its penalties belong to the plan as a whole, that is to all nodes with which the horizon begins. They count once and
undiscounted; those of a chance requirement with the weight of the node at which it is missed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from planner.formulation.declarations import Chapter, Key, Variable, join
from planner.formulation.mathematics.security import kinds
from planner.formulation.network import Network
from planner.tree.nodes import Node


def keys(network: Network) -> tuple[Key, ...]:
    """Every row of the block that may be missed."""
    return tuple(key for kind in kinds.OVERALL for key in kind.keys(network))


def is_money(network: Network, name: str) -> bool:
    """Whether a rule is missed by money, whose penalty is a factor, not a price."""
    part = network.base.requirements[name]
    return kinds.kind_of(part).role(part) == "money"


def penalty(network: Network, key: Key) -> float:
    """Cost of one unit by which a row is missed [money]; 0 where it must not be."""
    weighed = kinds.overall_kind_of(network.base.requirements[key[0]]).penalty_node(network, key)
    node = weighed or network.tree.nodes[0]
    elastic = network.instance(node).requirements[key[0]].elastic
    if elastic is None:
        return 0.0
    worth = weighed.weight if weighed is not None else 1.0
    return worth * elastic.penalty.at(node.middle) * (1.0 if is_money(network, key[0]) else network.price)


def chapter(network: Network, alone: Mapping[str, float]) -> Chapter:
    """The block; `alone` is the cost of the best plan for each scenario alone."""
    every = keys(network)

    def most_missed(_: Node) -> list[float]:
        parts = network.base.requirements
        return [math.inf if parts[key[0]].elastic is not None else 0.0 for key in every]

    missed = Variable(
        "missed_overall", every, "what a rule on the plan as a whole is missed by", upper=most_missed,
        costs={"penalty": lambda _: [penalty(network, key) for key in every]}, parts=[(key[0], "*") for key in every],
    )
    chapters = dict.fromkeys(make for kind in kinds.OVERALL for make in kind.chapters)
    return join([Chapter(variables=(missed,)), *(make(network, alone) for make in chapters)])
