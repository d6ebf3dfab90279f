"""The block of rules that couple nodes of different branches, or scenarios; it stands behind all nodes.

Its penalties belong to the plan as a whole, that is to all nodes with which the horizon begins. They count once and
undiscounted; those of a chance requirement with the weight of the node at which it is missed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from planner.formulation.declarations import Chapter, Key, Variable, join
from planner.formulation.mathematics.security import budget, chance, expected, leverage
from planner.formulation.network import Network
from planner.language.requirements import Budget, Leverage, Regret, Tail
from planner.tree.nodes import Node


def keys(network: Network) -> tuple[Key, ...]:
    """Every row of the block that may be missed."""
    return (
        *expected.pools(network), *expected.tails(network, "unserved"), *expected.tails(network, "cost"),
        *expected.regrets(network), *chance.keys(network), *leverage.windows(network),
        *dict.fromkeys(budget.pool(network, key) for key in budget.rows(network)),
    )


def is_money(network: Network, name: str) -> bool:
    """Whether a rule is missed by money, whose penalty is a factor, not a price."""
    part = network.base.requirements[name]
    return isinstance(part, Regret | Leverage | Budget) or (isinstance(part, Tail) and part.of == "cost")


def penalty(network: Network, key: Key) -> float:
    """Cost of one unit by which a row is missed [money]; 0 where it must not be."""
    node, worth = network.tree.nodes[0], 1.0
    if key in chance.keys(network):
        node = chance.places(network)[key[0], key[3]]
        worth = node.weight
    elastic = network.instance(node).requirements[key[0]].elastic
    if elastic is None:
        return 0.0
    return worth * elastic.price.at(node.middle) * (1.0 if is_money(network, key[0]) else network.price)


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
    parts = (expected.chapter(network, alone), chance.chapter(network), leverage.chapter(network),
             budget.chapter(network))
    return join([Chapter(variables=(missed,)), *parts])
