"""Runs of a program by the solver, each in a thread of its own.

So progress can be shown, and Ctrl-C stops it cleanly with the best plan kept.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from planner.common.signals import Requests, listening
from planner.language.instance import Options
from planner.program.program import Program
from planner.solving.highs import Basis, ModelStatus, Solver
from planner.solving.outcome import SearchProgress, SolverError, Status

FEASIBILITY = 1e-7


def load(program: Program, options: Options, relax: bool = False, scaled: bool = True) -> Solver:
    """A solver object that holds the program, its costs times `program.cost_scale` unless `scaled` is False.

    Objective, bound and prices read from it must be divided by that scale. SolverError when the solver would not take
    the program as it is.
    """
    solver = Solver(log_to_console=False, **_settings(options))
    hand_over(solver, program, relax, program.cost_scale if scaled else 1.0)
    return solver


def hand_over(solver: Solver, program: Program, relax: bool, scale: float) -> None:
    """Let a solver object hold a program, its costs times a scale."""
    a = program.arrays
    solver.load(
        cost=a.cost * scale, offset=a.offset * scale, lower=a.lower, upper=a.upper, matrix=a.matrix,
        row_lower=a.row_lower, row_upper=a.row_upper, integer=None if relax else a.integer,
    )


def _settings(options: Options) -> dict[str, float]:
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
class SolveContext:
    """Context of a solve: its listener, requests to stop (those above `heard` count), and the time it began."""

    news: Callable[[SearchProgress], None] | None
    requests: Requests
    begun: float
    heard: float = 0
    start: Basis | None = None

    @property
    def is_interrupted(self) -> bool:
        return self.requests.count > self.heard

    def time_left(self, options: Options) -> float:
        return math.inf if options.time_limit is None else options.time_limit - (time.monotonic() - self.begun)

    def __call__(self, solver: Solver, scale: float | None = None) -> bool:
        """Run a solver object in its thread and wait; True when the user has asked to stop.

        With the `scale` of its costs given, the news of its search is passed on.
        """
        if self.news is not None and scale is not None:
            solver.tell(self.news, scale)
        solver.run_until(lambda: self.is_interrupted)
        if solver.status in LOST and not self.is_interrupted:  # A hot start can end so.
            solver.forget()
            solver.set(presolve="choose")
            solver.run_until(lambda: self.is_interrupted)
        return self.is_interrupted

def run_until_asked(solver: Solver) -> None:
    """Run a solver object until it ends, or the user asks to stop."""
    with listening() as requests:
        SolveContext(None, requests, time.monotonic())(solver)


STATUSES: dict[ModelStatus, Status] = {
    ModelStatus.OPTIMAL: "optimal", ModelStatus.EMPTY: "optimal", ModelStatus.INFEASIBLE: "infeasible",
    ModelStatus.UNBOUNDED: "unbounded", ModelStatus.INTERRUPTED: "interrupted", ModelStatus.TIME_LIMIT: "stopped",
    ModelStatus.ITERATION_LIMIT: "stopped", ModelStatus.SOLUTION_LIMIT: "stopped",
}
# Statuses of a linear program whose duals do not prove the cost of the plan, or whose plan violates a row by too much.
LOST = (ModelStatus.UNKNOWN, ModelStatus.NOT_SET)
IMPRECISE = (ModelStatus.SOLVE_ERROR, *LOST)
STATUSES |= dict.fromkeys(IMPRECISE, "stopped")


def told(solver: Solver) -> str:
    """Status of a solver object, in words."""
    if solver.status in IMPRECISE:
        return "the solver lost its precision: numbers in this instance lie too far apart"
    return solver.status_words


def status_of(solver: Solver, interrupted: bool) -> Status:
    """Status of a solver object. SolverError if the status says nothing about the program."""
    if solver.status is ModelStatus.UNBOUNDED_OR_INFEASIBLE:  # Presolve could not tell which.
        solver.set(presolve="off")
        solver.run()
    status = solver.status
    if interrupted and STATUSES.get(status) not in ("optimal", "infeasible"):
        return "interrupted"
    if status not in STATUSES:
        raise SolverError(f"the solver ended with: {told(solver)}")
    return STATUSES[status]
