"""Progress and outcome of a solve."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from planner.common.arrays import Array

Status = Literal["optimal", "stopped", "interrupted", "infeasible", "unbounded", "no_plan"]

NOISE = 1e-9  # Share of what changes hands in a plan that is beyond what a solver's totals can tell,
SMALL = 1e-3  # and share below which an objective is small against it, so that gaps are no longer shares of its own.
WRONG = 1e-6  # Share of the same, or of the objective, by which tolerances may put a bound above a plan.


@dataclass(frozen=True)
class SearchProgress:
    """One line of news from the search; the objective is a cost in the instance's money."""

    seconds: float
    bound: float
    incumbent: float
    gap: float
    nodes: int


@dataclass(frozen=True)
class Outcome:
    """Outcome of a solve. `values` (columns) and `prices` (rows) are empty when there is no plan."""

    status: Status
    values: Array
    prices: Array
    objective: float
    bound: float
    gap: float
    nodes: int
    seconds: float
    message: str
    without: Mapping[str, float] = field(default_factory=dict)  # Least cost without a project, where that was asked.

    @property
    def has_plan(self) -> bool:
        return math.isfinite(self.objective)


class SolverError(Exception):
    """The solver failed in a way that says nothing about the problem."""


class Verdict:
    """A plan's objective and what is proven of it.

    `turnover` is the sum of all costs and sales of the plan, without signs.
    """

    def __init__(self, objective: float, bound: float, turnover: float) -> None:
        if abs(objective) <= NOISE * turnover:
            objective = 0.0
        if bound > objective + WRONG * max(abs(objective), turnover):
            raise SolverError(f"the solver proved {bound:g}, but there is a plan of {objective:g}")
        self.objective, self.bound = objective, min(bound, objective)
        if objective - self.bound <= NOISE * turnover:
            self.bound = objective
        self.gap = relative_gap(objective, self.bound, turnover)


def relative_gap(objective: float, bound: float, turnover: float = 0.0) -> float:
    """|objective - bound| over |objective|, or over a share of the turnover where the objective is small against it.

    0 when equal, infinite without a bound or plan.
    """
    if not (math.isfinite(objective) and math.isfinite(bound)):
        return math.inf
    difference, size = abs(objective - bound), max(abs(objective), SMALL * turnover)
    return 0.0 if difference <= 1e-12 * max(size, abs(bound)) else difference / size if size else math.inf


def turnover(cost: Array, values: Array) -> float:
    """The sum of all costs and sales of a plan, without signs."""
    return float(np.abs(cost) @ np.abs(values))


def without_plan(status: Status, message: str, begun: float) -> Outcome:
    nothing = np.zeros(0)
    ended: Status = status if status in ("infeasible", "unbounded", "interrupted") else "no_plan"
    return Outcome(
        status=ended, values=nothing, prices=nothing, objective=math.inf, bound=-math.inf,
        gap=math.inf, nodes=0, seconds=time.monotonic() - begun, message=message,
    )
