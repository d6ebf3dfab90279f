"""Pool of duals shared among branches: the duals of one branch bound all others of its matrices.

Duals of the rows give a valid cut for every branch of equal W, from any branch that was solved. So branches that
differ little need not all be solved at every point (bunching: Wets, Stochastic programming: solution techniques and
approximation schemes, 1983): the duals of others bound most of them well.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import scipy.sparse as sp

from planner.common.arrays import Array
from planner.solving.benders.subproblem_data import SubproblemKind
from planner.solving.benders.subproblem_solver import Cut, SubproblemResult
from planner.solving.benders.subproblems import Branches
from planner.solving.highs import Basis

LEAST = 256  # Duals kept at least for branches of one kind; the one that has been slack longest is dropped first.


class Kin:
    """Branches of one kind, and the cuts of all prices known: constants by price and branch.

    Of prices those of rows are kept that T links to the trunk: they make the cuts' gradients.
    """

    def __init__(self, kind: SubproblemKind) -> None:
        self.kind, count = kind, len(kind.numbers)
        self.linked = np.flatnonzero(sum(np.diff(linking.indptr) for linking in kind.linkings))
        self.linkings = [linking[self.linked] for linking in kind.linkings]
        self._linking = sp.csr_array(sp.vstack(self.linkings))
        most = max(LEAST, count)
        self.prices, self.constants = np.zeros((most, len(self.linked))), np.full((most, count), -np.inf)
        self.used, self.bases = np.zeros(most, dtype=int), np.empty(most, dtype=object)
        self.count = self.asked = 0

    def learn(self, prices: Array, basis: Basis | None, x: Array) -> Array:
        """Add the cuts of some row prices, and their basis, for all these branches; what they say of each at x."""
        prices = np.where((prices > 0) & (self.kind.row_lower.first == -np.inf), 0.0, prices)
        prices = np.where((prices < 0) & (self.kind.row_upper.first == np.inf), 0.0, prices)
        constants = self.kind.least(prices)
        if not np.isfinite(constants).any():
            return constants
        at = self.count if self.count < len(self.used) else int(self.used.argmin())
        self.count = min(self.count + 1, len(self.used))
        self.prices[at], self.constants[at], self.bases[at] = prices[self.linked], constants, basis
        self.used[at] = self.asked
        return np.asarray(self.values(x, slice(at, at + 1))[0])

    def best(self, x: Array) -> tuple[Array, Array]:
        """The highest cut of every branch at x: its value, and its number among the cuts."""
        values = self.values(x)
        at = values.argmax(axis=0)
        self.asked += 1
        self.used[at] = self.asked
        return values[at, np.arange(len(at))], at

    def values(self, x: Array, some: slice | None = None) -> Array:
        """Value of every cut, or of some, for every branch at x."""
        some = some if some is not None else slice(self.count)
        taken_up = (self._linking @ x).reshape(len(self.linkings), -1)
        own = (self.kind.direct @ x)[self.kind.direct_of]
        return np.asarray(self.constants[some] - (self.prices[some] @ taken_up.T)[:, self.kind.linking_of] + own)

    def answers(self, x: Array) -> Iterator[SubproblemResult]:
        """The highest cut of every branch at x."""
        values, at = self.best(x)
        gradients = self.kind.direct[self.kind.direct_of]
        for number, linking in enumerate(self.linkings):
            of = np.flatnonzero(self.kind.linking_of == number)
            gradients[of] -= self.prices[at[of]] @ linking
        constants = self.constants[at, np.arange(len(at))]
        for value, constant, gradient in zip(values.tolist(), constants.tolist(), gradients, strict=True):
            yield SubproblemResult(value, Cut(constant, gradient, False))


class Pool:
    """The prices known, for all branches."""

    def __init__(self, branches: Branches) -> None:
        self.count = len(branches.branches)
        self.kin = [Kin(kind) for kind in branches.kinds]

    def learn(self, digest: bytes, prices: Array, basis: Basis | None, x: Array) -> Array:
        """Add row prices and basis of a program whose W has this digest; what they say of every branch at x."""
        found = np.full(self.count, -np.inf)
        for kin in self.kin:
            if kin.kind.digest == digest:
                found[list(kin.kind.numbers)] = kin.learn(prices, basis, x)
        return found

    def values(self, x: Array) -> Array:
        """Lower bound on the cost of every branch at x."""
        found = np.full(self.count, -np.inf)
        for kin in self.kin:
            if kin.count:
                found[list(kin.kind.numbers)] = kin.values(x).max(axis=0)
        return found

    def starts(self, x: Array) -> list[Basis | None]:
        """The basis of the best cut of every branch at x, from which it is not far; none where none is known."""
        found: list[Basis | None] = [None] * self.count
        for kin in self.kin:
            if kin.count:
                for number, at in zip(kin.kind.numbers, kin.best(x)[1], strict=True):
                    found[number] = kin.bases[at]
        return found

    def answers(self, x: Array) -> list[SubproblemResult]:
        """The best cut of every branch at x, whose value there is at most the branch's; -inf where none is known."""
        found = [SubproblemResult(-np.inf, Cut(-np.inf, np.zeros(len(x)), False))] * self.count
        for kin in self.kin:
            if not kin.count:
                continue
            for number, answer in zip(kin.kind.numbers, kin.answers(x), strict=True):
                found[number] = answer
        return found
