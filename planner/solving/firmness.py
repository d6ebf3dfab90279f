"""Firmness of each project of a plan: the lower bound on the cost of any plan without it.

A project is firm if that bound is above the cost of the plan. For every other project, a plan without it is not proven
dearer: other projects may replace it within the gap. The bounds come from relaxations, each warm-started from the
last. Their number and steps are limited, so that the same input has the same answer on any machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from planner.common.arrays import Array
from planner.formulation.mathematics.investment import decisions
from planner.language.instance import Options
from planner.program.program import Program
from planner.solving.highs import ModelStatus, Solver
from planner.solving.integer_search import LARGE
from planner.solving.outcome import Outcome
from planner.solving.proof import Proven, difference
from planner.solving.run import load
from planner.solving.scaling import scaled

MOST_PROJECTS = 40  # Asked about, in the order of the instance.
MOST_STEPS = 2000  # Of the simplex method for one of them.
FIRM, INTERCHANGEABLE = "firm", "interchangeable"


def started(program: Program, values: Array) -> dict[str, list[int]]:
    """The projects that a plan decides, each with the columns of all its decisions; not those it is held to."""
    columns: dict[str, list[int]] = {}
    for name, group in decisions(program.network):
        columns.setdefault(name, []).append(program.column(None, "start", (name, group)))
    bounds = program.given if program.given is not None else program.pieces.decided()
    free = (bounds.upper > bounds.lower).tolist()
    mine = {name: part for name, part in columns.items() if values[part].max() > 0.5 and all(free[c] for c in part)}
    return dict(list(mine.items())[:MOST_PROJECTS])


def with_bounds(program: Program, outcome: Outcome, options: Options) -> Outcome:
    """The outcome with what plans without each of its projects cost at least; as it is where that takes too long."""
    if outcome.without or not outcome.has_plan or program.matrix.nnz > LARGE or not program.integer.any():
        return outcome
    asked = started(program, outcome.values)
    if not asked:
        return outcome
    suited, _ = scaled(program)
    solver = load(suited, options.model_copy(update={"time_limit": None}), relax=True)
    solver.run()
    solver.set(presolve="off")
    found = {name: max(outcome.bound, _without(solver, suited, columns)) for name, columns in asked.items()}
    return replace(outcome, without=found)


def _without(solver: Solver, program: Program, columns: list[int]) -> float:
    """Least cost of the relaxation without a project; minus infinity where that was not found in time."""
    solver.set(simplex_iteration_limit=MOST_STEPS)
    solver.change_bounds(columns, 0.0, 0.0)
    solver.run()
    ended, value = solver.status, solver.objective / program.cost_scale
    solver.change_bounds(columns, program.lower[columns], program.upper[columns])
    if ended is ModelStatus.INFEASIBLE:
        return float("inf")
    return value if ended is ModelStatus.OPTIMAL else float("-inf")


def standing(outcome: Outcome) -> Mapping[str, str]:
    """Firm or interchangeable, by project, as far as it was asked."""
    plan = Proven(outcome.objective, outcome.bound, outcome.objective)
    told = {name: difference(plan, Proven(least, least, float("inf"))) for name, least in outcome.without.items()}
    return {name: FIRM if found.least > found.rounding else INTERCHANGEABLE for name, found in told.items()}
