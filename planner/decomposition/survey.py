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

LEARN = 24  # Most prices learned at a point: of the branches that are known worst.
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

    def ask(self, x: Array, doubt: float) -> Surveyed:
        """Answers at x, where the branches that are not asked leave at most so much of the expected cost in doubt."""
        known = self.pool.values(x)
        is_known = np.isfinite(known)
        if np.isinf(self.errors).all() and is_known.any():  # Nobody was asked yet: the dearest are doubted most.
            self.errors = np.where(is_known, known - known[is_known].min(), np.inf)
        doubts = np.where(is_known, self._weighted(self.errors), np.inf)
        order = np.argsort(doubts, kind="stable")[: max(len(doubts) - LEAST, 0)]
        left = order[np.isfinite(doubts[order]) & (np.cumsum(doubts[order]) <= doubt)]
        asked = np.setdiff1d(np.arange(len(doubts)), left)
        self.errors[left] = FADE * np.maximum(self.errors[left], STALE * np.abs(known[left]))
        answers = self.oracle.ask([self.oracle.every[i] for i in asked], x)
        self._learn(asked, answers, x)
        found = self.pool.answers(x)
        for i, answer in zip(asked, answers, strict=True):
            found[i] = answer
        return Surveyed(found, float(doubts[left].sum()))

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
        is_open = np.isfinite(values)
        self.errors[asked] = np.where(is_open, self.errors[asked], np.inf)
        known = self.pool.values(x)
        for _ in range(LEARN):
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
