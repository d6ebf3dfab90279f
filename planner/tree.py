"""The tree of nodes: one period of one branch of the future each.

Futures share nodes until they can be told apart, so that nothing decided or stored before may depend on
which of them comes true: non-anticipativity by construction.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from planner.schema import Instance, Time
from planner.units import periods

MOMENT = 1e-9  # Years; far below any period length, far above rounding.


@dataclass(frozen=True)
class Node:
    """One period of one branch. Years are decimal; `weight` is probability * length * factor [year]."""

    index: int
    parent: int | None
    future: str
    futures: tuple[str, ...]
    period: int
    period_name: str
    start: float
    length: float
    probability: float
    factor: float
    group: str

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

    @property
    def weight(self) -> float:
        """What a yearly cost at this node counts for in the objective [year]."""
        return self.probability * self.length * self.factor


@dataclass(frozen=True)
class Tree:
    """All nodes, parents before children."""

    nodes: tuple[Node, ...]

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
        return tuple(n for n in self.nodes if len(self._successors[n.index]) == 1)

    @cached_property
    def groups(self) -> dict[str, tuple[Node, ...]]:
        """Decision groups: the nodes that share one investment decision, in order of time."""
        groups: dict[str, list[Node]] = {}
        for node in sorted(self.nodes, key=lambda n: n.period):
            groups.setdefault(node.group, []).append(node)
        return {key: tuple(nodes) for key, nodes in groups.items()}

    def paths(self) -> Iterator[tuple[Node, ...]]:
        """The path to each leaf: one per distinguishable future."""
        return (self._paths[leaf.index] for leaf in self.leaves)


def discount_factor(time: Time, start: float, length: float) -> float:
    """Worth at the base year of one unit of money per year spent in [start, start + length]."""
    rate = time.discount_rate
    if rate == 0:
        return 1.0
    if time.discounting == "continuous":
        force = math.log1p(rate)
        begin, end = start - time.base_year, start + length - time.base_year
        return (math.exp(-force * begin) - math.exp(-force * end)) / (force * length)
    shift = {"start_of_period": 0.0, "mid_period": length / 2, "end_of_period": length}[time.discounting]
    return float((1 + rate) ** -(start + shift - time.base_year))


def build_tree(instance: Instance) -> Tree:
    """The tree of an instance: `futures` branch from each other, the first is the trunk.

    A future of probability 0 counts for nothing and has no nodes of its own; others may still branch from it.
    """
    time = instance.time
    futures = [name for name, future in instance.futures.items() if future.probability > 0]
    nodes: list[Node] = []
    at_end: dict[str, int] = {}
    for period, span in enumerate(periods(time)):
        owners = {future: _owner(instance, future, span.start) for future in futures}
        for owner in dict.fromkeys(owners.values()):
            through = tuple(f for f in futures if owners[f] == owner)
            key = f"{owner}:{span.name}"
            nodes.append(
                Node(
                    index=len(nodes),
                    parent=at_end.get(through[0]),
                    future=owner,
                    futures=through,
                    period=period,
                    period_name=span.name,
                    start=span.start,
                    length=span.length,
                    probability=math.fsum(instance.futures[f].probability for f in through),
                    factor=discount_factor(time, span.start, span.length),
                    group=span.name if instance.plan == "common" else key,
                )
            )
        for node in nodes[-len(set(owners.values())):]:
            for future in node.futures:
                at_end[future] = node.index
    return Tree(tuple(nodes))


def _owner(instance: Instance, name: str, start: float) -> str:
    """The future whose node is passed in the period that starts then."""
    future = instance.futures[name]
    while future.comes_from is not None and future.branches is not None and start < future.branches - MOMENT:
        name = future.comes_from
        future = instance.futures[name]
    return name
