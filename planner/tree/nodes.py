"""The tree of nodes: one period of one branch of the future each.

Futures share nodes until they can be told apart, so that nothing decided or stored before may depend on
which of them comes true: non-anticipativity by construction. `branching` makes the tree of an instance.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from planner.language.figure import MOMENT
from planner.language.instance import Time


@dataclass(frozen=True)
class Node:
    """One period of one branch. Years are decimal; `weight` is probability * length * factor [year].

    `future` names the branch that owns it, `source` the future or shock whose figures and controls hold. Nodes in
    the window of a shock know its `onset`, and its last node the nodes at whose end the world is `resumed`, each with
    the share of its stock that counts there. Only nodes with a `group` can decide investments.
    """

    index: int
    parent: int | None
    future: str
    source: str
    futures: tuple[str, ...]
    period: int
    period_name: str
    start: float
    length: float
    probability: float
    factor: float
    group: str
    onset: float | None = None
    resumed: tuple[tuple[int, float], ...] = ()

    def __hash__(self) -> int:
        return self.index  # Nodes are looked up a million times.

    @property
    def key(self) -> str:
        """Name of the node: the future that owns it and the period."""
        return f"{self.future}:{self.period_name}"

    @property
    def end(self) -> float:
        return self.start + self.length

    @property
    def middle(self) -> float:
        """The moment at which the figures of this node are read."""
        return self.start + self.length / 2

    def near(self, moment: float) -> float:
        """A moment, or the start or end of the period where it is as good as that."""
        edge = self.start if abs(moment - self.start) <= MOMENT else self.end
        return edge if abs(moment - edge) <= MOMENT else moment

    def years(self, first: float, last: float) -> float:
        """Years of the period that lie between two moments."""
        return max(0.0, min(self.near(last), self.end) - max(self.near(first), self.start))

    @property
    def weight(self) -> float:
        r"""Weight of a yearly cost at this node in the objective [year].

        .. math:: weight_n = p_n\, length_n\, factor_n
        """
        return self.probability * self.length * self.factor


@dataclass(frozen=True)
class Scenario:
    """One way in which everything may come: a future, with a shock on the way or without.

    `shares` gives the share of each node's period that it spends there; those of a period add up to 1. The
    probability lies between `low` and `high`.
    """

    name: str
    future: str
    onset: float | None
    probability: float
    low: float
    high: float
    shares: Mapping[int, float]


@dataclass(frozen=True)
class Tree:
    """All nodes, parents before children, and the scenarios that pass through them."""

    nodes: tuple[Node, ...]
    scenarios: tuple[Scenario, ...] = ()

    @cached_property
    def _paths(self) -> tuple[tuple[Node, ...], ...]:
        paths: list[tuple[Node, ...]] = []
        for node in self.nodes:
            before = paths[node.parent] if node.parent is not None else ()
            paths.append((*before, node))
        return tuple(paths)

    @cached_property
    def _successors(self) -> tuple[tuple[Node, ...], ...]:
        successors: list[list[Node]] = [[] for _ in self.nodes]
        for node in self.nodes:
            for ancestor in self._paths[node.index]:
                successors[ancestor.index].append(node)
        return tuple(tuple(s) for s in successors)

    def path(self, node: Node) -> tuple[Node, ...]:
        """The nodes from the root to `node`, both included."""
        return self._paths[node.index]

    def from_here(self, node: Node) -> tuple[Node, ...]:
        """`node` and everything that can follow it."""
        return self._successors[node.index]

    def parent(self, node: Node) -> Node | None:
        return self.nodes[node.parent] if node.parent is not None else None

    @cached_property
    def leaves(self) -> tuple[Node, ...]:
        return tuple(n for n in self.nodes if self.is_leaf(n))

    def is_leaf(self, node: Node) -> bool:
        return len(self._successors[node.index]) == 1

    @cached_property
    def _scenarios(self) -> dict[str, Scenario]:
        return {s.name: s for s in self.scenarios}

    def scenario(self, name: str) -> Scenario:
        return self._scenarios[name]

    @cached_property
    def groups(self) -> dict[str, tuple[Node, ...]]:
        """Decision groups: the nodes that share one investment decision, in order of time."""
        groups: dict[str, list[Node]] = {}
        for node in sorted(self.nodes, key=lambda n: n.period):
            if node.group:
                groups.setdefault(node.group, []).append(node)
        return {key: tuple(nodes) for key, nodes in groups.items()}

    def paths(self) -> Iterator[tuple[Node, ...]]:
        """The path to each leaf: one per distinguishable future and per window of a shock."""
        return (self._paths[leaf.index] for leaf in self.leaves)

    def weighed(self, scenario: Scenario) -> Tree:
        """The same tree as if a scenario were certain: what a node counts for is its share of the scenario."""
        nodes = tuple(replace(n, probability=scenario.shares.get(n.index, 0.0)) for n in self.nodes)
        return Tree(nodes, (scenario,))


def discount_factor(time: Time, start: float, length: float) -> float:
    r"""Worth at the base year of one unit of money per year spent in [start, start + length].

    .. math:: factor_n = (1 + r)^{-(t_n - t_0)}, \quad t_n \text{ the start, middle or end of the period}

    .. math:: factor_n = \frac{e^{-\delta (start_n - t_0)} - e^{-\delta (end_n - t_0)}}{\delta\, length_n},
        \quad \delta = \ln(1 + r), \text{ if discounting is continuous}
    """
    rate = time.discount_rate
    if rate == 0:
        return 1.0
    if time.discounting == "continuous":
        force = math.log1p(rate)
        begin, end = start - time.base_year, start + length - time.base_year
        return (math.exp(-force * begin) - math.exp(-force * end)) / (force * length)
    shift = {"start_of_period": 0.0, "mid_period": length / 2, "end_of_period": length}[time.discounting]
    return float((1 + rate) ** -(start + shift - time.base_year))
