"""Prices shared among branches: what those of one branch say of all others of its matrices.

Row prices make a valid cut for every branch of equal W, whichever of them was solved for them. So branches that
differ little need not all be solved at every point (bunching: Wets, Stochastic programming: solution techniques and
approximation schemes, 1983): most are known well by the prices of others.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from planner.decomposition.branches import Branches, Vectors
from planner.decomposition.oracle import Answer, Cut
from planner.template import Array

LEAST = 256  # Prices kept for branches of one kind at least; that which held none for longest gives way.
ZERO = 1e-6  # A reduced cost below 0 by so much is the solver's tolerance.


class Kin:
    """Branches of equal W, and the cuts of all prices known: constants by price and branch.

    Only what differs between them is kept apart: some rows and columns, and T and the direct costs, `of` which each
    has one. Of prices those of rows are kept that T links to the trunk: they make the cuts' gradients.
    """

    def __init__(self, branches: Branches, numbers: list[int]) -> None:
        some = [branches.branches[number] for number in numbers]
        matrices = [branches.matrices(branch) for branch in some]
        self.matrices, self.numbers, self.first = matrices[0], numbers, branches.vectors(some[0])
        first = self.first
        self.rows, self.columns = _differing(first, (branches.vectors(branch) for branch in some))
        # All vectors of many branches at once would take more memory than all else, so they are made twice.
        own = [
            (*(side[self.rows] for side in (v.row_lower, v.row_upper)),
             *(number[self.columns] for number in (v.cost, v.lower, v.upper)), v.direct, np.array(v.constant))
            for v in map(branches.vectors, some)
        ]
        self.row_lower, self.row_upper, self.cost, self.lower, self.upper, direct, self.offsets = (
            np.array(numbers) for numbers in zip(*own, strict=True)
        )
        self.direct, self.direct_of = np.unique(direct, axis=0, return_inverse=True)
        self.same_rows = np.setdiff1d(np.arange(len(first.row_lower)), self.rows)
        self.same_columns = np.setdiff1d(np.arange(len(first.cost)), self.columns)
        every = {id(m.linking): m.linking for m in matrices}
        self.linked = np.flatnonzero(sum(np.diff(linking.indptr) for linking in every.values()))
        self.linkings = [linking[self.linked] for linking in every.values()]
        places = {known: i for i, known in enumerate(every)}
        self.linking_of = np.array([places[id(m.linking)] for m in matrices])
        most = max(LEAST, len(numbers))
        self.prices, self.constants = np.zeros((most, len(self.linked))), np.full((most, len(numbers)), -np.inf)
        self.used = np.zeros(most, dtype=int)
        self.count = self.asked = 0

    def learn(self, prices: Array, x: Array) -> Array:
        """Add the cuts of some row prices for all these branches; what they say of each at x."""
        prices = np.where((prices > 0) & (self.first.row_lower == -np.inf), 0.0, prices)
        prices = np.where((prices < 0) & (self.first.row_upper == np.inf), 0.0, prices)
        constants = self._same(prices) + self._different(prices) + self.offsets
        if not np.isfinite(constants).any():
            return np.asarray(constants)
        at = self.count if self.count < len(self.used) else int(self.used.argmin())
        self.count = min(self.count + 1, len(self.used))
        self.prices[at], self.constants[at], self.used[at] = prices[self.linked], constants, self.asked
        return np.asarray(self.values(x, slice(at, at + 1))[0])

    def _same(self, prices: Array) -> float:
        """What rows and columns give that are the same in all branches."""
        first, rows, columns = self.first, self.same_rows, self.same_columns
        reduced = (first.cost - self.matrices.matrix.T @ prices)[columns]
        return float(
            _least(prices[rows], first.row_upper[rows], first.row_lower[rows]).sum()
            + _least(_tolerated(reduced, first.upper[columns]), first.upper[columns], first.lower[columns]).sum()
        )

    def _different(self, prices: Array) -> Array:
        """What the others give, branch by branch."""
        reduced = _tolerated(self.cost - (self.matrices.matrix.T @ prices)[self.columns], self.upper)
        by_row = _least(np.broadcast_to(prices[self.rows], self.row_lower.shape), self.row_upper, self.row_lower)
        return np.asarray(by_row.sum(axis=1) + _least(reduced, self.upper, self.lower).sum(axis=1))

    def best(self, x: Array) -> tuple[Array, Array]:
        """The highest cut of every branch at x: its value, and its number among the cuts."""
        values = self.values(x)
        at = values.argmax(axis=0)
        self.asked += 1
        self.used[at] = self.asked
        return values[at, np.arange(len(at))], at

    def values(self, x: Array, some: slice | None = None) -> Array:
        """What every cut, or some of them, says of every branch at x."""
        some = some if some is not None else slice(self.count)
        taken_up = np.array([linking @ x for linking in self.linkings])
        own = (self.direct @ x)[self.direct_of]
        return np.asarray(self.constants[some] - (self.prices[some] @ taken_up.T)[:, self.linking_of] + own)

    def cut(self, at: int, i: int) -> Cut:
        """One of the cuts, as it is for one of the branches."""
        linking, direct = self.linkings[self.linking_of[i]], self.direct[self.direct_of[i]]
        return Cut(float(self.constants[at, i]), direct - linking.T @ self.prices[at], False)


class Pool:
    """The prices known, for all branches."""

    def __init__(self, branches: Branches) -> None:
        alike: dict[bytes, list[int]] = {}
        for branch in branches.branches:
            alike.setdefault(branches.matrices(branch).digest, []).append(branch.number)
        self.count = len(branches.branches)
        self.kin = [Kin(branches, numbers) for numbers in alike.values()]

    def learn(self, digest: bytes, prices: Array, x: Array) -> Array:
        """Add row prices of a program whose W has this digest; what they say of every branch at x."""
        found = np.full(self.count, -np.inf)
        for kin in self.kin:
            if kin.matrices.digest == digest:
                found[kin.numbers] = kin.learn(prices, x)
        return found

    def values(self, x: Array) -> Array:
        """What every branch costs at x at least."""
        found = np.full(self.count, -np.inf)
        for kin in self.kin:
            if kin.count:
                found[kin.numbers] = kin.values(x).max(axis=0)
        return found

    def answers(self, x: Array) -> list[Answer]:
        """The best cut of every branch at x, whose value there is at most the branch's; -inf where none is known."""
        found = [Answer(-np.inf, Cut(-np.inf, np.zeros(len(x)), False))] * self.count
        for kin in self.kin:
            if not kin.count:
                continue
            values, at = kin.best(x)
            for i, number in enumerate(kin.numbers):
                found[number] = Answer(float(values[i]), kin.cut(at[i], i))
        return found


def _least(price: Array, where_negative: Array, where_positive: Array) -> Array:
    """The least of price x y over the bounds of y; nothing where the price is none."""
    bound = np.where(price > 0, where_positive, where_negative)
    return np.where(price == 0, 0.0, price) * np.where(price == 0, 0.0, bound)


def _tolerated(reduced: Array, upper: Array) -> Array:
    """Reduced costs without the solver's tolerance, where y has no upper bound."""
    return np.where((reduced < 0) & (reduced > -ZERO) & (upper == np.inf), 0.0, reduced)


def _differing(first: Vectors, others: Iterable[Vectors]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The rows and the columns in which any of the others differs from the first."""
    rows, columns = np.zeros(len(first.row_lower), dtype=bool), np.zeros(len(first.cost), dtype=bool)
    for other in others:
        rows |= (other.row_lower != first.row_lower) | (other.row_upper != first.row_upper)
        columns |= (other.cost != first.cost) | (other.lower != first.lower) | (other.upper != first.upper)
    return np.flatnonzero(rows), np.flatnonzero(columns)
