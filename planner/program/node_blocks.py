"""Stamps: the rows of a node with everything that does not differ between nodes of the same outlook.

Two nodes have the same outlook when their figures, their structure and all that lies on their paths are the same:
their rows then differ only in where their columns stand and in the numbers that controls change. So most nodes of
a wide tree are a copy of finished arrays, with the columns of each block moved to where the block stands.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from planner.common.arrays import Array
from planner.common.identity import ByIdentity
from planner.formulation.declarations import Chapter, Link, Numbers, Term, Terms
from planner.formulation.mathematics import lane, model
from planner.formulation.mathematics.construction import work
from planner.formulation.mathematics.control import degree, for_all, lane_passes
from planner.formulation.mathematics.node_data import applies, situations
from planner.formulation.network import Network
from planner.language.instance import Dependence
from planner.program.compile import Template
from planner.program.incremental import Derived, Recall
from planner.tree.nodes import Node

Indices = NDArray[np.int64]
ABSENT = -1  # Where a block stands that is not part of a program.


@dataclass(frozen=True)
class Frame:
    """Order of the blocks: the investments first, then the blocks of the nodes that have a place."""

    investments: int
    node: int
    places: Indices  # By number of the node: which block it is, or ABSENT.

    @property
    def width(self) -> int:
        return self.investments + (int(self.places.max(initial=ABSENT)) + 1) * self.node

    def base(self, index: int | None) -> int:
        """First column of a block."""
        return 0 if index is None else self.investments + int(self.places[index]) * self.node

    def bases(self, path: Sequence[Node]) -> Indices:
        """First columns of the blocks that a node at the end of a path refers to, in the order of its slots."""
        return np.array([self.base(index) for index in blocks(path)], dtype=np.int64)


def blocks(path: Sequence[Node]) -> list[int | None]:
    """The blocks that a node may refer to, by slot: its path from itself up, where the world resumes, investments."""
    return [*(n.index for n in reversed(path)), *(index for index, _ in path[-1].resumed), None]


@dataclass(frozen=True)
class SlotMatrix:
    """A sparse matrix whose columns are named by slot and place in the block."""

    starts: NDArray[np.int32]
    slot: NDArray[np.int16]
    place: NDArray[np.int32]
    values: Array

    @cached_property
    def counts(self) -> NDArray[np.int32]:
        return np.diff(self.starts)

    def columns(self, bases: Indices) -> NDArray[np.int32]:
        """Columns of the program, given where each block begins."""
        return np.asarray(self.place + bases.astype(np.int32)[self.slot])

    def matrix(self, bases: Indices, width: int) -> sp.csr_array:
        return sp.csr_array((self.values, self.columns(bases), self.starts), shape=(len(self.starts) - 1, width))

    def part(self, rows: slice) -> SlotMatrix:
        """Some rows that follow each other."""
        starts = self.starts[rows.start : rows.stop + 1]
        inside = slice(starts[0], starts[-1])
        return SlotMatrix(starts - starts[0], self.slot[inside], self.place[inside], self.values[inside])


@dataclass(frozen=True)
class Stamp:
    """Coefficients of all nodes of an outlook. `sides` lack the node's own data; `costs` are of links, per weight."""

    rows: SlotMatrix
    template: Template
    sides: Array
    links: SlotMatrix
    constants: Array  # Of the links.
    spans: dict[str, slice]  # Where each link stands among them.
    costs: SlotMatrix
    offset: float

    def link(self, name: str) -> tuple[SlotMatrix, Array]:
        """Terms and constants of a link."""
        return self.links.part(self.spans[name]), self.constants[self.spans[name]]


class Outlooks:
    """Tells which nodes have the same outlook."""

    def __init__(self, network: Network, recall: Recall | None = None) -> None:
        self.network, self._recall = network, recall
        self._dependent = [q for q in network.base.requirements.values() if isinstance(q, Dependence)]
        self._structures: dict[int, str] = {}
        self._keys: dict[Hashable, str] = {}
        self._numbers: dict[Hashable, int] = {}
        self._known: dict[int, int] = {}

    def structure(self, node: Node) -> str:
        """The key of a node's structure."""
        situation = situations(self.network)[node.index]
        if situation not in self._structures:
            def make() -> str:
                return self._structure(node)

            place = ("", "structure", node.index)
            self._structures[situation] = make() if self._recall is None else self._recall(place, make)
        return self._structures[situation]

    def _structure(self, node: Node) -> str:
        network = self.network
        applying = tuple(applies(q, node) for q in self._dependent)
        denied = tuple((m.name, degree(m, node)) for m in network.measures(node) if not for_all(m.control))
        most = tuple(lane.most_flow(network, m, node) for m in lane.fixed_movements(network))
        place = (network.variant(node), node.start, node.length, applying, denied, most)
        if place not in self._keys:
            self._keys[place] = model.structure_of(network, node).key
        return self._keys[place]

    @cached_property
    def figures(self) -> list[int]:
        """A number for every node that nodes share which have the same spans and figures on their paths."""
        numbers: dict[Hashable, int] = {}
        found: list[int] = []
        for node in self.network.tree.nodes:
            before = found[node.parent] if node.parent is not None else None
            figures = (before, self.network.variant(node), node.start, node.length)
            found.append(numbers.setdefault(figures, len(numbers)))
        return found

    def number(self, node: Node) -> int:
        """A number that nodes share which have the same outlook."""
        if node.index not in self._known:
            network, parent = self.network, self.network.tree.parent(node)
            lanes = tuple(
                lane_passes(network, network.movement_of_asset[asset], node) for asset in network.built_lanes.values()
            )
            outlook = (
                self.number(parent) if parent is not None else None, work(network).sights[node.index], node.group,
                node.onset is None, tuple(share for _, share in node.resumed), lanes, self.structure(node),
            )
            self._known[node.index] = self._numbers.setdefault(outlook, len(self._numbers))
        return self._known[node.index]


PlaceOfKey = Callable[[str, Any], int]  # Where a key of a family stands within its block.


class Slots(NamedTuple):
    """Columns while a stamp is made: every block that the node may refer to has a slot of equal width."""

    slot_of: dict[int | None, int]
    stride: int

    @property
    def width(self) -> int:
        return len(self.slot_of) * self.stride

    def rows(self, matrix: sp.csr_array) -> SlotMatrix:
        slot, place = np.divmod(matrix.indices, np.int32(self.stride))
        return SlotMatrix(matrix.indptr, slot.astype(np.int16), place, np.asarray(matrix.data, dtype=float))

    def row(self, values: Array) -> SlotMatrix:
        """One row, given in full."""
        columns = np.flatnonzero(values).astype(np.int32)
        slot, place = np.divmod(columns, np.int32(self.stride))
        return SlotMatrix(np.array([0, len(columns)], dtype=np.int32), slot.astype(np.int16), place, values[columns])


class LinkTerms(NamedTuple):
    """Terms of a link at nodes of one outlook, by position and column among the slots, and its constants."""

    positions: Indices
    columns: Indices
    coefficients: Array
    constants: Array


class Stamper:
    """Makes stamps. `places` tell where a key stands among investments and among operations."""

    def __init__(
        self, chapter: Chapter, places: tuple[PlaceOfKey, PlaceOfKey], stride: int, figures: Sequence[int],
        derived: Derived,
    ) -> None:
        self.chapter, self.places, self.stride, self.figures = chapter, places, stride, figures
        self.derived = derived
        ends = list(accumulate((len(link.keys) for link in chapter.links), initial=0))
        self.spans = {link.name: slice(*span) for link, span in zip(chapter.links, pairwise(ends), strict=True)}
        self._known: dict[tuple[str, int, int], LinkTerms] = {}
        self._placed: ByIdentity[tuple[tuple[str, Any], ...], Indices] = ByIdentity()

    def stamp(self, path: Sequence[Node], template: Template) -> Stamp:
        """The stamp of the outlook of a node at the end of a path."""
        node, links = path[-1], [link for link in self.chapter.links if link.keys]
        slots = Slots({block: i for i, block in enumerate(blocks(path))}, self.stride)
        found = {link.name: self._link(link, node, slots) for link in links}
        yearly = {link.name: [costs(node) for costs in link.costs.values()] for link in links}
        parts = (template, *found.values(), *(costs for several in yearly.values() for costs in several))
        made: Stamp = self.derived.get(
            ("stamp", node.index), parts, lambda: self._stamped(template, found, yearly, slots)
        )
        return made

    def _stamped(
        self, template: Template, found: Mapping[str, LinkTerms], yearly: Mapping[str, Sequence[Numbers]],
        slots: Slots,
    ) -> Stamp:
        own = template.variables
        rows = sp.csr_array((own.data, own.indices, own.indptr), shape=(own.shape[0], slots.width))  # The first slot.
        terms, constants = self._joined(found, slots)
        costs = np.zeros(len(constants))
        for name, several in yearly.items():
            costs[self.spans[name]] = sum((np.asarray(c, dtype=float) for c in several), np.zeros(1))
        return Stamp(
            slots.rows(rows + template.links @ terms), template, template.rhs - template.links @ constants,
            slots.rows(terms), constants, self.spans, slots.row(terms.T @ costs), float(costs @ constants),
        )

    def _joined(self, found: Mapping[str, LinkTerms], slots: Slots) -> tuple[sp.csr_array, Array]:
        """Terms and constants of all links, in their order."""
        positions = [t.positions + self.spans[name].start for name, t in found.items()]
        columns, values, constants = (
            np.concatenate([np.zeros(0, dtype), *(getattr(t, part) for t in found.values())])
            for part, dtype in (("columns", np.int64), ("coefficients", float), ("constants", float))
        )
        every = np.concatenate([np.zeros(0, np.int64), *positions])
        return sp.csr_array((values, (every, columns)), shape=(len(constants), slots.width)), constants

    def _link(self, link: Link, node: Node, slots: Slots) -> LinkTerms:
        if not link.of_figures:
            return self._made(link, node, slots)
        place = (link.name, self.figures[node.index], len(slots.slot_of))
        if place not in self._known:
            self._known[place] = self._made(link, node, slots)
        return self._known[place]

    def _made(self, link: Link, node: Node, slots: Slots) -> LinkTerms:
        found, constants = link.terms(node), link.constants(node)
        made: LinkTerms = self.derived.get(
            (link.name, node.index), (found, constants), lambda: self._terms(found, constants, slots)
        )
        return made

    def _terms(self, found: Sequence[Term | Terms], constants: Numbers, slots: Slots) -> LinkTerms:
        single, many = [t for t in found if isinstance(t, Term)], [t for t in found if isinstance(t, Terms)]
        columns = [
            slots.slot_of[t.node] * slots.stride + self.places[t.node is not None](t.family, t.key) for t in single
        ]
        columns_of_many = [slots.slot_of[t.node] * slots.stride + self._places(t)[t.chosen] for t in many]
        return LinkTerms(
            np.concatenate([np.array([t.position for t in single], dtype=np.int64), *(t.positions for t in many)]),
            np.concatenate([np.array(columns, dtype=np.int64), *columns_of_many]),
            np.concatenate([np.array([t.coefficient for t in single]), *(t.coefficients for t in many)]),
            np.asarray(constants, dtype=float),
        )

    def _places(self, terms: Terms) -> Indices:
        """Positions in their block of the variables of many terms."""
        if terms.variables not in self._placed:
            place = self.places[terms.node is not None]
            found = np.array([place(family, key) for family, key in terms.variables], dtype=np.int64)
            self._placed[terms.variables] = found
        return self._placed[terms.variables]
