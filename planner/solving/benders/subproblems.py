"""Subproblems: the tree is cut into a trunk, which has all decisions and shared nodes, and the branches below it.

A branch sees the trunk only through columns: capacity decided, stock left, material delivered. Its program is linear

    value(x) = min c y + d x + constant   subject to   row_lower <= W y + T x <= row_upper,  lower <= y <= upper

for given trunk columns x. Costs are as if the branch were certain; branches of equal numbers share one program.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from planner.common.arrays import Array
from planner.formulation.mathematics.node_data import situations
from planner.program.blocks import Pieces
from planner.program.program import Arrays, Assembler, assembled, scale_of
from planner.solving.benders.subproblem_data import Matrices, Subproblem, SubproblemKind, Vectors
from planner.solving.scaling import NONE, ColumnFactors, Scaling, row_factors, scaled_matrix
from planner.tree.nodes import Node, Tree


@dataclass(frozen=True)
class Branch:
    """Branches that are alike: the nodes of the first, and what all of them count for.

    `probability` is their sum, `members` their nodes, `scenarios` the names of all that pass through any of them.
    """

    number: int
    nodes: tuple[Node, ...]
    probability: float
    members: tuple[tuple[Node, ...], ...]
    scenarios: tuple[str, ...]


BranchKey = tuple[int, ...]  # Numbers of branches.
MANY = 4  # From this number of branches of one W on, the operation of their mean is solved too.


class Branches:
    """A tree cut at the nodes that several ways share."""

    def __init__(self, pieces: Pieces) -> None:
        self.pieces, self.tree = pieces, pieces.network.tree
        self.trunk = trunk(self.tree)
        self.frame = pieces.frame(self.trunk)
        self.branches = self._branches()
        self._matrices: dict[tuple[object, ...], Matrices] = {}
        self._shared: dict[bytes, sp.csr_array] = {}
        self._means: dict[BranchKey, Subproblem] = {}

    @property
    def width(self) -> int:
        """Number of the trunk's columns, with the investments first."""
        return self.frame.width

    def _branches(self) -> tuple[Branch, ...]:
        inside = {n.index for n in self.trunk}
        roots = [
            n for n in self.tree.nodes if n.index not in inside and (n.parent is None or n.parent in inside)
        ]
        alike: dict[tuple[object, ...], list[tuple[Node, ...]]] = {}
        numbers = situations(self.pieces.network)
        for root in roots:
            nodes = self.tree.from_here(root)
            key = (root.parent, *((self.pieces.outlook(n), numbers[n.index], *n.resumed) for n in nodes))
            alike.setdefault(key, []).append(nodes)
        scenarios = self._scenarios()
        return tuple(
            Branch(
                i, group[0], sum(nodes[0].probability for nodes in group), tuple(group),
                tuple(name for nodes in group for name in scenarios[nodes[0].index]),
            )
            for i, group in enumerate(alike.values())
        )

    @cached_property
    def column_factors(self) -> ColumnFactors | None:
        """Factors of columns that suit the trunk and a branch; None where they are solved in the units they are in."""
        longest = max(self.branches, key=lambda branch: len(branch.nodes), default=None)
        nodes = (*self.trunk, *(longest.nodes if longest is not None else ()))
        return ColumnFactors.of(assembled(self.pieces, nodes), self.pieces.frame(nodes)) if nodes else None

    @cached_property
    def of_trunk(self) -> Scaling:
        """Factors of the trunk's columns and rows."""
        if self.column_factors is None:
            return NONE
        arrays, columns = self.trunk_arrays, self.column_factors.of_trunk(len(self.trunk))
        return Scaling(columns, row_factors(arrays.matrix, columns, arrays.integer))

    @cached_property
    def trunk_arrays(self) -> Arrays:
        """The trunk in the instance's own units."""
        return assembled(self.pieces, self.trunk)

    @cached_property
    def scale(self) -> float:
        """Scale of costs in the solver."""
        return scale_of(self.of_trunk.applied(self.trunk_arrays).cost)

    def in_own_units(self, number: int, values: Array, prices: Array) -> tuple[Array, Array]:
        """Values and prices of a branch as they are without factors."""
        if self.column_factors is None:
            return values, prices
        branch = self.branches[number]
        factors = self._matrices_of(branch).factors
        assert factors is not None
        return values * self.column_factors.of_nodes(len(branch.nodes)), prices * factors

    def _scenarios(self) -> dict[int, tuple[str, ...]]:
        """The scenarios that pass through each node."""
        found: dict[int, list[str]] = {}
        for scenario in self.tree.scenarios:
            for index in scenario.shares:
                found.setdefault(index, []).append(scenario.name)
        return {index: tuple(names) for index, names in found.items()}

    @cached_property
    def kinds(self) -> list[SubproblemKind]:
        """The branches by W; of their vectors only what differs is kept."""
        matrices = [self._matrices_of(branch) for branch in self.branches]
        alike: dict[bytes, list[int]] = {}
        for branch, its in zip(self.branches, matrices, strict=True):
            alike.setdefault(its.digest, []).append(branch.number)
        return [
            SubproblemKind(
                some, [matrices[i] for i in some], (self._vectors_of(self.branches[i]) for i in some), self.scale
            )
            for some in alike.values()
        ]

    @cached_property
    def _kind_of(self) -> dict[int, tuple[SubproblemKind, int]]:
        """The kind of every branch, and its place there."""
        return {number: (kind, i) for kind in self.kinds for i, number in enumerate(kind.numbers)}

    def _matrices_of(self, branch: Branch) -> Matrices:
        """W and T of a branch, made once for all branches that share them."""
        pieces = self.pieces
        above = [n.index for n in self.tree.path(branch.nodes[0])[:-1]]
        kept = (pieces.sides(n).kept for n in branch.nodes)
        key = (*above, *(pieces.outlook(n) for n in branch.nodes), *(None if k is None else k.tobytes() for k in kept))
        if key not in self._matrices:
            rows = Assembler(pieces, pieces.frame((*self.trunk, *branch.nodes)))
            for node in branch.nodes:
                rows.operate(node)
            matrix = rows.matrix()
            own, linking = sp.csr_array(matrix[:, self.width :]), sp.csr_array(matrix[:, : self.width])
            own, linking, factors = self._suited(own, linking)
            digest = _digest(own)
            self._matrices[key] = Matrices(self._shared.setdefault(digest, own), linking, digest, factors)
        return self._matrices[key]

    def _suited(self, own: sp.csr_array, linking: sp.csr_array) -> tuple[sp.csr_array, sp.csr_array, Array | None]:
        """W and T in the units of the solver, and the factors of their rows; those follow W alone."""
        if self.column_factors is None:
            return own, linking, None
        columns = self.column_factors.of_nodes(own.shape[1] // self.frame.node)
        factors = row_factors(own, columns, np.zeros(len(columns), dtype=bool))
        return scaled_matrix(own, factors, columns), scaled_matrix(linking, factors, self.of_trunk.columns), factors

    def _vectors_of(self, branch: Branch) -> Vectors:
        """Costs, bounds and sides of a branch, put together from pieces that other branches share."""
        pieces, nodes, first = self.pieces, branch.nodes, self.width
        frame = pieces.frame((*self.trunk, *nodes))
        numbers, sides = [pieces.numbers(n) for n in nodes], [pieces.sides(n) for n in nodes]
        cost, constant = np.zeros(frame.width), 0.0
        for node, number in zip(nodes, numbers, strict=True):
            stamp, worth, start = pieces.stamp(node), node.length * node.factor, frame.base(node.index)
            cost[start : start + frame.node] += worth * number.costs
            cost[stamp.costs.columns(frame.bases(self.tree.path(node)))] += worth * stamp.costs.values
            constant += worth * stamp.offset
        side, sense = np.concatenate([s.values for s in sides]), np.concatenate([s.sense for s in sides])
        vectors = Vectors(
            cost[first:], np.concatenate([n.lower for n in numbers]), np.concatenate([n.upper for n in numbers]),
            np.where(sense >= 0, side, -np.inf), np.where(sense <= 0, side, np.inf), cost[:first], constant,
        )
        if self.column_factors is None:
            return vectors
        own, rows = self.column_factors.of_nodes(len(nodes)), self._matrices_of(branch).factors
        assert rows is not None
        return Vectors(
            vectors.cost * own, vectors.lower / own, vectors.upper / own, vectors.row_lower * rows,
            vectors.row_upper * rows, self.of_trunk.values(vectors.direct), constant,
        )

    @cached_property
    def linked(self) -> NDArray[np.bool_]:
        """Whether a column of the trunk stands in a row of some branch."""
        found = np.zeros(self.width, dtype=bool)
        for branch in self.branches:
            found[self._matrices_of(branch).linking.indices] = True
        return found

    def problem(self, key: BranchKey) -> Subproblem:
        """The program of a branch, or of the mean of several.

        The mean of their operations satisfies the mean of their rows and bounds, and costs no less than at the
        lowest of their costs, for nothing is operated below 0: so it bounds their expected cost from below (Jensen's
        inequality), wherever their W are equal.
        """
        kind = self._kind_of[key[0]][0]
        if len(key) == 1:
            return kind.problem(self._kind_of[key[0]][1])
        if key not in self._means:
            self._means[key] = kind.mean([self._kind_of[number][1] for number in key], np.array(self.shares(key)))
        return self._means[key]

    def shares(self, key: BranchKey) -> list[float]:
        """Share of each branch in the probability of a group of branches."""
        total = self.probability(key)
        return [self.branches[i].probability / total if total > 0 else 1 / len(key) for i in key]

    def probability(self, key: BranchKey) -> float:
        return sum(self.branches[i].probability for i in key)

    def clusters(self, count: int, seed: int) -> list[BranchKey]:
        """About this number of groups of similar branches; single branches where no mean of them is a bound."""
        return [key for numbers in self._alike for key in self._clustered(numbers, count, seed)]

    @property
    def inside(self) -> BranchKey:
        """The branches whose mean is worth operating in the master: of one W and cost, if they are many; or none."""
        same: dict[tuple[bytes, bytes], list[int]] = {}
        for kind in self.kinds:
            for number, cost in zip(kind.numbers, kind.cost.values, strict=True):
                same.setdefault((kind.digest, cost.tobytes()), []).append(number)
        largest = max(same.values(), key=len)
        return tuple(largest) if len(largest) >= MANY else ()

    @property
    def _alike(self) -> Iterator[list[int]]:
        """Branches by W; those that may be operated below 0 are alone."""
        for kind in self.kinds:
            below = {number for i, number in enumerate(kind.numbers) if (kind.lower.of(i) < 0).any()}
            yield from ([number] for number in below)
            if together := [number for number in kind.numbers if number not in below]:
                yield together

    def _clustered(self, numbers: list[int], count: int, seed: int) -> list[BranchKey]:
        if len(numbers) <= count:
            return [(n,) for n in numbers]
        features = np.array([self._features(n) for n in numbers])
        features = features[:, np.ptp(features, axis=0) > 0]
        if not features.size:
            return [tuple(numbers)]
        from scipy.cluster.vq import kmeans2  # It takes longer to import than small instances to solve.

        features /= np.abs(features).max(axis=0)
        _, labels = kmeans2(features, count, minit="++", rng=seed, missing="warn")
        return [tuple(n for n, at in zip(numbers, labels, strict=True) if at == label) for label in np.unique(labels)]

    def _features(self, number: int) -> Array:
        """Features for grouping branches: limits and costs of every supplier, lane, user and so on, node by node."""
        vectors = self.problem((number,)).vectors
        parts = (np.where(np.isfinite(v), v, 0.0).reshape(-1, self.frame.node) for v in (vectors.upper, vectors.cost))
        return np.concatenate([(self._totals @ part.T).ravel() for part in parts])

    @cached_property
    def _totals(self) -> sp.csr_array:
        """Adds up the columns of a node by family and first name of their keys."""
        names: dict[tuple[str, object], int] = {}
        layout = self.pieces.node_layout
        rows = [
            names.setdefault((family, key[0]), len(names))
            for family, keys in layout.positions.items() for key in keys
        ]
        return sp.csr_array((np.ones(len(rows)), (rows, np.arange(len(rows)))), shape=(len(names), layout.size))


def _digest(matrix: sp.csr_array) -> bytes:
    parts = (matrix.indptr, matrix.indices, matrix.data)
    return hashlib.blake2b(b"".join(part.tobytes() for part in parts), digest_size=16).digest()


def trunk(tree: Tree) -> tuple[Node, ...]:
    """The nodes from which several ways go on, and those in which a scenario spends only part of the period."""
    partial = {i for s in tree.scenarios for i, share in s.shares.items() if 0 < share < 1}
    shared = {n.index for n in tree.nodes if _leaves(tree, n) > 1} | partial
    inside = {n.index for index in shared for n in tree.path(tree.nodes[index])}
    resumed = {index for n in tree.nodes for index, _ in n.resumed}
    inside |= {n.index for index in resumed for n in tree.path(tree.nodes[index])}
    return tuple(n for n in tree.nodes if n.index in inside)


def _leaves(tree: Tree, node: Node) -> int:
    return sum(tree.is_leaf(n) for n in tree.from_here(node))
