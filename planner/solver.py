"""The seam to HiGHS: a program goes in, values, bound, gap and prices come out.

The solver runs in its own thread so that progress can be shown and Ctrl-C stops it cleanly with the best
plan kept. When the search ends the integers are fixed and the rest solved once more as a linear program:
that gives clean integer values and the shadow prices.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import highspy
import numpy as np
import scipy.sparse as sp

from planner.assemble import Program
from planner.heuristic import Relaxation, good_plan
from planner.interrupt import Requests, listening
from planner.outcome import Outcome, Progress, SolverError, Status, relative_gap, without_plan
from planner.schema import Options
from planner.template import Array

FEASIBILITY = 1e-7
SLACK = 1e-9  # Share of the risk measure that the tie-break may give up.
LARGE = 50_000  # Nonzeros from which a program is rounded before it is searched.
MOST_LESS = 30.0  # Seconds for a cheaper plan of the same risk.
MOST_NEAR = 120.0  # Seconds for a search with most integers fixed.
DOUBTING = 0.75  # Share of the gap for the search where doubt about what is measured against takes the rest.
POLL = 0.2  # Seconds between looks at Ctrl-C while the solver works.


def load(program: Program, options: Options, relax: bool = False, scaled: bool = True) -> highspy.Highs:
    """A solver object that holds the program, its costs times `program.cost_scale` unless `scaled` is False.

    Objective, bound and duals read from it must be divided by that scale.
    """
    solver = highspy.Highs()
    solver.setOptionValue("log_to_console", False)
    for name, value in _settings(options).items():
        if solver.setOptionValue(name, value) == highspy.HighsStatus.kError:
            raise SolverError(f"the solver refuses {name} = {value}")
    arrays, matrix, scale = program.arrays, program.matrix, program.cost_scale if scaled else 1.0
    by_row, least = int(highspy.MatrixFormat.kRowwise), int(highspy.ObjSense.kMinimize)
    whole = arrays.integer if not relax else np.zeros(len(arrays.cost), dtype=bool)
    status = solver.passModel(
        len(arrays.cost), len(arrays.row_lower), matrix.nnz, by_row, least, arrays.offset * scale,
        arrays.cost * scale, arrays.lower, arrays.upper, arrays.row_lower, arrays.row_upper,
        matrix.indptr.astype(np.int32, copy=False), matrix.indices.astype(np.int32, copy=False), matrix.data,
        whole.astype(np.int32),
    )
    if status == highspy.HighsStatus.kError:
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


@dataclass(frozen=True)
class Search:
    """How the search for integers ended: `values` is the best plan or None, `bound` is proven."""

    status: Status
    values: Array | None
    bound: float
    nodes: int
    message: str
    basis: highspy.HighsBasis | None = None  # Of the program with its integers fixed, where the search has it.


def solve(
    program: Program, options: Options, news: Callable[[Progress], None] | None = None, relax: bool = False,
    stopping: Callable[[], None] | None = None, start: highspy.HighsBasis | None = None,
) -> Outcome:
    """Solve to the gap asked, or as far as time or the user allow; `stopping` is called when the user asks to stop.

    `start` is a basis near that of the relaxation, from which a large program is begun.
    """
    highspy.Highs.resetGlobalScheduler(True)
    closer = options.model_copy(update={"gap": DOUBTING * options.gap}) if program.doubt else options
    with listening(stopping) as requests:
        outcome = _solve(program, closer, Run(news, requests, time.monotonic(), start=start), relax)
    return outcome if relax else _doubted(program, options, outcome)


def _doubted(program: Program, options: Options, outcome: Outcome) -> Outcome:
    """The outcome with what is proven of it where what the program measures against is not known exactly."""
    if outcome.status == "infeasible" and program.ceiling < math.inf:
        return replace(outcome, status="no_plan", message="the best plans that regret is measured against are in doubt")
    if not outcome.has_plan or (not program.doubt and outcome.bound <= program.ceiling):
        return outcome
    bound = min(outcome.bound - program.doubt, program.ceiling)
    gap = relative_gap(outcome.objective, bound)
    is_far = outcome.status == "optimal" and gap > options.gap + 1e-6
    return replace(outcome, bound=bound, gap=gap, status="stopped" if is_far else outcome.status)


@dataclass(frozen=True)
class Run:
    """What goes with a solve: who hears of it, who may stop it (requests above `heard` count), when it began."""

    news: Callable[[Progress], None] | None
    requests: Requests
    begun: float
    heard: int = 0
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
        solver.startSolve()
        while not solver.wait(POLL)[0]:
            if self.is_interrupted:
                solver.cancelSolve()
        return self.is_interrupted


def _solve(program: Program, options: Options, run: Run, relax: bool) -> Outcome:
    begun = run.begun
    if relax or not program.integer.any():
        solver = load(program, options, relax)
        interrupted = run(solver)
        status = _status(solver, interrupted)
        objective = solver.getInfo().objective_function_value / program.cost_scale
        if status != "optimal":
            return without_plan(status, solver.modelStatusToString(solver.getModelStatus()), begun)
        return _outcome(program, solver, status, objective, 0, begun)
    found = search(program, options, run)
    if found.values is None:
        return without_plan(found.status, found.message, begun)
    found = _less_waste(program, options, found, run)
    assert found.values is not None
    fixed = _fixed(program, options, found, run)
    if fixed is not None and not _holds(program, fixed, found, options):
        # The plan held only within the tolerance on whole numbers.
        found = search(program, options, run, exact=True)
        if found.values is None:
            return without_plan(found.status, found.message, begun)
        fixed = _fixed(program, options, found, run)
    if fixed is None:
        return _without_prices(program, found, begun)
    if not _holds(program, fixed, found, options):
        raise SolverError("the plan is not feasible, or far dearer, once its integers are whole")
    return _outcome(program, fixed, found.status, found.bound, found.nodes, begun)


def _less_waste(program: Program, options: Options, found: Search, run: Run) -> Search:
    """Under a pure measure of risk: a plan that is no worse by it and cheaper where the measure does not look.

    Else the plan may build what nobody needs in all futures but the worst. The best that a bounded search finds.
    """
    risk = program.network.base.objective.risk
    if program.expected is None or risk is None or risk.weight < 1 or found.values is None or run.is_interrupted:
        return found
    columns = np.flatnonzero(program.cost)
    value = float(program.cost @ found.values)
    cap = sp.csr_array(
        (program.cost[columns], (np.zeros(len(columns), dtype=int), columns)), shape=(1, len(program.cost))
    )
    cheaper = program.changed(
        cost=program.expected, offset=program.expected_offset,
        matrix=sp.csr_array(sp.vstack([program.matrix, cap], format="csr")),
        row_lower=np.append(program.row_lower, -np.inf),
        row_upper=np.append(program.row_upper, value + SLACK * abs(value)),
    )
    limits = {"time_limit": min(max(run.time_left(options), 1.0), MOST_LESS), "gap": max(options.gap, 1e-3)}
    _, values = near(cheaper, options.model_copy(update=limits), run, {}, dict(enumerate(found.values.tolist())))
    return found if values is None else replace(found, values=values)


def _holds(program: Program, fixed: highspy.Highs, found: Search, options: Options) -> bool:
    """Whether a plan with its integers made whole is still one, and still within the gap if that was claimed."""
    if fixed.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return False
    objective = fixed.getInfo().objective_function_value / program.cost_scale
    if program.expected is not None:  # A regret near 0 is as exact as the totals it is the difference of.
        total = float(program.expected @ np.array(fixed.getSolution().col_value)) + program.expected_offset
        if abs(objective - found.bound) <= 1e-6 * abs(total):
            return True
    return found.status != "optimal" or relative_gap(objective, found.bound) <= options.gap + 1e-6


def search(program: Program, options: Options, run: Run, exact: bool = False) -> Search:
    """The integers: a large program is rounded first, and searched only if that is not within the gap.

    `exact` goes straight to the search with the tightest tolerance on whole numbers.
    """
    first = _rounded(program, options, run) if program.matrix.nnz > LARGE and not exact else None
    left = run.time_left(options)
    if first is not None and (first.status != "stopped" or left <= 0):
        return first
    if left <= 0:
        return Search("stopped", None, -math.inf, 0, "time limit")
    limited = options.model_copy(update={"time_limit": left if math.isfinite(left) else None})
    solver = load(program, limited)
    if exact:
        solver.setOptionValue("mip_feasibility_tolerance", 1e-9)
    if first is not None:
        solver.setOptionValue("mip_lp_solver", "ipm")  # Faster on the large first relaxation.
        if first.values is not None:
            start = highspy.HighsSolution()
            start.col_value = first.values.tolist()
            solver.setSolution(start)
    found = _found(program, solver, run(solver, program.cost_scale))
    return found if first is None else replace(found, bound=max(found.bound, first.bound))


def _found(program: Program, solver: highspy.Highs, interrupted: bool) -> Search:
    """What a search has found when it ends."""
    info, status = solver.getInfo(), _status(solver, interrupted)
    has_plan = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    is_usable = has_plan and status not in ("infeasible", "unbounded")
    return Search(
        status=status, values=np.array(solver.getSolution().col_value) if is_usable else None,
        bound=info.mip_dual_bound / program.cost_scale, nodes=int(info.mip_node_count),
        message=solver.modelStatusToString(solver.getModelStatus()),
    )


def _rounded(program: Program, options: Options, run: Run) -> Search | None:
    """A plan by rounding and local search, and the relaxation's bound; `optimal` when within the gap.

    None when the relaxation has no optimum: the general search then says why.
    """
    unlimited = options.model_copy(update={"time_limit": None})
    relaxation = Relaxation(load(program, unlimited, relax=True), program, run)
    relaxation.deadline = time.monotonic() + run.time_left(options)
    bound = relaxation.begin(run.start)
    if not math.isfinite(bound):
        if relaxation.interrupted:
            return Search("interrupted", None, -math.inf, 0, "interrupted")
        return Search("stopped", None, -math.inf, 0, "time limit") if relaxation.over else None

    def tell(value: float) -> None:
        if run.news is not None:
            run.news(Progress(time.monotonic() - run.begun, bound, value, relative_gap(value, bound), 0))

    tell(math.inf)
    def nearby(fixed: dict[int, float], plan: Array) -> tuple[float, Array | None]:
        half = options.model_copy(update={"time_limit": max(run.time_left(options) / 2, 1.0)})
        limited = half if math.isfinite(run.time_left(options)) else options
        return near(program, limited, run, fixed, dict(enumerate(plan.tolist())))

    value, values = good_plan(relaxation, bound, options.gap, tell, nearby)
    tell(value)
    status: Status = "optimal" if relative_gap(value, bound) <= options.gap else "stopped"
    if relaxation.interrupted or run.is_interrupted:
        status = "interrupted"
    basis = None
    if run.start is not None and values is not None and not relaxation.over:
        relaxation.fix({int(c): round(values[c]) for c in np.flatnonzero(program.integer)})
        relaxation.solve()
        basis = relaxation.solver.getBasis()
    return Search(status, values, bound, 0, "rounded relaxation", basis)


def near(
    program: Program, options: Options, run: Run, fixed: Mapping[int, float], start: Mapping[int, float]
) -> tuple[float, Array | None]:
    """The best plan found with some integers fixed, starting from what is known of one, in limited time."""
    left = options.time_limit if options.time_limit is not None else math.inf
    limits = {"time_limit": min(left, MOST_NEAR), "gap": options.gap / 4}
    solver = load(program, options.model_copy(update=limits))
    columns = np.array(list(fixed), dtype=np.int32)
    values = np.array(list(fixed.values()))
    if fixed:
        solver.changeColsBounds(len(columns), columns, values, values)
    _begin_at(solver, start)
    run(solver, program.cost_scale)
    info = solver.getInfo()
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return math.inf, None
    return info.objective_function_value / program.cost_scale, np.array(solver.getSolution().col_value)


def prove(program: Program, options: Options, run: Run, start: Mapping[int, float], aim: float) -> Search:
    """Search, starting from what is known of a plan, until the bound is at `aim` or time is over."""
    solver, heard = load(program, options), run.news

    def hear(progress: Progress) -> None:
        if heard is not None:
            heard(progress)
        if progress.bound >= aim:
            solver.cancelSolve()

    _begin_at(solver, start)
    return _found(program, solver, replace(run, news=hear)(solver, program.cost_scale))


def _begin_at(solver: highspy.Highs, start: Mapping[int, float]) -> None:
    """Let a search begin at what is known of a plan."""
    if start:
        solver.setSolution(len(start), np.array(list(start), dtype=np.int32), np.array(list(start.values())))


def _outcome(
    program: Program, solver: highspy.Highs, status: Status, bound: float, nodes: int, begun: float
) -> Outcome:
    """The outcome of a solved linear program: the relaxation, or the one with the integers fixed."""
    scale = program.cost_scale
    objective = solver.getInfo().objective_function_value / scale
    risk = program.network.base.objective.risk
    if program.expected is not None and risk is not None and risk.weight == 1:
        _break_ties(program, program.expected, solver)
    bound, solution = min(bound, objective), solver.getSolution()
    return Outcome(
        status=status, values=_clean(program, np.array(solution.col_value)),
        prices=np.array(solution.row_dual)[: len(program.row_lower)] / scale, objective=objective, bound=bound,
        gap=relative_gap(objective, bound), nodes=nodes,
        seconds=time.monotonic() - begun, message=solver.modelStatusToString(solver.getModelStatus()),
    )


def _break_ties(program: Program, expected: Array, solver: highspy.Highs) -> None:
    """Among the plans of equal risk the one of least expected cost: a measure may not see what other futures cost.

    Prices are then those of expected cost while the risk is held.
    """
    value = solver.getInfo().objective_function_value
    columns = np.flatnonzero(program.cost).astype(np.int32)
    most = value * (1 + SLACK) if value > 0 else value * (1 - SLACK)
    offset = program.offset * program.cost_scale
    solver.addRow(
        -math.inf, most + SLACK - offset, len(columns), columns, program.cost[columns] * program.cost_scale
    )
    every = np.arange(len(program.cost), dtype=np.int32)
    solver.changeColsCost(len(every), every, expected * program.cost_scale)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise SolverError("the plan of equal risk and least expected cost was not found")


def _without_prices(program: Program, found: Search, begun: float) -> Outcome:
    """The plan as the search left it, when the user did not wait for its prices."""
    assert found.values is not None
    values = _clean(program, found.values)
    objective = float(program.cost @ values) + program.offset
    bound = min(found.bound, objective)
    return Outcome(
        status="interrupted", values=values, prices=np.full(len(program.row_lower), np.nan),
        objective=objective, bound=bound,
        gap=relative_gap(objective, bound), nodes=found.nodes, seconds=time.monotonic() - begun, message=found.message,
    )


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


def _fixed(program: Program, options: Options, found: Search, run: Run) -> highspy.Highs | None:
    """The program with its integers at the plan's values, solved as a linear program.

    None when the user interrupts that too: the plan stands then, without prices.
    """
    assert found.values is not None
    solver = load(program, options.model_copy(update={"time_limit": None}), relax=True)
    if found.basis is not None:
        solver.setBasis(found.basis)
        solver.setOptionValue("presolve", "off")
    columns = np.flatnonzero(program.integer).astype(np.int32)
    whole = np.round(found.values[columns])
    solver.changeColsBounds(len(columns), columns, whole, whole)
    return None if replace(run, heard=run.requests.count)(solver) else solver


def _clean(program: Program, values: Array) -> Array:
    """Values pushed back inside their bounds, which the solver keeps only within its tolerance."""
    return np.clip(values, program.lower, program.upper)
