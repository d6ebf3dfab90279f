"""Cost of all branches at a point: only branches whose cost the known duals leave uncertain are solved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner.common.arrays import Array
from planner.solving.benders.dual_pool import Pool
from planner.solving.benders.subproblem_solver import Oracle, SubproblemResult
from planner.solving.benders.subproblems import BranchKey

FIRST = 4  # Branches asked first at a point.
EVERY = -1.0  # The doubt that leaves no branch unasked.
WORTHWHILE = 1e-5  # Share of a branch's cost by which prices must say more than those known.
LEAST = 8  # Branches that are always solved: those with the largest error.
FADE = 2.0  # What is known of a branch grows stale: its error counts for so much more whenever it is not asked.
STALE = 1e-4  # Share of its cost by which a branch not asked may differ at least.


class Surveyed(NamedTuple):
    """Answers of all branches, and how much more they may cost, judged by when they were asked last."""

    answers: list[SubproblemResult]
    doubt: float


class Survey:
    """Asks the oracle and learns from what it answers.

    `errors` say how far each branch may be above what prices say of it, judged by when it was asked last.
    """

    def __init__(self, oracle: Oracle) -> None:
        self.oracle, self.pool = oracle, Pool(oracle.branches)
        self.weights = np.array([branch.probability for branch in oracle.branches.branches])
        self.errors = np.full(len(self.weights), np.inf)

    def ask(self, x: Array, doubt: float) -> Surveyed:
        """Answers at x, where the branches that are not solved leave an error of at most `doubt` in the expected cost.

        Branches are solved in waves, each twice as large as the one before, largest error first. Each wave starts from
        the duals of the one before. If errors turn out larger than estimated, the other estimates rise too.
        """
        found: dict[int, SubproblemResult] = {}
        before = known = self.pool.values(x)
        if np.isinf(self.errors).all() and np.isfinite(known).any():  # No branch was solved yet: doubt the dearest.
            self.errors = np.where(np.isfinite(known), known - known[np.isfinite(known)].min(), np.inf)
        judged, size = self.errors.copy(), FIRST
        while len(more := self._doubted(known, doubt, list(found))[:size]):
            starts, size = self.pool.starts(x), 2 * size
            answers = self.oracle.ask([self.oracle.every[i] for i in more], x, [starts[i] for i in more])
            found |= dict(zip(more.tolist(), answers, strict=True))
            self._learn(more, answers, x)
            known = self.pool.values(x)
            self._judge(found, judged, before, known)
        left = np.setdiff1d(np.arange(len(known)), list(found))
        remaining = float(self.weighted(self.errors)[left].sum())
        stale = np.maximum(self.errors[left], STALE * np.abs(known[left]))
        self.errors[left] = np.maximum(FADE * stale, judged[left])
        every = self.pool.answers(x)
        for i, answer in found.items():
            every[i] = answer
        return Surveyed(every, remaining)

    def _judge(self, found: Mapping[int, SubproblemResult], judged: Array, before: Array, known: Array) -> None:
        """Update the error of each branch: its distance above the known bound if solved, an estimate of it if not."""
        asked, values = np.array(list(found)), np.array([answer.value for answer in found.values()])
        errors = np.maximum(values - before[asked], 0.0)
        seen = np.isfinite(errors) & np.isfinite(judged[asked])
        least = judged[asked][seen].sum()
        wrong = max(1.0, errors[seen].sum() / least) if least > 0 else 1.0
        risen = np.subtract(known, before, out=np.zeros(len(known)), where=np.isfinite(before))
        self.errors = np.maximum(wrong * judged - risen, 0.0)
        self.errors[asked] = np.where(np.isfinite(errors) & (self.weights[asked] > 0), errors, np.inf)

    def _doubted(self, known: Array, doubt: float, asked: list[int]) -> NDArray[np.int64]:
        """The branches to solve next, largest error first: the rest leaves an error of at most `doubt`."""
        doubts = np.where(np.isfinite(known), self.weighted(self.errors), np.inf)
        doubts[asked] = 0.0
        order_of_doubt = np.argsort(-doubts, kind="stable")
        order = order_of_doubt[::-1][: max(len(doubts) - (LEAST if not asked else 0), 0)]
        left = order[np.isfinite(doubts[order]) & (np.cumsum(doubts[order]) <= doubt)]
        return order_of_doubt[~np.isin(order_of_doubt, [*left, *asked])]

    def least(self, x: Array) -> float:
        """Expected cost of the branches at x at least."""
        return float(self.weighted(self.pool.values(x)).sum())

    def weighted(self, costs: Array) -> Array:
        """Costs times probabilities; nothing where that is 0, however much it may cost there."""
        return np.asarray(np.multiply(self.weights, costs, out=np.zeros(len(costs)), where=self.weights > 0))

    def means(self, keys: Sequence[BranchKey], x: Array) -> list[SubproblemResult]:
        """Answers of means of branches, from which the branches are known better."""
        starts = self.pool.starts(x)
        answers = self.oracle.ask(keys, x, [starts[key[0]] for key in keys])
        for key, answer in zip(keys, answers, strict=True):
            self._take(key, answer, x)
        return answers

    def _learn(self, asked: NDArray[np.int64], answers: list[SubproblemResult], x: Array) -> None:
        """Take the prices of the branch that is known worst, again and again."""
        values, weights = np.array([a.value for a in answers]), self.weights[asked]
        known = self.pool.values(x)
        errors = np.where(np.isfinite(values) & (weights > 0), values - known[asked], 0.0)
        while (errors > WORTHWHILE * np.abs(values)).any():
            worst = int(np.argmax(errors * weights))
            known = np.maximum(known, self._take(self.oracle.every[asked[worst]], answers[worst], x))
            errors = np.where(errors > 0, values - known[asked], 0.0)
            errors[worst] = 0.0

    def _take(self, key: BranchKey, answer: SubproblemResult, x: Array) -> Array:
        """Lower bounds of all branches at x by the duals of one answer."""
        if answer.prices is None:
            return np.full(len(self.weights), -np.inf)
        digest = self.oracle.branches.problem(key).matrices.digest
        return self.pool.learn(digest, answer.prices, answer.basis, x)
