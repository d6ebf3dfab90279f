"""Expected unserved demand: unserved demand of all nodes, weighed with their probability.

Index q: requirements; n: nodes; d: demands; p: probability.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from planner.common.caching import cached
from planner.formulation.declarations import Chapter, Constraint, Data, Key, Link, Term
from planner.formulation.mathematics.node_data import applies
from planner.formulation.mathematics.security.kind import Ease, OverallKind, PlanValues, Reading, most_share
from planner.formulation.mathematics.security.scope import (
    at_base,
    at_start,
    demands_of,
    of_kind,
    required,
    stated,
    unserved,
)
from planner.formulation.mathematics.security.served import short_of
from planner.formulation.network import Network
from planner.language.instance import Units
from planner.language.requirements import ExpectedUnserved
from planner.tree.nodes import Node


@cached
def pools(network: Network) -> dict[Key, tuple[str, ...]]:
    """The demands each row pools, by (requirement, region or '*', class or '*')."""
    found: dict[Key, list[str]] = {}
    for name, part in stated(network, ExpectedUnserved).items():
        for d in demands_of(network, part):
            demand = network.base.demands[d]
            region, users = ("region", demand.region), ("class", demand.user_class)
            row = (name, *(value if word in part.by else "*" for word, value in (region, users)))
            found.setdefault(row, []).append(d)
    return {row: tuple(demands) for row, demands in found.items()}


def allowed(network: Network, row: Key) -> float:
    """Expected unserved demand that is allowed [quantity]."""
    instance, moment = at_start(network)
    part = of_kind(instance.requirements, row[0], ExpectedUnserved)
    return part.share.at(moment) * required(network, part, pools(network)[row])


def chapter(network: Network, alone: Mapping[str, float]) -> Chapter:
    rows = tuple(pools(network))

    def mean_short(_: Node) -> list[Term]:
        return [
            Term(i, n.index, family, key, c * n.probability * n.length)
            for i, (row, demands) in enumerate(pools(network).items()) for n in network.tree.nodes
            if n.probability > 0 and applies(network.base.requirements[row[0]], n)
            for d in demands for family, key, c in unserved(network, d)
        ]

    return Chapter(
        links=(Link("mean_short", rows, "expected unserved demand", mean_short, lambda _: [0.0] * len(rows),
                    "quantity"),),
        data=(Data("unserved_allowed", rows, "expected unserved demand allowed",
                   lambda _: [allowed(network, row) for row in rows], "quantity"),),
        constraints=(Constraint("expected_unserved", rows, expected_unserved),),
    )


def expected_unserved(block: Any, *row: str) -> Any:
    r"""\sum_n p_n\, length_n \sum_{d,i} short_{d,i,n} \le
    share_q \sum_n p_n\, length_n \sum_d amount_{d,n} + missed_q"""
    return block.mean_short[row] <= block.unserved_allowed[row] + block.missed_overall[row]


class ExpectedUnservedKind(OverallKind[ExpectedUnserved]):
    part, families = ExpectedUnserved, ("expected_unserved",)
    eases = (Ease("share", 1, "share", 1.0),)
    lacks = "quantity"
    chapters = (chapter,)

    def keys(self, network: Network) -> tuple[Key, ...]:
        return tuple(pools(network))

    def asks(self, part: ExpectedUnserved, moment: float, units: Units) -> str:
        return most_share(part.share, moment)

    def reading(self, plan: PlanValues, family: str, key: Key) -> Reading:
        network, demands = plan.network, pools(plan.network)[key]
        part = at_base(network, key[0], ExpectedUnserved)
        short = math.fsum(n.probability * n.length * short_of(plan, n, demands) for n in plan.nodes if applies(part, n))
        needed = required(network, part, demands)
        target = allowed(network, key) / needed if needed else 0.0
        achieved = short / needed if needed else 0.0
        return Reading(f"region={key[1]};class={key[2]}", target, achieved, role="quantity", pool=key)
