"""Integer runs that start from a neighbour: its basis for the relaxation, its plan for the search."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from planner.common.arrays import Array
from planner.common.signals import Requests
from planner.language.instance import Options
from planner.program.program import Program
from planner.solving.extensive import solve as solve_cold
from planner.solving.extensive import spared
from planner.solving.highs import UNLIMITED, Basis
from planner.solving.integer_search import LARGE, IntegerSearchResult
from planner.solving.outcome import Outcome, relative_gap
from planner.solving.primal_heuristics import good_plan
from planner.solving.relaxation import Relaxation
from planner.solving.rounding import decided
from planner.solving.run import SolveContext
from planner.solving.scaling import scaled
from planner.workflows.sweep.warm_start import DUAL, WarmStart, begun, fits


def solved(program: Program, options: Options, start: WarmStart | None) -> tuple[Outcome, WarmStart | None]:
    """A plan within the gap asked, and where its relaxation ended.

    The neighbour's plan is often within the gap; else the relaxation is rounded, which is faster than mending that
    plan project by project. What that cannot do, and what is small anyway, goes to the ordinary solver.
    """
    if program.matrix.nnz <= LARGE or not program.integer.any() or program.network.base.objective.risk is not None:
        return solve_cold(program, options), None
    since = time.monotonic()
    suited, scaling = scaled(program)
    relaxation = begun(suited, options, start)
    bound, ended = relaxation.value, relaxation.solver.basis
    if not np.isfinite(bound):
        return solve_cold(program, options), None
    relaxation.solver.set(presolve="off", simplex_strategy=DUAL, simplex_iteration_limit=UNLIMITED)
    values = _plan(relaxation, bound, options, start, ended)
    outcome = _outcome(relaxation, values, bound, options, since) if values is not None else None
    if outcome is None or outcome.gap > options.gap:
        outcome, planned = solve_cold(program, options), None
    else:
        outcome, planned = scaling.restored(outcome), relaxation.solver.basis
    plan = np.round(outcome.values[program.integer]).astype(np.int64) if outcome.has_plan else None
    return outcome, WarmStart(ended, plan, planned)


def _plan(
    relaxation: Relaxation, bound: float, options: Options, start: WarmStart | None, ended: Basis
) -> Array | None:
    """Values of the neighbour's plan where it is within the gap, else of one near the relaxation, which `ended` there.
    """
    if start is not None and start.plan is not None and len(start.plan) == relaxation.program.integer.sum():
        relaxation.fix(_settled(relaxation, start.plan))
        if start.planned is not None and fits(start.planned, relaxation.program):
            relaxation.solver.start_from(start.planned)
        if relative_gap(relaxation.solve(), bound) <= options.gap:
            return relaxation.values
        relaxation.free(np.flatnonzero(relaxation.program.integer).tolist())
        relaxation.solver.start_from(ended)
        relaxation.solve()
    _, values = good_plan(relaxation, bound, options.gap, lambda _: None, lambda fixed, plan: (np.inf, None))
    return values


def _settled(relaxation: Relaxation, plan: NDArray[np.int64]) -> dict[int, float]:
    """The integers of a neighbour's plan, as far as the bounds here allow."""
    program = relaxation.program
    columns = np.flatnonzero(program.integer)
    whole = np.clip(plan, np.ceil(program.lower[columns]), np.floor(program.upper[columns]))
    return {int(c): float(v) for c, v in zip(columns, whole, strict=True)}


def _outcome(
    relaxation: Relaxation, values: Array, bound: float, options: Options, since: float
) -> Outcome | None:
    """The plan with its integers whole and without spare decisions, and its prices; None when it is none then."""
    program, box = relaxation.program, decided(relaxation.program.arrays, values)
    relaxation.solver.change_bounds(np.arange(len(box.lower)), box.lower, box.upper)
    objective = relaxation.solve()
    if not np.isfinite(objective):
        return None
    found = IntegerSearchResult("optimal", values, min(bound, objective), 0, "from a neighbour's plan")
    return spared(program, relaxation.solver, found, options, SolveContext(None, Requests(), since))
