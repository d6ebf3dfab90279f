"""Cutting planes on the master's relaxation: the points at which branches are solved, and the end of the rounds.

While the gap is wide the point is the master's optimum in a trust region around the best point known. The region grows
and shrinks with the improvement achieved (Linderoth and Wright, Decomposition algorithms for stochastic programming on
a computational grid, Computational Optimization and Applications 24, 2003). Then it lies between the two (in-out
stabilisation, Ben-Ameur and Neto, Acceleration of cutting-plane and column generation algorithms, Networks 49, 2007).
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from planner.common.arrays import Array
from planner.language.instance import Options
from planner.solving.benders.bunching import EVERY, Survey
from planner.solving.benders.master import Master, MasterOptimum, TrustRegion
from planner.solving.benders.subproblem_solver import Oracle, OverError, SubproblemResult
from planner.solving.benders.subproblems import BranchKey
from planner.solving.outcome import SearchProgress, relative_gap, turnover
from planner.solving.run import SolveContext

RADIUS = 0.05  # Of the first region, as a share of the range of a column.
KEPT = 0.5  # Share of a promise that must be kept for the region to grow.
CLOSE = 0.3  # From this gap on no region is needed.
STEP = 0.5  # How far from the best point known towards the master's optimum.
FAR = 0.1  # Share of the distance to the bound that may stay in doubt while it is large.
SMALLEST = 1e-6  # A gap below this is not asked of cuts.
UNSEEN = 0.15  # Share of the gap that may stay in doubt where not all branches are asked.
DOUBTED = 0.3  # And share of the gap to which a relaxation is solved.
RECALLS, RECALLED = 20, 0.1  # Most times that prices known correct the master, which may err by a share of the gap.


@dataclass
class Incumbent:
    """The best point and what it costs."""

    value: float = math.inf
    x: Array = field(default_factory=lambda: np.zeros(0))


class Cutting:
    """The master and those who answer it. `means` are keys of branches alike, `run` knows who may stop it."""

    def __init__(
        self, oracle: Oracle, master: Master, means: Sequence[BranchKey], options: Options, run: SolveContext
    ) -> None:
        self.oracle, self.master, self.means, self.options, self.run = oracle, master, means, options, run
        self.inside, self.survey = master.branches.inside, Survey(oracle)
        self.gap = max(options.gap, SMALLEST)
        self.bound, self.plan, self.turnover = -math.inf, Incumbent(), 0.0

    def relax(self, held: Mapping[int, float] | None = None) -> MasterOptimum:
        """The master's relaxation, its value a bound if nothing is held; the mean of branches stands in the first."""
        relaxed = self.master.relax(held, inside=() if self.master.cuts else self.inside)
        self.require_time()
        if not held and relaxed.x.size and self.master.has_all_columns:
            self.bound = max(self.bound, relaxed.value)
        return relaxed

    def closed(
        self, known: Incumbent, gap: float, held: Mapping[int, float] | None = None, rounds: float = math.inf,
        enough: float = -math.inf,
    ) -> Incumbent:
        """Cuts until the relaxation, with some columns held, is solved to a gap, or up to a number of rounds.

        Returns the best point, or none if there is none. A point that costs at most `enough` ends the rounds too.
        """
        radius = RADIUS
        while (relaxed := self._recalled(held)).x.size:
            known = self._corrected(known, relaxed.value)
            is_closed = self.master.has_all_columns and relative_gap(known.value, relaxed.value) <= gap
            if is_closed or rounds <= 0 or known.value <= enough or (not held and self.is_proven):
                return known
            x, promised = self._next(known, relaxed, held, radius)
            distance = known.value - relaxed.value if math.isfinite(known.value) else 0.0
            doubt = max(self.doubt(relaxed.value, math.inf if held else gap), FAR * distance)
            value = self.ask(x, doubt)
            if math.isfinite(known.value):
                hoped = max(known.value - promised, self.gap * abs(relaxed.value)) or 1.0
                kept = (known.value - value) / hoped
                radius = min(radius * (2.0 if kept > KEPT else 1.0 if kept > 0 else 0.5), 1.0)
            if value < known.value:
                known = Incumbent(value, x)
            elif not math.isfinite(known.value):
                known = Incumbent()  # What was to be begun with is no plan for the branches.
            rounds -= 1
            self.tell()
        return Incumbent()

    def _recalled(self, held: Mapping[int, float] | None) -> MasterOptimum:
        """The relaxation, with the cuts that prices known give where it ends: they cost no question."""
        relaxed = self.relax(held)
        for _ in range(RECALLS):
            said = self._least(relaxed.x)
            if not math.isfinite(said) or said - relaxed.value <= RECALLED * self.gap * abs(relaxed.value):
                break
            self._learned(self.oracle.every, relaxed.x, self.survey.pool.answers(relaxed.x))
            relaxed = self.relax(held)
        return relaxed

    def _next(
        self, known: Incumbent, relaxed: MasterOptimum, held: Mapping[int, float] | None, radius: float
    ) -> tuple[Array, float]:
        """The point to ask about, and what the master promises there or beyond."""
        if not math.isfinite(known.value):
            return (known.x if known.x.size else relaxed.x), relaxed.value
        if relative_gap(known.value, relaxed.value) > CLOSE:
            near = self.master.relax(held, region=TrustRegion(known.x, radius))
            if near.x.size:
                return near.x, near.value
        return known.x + STEP * (relaxed.x - known.x), relaxed.value

    def _corrected(self, known: Incumbent, bound: float) -> Incumbent:
        """The best point as far as it is known by now: what seems cheaper than the bound was judged wrongly."""
        value = max(known.value, self._least(known.x))
        is_wrong = known.x.size and value < bound
        return Incumbent(self.ask(known.x, 0.0) if is_wrong else value, known.x)

    def _least(self, x: Array) -> float:
        """Cost at a point at least, as far as prices are known."""
        return self.master.own_cost(x) + float(self.survey.least(x)) if x.size else -math.inf

    def doubt(self, value: float, gap: float = math.inf) -> float:
        """Error allowed in an expected cost of this value for a gap, if there is one."""
        return min(UNSEEN * self.gap, DOUBTED * gap) * abs(value)

    def ask(self, x: Array, doubt: float) -> float:
        """Cost at a point, give or take some doubt, with the cuts there added; infinite when a branch has no plan."""
        answers, left = self.survey.ask(x, doubt)
        return self._learned(self.oracle.every, x, answers) + left

    def ask_means(self, x: Array) -> None:
        """Ask the means of branches: from their prices and bases the branches are known a little."""
        self._learned(self.means, x, self.survey.means(self.means, x))

    def exactly(self, x: Array) -> float:
        """Exact cost at a point: every branch is solved."""
        return self._learned(self.oracle.every, x, self.survey.ask(x, EVERY).answers)

    def carry_out(self, x: Array) -> None:
        """Ask every branch what a plan costs; it is kept if it is the best."""
        answers = self.survey.ask(x, EVERY).answers
        value = self._learned(self.oracle.every, x, answers)
        if value < self.plan.value:
            self.plan, self.turnover = Incumbent(value, x), self._turnover(x, answers)
        self.tell()
        self.require_time()

    def _turnover(self, x: Array, answers: Sequence[SubproblemResult]) -> float:
        """Lower bound on the turnover of a plan: in the trunk, and the costs or earnings of the branches."""
        worth = self.survey.weighted(np.array([answer.value for answer in answers]))
        return turnover(self.master.trunk.cost, x) + float(np.abs(worth).sum())

    @property
    def is_proven(self) -> bool:
        """Whether the best plan is within the gap."""
        return relative_gap(self.plan.value, self.bound, self.turnover) <= self.gap

    def _learned(self, keys: Sequence[BranchKey], x: Array, answers: Sequence[SubproblemResult]) -> float:
        self.master.add(keys, answers, x)
        return self.master.cost(x, keys, answers)

    def require_time(self) -> None:
        """Stop here when time is over or the user asks for it."""
        if self.run.is_interrupted or self.run.time_left(self.options) <= 0:
            raise OverError

    def tell(self) -> None:
        """News of bound and plan."""
        if self.run.news is not None:
            seconds, plan = time.monotonic() - self.run.begun, self.plan.value
            self.run.news(SearchProgress(seconds, self.bound, plan, relative_gap(plan, self.bound), 0))
