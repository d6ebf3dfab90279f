"""Budget: capital or public money committed in a year, or in all on any path.

Index q: requirements; j: projects; n: nodes. I is the overnight cost of a decision by the figures of its node.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from planner.common.caching import cached
from planner.common.patterns import fits_any
from planner.formulation.declarations import Chapter, Constraint, Data, Key, Link, Term
from planner.formulation.mathematics.capital import overnight_terms
from planner.formulation.mathematics.investment import decisions
from planner.formulation.mathematics.node_data import applies
from planner.formulation.mathematics.security.kind import Ease, EmptyScope, OverallKind, PlanValues, Reading, most_money
from planner.formulation.mathematics.security.scope import Entry, at_base, at_node, stated
from planner.formulation.network import Network
from planner.language.instance import Units
from planner.language.requirements import Budget
from planner.tree.nodes import Node


@cached
def rows(network: Network) -> dict[Key, tuple[Node, ...]]:
    """The nodes whose decisions a row adds up, by (requirement, node): one node, or the path to a leaf."""
    found: dict[Key, tuple[Node, ...]] = {}
    for name, part in stated(network, Budget).items():
        if part.per == "year":
            for n in network.tree.nodes:
                if n.group and applies(part, n):
                    found[name, n.key] = (n,)
        else:
            ends: dict[tuple[Node, ...], Key] = {}
            for path in network.tree.paths():
                ends.setdefault(tuple(n for n in path if n.group and applies(part, n)), (name, path[-1].key))
            begun = {chosen[:end] for chosen in ends for end in range(len(chosen))}
            found |= {key: chosen for chosen, key in ends.items() if chosen and chosen not in begun}
    open_to = {group for _, group in decisions(network)}
    return {key: nodes for key, nodes in found.items() if any(n.group in open_to for n in nodes)}


def pool(network: Network, key: Key) -> Key:
    """The rows of one group, or of all paths, are missed together: by what the worst of them is missed by."""
    nodes, part = rows(network)[key], at_base(network, key[0], Budget)
    return (key[0], nodes[0].group if part.per == "year" else "*")


def projects_of(network: Network, name: str) -> list[str]:
    part = at_base(network, name, Budget)
    return [
        j for j, project in network.base.projects.items()
        if fits_any(part.projects, j) and fits_any(part.regions, network.region_of(network.asset_of(project)))
    ]


def money(network: Network, requirement: str, project: str, node: Node) -> list[Entry]:
    """Money that a decision at a node commits, by the variables that carry it [money]."""
    if at_base(network, requirement, Budget).of == "capital":
        return overnight_terms(network, project, node)
    decided = network.instance(node).projects[project]
    return [("start", (project, node.group), decided.public_money.at(node.middle))]


def most(network: Network, key: Key) -> float:
    """The most money a row allows."""
    nodes = rows(network)[key]
    node = nodes[0] if len(nodes) == 1 else network.tree.nodes[0]
    part = at_node(network, key[0], node, Budget)
    if part.per == "total":
        return part.most.at(network.tree.nodes[0].middle)
    return part.most.at(node.middle) * node.length


def chapter(network: Network, alone: Mapping[str, float]) -> Chapter:
    every = tuple(rows(network))
    open_to = set(decisions(network))

    def terms(_: Node) -> list[Term]:
        return [
            Term(i, None, family, column, c)
            for i, key in enumerate(every) for n in rows(network)[key] for j in projects_of(network, key[0])
            if (j, n.group) in open_to for family, column, c in money(network, key[0], j, n) if c
        ]

    return Chapter(
        links=(Link("committed", every, "money committed", terms, lambda _: [0.0] * len(every), "money"),),
        data=(Data("budget_allowed", every, "most money", lambda _: [most(network, k) for k in every], "money"),),
        constraints=(Constraint("budget", every, budget),),
    )


def budget(block: Any, *key: str) -> Any:
    r"""\sum_{n} \sum_j I_{j,n} \le most_q\, years_{q,n} + missed_{q,group}
    \quad years_{q,n} = length_n \text{ per year}, 1 \text{ in all}"""
    return block.committed[key] <= block.budget_allowed[key] + block.missed_overall[pool(block.network, key)]


class BudgetKind(OverallKind[Budget]):
    part, families = Budget, ("budget",)
    eases = (Ease("most", 1, "money", math.inf),)
    lacks = "money"
    chapters = (chapter,)

    def keys(self, network: Network) -> tuple[Key, ...]:
        return tuple(dict.fromkeys(pool(network, key) for key in rows(network)))

    def asks(self, part: Budget, moment: float, units: Units) -> str:
        return most_money(part.most, moment, units)

    def idle(self, network: Network, name: str, part: Budget) -> Iterator[EmptyScope]:
        if not self.has_rows(network, name):
            yield EmptyScope(f"no project in the scope of {name} can be decided in its years")

    def reading(self, plan: PlanValues, family: str, key: Key) -> Reading:
        network = plan.network
        committed = math.fsum(
            c * plan.values(None, carried)[column]
            for n in rows(network)[key] for j in projects_of(network, key[0])
            for carried, column, c in money(network, key[0], j, n) if column in plan.values(None, carried)
        )
        node = next(n for n in plan.nodes if n.key == key[1])
        return Reading("", most(network, key), committed, "money", "money", node=node, pool=pool(network, key))
