"""Stamps: the rows of a node with everything that does not differ between nodes of the same outlook.

Two nodes have the same outlook when their figures, their structure and all that lies on their paths are the same:
their rows then differ only in where their columns stand and in the numbers that controls change. So most nodes of
a wide tree are a copy of finished arrays, with the columns of each block moved to where the block stands.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from planner.mathematics import model, security
from planner.mathematics.control import by_class, degree, lane_passes
from planner.network import Network
from planner.program import Chapter, Link
from planner.schema import Dependence
from planner.template import Array, Template
from planner.tree import Node

Indices = NDArray[np.int64]
# Blocks by number: 0 is the node itself, 1 its parent, and so on up the path; the investments stand last, and before
# them, counted backwards, the nodes at which the world goes on after a shock.
INVESTMENTS, RESUMED = -1, -2


@dataclass(frozen=True)
class Rows:
    """A sparse matrix whose columns are named by block and place in the block."""

    starts: Indices
    block: NDArray[np.int16]
    place: Indices
    values: Array

    def columns(self, bases: Indices) -> Indices:
        """Columns of the program, given where each block begins."""
        return np.asarray(self.place + bases[self.block])

    def matrix(self, bases: Indices, width: int) -> sp.csr_array:
        return sp.csr_array((self.values, self.columns(bases), self.starts), shape=(len(self.starts) - 1, width))


@dataclass(frozen=True)
class Stamp:
    """What nodes of one outlook share. `sides` lack what the node's data say; `costs` are of links, per weight."""

    rows: Rows
    template: Template
    sides: Array
    links: dict[str, tuple[Rows, Array]]
    costs: Rows
    offset: float


@dataclass(frozen=True)
class Frame:
    """Where blocks stand: how wide the investments and a node are, and how wide all is."""

    investments: int
    node: int
    width: int

    def base(self, index: int | None) -> int:
        return 0 if index is None else self.investments + index * self.node

    def bases(self, path: Sequence[Node]) -> Indices:
        """Where the blocks begin that a node at the end of a path refers to, in the order of their numbers."""
        resumed = [self.base(index) for index, _ in reversed(path[-1].resumed)]
        return np.array([*(self.base(n.index) for n in reversed(path)), *resumed, 0], dtype=np.int64)


class Outlooks:
    """Tells which nodes have the same outlook."""

    def __init__(self, network: Network) -> None:
        self.network = network
        controls = network.base.controls.values()
        self._by_class = any(by_class(c) for c in controls)
        self._technology = any(c.kind == "technology" for c in controls)
        self._dependent = [q for q in network.base.requirements.values() if isinstance(q, Dependence)]
        self._structures: dict[Hashable, str] = {}
        self._numbers: dict[Hashable, int] = {}
        self._known: dict[int, int] = {}

    def structure(self, node: Node) -> str:
        """The key of a node's structure."""
        network = self.network
        applying = tuple(security.applies(network, q, node) for q in self._dependent)
        denied = self._degrees(node, by_class) if self._by_class else ()
        situation = (id(network.instance(node)), node.start, node.length, applying, denied)
        if situation not in self._structures:
            self._structures[situation] = model.structure_of(network, node).key
        return self._structures[situation]

    def number(self, node: Node) -> int:
        """A number that nodes share which have the same outlook."""
        if node.index not in self._known:
            network, parent = self.network, self.network.tree.parent(node)
            lanes = tuple(
                lane_passes(network, network.movement_of_asset[asset], node) for asset in network.built_lanes.values()
            )
            slowed = self._degrees(node, lambda c: c.kind == "technology") if self._technology else ()
            outlook = (
                self.number(parent) if parent is not None else None, id(network.instance(node)), node.start,
                node.length, node.group, node.onset is None, tuple(share for _, share in node.resumed), slowed, lanes,
                self.structure(node),
            )
            self._known[node.index] = self._numbers.setdefault(outlook, len(self._numbers))
        return self._known[node.index]

    def _degrees(self, node: Node, when: Callable[[Any], bool]) -> tuple[tuple[str, float], ...]:
        measures = self.network.measures(node)
        return tuple((m.name, degree(m, node)) for m in measures if when(m.control))


def make_stamp(network: Network, node: Node, template: Template, chapter: Chapter, frame: Frame, column: Any) -> Stamp:
    """The stamp of a node's outlook; `column` places a term (node, family, key)."""
    path = network.tree.path(node)
    found = [_link(link, node, frame, column) for link in chapter.links]
    own = sp.csr_array(
        (template.variables.data, template.variables.indices + frame.base(node.index), template.variables.indptr),
        shape=(template.variables.shape[0], frame.width),
    )
    rows, constants = own, np.zeros(0)
    if found:
        rows = own + template.links @ sp.csr_array(sp.vstack([terms for terms, _ in found], format="csr"))
        constants = np.concatenate([fixed for _, fixed in found])
    costs, offset = _costs(chapter.links, found, node, frame.width)
    return Stamp(
        rows=_relative(rows, path, frame), template=template,
        sides=template.rhs - template.links @ constants if found else template.rhs,
        links={
            link.name: (_relative(terms, path, frame), fixed)
            for link, (terms, fixed) in zip(chapter.links, found, strict=True)
        },
        costs=_relative(costs, path, frame), offset=offset,
    )


def _link(link: Link, node: Node, frame: Frame, column: Any) -> tuple[sp.csr_array, Array]:
    """Terms (keys x columns) and constants of a link at a node."""
    found = link.terms(node)
    columns = [column(t.node, t.family, t.key) for t in found]
    matrix = sp.csr_array(
        ([t.coefficient for t in found], ([t.position for t in found], columns)), shape=(len(link.keys), frame.width)
    )
    return matrix, np.asarray(link.constants(node), dtype=float)


def _costs(
    links: tuple[Link, ...], found: list[tuple[sp.csr_array, Array]], node: Node, width: int
) -> tuple[sp.csr_array, float]:
    """What the links cost per weight of the node: a row over all columns, and the constant part."""
    total, offset = sp.csr_array((1, width)), 0.0
    for link, (terms, fixed) in zip(links, found, strict=True):
        for costs in link.costs.values():
            yearly = np.asarray(costs(node), dtype=float)
            total = total + sp.csr_array(yearly.reshape(1, -1)) @ terms
            offset += float(yearly @ fixed)
    return sp.csr_array(total), offset


def _relative(matrix: sp.csr_array, path: Sequence[Node], frame: Frame) -> Rows:
    """Columns by block of the path and place in the block."""
    columns = matrix.indices.astype(np.int64)
    index = (columns - frame.investments) // frame.node if frame.node else np.full(len(columns), -1)
    is_node = columns >= frame.investments
    block = np.full(len(columns), INVESTMENTS, dtype=np.int16)
    for up, node in enumerate(reversed(path)):
        block[is_node & (index == node.index)] = up
    for number, (twin, _) in enumerate(path[-1].resumed):
        block[is_node & (index == twin)] = RESUMED - number
    place = np.where(is_node, columns - frame.investments - index * frame.node, columns)
    return Rows(matrix.indptr.astype(np.int64), block, place, np.asarray(matrix.data, dtype=float))
