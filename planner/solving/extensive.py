"""Solve a program: values, bound, gap and prices come out.

When the search ends its integers are rounded, and the rest is solved once more as a linear program: that gives clean
decisions and the shadow prices. Decisions whose removal lowers the cost are removed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from planner.common.arrays import Array
from planner.common.signals import Requests, listening
from planner.language.instance import Options
from planner.program.program import Program
from planner.solving.highs import DUST, Basis, ModelStatus, Solver, free_threads
from planner.solving.integer_search import IntegerSearchResult, near, search
from planner.solving.outcome import (
    WRONG,
    Outcome,
    SearchProgress,
    SolverError,
    Verdict,
    relative_gap,
    turnover,
    without_plan,
)
from planner.solving.redundancy import smallest, without_spare
from planner.solving.rounding import Box, decided
from planner.solving.run import SolveContext, load, status_of, told
from planner.solving.scaling import scaled

SLACK = 1e-9  # Share of the risk measure that the tie-break may give up.
DOUBTING = 0.75  # Share of the gap for the search where doubt about what is measured against takes the rest.
MOST_LESS = 30.0  # Seconds for a cheaper plan of the same risk.
ROUGH = 0.01  # Gap at which a plan near another is good enough.
MISSED = 1e-9  # Share of a row by which a plan may miss it; the check allows a thousand times as much.
MOST_MISSED = 1e-7  # The same where nothing closer is found.


def solve(
    program: Program, options: Options, news: Callable[[SearchProgress], None] | None = None, relax: bool = False,
    stopping: Callable[[], None] | None = None, start: Basis | None = None,
) -> Outcome:
    """Solve to the gap asked, or as far as time or the user allow; `stopping` is called when the user asks to stop.

    `start` is a basis near that of the relaxation, from which a large program is begun.
    """
    free_threads()
    begun = time.monotonic()
    closer = options.model_copy(update={"gap": DOUBTING * options.gap}) if program.doubt else options
    suited, scaling = scaled(program)
    with listening(stopping) as requests:
        run = SolveContext(news, requests, begun, start=start)
        is_linear = relax or not suited.integer.any()
        outcome = scaling.restored(_linear(suited, closer, run) if is_linear else _whole(suited, closer, run))
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


def _linear(program: Program, options: Options, run: SolveContext) -> Outcome:
    """A linear program, or the relaxation of another."""
    solver = load(program, options, relax=True)
    status = status_of(solver, run(solver))
    if status != "optimal":
        return without_plan(status, told(solver), run.begun)
    found = IntegerSearchResult(status, None, _objective(program, solver), 0, "")
    if (costs := _ties(program)) is not None:
        _break_ties(program, costs, solver)
    return _outcome(program, solver, found, found.bound, Box(program.lower, program.upper), run)


def _whole(program: Program, options: Options, run: SolveContext) -> Outcome:
    """A plan in whole numbers, searched once more with the tightest tolerance where it leant on that."""
    for exact in (False, True):
        found = search(program, options, run, exact)
        if found.values is None:
            return without_plan(found.status, found.message, run.begun)
        found = _less_waste(program, options, found, run)
        assert found.values is not None
        box = decided(program.arrays, found.values)
        fixed = _fixed(program, options, found, box, run)
        if _holds(program, fixed, found, options):
            box = without_spare(program, fixed, box, run, options)
            objective = _objective(program, fixed)
            if (costs := _ties(program)) is not None:
                _break_ties(program, costs, fixed)
                box = without_spare(program.changed(cost=costs), fixed, box, run, options)
            return _outcome(program, fixed, found, objective, box, run)
    raise SolverError("the plan is not feasible, or far dearer, once its integers are whole")


def settled_anew(program: Program, outcome: Outcome, options: Options) -> Outcome:
    """A plan with its whole numbers held and all else settled again, where it misses rows by more than a tolerance.

    Where no plan has these whole numbers, one near it is looked for. Its bound stays. If none is found, the plan is
    kept where it misses little enough for the check; else none is left.
    """
    missed = _most_missed(program, outcome.values)
    if missed <= MISSED:
        return outcome
    suited, scaling = scaled(program)
    run = SolveContext(None, Requests(), time.monotonic())
    brief = options.model_copy(update={"time_limit": MOST_LESS, "gap": max(options.gap, ROUGH)})
    values = scaling.shrunk(outcome.values)
    fixed = _held(suited, values, options, run)
    if not fixed.is_optimal:
        _, other = near(suited, brief, run, {}, dict(enumerate(values.tolist())))
        if other is not None:
            values, fixed = other, _held(suited, other, options, run)
    if not fixed.is_optimal:
        if missed <= MOST_MISSED:
            return outcome
        return without_plan("no_plan", "no plan was found that meets every row", run.begun)
    found = IntegerSearchResult(outcome.status, values, outcome.bound, outcome.nodes, outcome.message)
    again = scaling.restored(spared(suited, fixed, found, _over(options), run))
    is_far = again.status == "optimal" and again.gap > options.gap + WRONG
    seconds = outcome.seconds + again.seconds
    return replace(again, status="stopped" if is_far else again.status, seconds=seconds, without=outcome.without)


def spared(
    program: Program, fixed: Solver, found: IntegerSearchResult, options: Options, run: SolveContext
) -> Outcome:
    """The outcome of a plan found, without its spare decisions; `fixed` holds the program with it, solved."""
    assert found.values is not None
    box = without_spare(program, fixed, decided(program.arrays, found.values), run, options)
    return _outcome(program, fixed, found, _objective(program, fixed), box, run)


def _held(program: Program, values: Array, options: Options, run: SolveContext) -> Solver:
    """The program with the whole numbers of a plan held, solved in limited time."""
    box = decided(program.arrays, values)
    limit = max(MOST_LESS, options.time_limit or 0.0)
    fixed = load(program, options.model_copy(update={"time_limit": limit}), relax=True)
    fixed.set(primal_feasibility_tolerance=MISSED)
    fixed.change_bounds(np.arange(len(box.lower)), box.lower, box.upper)
    run(fixed)
    return fixed


def _over(options: Options) -> Options:
    """The options when time is over."""
    return options.model_copy(update={"time_limit": 0.0})


def _most_missed(program: Program, values: Array) -> float:
    """The most that a row is missed by, as a share of what it adds up."""
    activity, sizes = program.matrix @ values, abs(program.matrix) @ np.abs(values) + 1.0
    missed = np.maximum(program.row_lower - activity, activity - program.row_upper)
    return float((missed / sizes).max(initial=0.0))


def _less_waste(
    program: Program, options: Options, found: IntegerSearchResult, run: SolveContext
) -> IntegerSearchResult:
    """Under a pure measure of risk: a plan that is no worse by it and cheaper where the measure does not look.

    Else the plan may build capacity that is needed in no future but the worst. The best that a bounded search finds.
    """
    risk = program.network.base.objective.risk
    if program.expected is None or risk is None or risk.weight < 1 or found.values is None or run.is_interrupted:
        return found
    costs = program.cost * program.cost_scale
    columns, value = np.flatnonzero(np.abs(costs) > DUST), float(costs @ found.values)
    cap = sp.csr_array((costs[columns], (np.zeros(len(columns), dtype=int), columns)), shape=(1, len(costs)))
    cheaper = program.changed(
        cost=program.expected, offset=program.expected_offset,
        matrix=sp.csr_array(sp.vstack([program.matrix, cap], format="csr")),
        row_lower=np.append(program.row_lower, -np.inf),
        row_upper=np.append(program.row_upper, value + SLACK * abs(value)),
    )
    limits = {"time_limit": min(max(run.time_left(options), 1.0), MOST_LESS), "gap": max(options.gap, 1e-3)}
    _, values = near(cheaper, options.model_copy(update=limits), run, {}, dict(enumerate(found.values.tolist())))
    return found if values is None else replace(found, values=values)


def _fixed(program: Program, options: Options, found: IntegerSearchResult, box: Box, run: SolveContext) -> Solver:
    """The program with its decisions held, solved as a linear program; who asked to stop waits for it."""
    solver = load(program, options.model_copy(update={"time_limit": None}), relax=True)
    if found.basis is not None:
        solver.start_from(found.basis)
        solver.set(presolve="off")
    solver.change_bounds(np.arange(len(box.lower)), box.lower, box.upper)
    replace(run, heard=math.inf)(solver)
    return solver


def _objective(program: Program, solver: Solver) -> float:
    return solver.objective / program.cost_scale


def _turnover(program: Program, values: Array) -> float:
    """Turnover of a plan, at least one unit at a typical cost: the solver cannot tell a smaller total from zero.

    Of a regret near 0 it is that of the totals it is the difference of.
    """
    expected = turnover(program.expected, values) if program.expected is not None else 0.0
    return max(expected, turnover(program.cost, values), 1 / program.cost_scale)


def _holds(program: Program, fixed: Solver, found: IntegerSearchResult, options: Options) -> bool:
    """Whether a plan with its integers made whole is still one, not below its bound, and within the gap if claimed."""
    if not fixed.is_optimal:
        return False
    objective = _objective(program, fixed)
    size = _turnover(program, fixed.values)
    if found.bound > objective + WRONG * max(abs(objective), size):
        return False
    if abs(objective - found.bound) <= WRONG * size:
        return True
    return found.status != "optimal" or relative_gap(objective, found.bound, size) <= options.gap + WRONG


def _outcome(
    program: Program, solver: Solver, found: IntegerSearchResult, objective: float, box: Box, run: SolveContext
) -> Outcome:
    """The outcome of a solved linear program: the relaxation, or the one with the decisions held."""
    values = smallest(program, box, box.within(solver.values))
    verdict = Verdict(objective, found.bound, _turnover(program, values))
    return Outcome(
        status=found.status, values=values,
        prices=solver.prices[: len(program.row_lower)] / program.cost_scale,
        objective=verdict.objective, bound=verdict.bound, gap=verdict.gap, nodes=found.nodes,
        seconds=time.monotonic() - run.begun, message=told(solver),
    )


def _ties(program: Program) -> Array | None:
    """Expected cost, by which plans of equal risk are told apart where a measure alone is minimised; else None."""
    risk = program.network.base.objective.risk
    return program.expected if risk is not None and risk.weight == 1 else None


def _break_ties(program: Program, expected: Array, solver: Solver) -> None:
    """Among the plans of equal risk the one of least expected cost: a measure may not see what other futures cost.

    Prices are then those of expected cost while the risk is held. If that takes too long, the plan stays as it was.
    """
    value = solver.objective
    costs = program.cost * program.cost_scale
    columns = np.flatnonzero(np.abs(costs) > DUST)
    most = value * (1 + SLACK) if value > 0 else value * (1 - SLACK)
    offset = program.offset * program.cost_scale
    solver.add_row(-math.inf, most + SLACK - offset, columns, costs[columns])
    solver.change_costs(np.arange(len(program.cost)), expected * program.cost_scale)
    solver.set(time_limit=solver.seconds + MOST_LESS)
    solver.run()
    if solver.status is ModelStatus.TIME_LIMIT:
        solver.change_sides([solver.row_count - 1], -math.inf, math.inf)
        solver.change_costs(np.arange(len(program.cost)), costs)
        solver.set(time_limit=math.inf)
        solver.run()
    if not solver.is_optimal:
        raise SolverError("the plan of equal risk and least expected cost was not found")
