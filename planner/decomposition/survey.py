"""What all branches cost at a point: those are asked of which the prices known say too little."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner.decomposition.branches import Key
from planner.decomposition.oracle import Answer, Oracle
from planner.decomposition.pool import Pool
from planner.template import Array

LEARN, PART = 24, 8  # Prices learned at a point: so many, or of one in so many of the branches asked, known worst.
WORTHWHILE = 1e-6  # Share of a branch's cost by which prices must say more than those known.
LEAST = 8  # So many branches are asked at any rate: those known worst.
FADE = 2.0  # What is known of a branch grows stale: its error counts for so much more whenever it is not asked.
STALE = 1e-4  # Share of its cost by which a branch not asked may differ at least.


class Surveyed(NamedTuple):
    """Answers of all branches, and how much more they may cost, judged by when they were asked last."""

    answers: list[Answer]
    doubt: float


class Survey:
    """Asks the oracle and learns from what it answers. `errors` say how far each branch was above what was known."""

    def __init__(self, oracle: Oracle) -> None:
        self.oracle, self.pool = oracle, Pool(oracle.branches)
        self.weights = np.array([branch.probability for branch in oracle.branches.branches])
        self.errors = np.full(len(self.weights), np.inf)

    def ask(self, x: Array, doubt: float, most: int | None = None) -> Surveyed:
        """Answers at x, where the branches that are not asked leave at most so much of the expected cost in doubt.

        Where those asked were known worse than judged all others are doubted more, and further ones asked. With
        `most` no more are asked in all, and what all cost is a guess.
        """
        is_guess, most = most is not None, most if most is not None else len(self.weights)
        found: dict[int, Answer] = {}
        known = self.pool.values(x)
        if np.isinf(self.errors).all() and np.isfinite(known).any():  # Nobody was asked yet: the dearest are doubted.
            self.errors = np.where(np.isfinite(known), known - known[np.isfinite(known)].min(), np.inf)
        while len(more := self._doubted(known, doubt, list(found))[: most - len(found)]):
            judged = self.errors[more]
            answers = self.oracle.ask([self.oracle.every[i] for i in more], x)
            found |= dict(zip(more.tolist(), answers, strict=True))
            errors = np.array([answer.value for answer in answers]) - known[more]
            seen = np.isfinite(errors) & np.isfinite(judged)
            self._learn(more, answers, x)
            if not is_guess and judged[seen].any():
                others = np.setdiff1d(np.arange(len(known)), list(found))
                self.errors[others] *= max(1.0, errors[seen].sum() / judged[seen].sum())
            known = self.pool.values(x)
        left = np.setdiff1d(np.arange(len(known)), list(found))
        remaining = float(self._weighted(self.errors)[left].sum())
        self.errors[left] = (1.0 if is_guess else FADE) * np.maximum(self.errors[left], STALE * np.abs(known[left]))
        every = self.pool.answers(x)
        for i, answer in found.items():
            every[i] = answer
        return Surveyed(every, remaining)

    def _doubted(self, known: Array, doubt: float, asked: list[int]) -> NDArray[np.int64]:
        """The branches to ask beyond those asked, known worst first: the rest leaves at most so much in doubt."""
        doubts = np.where(np.isfinite(known), self._weighted(self.errors), np.inf)
        doubts[asked] = 0.0
        order_of_doubt = np.argsort(-doubts, kind="stable")
        order = order_of_doubt[::-1][: max(len(doubts) - (LEAST if not asked else 0), 0)]
        left = order[np.isfinite(doubts[order]) & (np.cumsum(doubts[order]) <= doubt)]
        return order_of_doubt[~np.isin(order_of_doubt, [*left, *asked])]

    def least(self, x: Array) -> float:
        """Expected cost of the branches at x at least."""
        return float(self._weighted(self.pool.values(x)).sum())

    def _weighted(self, costs: Array) -> Array:
        """Costs times probabilities; nothing where that is 0, however much it may cost there."""
        return np.asarray(np.multiply(self.weights, costs, out=np.zeros(len(costs)), where=self.weights > 0))

    def every(self, x: Array) -> list[Answer]:
        """Answers of all branches at x, each asked."""
        answers = self.oracle.ask(self.oracle.every, x)
        self._learn(np.arange(len(answers)), answers, x)
        return answers

    def means(self, keys: Sequence[Key], x: Array) -> list[Answer]:
        """Answers of means of branches, from which the branches are known better."""
        answers = self.oracle.ask(keys, x)
        for key, answer in zip(keys, answers, strict=True):
            self._take(key, answer, x)
        return answers

    def _learn(self, asked: NDArray[np.int64], answers: list[Answer], x: Array) -> None:
        """Take the prices of the branch that is known worst, again and again."""
        values, weights = np.array([a.value for a in answers]), self.weights[asked]
        is_open = np.isfinite(values) & (weights > 0)
        self.errors[asked] = np.where(is_open, self.errors[asked], np.inf)
        known = self.pool.values(x)
        for _ in range(max(LEARN, len(asked) // PART)):
            errors = np.maximum(values - known[asked], 0.0)[is_open]
            self.errors[asked[is_open]] = errors
            if not (errors > WORTHWHILE * np.abs(values[is_open])).any():
                break
            worst = np.flatnonzero(is_open)[int(np.argmax(errors * weights[is_open]))]
            is_open[worst] = False
            known = np.maximum(known, self._take(self.oracle.every[asked[worst]], answers[worst], x))

    def _take(self, key: Key, answer: Answer, x: Array) -> Array:
        """What the prices of an answer say of all branches at x."""
        if answer.prices is None:
            return np.full(len(self.weights), -np.inf)
        return self.pool.learn(self.oracle.branches.problem(key).matrices.digest, answer.prices, x)
