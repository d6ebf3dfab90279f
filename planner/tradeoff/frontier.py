"""Cost against security: what every level of a requirement's target costs at least.

The target t of a requirement becomes a variable, its level. The ends of the frontier are lexicographic optima:
the least cost with the highest level at that cost, and the highest level at its least cost. Between them levels
spread evenly are asked for, each with a small reward for more: the augmented epsilon-constraint method (Mavrotas
2009), so that no point is dominated by more than the solver's gap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from planner.assemble import Program
from planner.clock import Clock
from planner.errors import InputError, NoAnswerError, Place, Problem, did_you_mean
from planner.reading.document import Document
from planner.results.solution import Solution
from planner.results.summary import signed
from planner.results.tables import plan as plan_table
from planner.run import SILENT, Listener, formulate, prepare
from planner.solver import Outcome, solve
from planner.template import Array
from planner.tradeoff.rows import aimed, budget, with_column, with_rows
from planner.tradeoff.writing import Answer, written

REWARD = 1e-6  # Of the frontier's height per its width: less than any cost that matters.
SAME = 1e-7  # Levels nearer than this are one point.
SLACK = 1e-9  # Share of an optimum that the next stage may give up.


@dataclass(frozen=True)
class Point:
    """A plan on the frontier: level reached, cost and its bound [money]."""

    asked: float
    level: float
    cost: float
    bound: float
    outcome: Outcome


def frontier(
    path: str | Path, requirement: str, points: int = 8, scenario: str | None = None, sets: Sequence[str] = (),
    out: str | Path | None = None, options: dict[str, Any] | None = None, listener: Listener = SILENT,
) -> Answer:
    """The frontier of cost and a requirement's level; tables frontier and plans.

    The requirement is taken as strict, without its price for missing it. InputError for a requirement that is
    unknown or whose target is not a limit that a level can stand for.
    """
    given = {"question": "frontier", "requirement": requirement, "points": points}
    task = prepare(Clock(None), path, scenario, sets, options, None, given)
    if points < 2:
        raise InputError([Problem("bad-option", f"--points: {points} are too few for a frontier")])
    program = levelled(task.document, requirement, listener)
    found = list(points_of(program, points, _Solver(task.options, listener)))
    instance = task.document.instance
    rows = [
        {"point": i, "level": p.level, "asked": p.asked, "cost": signed(instance, p.cost),
         "bound": signed(instance, p.bound), "unit": instance.units.money,
         "projects": len(_plan(program, p)), "capital_cost": float(_plan(program, p)["capital_cost"].sum())}
        for i, p in enumerate(found)
    ]
    plans = pd.concat([_plan(program, p).assign(point=i) for i, p in enumerate(found)], ignore_index=True)
    return written(task, {"frontier": pd.DataFrame(rows), "plans": plans}, out)


def levelled(document: Document, requirement: str, listener: Listener = SILENT) -> Program:
    """The program whose last column is the level of a requirement, from 0 to 1; its target plays no part."""
    known = document.instance.requirements
    if requirement not in known:
        hint = did_you_mean(requirement, known) or f"it has {', '.join(known) or 'none'}"
        raise InputError([Problem("unknown-requirement", f"there is no requirement {requirement}",
                                  Place(str(document.path), 1, 1), hint)])  # fmt: skip
    place = document.place(("requirements", requirement))
    if "target" not in type(known[requirement]).model_fields:
        message = f"requirement {requirement} has no target that can be a level"
        raise InputError([Problem("no-level", message, place, "sweep over its figure instead")])
    part = f"requirements.{requirement}"
    strict = [f"{part}.elastic = null"] if getattr(known[requirement], "elastic", None) is not None else []
    lax, full = (
        formulate(document.changed([*strict, f"{part}.target = {t}"]).instances(), document.instance.options, listener)
        for t in (0, 1)
    )
    if lax.matrix.shape != full.matrix.shape or abs(lax.matrix - full.matrix).max():
        message = f"the target of {requirement} is not a limit alone"
        raise InputError([Problem("no-level", message, place, "sweep over its figure instead")])
    return with_column(lax, _tightened(lax, full), 0.0, 1.0)


def _tightened(lax: Program, full: Program) -> Array:
    """By how much each row's limit tightens from level 0 to 1; limits are linear in the target."""
    upper = np.isfinite(lax.row_upper) & np.isfinite(full.row_upper)
    lower = np.isfinite(lax.row_lower) & np.isfinite(full.row_lower)
    change = np.where(upper, lax.row_upper, 0.0) - np.where(upper, full.row_upper, 0.0)
    change_below = np.where(lower, lax.row_lower, 0.0) - np.where(lower, full.row_lower, 0.0)
    return np.asarray(np.where(upper, change, change_below), dtype=float)


@dataclass(frozen=True)
class _Solver:
    """Solves one problem after the other and tells who listens."""

    options: Any
    listener: Listener

    def __call__(self, program: Program, question: str) -> Outcome:
        if self.listener.phase is not None:
            self.listener.phase(question)
        outcome = solve(program, self.options, self.listener.progress, stopping=self.listener.stopping)
        if outcome.status == "interrupted":
            raise KeyboardInterrupt
        if not outcome.has_plan:
            raise NoAnswerError(f"{question}: no plan was found", outcome.status)
        return outcome


def points_of(program: Program, count: int, answer: Any) -> Iterator[Point]:
    """The points of the frontier from the cheapest to the safest; fewer when there is no room between."""
    level = np.zeros(len(program.cost))
    level[-1] = 1.0
    cheapest = answer(program, "the least cost")
    capped = with_rows(program, budget(program, _more(cheapest.objective)))
    first = answer(aimed(capped, -level), "the highest level at the least cost")
    safest = answer(aimed(program, -level), "the highest level")
    low, high = float(first.values[-1]), float(safest.values[-1])
    yield _point(program, first, low, cheapest.bound)
    if high <= low + SLACK:
        return
    dearest = float(program.cost @ safest.values) + program.offset
    reward = REWARD * max(dearest - cheapest.objective, SLACK * abs(dearest)) / (high - low)
    reached = low
    for asked in np.linspace(low, high, count)[1:]:
        if asked <= reached + SAME:
            continue  # The point before is as high already, at no higher cost.
        floor = min(float(asked), high * (1 - SLACK))
        rewarded = aimed(_at_least(program, floor), program.cost - reward * level, program.offset)
        outcome = answer(rewarded, f"the least cost of level {asked:.4g}")
        point = _point(program, outcome, float(asked), outcome.bound + reward * floor)
        reached = point.level
        yield point


def _more(cost: float) -> float:
    return cost + SLACK * max(abs(cost), 1.0)


def _at_least(program: Program, level: float) -> Program:
    lower = program.lower.copy()
    lower[-1] = level
    return program.changed(lower=lower)


def _point(program: Program, outcome: Outcome, asked: float, bound: float) -> Point:
    cost = float(program.cost @ outcome.values) + program.offset
    return Point(asked, float(outcome.values[-1]), cost, min(bound, cost), outcome)


def _plan(program: Program, point: Point) -> pd.DataFrame:
    return plan_table(Solution(program, point.outcome))
