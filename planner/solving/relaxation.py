"""The relaxation of a program by itself, with the basis it ends at: a start for a program with a little more in it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Literal, NamedTuple

import highspy
import numpy as np

from planner.common.arrays import Array
from planner.common.signals import listening
from planner.language.instance import Options
from planner.program.program import Program
from planner.solving.highs import Run, load
from planner.solving.primal_heuristics import Relaxation
from planner.solving.scaling import scaled


class Relaxed(NamedTuple):
    """The relaxation's value, values of columns, prices of rows, and basis."""

    value: float
    values: Array
    prices: Array
    basis: highspy.HighsBasis


def relaxed(
    program: Program, options: Options, stopping: Callable[[], None] | None = None,
    start: highspy.HighsBasis | None = None,
) -> Relaxed | Literal["infeasible"] | None:
    """The relaxation, by interior point or from a basis; None if it has no optimum or time is over.

    "infeasible" if that is proven.

    Raises KeyboardInterrupt when the user asks to stop, for there is no plan yet.
    """
    highspy.Highs.resetGlobalScheduler(True)
    with listening(stopping) as requests:
        run = Run(None, requests, time.monotonic())
        suited, scaling = scaled(program)
        relaxation = Relaxation(load(suited, options, relax=True), suited, run)
        value = relaxation.begin(start)
        if requests.count:
            raise KeyboardInterrupt
        if not math.isfinite(value):
            status = relaxation.solver.getModelStatus()
            return "infeasible" if status == highspy.HighsModelStatus.kInfeasible else None
        prices = scaling.prices(np.array(relaxation.solver.getSolution().row_dual) / suited.cost_scale)
        return Relaxed(value, scaling.values(relaxation.values), prices, relaxation.solver.getBasis())
