"""Stamp compiled blocks into one linear or mixed-integer program.

Every node brings only numbers: bounds, costs, data and the terms of its links. Links are replaced by what
they stand for, data move to the right-hand side, so the program has no columns but decisions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from planner.mathematics import model
from planner.network import Network
from planner.program import Chapter, Key, Link, OfFigures, PerNode, Variable
from planner.stamp import Frame, Outlooks, Stamp, make_stamp
from planner.template import Array, Template, compile_block, frozen_collector
from planner.tree import Node


@dataclass(frozen=True)
class Layout:
    """Where each family of a block starts among the block's columns, and where each key stands."""

    size: int
    starts: dict[str, int]
    positions: dict[str, dict[Key, int]]

    @classmethod
    def of(cls, variables: tuple[Variable, ...]) -> Layout:
        starts, positions, size = {}, {}, 0
        for family in variables:
            starts[family.name] = size
            positions[family.name] = {key: i for i, key in enumerate(family.keys)}
            size += len(family.keys)
        return cls(size, starts, positions)

    def column(self, family: str, key: Key) -> int:
        return self.starts[family] + self.positions[family][key]


@dataclass(frozen=True)
class CostItem:
    """The objective coefficients of one cost item of one family at one block."""

    node: Node | None
    item: str
    family: str
    yearly: Array
    parts: tuple[tuple[str, str], ...]


Name = tuple[Node | None, str, Key]


Names = tuple[Node | None, tuple[tuple[str, Key], ...], NDArray[np.int64] | None]  # The rows kept; None: all.


class RowNames(Sequence[Name]):
    """The node, constraint and key of every row, kept by block."""

    def __init__(self, parts: Sequence[Names]) -> None:
        self.parts = list(parts)
        self.ends = np.cumsum([len(kept) if kept is not None else len(names) for _, names, kept in self.parts])

    def __len__(self) -> int:
        return int(self.ends[-1]) if len(self.ends) else 0

    def __iter__(self) -> Iterator[Name]:
        for node, names, kept in self.parts:
            for family, key in names if kept is None else (names[i] for i in kept):
                yield node, family, key

    def __getitem__(self, row: Any) -> Any:
        part = int(np.searchsorted(self.ends, row, side="right"))
        node, names, kept = self.parts[part]
        place = int(row - (self.ends[part - 1] if part else 0))
        return (node, *names[place if kept is None else int(kept[place])])

    def and_more(self, names: Sequence[tuple[str, Key]]) -> RowNames:
        """The same rows and then some of no node."""
        return RowNames([*self.parts, (None, tuple(names), None)])


@dataclass
class Program:
    """min cost @ x + offset subject to row_lower <= matrix @ x <= row_upper, lower <= x <= upper."""

    network: Network
    investments: Chapter
    operation: Chapter
    cost: Array
    offset: float
    lower: Array
    upper: Array
    integer: NDArray[np.bool_]
    matrix: sp.csr_array
    row_lower: Array
    row_upper: Array
    rows: RowNames
    stamps: Sequence[Stamp] = ()
    expected: Array | None = None  # Expected cost, where the objective weighs risk.
    expected_offset: float = 0.0
    weighing: Chapter = field(default_factory=Chapter)
    alone: Mapping[str, float] = field(default_factory=dict)  # Cost of the best plan for each scenario alone.

    @cached_property
    def cost_scale(self) -> float:
        """Power of two that brings the typical cost near 1, for the solver's tolerance on costs is absolute."""
        typical = self.cost if self.expected is None else self.expected
        costs = np.abs(typical[typical != 0])
        return float(2.0 ** -np.clip(np.round(np.log2(np.median(costs))), -60, 60)) if len(costs) else 1.0

    def link(self, node: Node, name: str) -> tuple[sp.csr_array, Array]:
        """Terms (keys x columns) and constants of a link at a node."""
        rows, fixed = self.stamps[node.index].links[name]
        return rows.matrix(self.frame.bases(self.network.tree.path(node)), len(self.cost)), fixed

    def cost_items(self, node: Node | None) -> Iterator[CostItem]:
        """What one block adds to expected cost, item by item and family by family."""
        chapter = self.investments if node is None else self.operation
        clock = node if node is not None else self.network.tree.nodes[0]
        families: list[Variable | Link] = [*chapter.variables, *chapter.links]
        for family in families:
            for item, costs in family.costs.items():
                yearly = np.asarray(costs(clock), dtype=float)
                yield CostItem(node, item, family.name, yearly, tuple(family.parts))

    @cached_property
    def frame(self) -> Frame:
        return Frame(self.investment_layout.size, self.node_layout.size, len(self.cost))

    @cached_property
    def investment_layout(self) -> Layout:
        return Layout.of(self.investments.variables)

    @cached_property
    def node_layout(self) -> Layout:
        return Layout.of(self.operation.variables)

    def base(self, node: Node | int | None) -> int:
        """First column of a block."""
        if node is None:
            return 0
        index = node if isinstance(node, int) else node.index
        return self.investment_layout.size + index * self.node_layout.size

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


class BlockNumbers(NamedTuple):
    """Bounds, costs per weight and integrality of a block's variables."""

    lower: Array
    upper: Array
    costs: Array
    integer: NDArray[np.bool_]


def _is_steady(family: Variable) -> bool:
    """Whether all its numbers are of figures alone."""
    bounds = [f for f in (family.lower, family.upper) if f is not None]
    return all(isinstance(f, OfFigures) for f in (*bounds, *family.costs.values()))


def numbers_of(variables: tuple[Variable, ...], node: Node, wanted: Callable[[PerNode], bool]) -> BlockNumbers:
    """The numbers of a block at a node, as far as the functions that give them are wanted."""
    lower, upper, costs, integer = [], [], [], []
    for family in variables:
        size = len(family.keys)

        def numbers(function: PerNode | None, default: float, size: int = size) -> Array:
            if function is None or not wanted(function):
                return np.full(size, default)
            return np.asarray(function(node), dtype=float)

        lower.append(numbers(family.lower, 0.0))
        upper.append(numbers(family.upper, np.inf))
        costs.append(sum((numbers(f, 0.0) for f in family.costs.values()), np.zeros(size)))
        integer.append(np.broadcast_to(np.asarray(family.integer, dtype=bool), size))
    none = np.zeros(0)
    return BlockNumbers(
        np.concatenate([none, *lower]), np.concatenate([none, *upper]), np.concatenate([none, *costs]),
        np.concatenate([none.astype(bool), *integer]),
    )


class Assembler:
    """Collects the pieces of a program block by block."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.investments = model.investments(network)
        self.operation = model.operation(network)
        self.layouts = Layout.of(self.investments.variables), Layout.of(self.operation.variables)
        sizes = self.layouts[0].size, self.layouts[1].size
        self.frame = Frame(*sizes, sizes[0] + len(network.tree.nodes) * sizes[1])
        self.outlooks = Outlooks(network)
        self.cost = np.zeros(self.frame.width)
        self.lower = np.zeros(self.frame.width)
        self.upper = np.full(self.frame.width, np.inf)
        self.integer = np.zeros(self.frame.width, dtype=bool)
        self.offset = 0.0
        self.parts: list[tuple[NDArray[np.int64], NDArray[np.int64], Array]] = []  # Entries per row, columns, values.
        self.sides: list[tuple[Array, NDArray[np.int8]]] = []
        self.names: list[Names] = []
        self.templates: dict[str, Template] = {}
        self.made: dict[int, Stamp] = {}
        self.stamps: list[Stamp] = []
        self.steady: dict[tuple[int, float, float], BlockNumbers] = {}
        self.changing = [v for v in self.operation.variables if not _is_steady(v)]

    def template(self, node: Node | None) -> Template:
        """The compiled block of a node's structure, compiled when first met."""
        chapter = self.investments if node is None else self.operation
        key = "investments" if node is None else self.outlooks.structure(node)
        if key not in self.templates:
            with frozen_collector():
                self.templates[key] = compile_block(model.block(self.network, chapter, node), chapter)
        return self.templates[key]

    def invest(self) -> None:
        """The investments: bounds and costs, and rows that are compiled for this instance alone."""
        first, template = self.network.tree.nodes[0], self.template(None)
        self._put(0, numbers_of(self.investments.variables, first, lambda _: True), 1.0)
        rows = template.variables
        self._rows(None, template, np.diff(rows.indptr), rows.indices, rows.data, template.rhs)

    def operate(self, node: Node) -> None:
        """Stamp the operation of one node."""
        number = self.outlooks.number(node)
        if number not in self.made:
            self.made[number] = make_stamp(
                self.network, node, self.template(node), self.operation, self.frame, self._column
            )
        stamp, start = self.made[number], self.frame.base(node.index)
        self.stamps.append(stamp)
        self._block(node, start)
        bases = self.frame.bases(self.network.tree.path(node))
        self.cost[stamp.costs.columns(bases)] += node.weight * stamp.costs.values
        self.offset += node.weight * stamp.offset
        sides = stamp.sides
        if self.operation.data:
            values = np.concatenate([np.asarray(d.values(node), dtype=float) for d in self.operation.data])
            sides = sides - stamp.template.data @ values
        rows = stamp.rows
        self._rows(node, stamp.template, np.diff(rows.starts), rows.columns(bases), rows.values, sides)

    def _rows(
        self, node: Node | None, template: Template, counts: NDArray[Any], columns: NDArray[Any], values: Array,
        sides: Array,
    ) -> None:
        """Rows of a block; those whose side is infinite at this node are no limits and left out."""
        sense, kept = template.sense, None
        if not np.isfinite(sides).all():
            kept = np.flatnonzero(np.isfinite(sides))
            entries = np.repeat(np.isfinite(sides), counts)
            counts, columns, values, sides, sense = (
                counts[kept], columns[entries], values[entries], sides[kept], sense[kept]
            )
        self.parts.append((counts, columns, values))
        self.sides.append((sides, sense))
        self.names.append((node, template.rows, kept))

    def _block(self, node: Node, start: int) -> None:
        """Bounds and costs of a node's variables; those of figures alone are kept for nodes that share them."""
        place = (id(self.network.instance(node)), node.start, node.length)
        if place not in self.steady:
            self.steady[place] = numbers_of(self.operation.variables, node, lambda f: isinstance(f, OfFigures))
        self._put(start, self.steady[place], node.weight)
        for family in self.changing:
            begin = start + self.layouts[1].starts[family.name]
            end = begin + len(family.keys)
            if family.lower is not None and not isinstance(family.lower, OfFigures):
                self.lower[begin:end] = family.lower(node)
            if family.upper is not None and not isinstance(family.upper, OfFigures):
                self.upper[begin:end] = family.upper(node)
            for costs in family.costs.values():
                if not isinstance(costs, OfFigures):
                    self.cost[begin:end] += node.weight * np.asarray(costs(node), dtype=float)

    def _put(self, start: int, numbers: BlockNumbers, weight: float) -> None:
        end = start + len(numbers.lower)
        self.lower[start:end], self.upper[start:end] = numbers.lower, numbers.upper
        self.integer[start:end] = numbers.integer
        self.cost[start:end] += weight * numbers.costs

    def program(self) -> Program:
        rhs = np.concatenate([side for side, _ in self.sides])
        sense = np.concatenate([s for _, s in self.sides])
        counts = np.concatenate([part[0] for part in self.parts])
        matrix = sp.csr_array(
            (np.concatenate([p[2] for p in self.parts]), np.concatenate([p[1] for p in self.parts]),
             np.concatenate([[0], np.cumsum(counts)])), shape=(len(rhs), self.frame.width),
        )
        return Program(
            network=self.network, investments=self.investments, operation=self.operation,
            cost=self.cost, offset=self.offset, lower=self.lower, upper=self.upper, integer=self.integer,
            matrix=matrix, row_lower=np.where(sense >= 0, rhs, -np.inf), row_upper=np.where(sense <= 0, rhs, np.inf),
            rows=RowNames(self.names), stamps=tuple(self.stamps),
        )

    def _column(self, index: int | None, family: str, key: Key) -> int:
        return self.frame.base(index) + self.layouts[0 if index is None else 1].column(family, key)


def assemble(network: Network) -> Program:
    """The whole program of a network: investments, then every node's operation."""
    assembler = Assembler(network)
    assembler.invest()
    for node in network.tree.nodes:
        assembler.operate(node)
    return assembler.program()
