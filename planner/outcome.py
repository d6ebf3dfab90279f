"""How a solve goes on and how it ends."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from planner.template import Array

Status = Literal["optimal", "stopped", "interrupted", "infeasible", "unbounded", "no_plan"]


@dataclass(frozen=True)
class Progress:
    """One line of news from the search; the objective is a cost in the instance's money."""

    seconds: float
    bound: float
    incumbent: float
    gap: float
    nodes: int


@dataclass(frozen=True)
class Outcome:
    """How a solve ended. `values` (columns) and `prices` (rows) are empty when there is no plan."""

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


def relative_gap(objective: float, bound: float) -> float:
    """|objective - bound| over |objective|, 0 when equal, infinite without a bound or plan."""
    if not (math.isfinite(objective) and math.isfinite(bound)):
        return math.inf
    difference = abs(objective - bound)
    return 0.0 if difference <= 1e-12 * max(1.0, abs(objective)) else difference / max(abs(objective), 1e-10)


def without_plan(status: Status, message: str, begun: float) -> Outcome:
    nothing = np.zeros(0)
    ended: Status = status if status in ("infeasible", "unbounded", "interrupted") else "no_plan"
    return Outcome(
        status=ended, values=nothing, prices=nothing, objective=math.inf, bound=-math.inf,
        gap=math.inf, nodes=0, seconds=time.monotonic() - begun, message=message,
    )
