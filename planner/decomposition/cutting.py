"""Cutting planes on the master's relaxation: at which points the branches are asked, and until when.

The point asked about lies halfway between the master's optimum and the best point known (in-out stabilisation,
Ben-Ameur and Neto, Acceleration of cutting-plane and column generation algorithms, Networks 49, 2007).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from planner.decomposition.branches import Key
from planner.decomposition.master import Master, Relaxed
from planner.decomposition.oracle import Answer, Oracle, OverError
from planner.decomposition.survey import Survey
from planner.schema import Options
from planner.solver import Progress, Run, relative_gap
from planner.template import Array

STEP = 0.5  # How far from the best point known towards the master's optimum.
SMALLEST = 1e-6  # A gap below this is not asked of cuts.
UNSEEN = 0.1  # Share of the gap that may stay in doubt where not all branches are asked.

Ask = Callable[[Array, float], float]


@dataclass
class Best:
    """The best point and what it costs."""

    value: float = math.inf
    x: Array = field(default_factory=lambda: np.zeros(0))


class Cutting:
    """The master and those who answer it. `means` are keys of branches alike, `run` knows who may stop it."""

    def __init__(self, oracle: Oracle, master: Master, means: Sequence[Key], options: Options, run: Run) -> None:
        self.oracle, self.master, self.means, self.options, self.run = oracle, master, means, options, run
        self.inside, self.survey = master.branches.inside, Survey(oracle)
        self.gap = max(options.gap, SMALLEST)
        self.bound, self.plan = -math.inf, Best()

    def relax(self, held: Mapping[int, float] | None = None) -> Relaxed:
        """The master's relaxation, its value a bound if nothing is held; the mean of branches stands in the first."""
        relaxed = self.master.relax(held, inside=() if self.master.cuts else self.inside)
        self.require_time()
        if not held and relaxed.x.size and self.master.has_all_columns:
            self.bound = max(self.bound, relaxed.value)
        return relaxed

    def closed(
        self, ask: Ask, known: Best, gap: float, held: Mapping[int, float] | None = None, most: float = math.inf
    ) -> Best:
        """Cuts until the relaxation, with some columns held, is solved to a gap, or for so many rounds.

        The best point, or none where there is none.
        """
        rounds = 0
        while (relaxed := self.relax(held)).x.size:
            is_known = self.master.has_all_columns and relative_gap(known.value, relaxed.value) <= gap
            if is_known or rounds >= most:
                return known
            x = relaxed.x
            if known.x.size:
                x = known.x + STEP * (x - known.x) if math.isfinite(known.value) else known.x
            value = ask(x, self.doubt(relaxed.value))
            if value < known.value:
                known = Best(value, x)
            elif not math.isfinite(known.value):
                known = Best()  # What was to be begun with is no plan for the branches.
            rounds += 1
            self.tell()
        return Best()

    def doubt(self, value: float) -> float:
        """How much of an expected cost may stay in doubt."""
        return UNSEEN * self.gap * abs(value)

    def ask(self, x: Array, doubt: float) -> float:
        """Cost at a point, give or take some doubt, with the cuts there added; infinite when a branch has no plan."""
        answers, left = self.survey.ask(x, doubt)
        return self._learned(self.oracle.every, x, answers) + left

    def ask_means(self, x: Array, _: float) -> float:
        """As `ask`, of the means of branches."""
        return self._learned(self.means, x, self.survey.means(self.means, x))

    def carry_out(self, x: Array) -> None:
        """Ask every branch what a plan costs; it is kept if it is the best."""
        value = self._learned(self.oracle.every, x, self.survey.every(x))
        if value < self.plan.value:
            self.plan = Best(value, x)
        self.tell()
        self.require_time()

    @property
    def is_proven(self) -> bool:
        """Whether the best plan is within the gap."""
        return relative_gap(self.plan.value, self.bound) <= self.gap

    def _learned(self, keys: Sequence[Key], x: Array, answers: Sequence[Answer]) -> float:
        self.master.add(keys, answers)
        return self.master.cost(x, keys, answers)

    def require_time(self) -> None:
        """Stop here when time is over or the user asks for it."""
        if self.run.is_interrupted or self.run.time_left(self.options) <= 0:
            raise OverError

    def tell(self) -> None:
        """News of bound and plan."""
        if self.run.news is not None:
            seconds, plan = time.monotonic() - self.run.begun, self.plan.value
            self.run.news(Progress(seconds, self.bound, plan, relative_gap(plan, self.bound), 0))
