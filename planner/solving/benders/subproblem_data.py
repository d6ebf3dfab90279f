"""Branches of one kind: of equal W. What they have in common is kept once, and what differs side by side.

Thousands of branches differ in a few thousand numbers each, of fifty thousand.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from planner.common.arrays import Array
from planner.common.identity import distinct, numbered

TOLERATED = 1e-6  # A reduced cost below 0 by so much, in the solver's money, is its tolerance.


@dataclass(frozen=True)
class Matrices:
    """W and T; programs of equal `digest` have equal W, which they share. `factors` of rows are in them; None: 1."""

    matrix: sp.csr_array
    linking: sp.csr_array
    digest: bytes
    factors: Array | None


class Vectors(NamedTuple):
    """Vectors in which branches of equal W differ; `direct` is d."""

    cost: Array
    lower: Array
    upper: Array
    row_lower: Array
    row_upper: Array
    direct: Array
    constant: float


class Subproblem(NamedTuple):
    """A program over the operation of a branch."""

    matrices: Matrices
    vectors: Vectors


class VectorDifference(NamedTuple):
    """At which places numbers differ from those of a first branch, and what stands there."""

    places: NDArray[np.int64]
    values: Array


def _difference(first: Array, other: Array) -> VectorDifference:
    places = np.flatnonzero(other != first)
    return VectorDifference(places, other[places])


class Differing:
    """Numbers of branches side by side (branches x places), for those places where any of them differs."""

    def __init__(self, first: Array, others: Sequence[VectorDifference]) -> None:
        self.first = first
        self.places = np.unique(np.concatenate([places for places, _ in others]))
        self.values = np.tile(first[self.places], (len(others), 1))
        for row, (places, values) in zip(self.values, others, strict=True):
            row[np.searchsorted(self.places, places)] = values
        self.is_same = np.ones(len(first), dtype=bool)
        self.is_same[self.places] = False
        self._is_finite, is_finite = np.isfinite(first), np.isfinite(self.values)
        self._endless = None if is_finite.all() else (~is_finite).astype(np.float32)
        self._finite = self.values if is_finite.all() else np.where(is_finite, self.values, 0.0)

    def of(self, branch: int) -> Array:
        """All numbers of a branch."""
        numbers = self.first.copy()
        numbers[self.places] = self.values[branch]
        return numbers

    def mean(self, branches: Sequence[int], shares: Array) -> Array:
        """The mean of some branches; endless where one of them is."""
        numbers = self.first.copy()
        counting = np.where(shares[:, None] > 0, self.values[branches], 0.0)  # For nothing times endless is no number.
        numbers[self.places] = (shares[:, None] * counting).sum(axis=0)
        return numbers

    def least(self, branches: Sequence[int]) -> Array:
        """The least of some branches, place by place."""
        numbers = self.first.copy()
        numbers[self.places] = self.values[branches].min(axis=0)
        return numbers

    def at(self, places: NDArray[np.int64]) -> Array:
        """The numbers of all branches at some places."""
        found = np.tile(self.first[places], (len(self.values), 1))
        _, here, there = np.intersect1d(places, self.places, return_indices=True)
        found[:, here] = self.values[:, there]
        return found

    def worth(self, prices: Array, nothing: float) -> Array:
        """prices x numbers, branch by branch; -inf where what is endless has a price above nothing."""
        is_priced = np.abs(prices) > nothing
        same = self.is_same & (prices != 0) & (is_priced | self._is_finite)
        worth = self._finite @ prices[self.places] + float(self.first[same] @ prices[same])
        if self._endless is not None:
            worth[self._endless @ is_priced[self.places].astype(np.float32) > 0] = -np.inf
        return np.asarray(worth)


class Bounds(NamedTuple):
    """Bounds of branches side by side, endless ones apart."""

    finite: Array | None
    endless: NDArray[np.bool_] | None

    @classmethod
    def of(cls, values: Array) -> Bounds:
        is_finite = np.isfinite(values)
        finite = np.where(is_finite, values, 0.0)
        return cls(finite if finite.any() else None, None if is_finite.all() else ~is_finite)

    @property
    def are_nothing(self) -> bool:
        return self.finite is None and self.endless is None

    def worth(self, prices: Array, nothing: float) -> Array:
        """Each branch's own prices (branches x places) x bounds; -inf where what is endless has one above nothing."""
        found = np.einsum("ij,ij->i", prices, self.finite) if self.finite is not None else np.zeros(len(prices))
        if self.endless is not None:
            found[(self.endless & (np.abs(prices) > nothing)).any(axis=1)] = -np.inf
        return np.asarray(found)


class SubproblemKind:
    """Some branches of equal W, by `numbers`. Costs times `scale` are what the solver is given."""

    def __init__(
        self, numbers: Sequence[int], matrices: Sequence[Matrices], vectors: Iterable[Vectors], scale: float
    ) -> None:
        self.numbers, self.matrices, self.nothing = tuple(numbers), tuple(matrices), TOLERATED / scale
        first, differences, direct, offsets = None, [], [], []
        for one in vectors:
            first = first or one
            differences.append([_difference(*pair) for pair in zip(first[:5], one[:5], strict=True)])
            direct.append(one.direct)
            offsets.append(one.constant)
        assert first is not None
        parts = zip(first[:5], zip(*differences, strict=True), strict=True)
        self.cost, self.lower, self.upper, self.row_lower, self.row_upper = (Differing(*part) for part in parts)
        self._lower, self._upper = (Bounds.of(part.at(self.cost.places)) for part in (self.lower, self.upper))
        self.direct, self.direct_of = np.unique(np.array(direct), axis=0, return_inverse=True)
        self.offsets = np.array(offsets)
        self.linkings = tuple(distinct(m.linking for m in matrices))
        self.linking_of = np.array(numbered(m.linking for m in matrices))

    @property
    def matrix(self) -> sp.csr_array:
        """W."""
        return self.matrices[0].matrix

    @property
    def digest(self) -> bytes:
        return self.matrices[0].digest

    def problem(self, branch: int) -> Subproblem:
        """The program of one of these branches."""
        return Subproblem(self.matrices[branch], Vectors(
            self.cost.of(branch), self.lower.of(branch), self.upper.of(branch), self.row_lower.of(branch),
            self.row_upper.of(branch), self.direct[self.direct_of[branch]], float(self.offsets[branch]),
        ))

    def mean(self, branches: Sequence[int], shares: Array) -> Subproblem:
        """The program of the mean of some of these branches; its cost is the least of theirs."""
        kinds = self.linking_of[branches]
        linking = sum((shares[kinds == i].sum() * self.linkings[i] for i in np.unique(kinds)), 0.0 * self.linkings[0])
        return Subproblem(
            replace(self.matrices[0], linking=sp.csr_array(linking)),
            Vectors(
                self.cost.least(branches), self.lower.mean(branches, shares), self.upper.mean(branches, shares),
                self.row_lower.mean(branches, shares), self.row_upper.mean(branches, shares),
                shares @ self.direct[self.direct_of[branches]], float(shares @ self.offsets[branches]),
            ),
        )

    def least(self, prices: Array) -> Array:
        """p side + min_y (c - p W) y + constant of every branch, for row prices p: its cost at no x at least."""
        above, below = np.maximum(prices, 0.0), np.minimum(prices, 0.0)
        found = self.row_lower.worth(above, self.nothing) + self.row_upper.worth(below, self.nothing)
        taken, places = self.matrix.T @ prices, self.cost.places
        reduced = np.where(self.cost.is_same, self.cost.first - taken, 0.0)
        found += self.lower.worth(np.maximum(reduced, 0.0), self.nothing)
        found += self.upper.worth(np.minimum(reduced, 0.0), self.nothing)
        if len(places):
            reduced = self.cost.values - taken[places]
            for bounds, sign in ((self._lower, np.maximum), (self._upper, np.minimum)):
                if not bounds.are_nothing:
                    found += bounds.worth(sign(reduced, 0.0), self.nothing)
        return np.asarray(found + self.offsets)
