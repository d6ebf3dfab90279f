"""Chance: with at least a stated probability a scenario is served in all its nodes.

Index q: requirements; s: scenarios; d: demands; n: nodes. A node fails or does not: a yes or no; a scenario fails
with any of its nodes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from planner.common.caching import cached
from planner.common.words import number
from planner.formulation.declarations import Chapter, Constraint, Data, Key, Link, Term, Variable
from planner.formulation.mathematics.node_data import applies
from planner.formulation.mathematics.security.kind import NOTHING, Ease, OverallKind, PlanValues, Reading, served_share
from planner.formulation.mathematics.security.scope import at_base, at_node, demands_of, stated, unserved
from planner.formulation.mathematics.security.served import short_of
from planner.formulation.network import Network
from planner.language.instance import Units
from planner.language.requirements import Chance
from planner.tree.nodes import Node


@cached
def places(network: Network) -> dict[Key, Node]:
    """(requirement, node) wherever a chance requirement holds with some probability."""
    return {
        (name, n.key): n for name, part in stated(network, Chance).items() for n in network.tree.nodes
        if n.probability > 0 and applies(part, n)
    }


def keys(network: Network) -> tuple[Key, ...]:
    """(requirement, region, demand, node) of every demand that should be served."""
    demands = network.base.demands
    return tuple(
        (name, demands[d].region, d, node)
        for name, node in places(network) for d in demands_of(network, at_base(network, name, Chance))
    )


def needed(network: Network, key: Key) -> tuple[float, float]:
    """Demand at a node, and the shortage that the requirement allows there [quantity/year]."""
    node = places(network)[key[0], key[3]]
    part, amount = at_node(network, key[0], node, Chance), network.instance(node).demands[key[2]].amount
    return amount.at(node.middle), (1 - part.target.at(node.middle)) * amount.at(node.middle)


def chapter(network: Network, alone: Mapping[str, float]) -> Chapter:
    rows, every, found = tuple((name,) for name in stated(network, Chance)), keys(network), places(network)
    scenarios = tuple((name, s.name) for (name,) in rows for s in network.tree.scenarios)
    passed = {s.name: s.shares for s in network.tree.scenarios}
    spoiled = tuple(
        (name, s, node) for name, s in scenarios for (q, node), n in found.items() if q == name and n.index in passed[s]
    )

    def short(_: Node) -> list[Term]:
        return [
            Term(i, found[key[0], key[3]].index, family, place, c)
            for i, key in enumerate(every) for family, place, c in unserved(network, key[2])
        ]

    return Chapter(
        variables=(
            Variable("node_fails", tuple(found), "some demand is not served to the target there", "share",
                     upper=lambda _: [1.0] * len(found), integer=True),
            Variable("fails", scenarios, "scenario is not served", "share", upper=lambda _: [1.0] * len(scenarios)),
        ),
        links=(Link("chance_short", every, "unserved demand", short, lambda _: [0.0] * len(every)),),
        data=(Data("chance_allowed", every, "shortage allowed where the node does not fail",
                   lambda _: [needed(network, key)[1] for key in every]),),
        constraints=(
            Constraint("chance_served", every, chance_served),
            Constraint("chance_fails", spoiled, chance_fails),
            Constraint("chance", rows, chance),
        ),
    )


def chance_served(block: Any, *key: str) -> Any:
    r"""\sum_i short_{d,i,n} \le (1 - target_{q,n} + node\_fails_{q,n})\, amount_{d,n} + missed_{q,d,n}"""
    amount, _ = needed(block.network, key)
    fails = block.node_fails[key[0], key[3]]
    return block.chance_short[key] <= block.chance_allowed[key] + amount * fails + block.missed_overall[key]


def chance_fails(block: Any, name: str, scenario: str, node: str) -> Any:
    r"""fails_{q,s} \ge node\_fails_{q,n} \quad \forall n \in s"""
    return block.fails[name, scenario] >= block.node_fails[name, node]


def chance(block: Any, name: str) -> Any:
    r"""\sum_s p_s\, fails_{q,s} \le 1 - probability_q"""
    network: Network = block.network
    failing = sum(s.probability * block.fails[name, s.name] for s in network.tree.scenarios)
    return failing <= 1 - at_base(network, name, Chance).probability


class ChanceKind(OverallKind[Chance]):
    part, families = Chance, ("chance", "chance_served")
    eases = (Ease("target", -1, "share", 0.0), Ease("probability", -1, "probability", 0.0))
    chapters = (chapter,)

    def keys(self, network: Network) -> tuple[Key, ...]:
        return keys(network)

    def asks(self, part: Chance, moment: float, units: Units) -> str:
        return f"{served_share(part.target, moment)} with probability {number(part.probability)}"

    def penalty_node(self, network: Network, key: Key) -> Node:
        return places(network)[key[0], key[3]]

    def reading(self, plan: PlanValues, family: str, key: Key) -> Reading:
        return _served(plan, key) if family == "chance_served" else _probable(plan, key[0])


def _served(plan: PlanValues, key: Key) -> Reading:
    """A demand at a node."""
    node, (amount, allowed) = places(plan.network)[key[0], key[3]], needed(plan.network, key)
    short = short_of(plan, node, [key[2]])
    target, achieved = (1 - lost / amount if amount else 1.0 for lost in (allowed, short))
    return Reading(f"region={key[1]};demand={key[2]}", target, achieved, node=node, pool=key, is_weighed=True)


def _probable(plan: PlanValues, name: str) -> Reading:
    """The probability of the scenarios that are served in all their nodes."""
    network, missed, failing = plan.network, plan.overall("missed_overall"), set[int]()
    for row in keys(network):
        node, (amount, allowed) = places(network)[row[0], row[3]], needed(network, row)
        if row[0] == name and short_of(plan, node, [row[2]]) > allowed + missed[row] + max(NOTHING, 1e-7 * amount):
            failing.add(node.index)
    served = math.fsum(s.probability for s in network.tree.scenarios if not failing & s.shares.keys())
    least = at_base(network, name, Chance).probability
    return Reading("", least, served, "probability", "probability", room=served - least)
