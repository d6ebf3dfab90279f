"""The seam to HiGHS: a program goes in, values, bound, gap and prices come out.

The solver runs in its own thread so that progress can be shown and Ctrl-C stops it cleanly with the best
plan kept. When the search ends the integers are fixed and the rest solved once more as a linear program:
that gives clean integer values and the shadow prices.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import highspy
import numpy as np

from planner.assemble import Program
from planner.schema import Options
from planner.template import Array

Status = Literal["optimal", "stopped", "interrupted", "infeasible", "unbounded", "no_plan"]
FEASIBILITY = 1e-7
POLL = 0.2  # Seconds between looks at Ctrl-C while the solver works.


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
    reduced_costs: Array
    objective: float
    bound: float
    gap: float
    nodes: int
    seconds: float
    message: str

    @property
    def has_plan(self) -> bool:
        return len(self.values) > 0


class SolverError(Exception):
    """The solver failed in a way that says nothing about the problem."""


def relative_gap(objective: float, bound: float) -> float:
    """|objective - bound| over |objective|, 0 when equal, infinite without a bound or plan."""
    if not (math.isfinite(objective) and math.isfinite(bound)):
        return math.inf
    difference = abs(objective - bound)
    return 0.0 if difference <= 1e-12 * max(1.0, abs(objective)) else difference / max(abs(objective), 1e-10)


def load(program: Program, options: Options, relax: bool = False) -> highspy.Highs:
    """A solver object that holds the program; names are only given when it is written to a file."""
    solver = highspy.Highs()
    solver.setOptionValue("log_to_console", False)
    for name, value in _settings(options).items():
        if solver.setOptionValue(name, value) == highspy.HighsStatus.kError:
            raise SolverError(f"the solver refuses {name} = {value}")
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(program.cost), len(program.row_lower)
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = program.cost, program.lower, program.upper
    lp.row_lower_, lp.row_upper_ = program.row_lower, program.row_upper
    lp.offset_ = program.offset
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = program.matrix.indptr.astype(np.int32)
    lp.a_matrix_.index_ = program.matrix.indices.astype(np.int32)
    lp.a_matrix_.value_ = program.matrix.data
    if program.integer.any() and not relax:
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        lp.integrality_ = [kinds[int(flag)] for flag in program.integer]
    if solver.passModel(lp) == highspy.HighsStatus.kError:
        raise SolverError("the solver does not accept the model")
    return solver


def _settings(options: Options) -> dict[str, Any]:
    return {
        "mip_rel_gap": options.gap,
        "mip_abs_gap": 0.0 if options.gap > 0 else 1e-6,
        "threads": options.threads,
        "random_seed": options.seed,
        "time_limit": options.time_limit if options.time_limit is not None else math.inf,
        "primal_feasibility_tolerance": FEASIBILITY,
        "dual_feasibility_tolerance": FEASIBILITY,
        "mip_feasibility_tolerance": 1e-6,
    }


def solve(
    program: Program, options: Options, news: Callable[[Progress], None] | None = None, relax: bool = False
) -> Outcome:
    """Solve to the gap asked, or as far as time or the user allow."""
    begun = time.monotonic()
    highspy.Highs.resetGlobalScheduler(True)
    solver = load(program, options, relax)
    interrupted = _run(solver, news)
    status = _status(solver, interrupted)
    info = solver.getInfo()
    is_integer = bool(program.integer.any()) and not relax
    has_plan = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    if not has_plan or status in ("infeasible", "unbounded"):
        return _without_plan(solver, status, time.monotonic() - begun)
    values = np.array(solver.getSolution().col_value)
    objective, bound = info.objective_function_value, info.mip_dual_bound if is_integer else math.nan
    nodes = int(info.mip_node_count) if is_integer else 0
    if is_integer:
        fixed = _fixed(program, options, values)
        solver = fixed or solver
        objective = solver.getInfo().objective_function_value
    solution = solver.getSolution()
    values = _clean(program, np.array(solution.col_value))
    has_prices = not is_integer or fixed is not None
    if not is_integer:
        bound = objective if status == "optimal" else -math.inf
    bound = min(bound, objective)
    return Outcome(
        status=status, values=values,
        prices=np.array(solution.row_dual) if has_prices else np.full(len(program.row_lower), np.nan),
        reduced_costs=np.array(solution.col_dual) if has_prices else np.full(len(values), np.nan),
        objective=objective, bound=bound, gap=relative_gap(objective, bound), nodes=nodes, seconds=time.monotonic() - begun,
        message=solver.modelStatusToString(solver.getModelStatus()),
    )


def _run(solver: highspy.Highs, news: Callable[[Progress], None] | None) -> bool:
    """Run in a thread and wait; True when the user interrupted it."""
    solver.HandleUserInterrupt = True
    if news is not None:
        solver.cbMipLogging += lambda event: news(_progress(event.data_out))
        solver.setOptionValue("output_flag", True)
    solver.startSolve()
    interrupted = False
    while True:
        try:
            if solver.wait(POLL)[0]:
                return interrupted
        except KeyboardInterrupt:
            interrupted = True
            solver.cancelSolve()


def _progress(data: Any) -> Progress:
    return Progress(
        seconds=data.running_time, bound=data.mip_dual_bound, incumbent=data.mip_primal_bound,
        gap=data.mip_gap, nodes=int(data.mip_node_count),
    )


KIND = highspy.HighsModelStatus
STATUSES: dict[highspy.HighsModelStatus, Status] = {
    KIND.kOptimal: "optimal", KIND.kModelEmpty: "optimal", KIND.kInfeasible: "infeasible",
    KIND.kUnbounded: "unbounded", KIND.kInterrupt: "interrupted", KIND.kTimeLimit: "stopped",
    KIND.kIterationLimit: "stopped", KIND.kSolutionLimit: "stopped",
}


def _status(solver: highspy.Highs, interrupted: bool) -> Status:
    if solver.getModelStatus() == KIND.kUnboundedOrInfeasible:  # Presolve could not tell which.
        solver.setOptionValue("presolve", "off")
        solver.run()
    status = solver.getModelStatus()
    if interrupted and STATUSES.get(status) not in ("optimal", "infeasible"):
        return "interrupted"
    if status not in STATUSES:
        raise SolverError(f"the solver ended with: {solver.modelStatusToString(status)}")
    return STATUSES[status]


def _without_plan(solver: highspy.Highs, status: Status, seconds: float) -> Outcome:
    nothing = np.zeros(0)
    ended: Status = status if status in ("infeasible", "unbounded", "interrupted") else "no_plan"
    return Outcome(
        status=ended, values=nothing, prices=nothing, reduced_costs=nothing, objective=math.inf, bound=-math.inf,
        gap=math.inf, nodes=0, seconds=seconds, message=solver.modelStatusToString(solver.getModelStatus()),
    )


def _fixed(program: Program, options: Options, values: Array) -> highspy.Highs | None:
    """The program with its integers at the plan's values, solved as a linear program.

    None when the user interrupts that too: the plan stands then, without prices. Raises SolverError when
    it is infeasible: then the plan held only within rounding.
    """
    solver = load(program, options.model_copy(update={"time_limit": None}), relax=True)
    columns = np.flatnonzero(program.integer).astype(np.int32)
    whole = np.round(values[columns])
    solver.changeColsBounds(len(columns), columns, whole, whole)
    if _run(solver, None):
        return None
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise SolverError("the plan is not feasible once its integers are rounded")
    return solver


def _clean(program: Program, values: Array) -> Array:
    """Values pushed back inside their bounds, which the solver keeps only within its tolerance."""
    return np.clip(values, program.lower, program.upper)


def write_model(program: Program, path: str) -> None:
    """Write the program with names, as .lp or .mps by the file's ending."""
    solver = load(program, Options())
    lp = solver.getLp()
    lp.col_names_ = [_plain(name) for name in program.column_names()]
    lp.row_names_ = [_plain(name) for name in program.row_names()]
    solver.passModel(lp)
    if solver.writeModel(path) == highspy.HighsStatus.kError:
        raise SolverError(f"cannot write {path}")


def _plain(name: str) -> str:
    """A name that the LP format accepts: no spaces or operators."""
    return "".join(c if c.isalnum() or c in "_.()[],|/" else "_" for c in name)
