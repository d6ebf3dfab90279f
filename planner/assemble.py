"""Stamp compiled blocks into one linear or mixed-integer program.

Every node brings only numbers: bounds, costs, data and the terms of its links. Links are replaced by what
they stand for, data move to the right-hand side, so the program has no columns but decisions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from planner.mathematics import model
from planner.network import Network
from planner.program import Chapter, Key, Link, Variable
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
    rows: list[tuple[Node | None, str, Key]]
    items: list[CostItem]
    link_terms: dict[tuple[int, str], tuple[sp.csr_array, Array]] = field(default_factory=dict)
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


class Assembler:
    """Collects the pieces of a program block by block."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.investments = model.investments(network)
        self.operation = model.operation(network)
        nodes = network.tree.nodes
        self.layouts = Layout.of(self.investments.variables), Layout.of(self.operation.variables)
        self.width = self.layouts[0].size + len(nodes) * self.layouts[1].size
        self.cost = np.zeros(self.width)
        self.lower = np.zeros(self.width)
        self.upper = np.full(self.width, np.inf)
        self.integer = np.zeros(self.width, dtype=bool)
        self.offset = 0.0
        self.blocks: list[sp.csr_array] = []
        self.sides: list[tuple[Array, NDArray[np.int8]]] = []
        self.rows: list[tuple[Node | None, str, Key]] = []
        self.items: list[CostItem] = []
        self.link_terms: dict[tuple[int, str], tuple[sp.csr_array, Array]] = {}
        self.templates: dict[str, Template] = {}

    def base(self, index: int | None) -> int:
        return 0 if index is None else self.layouts[0].size + index * self.layouts[1].size

    def template(self, node: Node | None) -> Template:
        """The compiled block of a node's structure, compiled when first met."""
        chapter = self.investments if node is None else self.operation
        key = "investments" if node is None else model.structure_of(self.network, node).key
        if key not in self.templates:
            with frozen_collector():
                self.templates[key] = compile_block(model.block(self.network, chapter, node), chapter)
        return self.templates[key]

    def add(self, node: Node | None) -> None:
        """Stamp one block."""
        chapter = self.investments if node is None else self.operation
        clock = node if node is not None else self.network.tree.nodes[0]
        weight = node.weight if node is not None else 1.0
        self._variables(chapter, node, clock, weight)
        template = self.template(node)
        rhs = template.rhs.copy()
        own = _shifted(template.variables, self.base(node.index if node else None), self.width)
        if node is not None and chapter.links:
            terms, constants = self._links(chapter.links, node, weight)
            own = own + template.links @ terms
            rhs -= template.links @ constants
        if node is not None and chapter.data:
            values = np.concatenate([np.asarray(d.values(node), dtype=float) for d in chapter.data])
            rhs -= template.data @ values
        kept = np.isfinite(rhs)  # A limit that is infinite at this node is none.
        self.blocks.append(sp.csr_array(own)[kept])
        self.sides.append((rhs[kept], template.sense[kept]))
        self.rows += [(node, family, key) for (family, key), keep in zip(template.rows, kept, strict=True) if keep]

    def _variables(self, chapter: Chapter, node: Node | None, clock: Node, weight: float) -> None:
        start = self.base(node.index if node else None)
        for family in chapter.variables:
            end = start + len(family.keys)
            if family.lower is not None:
                self.lower[start:end] = family.lower(clock)
            if family.upper is not None:
                self.upper[start:end] = family.upper(clock)
            self.integer[start:end] = family.integer
            for item, costs in family.costs.items():
                yearly = np.asarray(costs(clock), dtype=float)
                self.cost[start:end] += weight * yearly
                self.items.append(CostItem(node, item, family.name, yearly, tuple(family.parts)))
            start = end

    def _links(self, links: tuple[Link, ...], node: Node, weight: float) -> tuple[sp.csr_array, Array]:
        """Terms (links x columns) and constants of all links of a node; their costs go to the columns."""
        matrices, constants = [], []
        for link in links:
            found = link.terms(node)
            columns = [self._column(t.node, t.family, t.key) for t in found]
            matrix = sp.csr_array(
                ([t.coefficient for t in found], ([t.position for t in found], columns)),
                shape=(len(link.keys), self.width),
            )
            fixed = np.asarray(link.constants(node), dtype=float)
            for item, costs in link.costs.items():
                yearly = np.asarray(costs(node), dtype=float)
                self.cost += weight * (matrix.T @ yearly)
                self.offset += weight * float(yearly @ fixed)
                self.items.append(CostItem(node, item, link.name, yearly, tuple(link.parts)))
            self.link_terms[node.index, link.name] = matrix, fixed
            matrices.append(matrix)
            constants.append(fixed)
        return sp.csr_array(sp.vstack(matrices, format="csr")), np.concatenate(constants)

    def _column(self, index: int | None, family: str, key: Key) -> int:
        layout = self.layouts[0] if index is None else self.layouts[1]
        return self.base(index) + layout.column(family, key)

    def program(self) -> Program:
        rhs = np.concatenate([side for side, _ in self.sides])
        sense = np.concatenate([s for _, s in self.sides])
        return Program(
            network=self.network, investments=self.investments, operation=self.operation,
            cost=self.cost, offset=self.offset, lower=self.lower, upper=self.upper, integer=self.integer,
            matrix=sp.csr_array(sp.vstack(self.blocks, format="csr")),
            row_lower=np.where(sense >= 0, rhs, -np.inf), row_upper=np.where(sense <= 0, rhs, np.inf),
            rows=self.rows, items=self.items, link_terms=self.link_terms,
        )


def _shifted(matrix: sp.csr_array, by: int, width: int) -> sp.csr_array:
    """The same rows with their columns moved to where the block's columns stand."""
    return sp.csr_array((matrix.data, matrix.indices + by, matrix.indptr), shape=(matrix.shape[0], width))


def assemble(network: Network) -> Program:
    """The whole program of a network: investments, then every node's operation."""
    assembler = Assembler(network)
    assembler.add(None)
    for node in network.tree.nodes:
        assembler.add(node)
    return assembler.program()
