"""A frontier of a figure that multiplies decisions: every level is an instance of its own.

Bisection finds the ends: the highest level at the least cost, and the highest level with a plan at all, each to a
thousandth of the way between. The relaxation is solved first, because it is quickly infeasible. Between the ends levels
are spread evenly, each at its least cost. Of points of equal cost the safest is kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from planner.common.errors import NoAnswerError
from planner.program.program import Program
from planner.workflows.solve import formulate
from planner.workflows.tradeoff.measure import FrontierPoint, RequirementLevel
from planner.workflows.tradeoff.rows import SLACK, aimed, budget, more, with_rows
from planner.workflows.tradeoff.subsolves import MemoizedSolver

NEAR = 1e-3  # Share of the way between two levels to which the highest is found.
FIRST = 30.0  # Where to look first for a figure that has no end; then twice as far, and so on.
DOUBLED = 12  # Most times.


class FrontierSteps:
    """The frontier of one measure, asked level by level."""

    def __init__(self, measure: RequirementLevel, ask: MemoizedSolver) -> None:
        self.measure, self.ask = measure, ask

    def points(self, count: int) -> Iterator[FrontierPoint]:
        """The points of the frontier from the cheapest to the safest; fewer when there is no room between."""
        lowest = min(0.0, self.measure.sign * self.measure.most)
        cheapest = self.ask.plan(self._program(lowest), "the least cost")
        low = self._highest(lowest, lambda level: self._has_plan(level, more(cheapest.objective)))
        high = self._highest(low, self._has_plan)
        last: FrontierPoint | None = None
        for level in dict.fromkeys([low, *np.linspace(low, high, count)[1:].tolist()]):
            point = self._point(level)
            if last is not None and point.cost > more(last.cost):
                yield last
            last = point
        assert last is not None
        yield last

    def _program(self, level: float) -> Program:
        document = self.measure.at(self.measure.figure(level))
        return formulate(document.instances(), document.instance.options, self.ask.listener)

    def _point(self, level: float) -> FrontierPoint:
        program = self._program(level)
        found = self.ask.plan(program, f"the least cost of level {self.measure.figure(level):.4g}")
        return FrontierPoint(level, level, found.objective, found.bound, found)

    def _has_plan(self, level: float, most: float = math.inf) -> bool:
        """Whether a level has a plan within a limit of cost."""
        program = self._program(level)
        if math.isfinite(most):
            program = with_rows(program, budget(program, most))
        free = aimed(program, np.zeros(len(program.cost)))
        question = f"whether level {self.measure.figure(level):.4g} has a plan"
        return self.ask(free, question, relax=True).has_plan and self.ask(free, question).has_plan

    def _highest(self, low: float, holds: Callable[[float], bool]) -> float:
        """The highest level from a low one on for which something holds that holds there, and no longer above."""
        high = max(0.0, self.measure.sign * self.measure.most)
        if math.isinf(high):
            low, high = self._bracketed(low, holds)
        elif high > low and holds(high):
            return high
        wide = NEAR * (high - low)
        while high - low > max(wide, SLACK):
            middle = (low + high) / 2
            low, high = (middle, high) if holds(middle) else (low, middle)
        return low

    def _bracketed(self, low: float, holds: Callable[[float], bool]) -> tuple[float, float]:
        """A level for which something holds and a higher one for which it does not."""
        step = FIRST
        for _ in range(DOUBLED):
            if not holds(low + step):
                return low, low + step
            low, step = low + step, 2 * step
        raise NoAnswerError(f"any level of {self.measure.requirement} has a plan", "unbounded")
