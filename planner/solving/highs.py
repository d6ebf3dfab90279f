"""The seam to HiGHS: a program is handed over in a solver object, which runs in its own thread.

So progress can be shown, and Ctrl-C stops it cleanly with the best plan kept.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np

from planner.common.signals import Requests, listening
from planner.language.instance import Options
from planner.program.program import Program
from planner.solving.outcome import Progress, SolverError, Status
from planner.solving.strict_highs import Solver

FEASIBILITY = 1e-7
POLL = 0.2  # Seconds between looks at Ctrl-C while the solver works.


def load(program: Program, options: Options, relax: bool = False, scaled: bool = True) -> highspy.Highs:
    """A solver object that holds the program, its costs times `program.cost_scale` unless `scaled` is False.

    Objective, bound and duals read from it must be divided by that scale. SolverError when the solver would not take
    the program as it is.
    """
    solver = Solver()
    solver.setOptionValue("log_to_console", False)
    for name, value in _settings(options).items():
        solver.setOptionValue(name, value)
    pass_to(solver, program, program.integer & (not relax), program.cost_scale if scaled else 1.0)
    return solver


def pass_to(solver: highspy.Highs, program: Program, whole: np.typing.NDArray[np.bool_], scale: float) -> None:
    """Hand a program to a solver object, its costs times a scale; `whole` are the columns that must be whole."""
    a, matrix = program.arrays, program.arrays.matrix
    by_row, least = int(highspy.MatrixFormat.kRowwise), int(highspy.ObjSense.kMinimize)
    solver.passModel(
        len(a.cost), len(a.row_lower), matrix.nnz, by_row, least, a.offset * scale, a.cost * scale, a.lower, a.upper,
        a.row_lower, a.row_upper, matrix.indptr.astype(np.int32, copy=False),
        matrix.indices.astype(np.int32, copy=False), matrix.data, whole.astype(np.int32),
    )


def _settings(options: Options) -> dict[str, Any]:
    return {
        "mip_rel_gap": options.gap,
        "mip_abs_gap": 1e-6,  # Of costs near 1: where the objective is near 0 no share of it is ever small enough.
        "threads": options.threads,
        "random_seed": options.seed,
        "time_limit": options.time_limit if options.time_limit is not None else math.inf,
        "primal_feasibility_tolerance": FEASIBILITY,
        "dual_feasibility_tolerance": FEASIBILITY,
        "mip_feasibility_tolerance": 1e-6,
    }


@dataclass(frozen=True)
class Run:
    """What goes with a solve: who hears of it, who may stop it (requests above `heard` count), when it began."""

    news: Callable[[Progress], None] | None
    requests: Requests
    begun: float
    heard: float = 0
    start: highspy.HighsBasis | None = None

    @property
    def is_interrupted(self) -> bool:
        return self.requests.count > self.heard

    def time_left(self, options: Options) -> float:
        return math.inf if options.time_limit is None else options.time_limit - (time.monotonic() - self.begun)

    def __call__(self, solver: highspy.Highs, scale: float | None = None) -> bool:
        """Run a solver object in its thread and wait; True when the user has asked to stop.

        With the `scale` of its costs given, the news of its search is passed on.
        """
        solver.HandleUserInterrupt = True
        news = self.news
        if news is not None and scale is not None:
            solver.cbMipLogging += lambda event: news(_progress(event.data_out, scale))
            solver.setOptionValue("output_flag", True)
        self._wait(solver)
        if solver.getModelStatus() in LOST and not self.is_interrupted:  # A hot start can end so.
            solver.clearSolver()
            solver.setOptionValue("presolve", "choose")
            self._wait(solver)
        return self.is_interrupted

    def _wait(self, solver: highspy.Highs) -> None:
        solver.startSolve()
        while not solver.wait(POLL)[0]:
            if self.is_interrupted:
                solver.cancelSolve()


def run_until_asked(solver: highspy.Highs) -> None:
    """Run a solver object until it ends, or the user asks to stop."""
    with listening() as requests:
        Run(None, requests, time.monotonic())(solver)


def _progress(data: Any, scale: float) -> Progress:
    return Progress(
        seconds=data.running_time, bound=data.mip_dual_bound / scale, incumbent=data.mip_primal_bound / scale,
        gap=data.mip_gap, nodes=int(data.mip_node_count),
    )


KIND = highspy.HighsModelStatus
STATUSES: dict[highspy.HighsModelStatus, Status] = {
    KIND.kOptimal: "optimal", KIND.kModelEmpty: "optimal", KIND.kInfeasible: "infeasible",
    KIND.kUnbounded: "unbounded", KIND.kInterrupt: "interrupted", KIND.kTimeLimit: "stopped",
    KIND.kIterationLimit: "stopped", KIND.kSolutionLimit: "stopped",
}
LOST = (KIND.kUnknown, KIND.kNotset)  # Of a linear program: its prices do not bear out what the plan costs.
# Or its own plan misses a row by more than it allows.
IMPRECISE = (KIND.kSolveError, *LOST)
STATUSES |= dict.fromkeys(IMPRECISE, "stopped")


def told(solver: highspy.Highs) -> str:
    """How a solver object ended, in words."""
    if solver.getModelStatus() in IMPRECISE:
        return "the solver lost its precision: numbers in this instance lie too far apart"
    return str(solver.modelStatusToString(solver.getModelStatus()))


def status_of(solver: highspy.Highs, interrupted: bool) -> Status:
    """How a solver object ended. SolverError where that says nothing about the program."""
    if solver.getModelStatus() == KIND.kUnboundedOrInfeasible:  # Presolve could not tell which.
        solver.setOptionValue("presolve", "off")
        solver.run()
    status = solver.getModelStatus()
    if interrupted and STATUSES.get(status) not in ("optimal", "infeasible"):
        return "interrupted"
    if status not in STATUSES:
        raise SolverError(f"the solver ended with: {told(solver)}")
    return STATUSES[status]
