"""Put the pieces of all nodes together into one linear or mixed-integer program.

Every node brings only numbers: bounds, costs, data and the terms of its links. Links are replaced by what
they stand for, data move to the right-hand side, so the program has no columns but decisions.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from planner.common.arrays import Array
from planner.formulation.declarations import Chapter, FamilyKey, Key, Link, Variable
from planner.formulation.network import Network
from planner.program.blocks import BlockLayout, Compiled, FixedColumns, Pieces, Sides
from planner.program.compile import frozen_collector
from planner.program.node_blocks import Frame, Indices, SlotMatrix
from planner.tree.nodes import Node

MOST_SAMPLED = 200_000  # Costs that a scale is found from.
MOST_SCALED = 900.0  # Binary logarithm of the largest scale of costs: doubles hold it, and costs times it.


@dataclass(frozen=True)
class CostItem:
    """The objective coefficients of one cost item of one family at one block."""

    node: Node | None
    item: str
    family: str
    yearly: Array
    parts: tuple[tuple[str, str], ...]


RowName = tuple[Node | None, str, Key]
BlockRowNames = tuple[Node | None, tuple[FamilyKey, ...], NDArray[np.int64] | None]  # The rows kept; None: all.


class RowNames(Sequence[RowName]):
    """The node, constraint and key of every row, kept by block."""

    def __init__(self, parts: Sequence[BlockRowNames]) -> None:
        self.parts = list(parts)
        self.ends = np.cumsum([len(kept) if kept is not None else len(names) for _, names, kept in self.parts])

    def __len__(self) -> int:
        return int(self.ends[-1]) if len(self.ends) else 0

    def __iter__(self) -> Iterator[RowName]:
        for node, names, kept in self.parts:
            for family, key in names if kept is None else (names[i] for i in kept):
                yield node, family, key

    def __getitem__(self, row: Any) -> Any:
        part = int(np.searchsorted(self.ends, row, side="right"))
        node, names, kept = self.parts[part]
        place = int(row - (self.ends[part - 1] if part else 0))
        return (node, *names[place if kept is None else int(kept[place])])

    def and_more(self, names: Sequence[FamilyKey]) -> RowNames:
        """The same rows and then some of no node."""
        return RowNames([*self.parts, (None, tuple(names), None)])


@dataclass(frozen=True)
class Arrays:
    """min cost @ x + offset subject to row_lower <= matrix @ x <= row_upper, lower <= x <= upper."""

    cost: Array
    offset: float
    lower: Array
    upper: Array
    integer: NDArray[np.bool_]
    matrix: sp.csr_array
    row_lower: Array
    row_upper: Array
    rows: RowNames


@dataclass(frozen=True, eq=False)
class Program:
    """A program over investments and nodes. Its arrays are assembled when first asked for, unless they are given."""

    pieces: Pieces
    given: Arrays | None = None
    expected: Array | None = None  # Expected cost, where the objective weighs risk.
    expected_offset: float = 0.0
    weighing: Chapter = field(default_factory=Chapter)
    alone: Mapping[str, float] = field(default_factory=dict)  # What each scenario costs at least, alone.
    doubt: float = 0.0  # By how much the optimum may be lower for what is measured against is not known exactly,
    ceiling: float = math.inf  # and what bound is the highest that can be proven then.

    @cached_property
    def arrays(self) -> Arrays:
        if self.given is not None:
            return self.given
        with frozen_collector():
            return assembled(self.pieces, self.network.tree.nodes)

    def changed(self, **arrays: Any) -> Program:
        """The same program with some arrays replaced; it can only be solved as one then. See `holding`."""
        return replace(self, given=replace(self.arrays, **arrays))

    def holding(self, columns: NDArray[np.int64], values: Array) -> Program:
        """The same program with some columns of the investments held at values, however it is solved."""
        held, given = FixedColumns(columns, values), self.given
        if given is not None:
            given = replace(given, lower=given.lower.copy(), upper=given.upper.copy(), integer=given.integer.copy())
            held.put(given.lower, given.upper, given.integer)
        return replace(self, pieces=self.pieces.holding(held), given=given)

    @property
    def network(self) -> Network:
        return self.pieces.network

    @property
    def investments(self) -> Chapter:
        return self.pieces.investments

    @property
    def operation(self) -> Chapter:
        return self.pieces.operation

    @property
    def investment_layout(self) -> BlockLayout:
        return self.pieces.investment_layout

    @property
    def node_layout(self) -> BlockLayout:
        return self.pieces.node_layout

    @property
    def cost(self) -> Array:
        return self.arrays.cost

    @property
    def offset(self) -> float:
        return self.arrays.offset

    @property
    def lower(self) -> Array:
        return self.arrays.lower

    @property
    def upper(self) -> Array:
        return self.arrays.upper

    @property
    def integer(self) -> NDArray[np.bool_]:
        return self.arrays.integer

    @property
    def matrix(self) -> sp.csr_array:
        return self.arrays.matrix

    @property
    def row_lower(self) -> Array:
        return self.arrays.row_lower

    @property
    def row_upper(self) -> Array:
        return self.arrays.row_upper

    @property
    def rows(self) -> RowNames:
        return self.arrays.rows

    @cached_property
    def cost_scale(self) -> float:
        """Power of two that brings the typical cost near 1, for the solver's tolerance on costs is absolute."""
        return scale_of(self.cost if self.expected is None else self.expected)

    @cached_property
    def frame(self) -> Frame:
        return self.pieces.frame(self.network.tree.nodes)

    def link(self, node: Node, name: str) -> tuple[sp.csr_array, Array]:
        """Terms (keys x columns) and constants of a link at a node."""
        rows, fixed = self.pieces.stamp(node).link(name)
        return rows.matrix(self.frame.bases(self.network.tree.path(node)), self.frame.width), fixed

    def cost_items(self, node: Node | None) -> Iterator[CostItem]:
        """Cost items of one block: its contributions to expected cost, family by family."""
        chapter = self.investments if node is None else self.operation
        clock = node if node is not None else self.network.tree.nodes[0]
        families: list[Variable | Link] = [*chapter.variables, *chapter.links]
        for family in families:
            for item, costs in family.costs.items():
                yearly = np.asarray(costs(clock), dtype=float)
                yield CostItem(node, item, family.name, yearly, tuple(family.parts))

    def base(self, node: Node | int | None) -> int:
        """First column of a block."""
        return self.frame.base(node.index if isinstance(node, Node) else node)

    def column(self, node: Node | int | None, family: str, key: Key) -> int:
        layout = self.investment_layout if node is None else self.node_layout
        return self.base(node) + layout.column(family, key)

    def slice(self, node: Node | None, family: str) -> slice:
        """The columns of one family at one block."""
        layout = self.investment_layout if node is None else self.node_layout
        start = self.base(node) + layout.starts[family]
        return slice(start, start + len(layout.positions[family]))

    def column_names(self) -> Iterator[str]:
        for node in (None, *self.network.tree.nodes):
            chapter = self.investments if node is None else self.operation
            for family in chapter.variables:
                for key in family.keys:
                    yield label(family.name, key, node)
        for family in self.weighing.variables:
            for key in family.keys:
                yield label(family.name, key, None)

    def row_names(self) -> Iterator[str]:
        for node, family, key in self.rows:
            yield label(family, key, node)


def label(family: str, key: Key, node: Node | None) -> str:
    """Name of a row or column, such as activity[mp,mine|truce:2030]."""
    inside = ",".join(str(part) for part in key)
    return f"{family}[{inside}]" if node is None else f"{family}[{inside}|{node.key}]"


def scale_of(costs: Array) -> float:
    """Power of two that brings the median of the costs that are not 0 near 1; of very many, that of a sample."""
    costs = costs[:: 1 + len(costs) // MOST_SAMPLED]
    costs = np.abs(costs[costs != 0])
    return float(2.0 ** -np.clip(np.round(np.log2(np.median(costs))), -MOST_SCALED, MOST_SCALED)) if len(costs) else 1.0


class BlockRows(NamedTuple):
    """The rows of one block, where the blocks begin that they refer to, and which entries are kept (None: all)."""

    rows: SlotMatrix
    bases: Indices
    entries: NDArray[np.bool_] | None
    size: int


class Assembler:
    """Collects rows block by block, over the columns of a frame."""

    def __init__(self, pieces: Pieces, frame: Frame) -> None:
        self.pieces, self.frame = pieces, frame
        self.counts: list[NDArray[np.int32]] = []
        self.parts: list[BlockRows] = []
        self.sides: list[Sides] = []
        self.names: list[BlockRowNames] = []

    def invest(self) -> None:
        """The rows of the investments."""
        template = self.pieces.template(None)
        matrix = template.variables
        rows = SlotMatrix(matrix.indptr, np.zeros(matrix.nnz, dtype=np.int16), matrix.indices, matrix.data)
        self._put(None, rows, np.zeros(1, dtype=np.int64), Sides(template.rhs, template.sense, None), template.rows)

    def operate(self, node: Node) -> Indices:
        """The rows of one node; returns where the blocks begin that it refers to."""
        stamp, bases = self.pieces.stamp(node), self.frame.bases(self.pieces.network.tree.path(node))
        self._put(node, stamp.rows, bases, self.pieces.sides(node), stamp.template.rows)
        return bases

    def _put(
        self, node: Node | None, rows: SlotMatrix, bases: Indices, sides: Sides, names: tuple[FamilyKey, ...]
    ) -> None:
        counts, entries, size = rows.counts, None, len(rows.values)
        if sides.kept is not None:
            is_kept = np.zeros(len(counts), dtype=bool)
            is_kept[sides.kept] = True
            entries = np.repeat(is_kept, counts)
            counts, size = counts[sides.kept], int(entries.sum())
        self.counts.append(counts)
        self.parts.append(BlockRows(rows, bases, entries, size))
        self.sides.append(sides)
        self.names.append((node, names, sides.kept))

    def matrix(self) -> sp.csr_array:
        """All rows put so far."""
        starts = np.cumsum(np.concatenate([[0], *self.counts])).astype(np.int32)
        columns, values, begin = np.empty(starts[-1], dtype=np.int32), np.empty(starts[-1]), 0
        for part in self.parts:
            place = slice(begin, begin := begin + part.size)
            chosen = slice(None) if part.entries is None else part.entries
            columns[place], values[place] = part.rows.columns(part.bases)[chosen], part.rows.values[chosen]
        return sp.csr_array((values, columns, starts), shape=(len(starts) - 1, self.frame.width))

    def bounds(self) -> tuple[Array, Array]:
        """Lower and upper sides of all rows."""
        values = np.concatenate([s.values for s in self.sides])
        sense = np.concatenate([s.sense for s in self.sides])
        return np.where(sense >= 0, values, -np.inf), np.where(sense <= 0, values, np.inf)


def assembled(pieces: Pieces, nodes: Sequence[Node]) -> Arrays:
    r"""Expected cost and all rows as arrays; of a node its whole path must be among the nodes.

    .. math:: \min \sum_v charge_v\, x_v + \sum_n weight_n \sum_i \sum_v cost_{i,v,n}\, x_{v,n}
    """
    frame = pieces.frame(tuple(nodes))
    assembler = Assembler(pieces, frame)
    cost, lower, upper = np.zeros(frame.width), np.empty(frame.width), np.empty(frame.width)
    integer = np.empty(frame.width, dtype=bool)
    assembler.invest()
    offset, end = 0.0, frame.investments
    lower[:end], upper[:end], cost[:end], integer[:end] = pieces.decided()
    for node in nodes:
        numbers, stamp, start = pieces.numbers(node), pieces.stamp(node), frame.base(node.index)
        bases = assembler.operate(node)
        end = start + frame.node
        lower[start:end], upper[start:end], integer[start:end] = numbers.lower, numbers.upper, numbers.integer
        cost[start:end] += node.weight * numbers.costs
        cost[stamp.costs.columns(bases)] += node.weight * stamp.costs.values
        offset += node.weight * stamp.offset
    row_lower, row_upper = assembler.bounds()
    return Arrays(
        cost, offset, lower, upper, integer, assembler.matrix(), row_lower, row_upper, RowNames(assembler.names)
    )


def assemble(network: Network, compiled: Compiled | None = None) -> Program:
    """The whole program of a network: investments, then every node's operation; `compiled` keeps blocks for more."""
    with frozen_collector():
        return Program(Pieces(network, compiled))
