"""The relaxation of a program by itself, with the basis it ends at: a start for a program with a little more in it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import NamedTuple

import highspy

from planner.assemble import Program
from planner.heuristic import Relaxation
from planner.interrupt import listening
from planner.schema import Options
from planner.solver import Run, load
from planner.template import Array


class Relaxed(NamedTuple):
    """The relaxation's values and basis."""

    values: Array
    basis: highspy.HighsBasis


def relaxed(
    program: Program, options: Options, stopping: Callable[[], None] | None = None,
    start: highspy.HighsBasis | None = None,
) -> Relaxed | None:
    """The relaxation, by interior point or from a basis; None if it has no optimum or time is over.

    Raises KeyboardInterrupt when the user asks to stop, for there is no plan yet.
    """
    highspy.Highs.resetGlobalScheduler(True)
    with listening(stopping) as requests:
        run = Run(None, requests, time.monotonic())
        relaxation = Relaxation(load(program, options, relax=True), program, run)
        value = relaxation.begin(start)
        if relaxation.interrupted:
            raise KeyboardInterrupt
        return Relaxed(relaxation.values, relaxation.solver.getBasis()) if math.isfinite(value) else None
