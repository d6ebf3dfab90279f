"""The integer search: large programs are rounded first, near a plan most integers are fixed, else all are searched."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from planner.common.arrays import Array
from planner.language.instance import Options
from planner.program.program import Program
from planner.solving.highs import Basis, Solver
from planner.solving.outcome import SearchProgress, Status, relative_gap
from planner.solving.primal_heuristics import good_plan
from planner.solving.relaxation import Relaxation
from planner.solving.rounding import begun_at
from planner.solving.run import SolveContext, load, status_of, told

LARGE = 50_000  # Nonzeros from which a program is rounded before it is searched.
MOST_NEAR = 120.0  # Seconds for a search with most integers fixed.


@dataclass(frozen=True)
class IntegerSearchResult:
    """Result of the integer search: `values` is the best plan or None, `bound` is proven."""

    status: Status
    values: Array | None
    bound: float
    nodes: int
    message: str
    basis: Basis | None = None  # Of the program with its integers fixed, where the search has it.


def search(program: Program, options: Options, run: SolveContext, exact: bool = False) -> IntegerSearchResult:
    """The integers: a large program is rounded first, and searched only if that is not within the gap.

    `exact` goes straight to the search with the tightest tolerance on whole numbers.
    """
    first = _rounded(program, options, run) if program.matrix.nnz > LARGE and not exact else None
    left = run.time_left(options)
    if first is not None and (first.status != "stopped" or left <= 0):
        return first
    if left <= 0:
        return IntegerSearchResult("stopped", None, -math.inf, 0, "time limit")
    limited = options.model_copy(update={"time_limit": left if math.isfinite(left) else None})
    solver = load(program, limited)
    if exact:
        solver.set(mip_feasibility_tolerance=1e-9)
    if first is not None:
        solver.set(mip_lp_solver="ipm")  # Faster on the large first relaxation.
        if first.values is not None:
            solver.suggest(begun_at(program.arrays, dict(enumerate(first.values.tolist())), {}))
    found = _found(program, solver, run(solver, program.cost_scale))
    return found if first is None else replace(found, bound=max(found.bound, first.bound))


def _found(program: Program, solver: Solver, interrupted: bool) -> IntegerSearchResult:
    """Result of a search that has ended."""
    has_plan, bound, nodes = solver.has_plan, solver.bound / program.cost_scale, solver.node_count
    status = status_of(solver, interrupted)  # Which may solve it once more.
    is_usable = has_plan and status not in ("infeasible", "unbounded")
    return IntegerSearchResult(status, solver.values if is_usable else None, bound, nodes, told(solver))


def _rounded(program: Program, options: Options, run: SolveContext) -> IntegerSearchResult | None:
    """A plan by rounding and local search, and the relaxation's bound; `optimal` when within the gap.

    None when the relaxation has no optimum: the general search then says why.
    """
    unlimited = options.model_copy(update={"time_limit": None})
    relaxation = Relaxation(load(program, unlimited, relax=True), program, run)
    relaxation.deadline = time.monotonic() + run.time_left(options)
    bound = relaxation.begin(run.start)
    if not math.isfinite(bound):
        if relaxation.interrupted:
            return IntegerSearchResult("interrupted", None, -math.inf, 0, "interrupted")
        return IntegerSearchResult("stopped", None, -math.inf, 0, "time limit") if relaxation.over else None

    def tell(value: float) -> None:
        if run.news is not None:
            run.news(SearchProgress(time.monotonic() - run.begun, bound, value, relative_gap(value, bound), 0))

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
        basis = relaxation.solver.basis
    return IntegerSearchResult(status, values, bound, 0, "rounded relaxation", basis)


def near(
    program: Program, options: Options, run: SolveContext, fixed: Mapping[int, float], start: Mapping[int, float]
) -> tuple[float, Array | None]:
    """The best plan found with some integers fixed, starting from what is known of one, in limited time."""
    left = options.time_limit if options.time_limit is not None else math.inf
    limits = {"time_limit": min(left, MOST_NEAR), "gap": options.gap / 4}
    solver = load(program, options.model_copy(update=limits))
    values = list(fixed.values())
    solver.change_bounds(list(fixed), values, values)
    solver.suggest(begun_at(program.arrays, start, fixed))
    run(solver, program.cost_scale)
    return (solver.objective / program.cost_scale, solver.values) if solver.has_plan else (math.inf, None)


def prove(
    program: Program, options: Options, run: SolveContext, start: Mapping[int, float], aim: float
) -> IntegerSearchResult:
    """Search, starting from what is known of a plan, until the bound is at `aim` or time is over."""
    solver, heard = load(program, options), run.news

    def hear(progress: SearchProgress) -> None:
        if heard is not None:
            heard(progress)
        if progress.bound >= aim:
            solver.cancel()

    solver.suggest(begun_at(program.arrays, start, {}))
    return _found(program, solver, replace(run, news=hear)(solver, program.cost_scale))
