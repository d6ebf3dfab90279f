"""A good plan fast: round the relaxation step by step, then improve the plan project by project.

The relaxation of a planning problem leaves few decisions in doubt and its value is a proven bound. Every
step here is a linear program started hot from the last one, so hundreds of plans are tried in the time the
general search needs for one of its own. Often the plan is within the gap asked and no search is needed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import highspy
import numpy as np

from planner.assemble import Program
from planner.template import Array

WHOLE = 1e-6  # A value this near to a whole number counts as one.
SURE, DOUBTFUL = 0.8, 0.05  # Fractions from SURE are rounded up together, those up to DOUBTFUL down.
WORTHWHILE = 1e-6  # Share of the objective by which a move must improve it.


@dataclass
class Relaxation:
    """A solver object with the program's relaxation, whose integer columns are fixed and freed.

    `run` solves it and returns True when the user interrupted; `deadline` is of `time.monotonic`.
    """

    solver: highspy.Highs
    program: Program
    run: Callable[[highspy.Highs], bool]
    deadline: float = math.inf
    interrupted: bool = False

    @property
    def over(self) -> bool:
        return self.interrupted or time.monotonic() >= self.deadline

    def begin(self) -> float:
        """Solve it the first time, by interior point; from then on by the simplex method from the last basis."""
        self.solver.setOptionValue("solver", "ipm")
        value = self.solve()
        self.solver.setOptionValue("solver", "simplex")
        self.solver.setOptionValue("presolve", "off")  # A hot start is worth more than presolve.
        return value

    def solve(self, cutoff: float = math.inf) -> float:
        """The value, or infinity when there is none below `cutoff` or time is over."""
        left = self.deadline - time.monotonic()
        if left <= 0 or self.interrupted:
            return math.inf
        if math.isfinite(left):
            self.solver.setOptionValue("time_limit", self.solver.getRunTime() + left)
        scale = self.program.cost_scale
        self.solver.setOptionValue("objective_bound", cutoff * scale)
        self.interrupted = self.run(self.solver)
        solved = self.solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
        return float(self.solver.getInfo().objective_function_value) / scale if solved else math.inf

    @property
    def values(self) -> Array:
        return np.array(self.solver.getSolution().col_value)

    def fix(self, at: dict[int, float]) -> None:
        columns = np.array(list(at), dtype=np.int32)
        values = np.array(list(at.values()))
        self.solver.changeColsBounds(len(columns), columns, values, values)

    def free(self, columns: list[int]) -> None:
        these = np.array(columns, dtype=np.int32)
        self.solver.changeColsBounds(len(these), these, self.program.lower[these], self.program.upper[these])


def dive(relaxation: Relaxation, value: float) -> float:
    """Round and fix the integers of a solved relaxation until all are whole; the plan's value or infinity."""
    integers = np.flatnonzero(relaxation.program.integer)
    while math.isfinite(value):
        values = relaxation.values
        parts = {int(c): float(values[c] - math.floor(values[c])) for c in integers}
        parts = {c: part for c, part in parts.items() if WHOLE < part < 1 - WHOLE}
        if not parts:
            return value
        up = [c for c, part in parts.items() if part >= SURE] or [max(parts, key=lambda c: (parts[c], -c))]
        down = [c for c, part in parts.items() if part <= DOUBTFUL]
        relaxation.fix({c: math.ceil(values[c]) for c in up} | {c: math.floor(values[c]) for c in down})
        value = relaxation.solve()
        if math.isfinite(value) or relaxation.over:
            continue
        relaxation.free([*up, *down])  # Too much at once: the likeliest alone, and if that fails the other way.
        column = max(up, key=lambda c: (parts[c], -c))
        for whole in (math.ceil(values[column]), math.floor(values[column])):
            relaxation.fix({column: whole})
            value = relaxation.solve()
            if math.isfinite(value) or relaxation.over:
                break
    return value


def settle(relaxation: Relaxation, value: float) -> float:
    """As `dive`, but one integer at a time and both ways tried: for the few that a search leaves open."""
    integers = np.flatnonzero(relaxation.program.integer)
    while math.isfinite(value):
        values = relaxation.values
        open_columns = [int(c) for c in integers if WHOLE < values[c] - math.floor(values[c]) < 1 - WHOLE]
        if not open_columns:
            return value
        column = max(open_columns, key=lambda c: (values[c] - math.floor(values[c]), -c))
        found = {}
        for whole in (math.ceil(values[column]), math.floor(values[column])):
            relaxation.fix({column: whole})
            found[whole] = relaxation.solve()
        best = min(found, key=lambda whole: found[whole])
        value = found[best]
        if best == whole or not math.isfinite(value):
            continue
        relaxation.fix({column: best})
        value = relaxation.solve()
    return value


Choice = dict[str, int | None]  # Project -> column of the start that is chosen, or None.


class Search:
    """Local search over which project starts when: leave out, add, shift, or swap for one of its stage."""

    def __init__(self, relaxation: Relaxation, relaxed: Array) -> None:
        self.relaxation, self.relaxed = relaxation, relaxed
        program, network = relaxation.program, relaxation.program.network
        self.starts: dict[str, list[int]] = {}
        for project, group in program.investment_layout.positions["start"]:
            column = program.column(None, "start", (project, group))
            is_recourse = network.tree.groups[group][0].onset is not None
            if program.integer[column] and not is_recourse and not network.base.projects[project].repeatable:
                self.starts.setdefault(project, []).append(column)
        self.stage = {
            name: network.stage_of(network.asset_of(network.base.projects[name])) for name in self.starts
        }

    def choice(self, values: Array) -> Choice:
        """What a plan decides."""
        return {j: next((c for c in columns if values[c] > 0.5), None) for j, columns in self.starts.items()}

    def improve(self, choice: Choice, value: float, aim: float) -> tuple[Choice, float]:
        """First improvement, again and again, until a whole round brings nothing or the value is at the aim."""
        improved = True
        while improved and not self.relaxation.over and value > aim:
            improved = False
            for move in self._moves(choice):
                if all(choice[j] == column for j, column in move.items()):
                    continue
                found = self.value(choice | move, value * (1 - WORTHWHILE) if value > 0 else value)
                if found < value - WORTHWHILE * abs(value):
                    choice, value, improved = choice | move, found, True
                if self.relaxation.over or value <= aim:
                    break
        return choice, value

    def value(self, choice: Choice, cutoff: float = math.inf) -> float:
        """Value of the best plan with these starts (other integers relaxed)."""
        chosen = set(choice.values())
        self.relaxation.fix({c: float(c in chosen) for columns in self.starts.values() for c in columns})
        return self.relaxation.solve(cutoff)

    def _moves(self, choice: Choice) -> Iterator[Choice]:
        """Small changes, those the relaxation is in doubt about first."""
        doubt = {j: max(min(self.relaxed[c], 1 - self.relaxed[c]) for c in cs) for j, cs in self.starts.items()}
        projects = sorted(self.starts, key=lambda j: -doubt[j])
        for j in projects:
            yield {j: None}
            for column in self._dates(j, choice[j]):
                yield {j: column}
        for j in projects:
            for k in projects:
                if choice[j] is not None and choice[k] is None and self.stage[j] == self.stage[k]:
                    yield {j: None, k: self._dates(k, None)[0]}

    def _dates(self, project: str, now: int | None) -> list[int]:
        """Starts worth trying: those of the relaxation, most likely first, and the neighbours of the present one."""
        columns = self.starts[project]
        likely = sorted((c for c in columns if self.relaxed[c] > 1e-4), key=lambda c: (-self.relaxed[c], c))
        if now is None:
            return likely or [columns[0]]
        at = columns.index(now)
        return list(dict.fromkeys([*likely, *columns[max(0, at - 1) : at], *columns[at + 1 : at + 2]]))


def good_plan(
    relaxation: Relaxation, bound: float, gap: float, tell: Callable[[float], None]
) -> tuple[float, Array | None]:
    """A plan's value and values, or infinity and None; ends early when proven within `gap` of `bound`.

    `tell` hears the value of every better plan. The search leaves some integers relaxed, so it aims below
    the gap, the lower the more often what it found was too dear when settled.
    """
    relaxed, integers = relaxation.values, [int(c) for c in np.flatnonzero(relaxation.program.integer)]
    value = dive(relaxation, bound)
    if not math.isfinite(value):
        return value, None
    best = relaxation.values
    tell(value)
    if relaxation.program.network.base.plan == "adaptive":
        return value, best  # The search knows one start per project, not one on each branch.
    search = Search(relaxation, relaxed)
    choice, at = search.choice(best), value
    for aim in (0.8, 0.5, 0.0):
        if value - bound <= gap * abs(value) or relaxation.over:
            break
        relaxation.free(integers)
        choice, at = search.improve(choice, at, bound + aim * gap * abs(value))
        found = settle(relaxation, search.value(choice))
        if found < value:
            value, best = found, relaxation.values
            tell(value)
    return value, best
