"""Cost against security: the least cost of every level of a requirement.

The limit of a requirement (a target, a largest share, most money) becomes a variable, its level, counted
so that more is safer: a largest share of 0.3 is the level -0.3. The ends of the frontier are lexicographic optima: the
least cost with the highest level at that cost, and the highest level at its least cost. Between them, evenly
spread levels are required, each with a small reward for more: the augmented epsilon-constraint method (Mavrotas 2009).
So no point is dominated by more than the solver's gap. A figure that multiplies variables (a share of use, days of
need) is solved level by level instead (`steps`). Each plan is checked with the instance that requires its level.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from planner.common.arrays import Array
from planner.common.errors import InputError, NoAnswerError, Problem
from planner.common.profiling import Clock
from planner.common.signals import listening
from planner.language.instance import Instance
from planner.program.program import Program
from planner.reading.document import AnyInstance
from planner.results.summary import signed
from planner.solving.outcome import Outcome
from planner.tables.frames import conformed, table
from planner.tables.schemas import SCHEMAS
from planner.workflows.solve import SILENT, Listener, formulate, prepare
from planner.workflows.tradeoff.answer import (
    AnswerStatus,
    TradeoffAnswer,
    asked_before,
    ended_early,
    place_for,
    timeless,
    written,
)
from planner.workflows.tradeoff.measure import FrontierPoint, RequirementLevel, measure_of
from planner.workflows.tradeoff.rows import SLACK, aimed, budget, more, with_column, with_rows
from planner.workflows.tradeoff.steps import FrontierSteps
from planner.workflows.tradeoff.subsolves import MemoizedSolver, checked, cost_of

REWARD = 1e-6  # Of the frontier's height per its width: less than any cost that matters.
SAME = 1e-7  # Levels nearer than this are one point.
Planned = tuple[FrontierPoint, pd.DataFrame]


def frontier(
    instance: AnyInstance, requirement: str, points: int = 8, scenario: str | None = None, sets: Sequence[str] = (),
    out: str | Path | None = None, options: dict[str, Any] | None = None, listener: Listener = SILENT,
) -> TradeoffAnswer:
    """The frontier of cost and a requirement's level; tables frontier and plans.

    The requirement is taken as strict, without its price for missing it. A search that is interrupted, or that finds
    no plan in the time given, keeps its points (see its `status`); asked again it goes on from there. InputError
    for a requirement that is unknown or has no limit that a level can stand for.
    """
    given = {"question": "frontier", "requirement": requirement, "points": points}
    limited = prepare(Clock(None), instance, scenario, sets, options, None, given)
    task = timeless(limited)
    if points < 2:
        raise InputError([Problem("bad-option", f"--points: {points} are too few for a frontier")])
    measure = measure_of(task.document, requirement)
    folder = place_for(task, out)
    ask = MemoizedSolver(limited.options, listener, asked_before(task, folder))
    program = levelled(measure, listener)
    with listening(listener.stopping):
        found: list[Planned] = []
        status = _searched(program, measure, points, ask, found)
        return written(task, _tables(task.document.instance, measure, found), folder, status, ask.memory)


def _searched(
    program: Program | None, measure: RequirementLevel, count: int, ask: MemoizedSolver, found: list[Planned]
) -> AnswerStatus:
    """Look for the points and their plans, as far as time and the user allow, and say how it ended."""
    try:
        steps = FrontierSteps(measure, ask)
        for point in points_of(program, count, ask) if program is not None else steps.points(count):
            found.append((point, _plan(measure, point, ask.listener)))
    except (KeyboardInterrupt, NoAnswerError) as error:
        return ended_early(error, bool(found))
    return "stopped" if ask.unanswered else "complete"


def _tables(instance: Instance, measure: RequirementLevel, found: Sequence[Planned]) -> dict[str, pd.DataFrame]:
    """The points with their costs, and the plan of each."""
    rows = [
        {"point": i, "measure": measure.field, "level": measure.figure(p.level), "asked": measure.figure(p.asked),
         "cost": signed(instance, p.cost), "bound": signed(instance, p.bound), "unit": instance.units.money,
         "projects": len(plan), "capital_cost": float(plan["capital_cost"].sum())}
        for i, (p, plan) in enumerate(found)
    ]
    every = pd.concat([plan.assign(point=i) for i, (_, plan) in enumerate(found)])
    declared = SCHEMAS["frontier"]
    return {"frontier": table(declared["frontier"], rows), "plans": conformed(declared["plans"], every)}


def levelled(measure: RequirementLevel, listener: Listener = SILENT) -> Program | None:
    """The program whose last column is the level of a requirement; what the instance says of it plays no part.

    None when its figure is more than a limit: a factor of what is decided.
    """
    zero, one = (
        formulate(document.instances(), document.instance.options, listener)
        for document in (measure.at(0), measure.at(1))
    )
    if not _differ_in_sides(zero, one):
        return None
    ends = sorted((0.0, measure.sign * measure.most))
    return with_column(zero, measure.sign * _tightened(zero, one), *ends)


def _differ_in_sides(one: Program, other: Program) -> bool:
    """Whether two programs are the same but for the limits of their rows."""
    if one.matrix.shape != other.matrix.shape or abs(one.matrix - other.matrix).max():
        return False
    return all(np.array_equal(getattr(one, part), getattr(other, part)) for part in ("lower", "upper", "cost"))


def _tightened(zero: Program, one: Program) -> Array:
    """By how much each row's limit falls when the figure grows by one; limits are linear in it."""
    upper = np.isfinite(zero.row_upper) & np.isfinite(one.row_upper)
    lower = np.isfinite(zero.row_lower) & np.isfinite(one.row_lower)
    change = np.where(upper, zero.row_upper, 0.0) - np.where(upper, one.row_upper, 0.0)
    change_below = np.where(lower, zero.row_lower, 0.0) - np.where(lower, one.row_lower, 0.0)
    return np.asarray(np.where(upper, change, change_below), dtype=float)


def points_of(program: Program, count: int, ask: MemoizedSolver) -> Iterator[FrontierPoint]:
    """The points of the frontier from the cheapest to the safest; fewer when there is no room between."""
    level = np.zeros(len(program.cost))
    level[-1] = 1.0
    cheapest = ask.plan(program, "the least cost")
    capped = with_rows(program, budget(program, more(cheapest.objective)))
    first = ask.aimed_plan(capped, -level, "the highest level at the least cost")
    safest = ask.aimed_plan(program, -level, "the highest level")
    for outcome, question in ((first, "the highest level at the least cost"), (safest, "the highest level")):
        if not outcome.has_plan:
            raise NoAnswerError(f"{question}: no plan was found", outcome.status)
    low, high = float(first.values[-1]), float(safest.values[-1])
    yield _point(program, first, low, cheapest.bound)
    if high <= low + SLACK:
        return
    dearest = cost_of(program, safest)
    reward = REWARD * max(dearest - cheapest.objective, SLACK * abs(dearest)) / (high - low)
    reached = low
    for asked in np.linspace(low, high, count)[1:]:
        if asked <= reached + SAME:
            continue  # The point before is as high already, at no higher cost.
        floor = min(float(asked), high - SLACK * max(1.0, abs(high)))
        rewarded = aimed(_at_least(program, floor), program.cost - reward * level, program.offset)
        outcome = ask.plan(rewarded, f"the least cost of level {asked:.4g}")
        point = _point(program, outcome, float(asked), outcome.bound + reward * floor)
        reached = point.level
        yield point


def _at_least(program: Program, level: float) -> Program:
    lower = program.lower.copy()
    lower[-1] = level
    return program.changed(lower=lower)


def _point(program: Program, outcome: Outcome, asked: float, bound: float) -> FrontierPoint:
    cost = cost_of(program, outcome)
    return FrontierPoint(asked, float(outcome.values[-1]), cost, min(bound, cost), outcome)


def _plan(measure: RequirementLevel, point: FrontierPoint, listener: Listener) -> pd.DataFrame:
    """The plan of a point, checked with the instance that asks for its level."""
    document = measure.at(measure.below(point.level))
    program = formulate(document.instances(), document.instance.options, listener)
    outcome = replace(point.outcome, values=point.outcome.values[: len(program.cost)])
    return checked(program, outcome, f"the plan of level {measure.figure(point.level):.4g}")["plan"]
