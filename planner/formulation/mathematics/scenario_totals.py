"""The cost of every node and scenario as columns of a block, for rules on scenarios."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from planner.formulation.declarations import Chapter, Constraint, Link, Variable
from planner.formulation.network import Network
from planner.tree.nodes import Node


class Totals(NamedTuple):
    """Names in a block of the cost of nodes and scenarios, the links these consist of, and the rules that define them.

    The links are filled in by the program, from the same cost items as the tables: the cost of a node as if it were
    certain, the capital of a scenario.
    """

    node: str
    scenario: str
    expense: str
    capital: str
    rules: tuple[Callable[..., Any], Callable[..., Any]]

    def chapter(self, network: Network) -> Chapter:
        nodes = tuple((n.key,) for n in network.tree.nodes)
        scenarios = tuple((s.name,) for s in network.tree.scenarios)
        return Chapter(
            variables=(
                Variable(self.node, nodes, "cost of a node as if it were certain", "money", lower=free(len(nodes))),
                Variable(self.scenario, scenarios, "total cost of a scenario", "money", lower=free(len(scenarios))),
            ),
            links=(
                Link(self.expense, nodes, "cost of a node's own variables", _filled_in, _filled_in, "money"),
                Link(self.capital, scenarios, "capital cost of a scenario", _filled_in, _filled_in, "money"),
            ),
            constraints=tuple(
                Constraint(rule.__name__, keys, rule) for rule, keys in zip(self.rules, (nodes, scenarios), strict=True)
            ),
        )


def spent(block: Any, name: str, cost: Any) -> Any:
    """Cost of a scenario: the sum over its nodes."""
    tree = block.network.tree
    return sum(share * cost[tree.nodes[i].key] for i, share in tree.scenario(name).shares.items())


def free(count: int) -> Callable[[Node], list[float]]:
    """Lower bounds of variables that have none."""
    return lambda _: [-math.inf] * count


def _filled_in(_: Node) -> list[Any]:
    return []
