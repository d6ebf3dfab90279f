"""Leverage: the loss that a shock can inflict on users in its window.

Index q: requirements; n: nodes; d, i: demands and their shortage tranches.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from planner.common.caching import cached
from planner.formulation.declarations import Chapter, Constraint, Data, Key, Link, Term
from planner.formulation.mathematics.node_data import applies
from planner.formulation.mathematics.security.kind import Ease, EmptyScope, OverallKind, PlanValues, Reading, most_money
from planner.formulation.mathematics.security.scope import at_base, at_node, demands_of, stated
from planner.formulation.network import Network
from planner.language.instance import Units
from planner.language.requirements import Leverage
from planner.tree.nodes import Node


@cached
def windows(network: Network) -> dict[Key, tuple[Node, ...]]:
    """The nodes of every window of the shock whose onset lies in the scope, by (requirement, window)."""
    found: dict[Key, list[Node]] = {}
    for name, part in stated(network, Leverage).items():
        for node in network.tree.nodes:
            if node.onset is None or node.source != part.shock:
                continue
            is_first = node.start <= node.onset
            if (name, node.future) in found or (is_first and applies(part, node)):
                found.setdefault((name, node.future), []).append(node)
    return {key: tuple(nodes) for key, nodes in found.items()}


def loss(network: Network, key: Key) -> list[tuple[Node, Any, float]]:
    """Contribution of a unit of each shortage to the loss of a window [money]: node, (demand, tranche), cost."""
    part = at_base(network, key[0], Leverage)
    return [
        (n, (d, i), network.price * n.length * tranche.cost.at(n.middle))
        for n in windows(network)[key] for d in demands_of(network, part)
        for i, tranche in enumerate(network.instance(n).demands[d].shortage, 1)
    ]


def most(network: Network, key: Key) -> float:
    """The largest loss allowed, by the figures of the window's first node [money]."""
    node = windows(network)[key][0]
    part = at_node(network, key[0], node, Leverage)
    return part.most.at(node.middle)


def chapter(network: Network, alone: Mapping[str, float]) -> Chapter:
    every = tuple(windows(network))

    def terms(_: Node) -> list[Term]:
        return [Term(p, n.index, "short", key, cost) for p, row in enumerate(every) for n, key, cost in
                loss(network, row)]

    return Chapter(
        links=(Link("window_loss", every, "what shortage costs users in a window", terms,
                    lambda _: [0.0] * len(every), "money"),),
        data=(Data("leverage_allowed", every, "largest loss", lambda _: [most(network, k) for k in every], "money"),),
        constraints=(Constraint("leverage", every, leverage),),
    )


def leverage(block: Any, *key: str) -> Any:
    r"""\sum_{n \in window} length_n \sum_{d,i} cost_{d,i,n}\, short_{d,i,n} \le most_q + missed_{q,window}"""
    return block.window_loss[key] <= block.leverage_allowed[key] + block.missed_overall[key]


class LeverageKind(OverallKind[Leverage]):
    part, families = Leverage, ("leverage",)
    eases = (Ease("most", 1, "money", math.inf),)
    lacks = "money"
    chapters = (chapter,)

    def keys(self, network: Network) -> tuple[Key, ...]:
        return tuple(windows(network))

    def asks(self, part: Leverage, moment: float, units: Units) -> str:
        return most_money(part.most, moment, units)

    def idle(self, network: Network, name: str, part: Leverage) -> Iterator[EmptyScope]:
        if not self.has_rows(network, name):
            yield EmptyScope(f"{name} holds in no window of {part.shock}", is_of_future=True)

    def reading(self, plan: PlanValues, family: str, key: Key) -> Reading:
        suffered = math.fsum(cost * plan.values(n, "short")[k] for n, k, cost in loss(plan.network, key))
        allowed, node = most(plan.network, key), windows(plan.network)[key][0]
        return Reading(f"window={key[1]}", allowed, suffered, "money", "money", node=node, pool=key)
