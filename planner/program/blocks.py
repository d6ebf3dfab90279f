"""Pieces: what every node brings to a program, made once for all nodes that share it.

A stamp for every outlook (coefficients), bounds and costs for every situation, and right-hand sides for every pair of
the two. Programs are put together from them: of the whole tree, or of a branch alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Sequence
from copy import copy
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner.common.arrays import Array
from planner.formulation.declarations import Chapter, Data, Key, OfFigures, PerNode, Variable
from planner.formulation.mathematics import model
from planner.formulation.mathematics.node_data import OfSituation, situations
from planner.formulation.network import Network
from planner.language.instance import Instance
from planner.program.compile import Template, compile_block, frozen_collector
from planner.program.differences import operate_alike
from planner.program.incremental import Reuse, Snapshot
from planner.program.node_blocks import Frame, Indices, Outlooks, Stamp, Stamper
from planner.tree.nodes import Node


@dataclass(frozen=True)
class BlockLayout:
    """Positions of a block's columns: the start of each family, and the place of each key in it."""

    size: int
    starts: dict[str, int]
    positions: dict[str, dict[Key, int]]

    @classmethod
    def of(cls, variables: tuple[Variable, ...]) -> BlockLayout:
        starts, positions, size = {}, {}, 0
        for family in variables:
            starts[family.name] = size
            positions[family.name] = {key: i for i, key in enumerate(family.keys)}
            size += len(family.keys)
        return cls(size, starts, positions)

    def column(self, family: str, key: Key) -> int:
        return self.starts[family] + self.positions[family][key]


class VariableNumbers(NamedTuple):
    """Bounds, costs per weight and integrality of a block's variables."""

    lower: Array
    upper: Array
    costs: Array
    integer: NDArray[np.bool_]


class FixedColumns(NamedTuple):
    """Columns of the investments, and the values they are held at."""

    columns: NDArray[np.int64]
    values: Array

    def put(self, lower: Array, upper: Array, integer: NDArray[np.bool_]) -> None:
        """Hold the columns in bounds; they need not be whole then, for nothing is left to choose."""
        lower[self.columns] = upper[self.columns] = self.values
        integer[self.columns] = False


class Sides(NamedTuple):
    """Right-hand sides of a node's rows and their sense; rows of infinite side are no limits: those `kept`."""

    values: Array
    sense: NDArray[np.int8]
    kept: Indices | None  # None: all.


MOST_KEPT = 100  # Compiled blocks.


class Compiled:
    """Compiled blocks kept from one network to the next, for those that differ in numbers alone.

    A block of operation is what its structure makes it, its columns and rows, and all but the figures of its instance
    and of the trunk's; the investments also depend on what the instance says of projects and time, in every variant.
    With a `snapshot` numbers are taken over as well.
    """

    def __init__(self, most_kept: int = MOST_KEPT, snapshot: Snapshot | None = None) -> None:
        self._most_kept = most_kept
        self._known: dict[Hashable, Template] = {}
        self._unlike: dict[int, Instance] = {}  # Instances that differ in more than figures, by a number never reused.
        self._numbers = count()
        self.snapshot = snapshot

    def template(self, network: Network, chapter: Chapter, node: Node | None, structure: str) -> Template:
        columns = tuple((f.name, f.keys) for f in chapter.families)
        rows = tuple((c.name, c.keys) for c in chapter.constraints)
        key = (*self._read_by(network, node, structure), columns, rows)
        if key not in self._known:
            if len(self._known) >= self._most_kept:  # Instances that differ in all blocks gain nothing by keeping them.
                self._known.clear()
            self._known[key] = _template(network, chapter, node)
        return self._known[key]

    def _read_by(self, network: Network, node: Node | None, structure: str) -> tuple[Hashable, ...]:
        """All that the rows of a block may read but figures."""
        if node is None:
            return (decided_by(network),)
        return structure, self._number(network.base), self._number(network.instance(node))

    def _number(self, instance: Instance) -> int:
        """A number that instances share which differ in figures alone."""
        for number, known in self._unlike.items():
            if operate_alike(known, instance):
                return number
        if len(self._unlike) >= self._most_kept:
            self._unlike.clear()
        number = next(self._numbers)
        self._unlike[number] = instance
        return number


def _template(network: Network, chapter: Chapter, node: Node | None) -> Template:
    with frozen_collector():
        return compile_block(model.block(network, chapter, node), chapter)


NOT_DECIDING = {
    "name", "title", "description", "published_optimum", "sourced", "sampling", "sources", "elements",
    "processes", "suppliers", "outlets", "limits", "demands", "stockpiles", "returns", "requirements", "options",
}  # Sections of which the rows of the investments never read anything; a new section counts until it stands here.


def decided_by(network: Network) -> str:
    """Everything the rows of the investments can depend on: what is decided, the tree, and the measures in it."""
    nodes = [
        (n.parent, n.period_name, n.start, n.length, n.group, n.onset, n.resumed, network.variant(n),
         [(m.name, m.start, m.end, m.phase_out) for m in network.measures(n)])
        for n in network.tree.nodes
    ]  # fmt: skip
    told = [repr(nodes), *(variant.model_dump_json(exclude=NOT_DECIDING) for variant in network.variants)]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


class Pieces:
    """The pieces of a network's programs."""

    def __init__(self, network: Network, compiled: Compiled | None = None) -> None:
        self.network, self._compiled = network, compiled
        self.investments, operation = model.investments(network), model.operation(network)
        snapshot = compiled.snapshot if compiled is not None else None
        reuse = snapshot.reuse(network, self.investments, operation) if snapshot is not None else Reuse()
        self.operation, self.rebuild = reuse.of(operation), reuse.rebuild
        self.investment_layout = BlockLayout.of(self.investments.variables)
        self.node_layout = BlockLayout.of(self.operation.variables)
        self._outlooks = Outlooks(network, reuse.structure)
        layouts = self.investment_layout, self.node_layout
        self._stamper = Stamper(
            self.operation, (layouts[0].column, layouts[1].column), max(layout.size for layout in layouts),
            self._outlooks.figures, reuse.derived,
        )
        self._templates: dict[str, Template] = {}
        self._stamps: dict[int, Stamp] = {}
        self._numbers: dict[int, VariableNumbers] = {}
        self._sides: dict[tuple[int, int], Sides] = {}
        self._figures: dict[int, VariableNumbers] = {}
        self._changing = [
            v for v in self.operation.variables
            if v.keys and not all(isinstance(f, OfFigures) for f in v.functions)
        ]
        self._is_steady = all(isinstance(f, OfFigures | OfSituation) for v in self._changing for f in v.functions)
        self.held = FixedColumns(np.zeros(0, dtype=np.int64), np.zeros(0))
        self._data = [d for d in self.operation.data if d.keys]
        self._has_steady_data = all(isinstance(d.values, OfFigures | OfSituation) for d in self._data)

    def frame(self, nodes: tuple[Node, ...]) -> Frame:
        """Investments and these nodes, in this order."""
        places = np.full(len(self.network.tree.nodes), -1, dtype=np.int64)
        places[[n.index for n in nodes]] = np.arange(len(nodes))
        return Frame(self.investment_layout.size, self.node_layout.size, places)

    def outlook(self, node: Node) -> int:
        return self._outlooks.number(node)

    def template(self, node: Node | None) -> Template:
        """The compiled block of a node's structure, or of the investments, compiled when first met."""
        chapter = self.investments if node is None else self.operation
        key = "investments" if node is None else self._outlooks.structure(node)
        if key not in self._templates:
            self._templates[key] = (
                self._compiled.template(self.network, chapter, node, key) if self._compiled is not None
                else _template(self.network, chapter, node)
            )
        return self._templates[key]

    def stamp(self, node: Node) -> Stamp:
        """The stamp of a node's outlook."""
        number = self._outlooks.number(node)
        if number not in self._stamps:
            self._stamps[number] = self._stamper.stamp(self.network.tree.path(node), self.template(node))
        return self._stamps[number]

    def holding(self, held: FixedColumns) -> Pieces:
        """The same pieces with some investments held: in every program that is put together from them."""
        other = copy(self)
        other.held = held
        return other

    def decided(self) -> VariableNumbers:
        """Bounds and costs of the investments."""
        numbers = numbers_of(self.investments.variables, self.network.tree.nodes[0])
        self.held.put(numbers.lower, numbers.upper, numbers.integer)
        return numbers

    def numbers(self, node: Node) -> VariableNumbers:
        """Bounds and costs per weight of a node's variables; shared, so not to be changed."""
        if not self._is_steady:
            return self._changed(node)
        situation = situations(self.network)[node.index]
        if situation not in self._numbers:
            self._numbers[situation] = self._changed(node)
        return self._numbers[situation]

    def _changed(self, node: Node) -> VariableNumbers:
        """The numbers that nodes share which have the same figures, with those filled in that they do not share."""
        figures = self._outlooks.figures[node.index]
        if figures not in self._figures:
            self._figures[figures] = numbers_of(self.operation.variables, node, lambda f: isinstance(f, OfFigures))
        shared = self._figures[figures]
        own = VariableNumbers(shared.lower.copy(), shared.upper.copy(), shared.costs.copy(), shared.integer)
        for family in self._changing:
            start = self.node_layout.starts[family.name]
            place = slice(start, start + len(family.keys))
            if family.lower is not None:
                own.lower[place] = family.lower(node)
            if family.upper is not None:
                own.upper[place] = family.upper(node)
            for costs in family.costs.values():
                if not isinstance(costs, OfFigures):
                    own.costs[place] += np.asarray(costs(node), dtype=float)
        return own

    def sides(self, node: Node) -> Sides:
        """Right-hand sides of a node's rows; shared, so not to be changed."""
        if not self._has_steady_data:
            return _sides(self.stamp(node), self._data, node)
        place = self._outlooks.number(node), situations(self.network)[node.index]
        if place not in self._sides:
            self._sides[place] = _sides(self.stamp(node), self._data, node)
        return self._sides[place]


def numbers_of(
    variables: tuple[Variable, ...], node: Node, wanted: Callable[[PerNode], bool] = lambda _: True
) -> VariableNumbers:
    """The numbers of a block at a node, as far as the functions that give them are wanted."""
    lower, upper, costs, integer = [np.zeros(0)], [np.zeros(0)], [np.zeros(0)], [np.zeros(0, dtype=bool)]
    for family in (v for v in variables if v.keys):
        size = len(family.keys)

        def numbers(function: PerNode | None, default: float, size: int = size) -> Array:
            if function is None or not wanted(function):
                return np.full(size, default)
            return np.asarray(function(node), dtype=float)

        lower.append(numbers(family.lower, 0.0))
        upper.append(numbers(family.upper, np.inf))
        costs.append(sum((numbers(f, 0.0) for f in family.costs.values()), np.zeros(size)))
        integer.append(np.broadcast_to(np.asarray(family.integer, dtype=bool), size))
    return VariableNumbers(*(np.concatenate(parts) for parts in (lower, upper, costs, integer)))


def _sides(stamp: Stamp, data: Sequence[Data], node: Node) -> Sides:
    sides, sense = stamp.sides, stamp.template.sense
    if data:
        sides = sides - stamp.template.data @ np.concatenate([np.asarray(d.values(node), dtype=float) for d in data])
    limits = np.isfinite(sides)
    if limits.all():
        return Sides(sides, sense, None)
    kept = np.flatnonzero(limits)
    return Sides(sides[kept], sense[kept], kept)
