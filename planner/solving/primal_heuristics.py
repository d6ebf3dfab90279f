"""A good plan fast: round the relaxation step by step, then improve the plan project by project.

The relaxation of a planning problem leaves few decisions in doubt and its value is a proven bound. Every
step here is a linear program, warm-started from the last one. So hundreds of plans are tried in the time in
which branch and bound finds one. Often the plan is within the gap and no search is needed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

import numpy as np

from planner.common.arrays import Array
from planner.solving.relaxation import Relaxation

WHOLE = 1e-6  # A value this near to a whole number counts as one.
SURE, DOUBTFUL = 0.8, 0.05  # Fractions from SURE are rounded up together, those up to DOUBTFUL down.
WORTHWHILE = 1e-6  # Share of the objective by which a move must improve it.


def dive(relaxation: Relaxation, value: float, starts_first: bool = False) -> float:
    """Round and fix the integers of a solved relaxation until all are whole; the plan's value or infinity.

    With `starts_first` what is yes or no is settled before numbers of modules: slower, and surer to end in a plan.
    """
    integers = {int(c) for c in np.flatnonzero(relaxation.program.integer)}
    while math.isfinite(value):
        values = relaxation.values
        parts = {c: float(values[c] - math.floor(values[c])) for c in sorted(integers)}
        parts = {c: part for c, part in parts.items() if WHOLE < part < 1 - WHOLE}
        if not parts:
            return value
        if starts_first:
            parts = {c: part for c, part in parts.items() if relaxation.program.upper[c] <= 1} or parts
        up = [c for c, part in parts.items() if part >= SURE] or [max(parts, key=lambda c: (parts[c], -c))]
        down = [c for c, part in parts.items() if part <= DOUBTFUL]
        relaxation.fix({c: math.ceil(values[c]) for c in up} | {c: math.floor(values[c]) for c in down})
        value = relaxation.solve()
        if math.isfinite(value) or relaxation.over:
            integers -= {*up, *down}  # A tolerance may leave them a little off what they are fixed at.
            continue
        relaxation.free([*up, *down])  # Too much at once: the likeliest alone, and if that fails the other way.
        column = max(up, key=lambda c: (parts[c], -c))
        integers.remove(column)
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
        integers = integers[integers != column]  # A tolerance may leave it a little off what it is fixed at.
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


StartColumns = tuple[int, ...]  # Columns of one start: of a period, or of all its nodes under an adaptive plan.
StartChoice = dict[str, StartColumns | None]  # Project -> the start that is chosen, or None.


class LocalSearch:
    """Local search over which project starts when: leave out, add, shift, or swap for one of its stage.

    A start is a period, the same on all branches of an adaptive plan.
    """

    def __init__(self, relaxation: Relaxation, relaxed: Array) -> None:
        self.relaxation = relaxation
        program, network = relaxation.program, relaxation.program.network
        columns: dict[str, dict[int, list[int]]] = {}
        weights: dict[int, float] = {}
        for project, group in program.investment_layout.positions["start"]:
            column, nodes = program.column(None, "start", (project, group)), network.tree.groups[group]
            is_once = not network.base.projects[project].repeatable and nodes[0].onset is None
            is_open = program.lower[column] < program.upper[column]  # Not part of a plan that is given.
            if program.integer[column] and is_once and is_open:
                columns.setdefault(project, {}).setdefault(nodes[0].period, []).append(column)
                weights[column] = sum(n.probability for n in nodes)
        self.starts: dict[str, list[StartColumns]] = {
            j: [tuple(c) for c in dates.values()] for j, dates in columns.items()
        }
        self.likely = {
            start: sum(weights[c] * relaxed[c] for c in start) / sum(weights[c] for c in start)
            for starts in self.starts.values() for start in starts
        }
        self.stage = {
            name: network.stage_of(network.asset_of(network.base.projects[name])) for name in self.starts
        }

    def choice(self, values: Array) -> StartChoice:
        """Decisions of a plan, where they are the same on all branches."""
        return {
            j: next((s for s in starts if all(values[c] > 0.5 for c in s)), None) for j, starts in self.starts.items()
        }

    def likeliest(self) -> StartChoice:
        """For every project its likeliest start, if it is likelier to start at all than not."""
        return {
            j: max(starts, key=lambda s: self.likely[s]) if sum(self.likely[s] for s in starts) >= 0.5 else None
            for j, starts in self.starts.items()
        }

    def value(self, choice: StartChoice, cutoff: float = math.inf) -> float:
        """Value of the best plan with these starts (other integers relaxed)."""
        chosen = {column for start in choice.values() if start is not None for column in start}
        every = (column for starts in self.starts.values() for start in starts for column in start)
        self.relaxation.fix({c: float(c in chosen) for c in every})
        return self.relaxation.solve(cutoff)

    def moves(self, choice: StartChoice) -> Iterator[StartChoice]:
        """Small changes, those the relaxation is in doubt about first."""
        doubt = {j: max(min(self.likely[s], 1 - self.likely[s]) for s in starts) for j, starts in self.starts.items()}
        projects = sorted(self.starts, key=lambda j: -doubt[j])
        for j in projects:
            yield {j: None}
            for start in self._dates(j, choice[j]):
                yield {j: start}
        for j in projects:
            for k in projects:
                if choice[j] is not None and choice[k] is None and self.stage[j] == self.stage[k]:
                    yield {j: None, k: self._dates(k, None)[0]}

    def _dates(self, project: str, now: StartColumns | None) -> list[StartColumns]:
        """Starts worth trying: those of the relaxation, most likely first, and the neighbours of the present one."""
        starts = self.starts[project]
        likely = sorted((s for s in starts if self.likely[s] > 1e-4), key=lambda s: (-self.likely[s], s))
        if now is None:
            return likely or [starts[0]]
        at = starts.index(now)
        return list(dict.fromkeys([*likely, *starts[max(0, at - 1) : at], *starts[at + 1 : at + 2]]))


K = TypeVar("K")
V = TypeVar("V")


class Neighbourhood(Protocol[K, V]):
    """Neighbourhood of a local search: moves from a choice, and the value of a choice below a cutoff."""

    @property
    def relaxation(self) -> Relaxation: ...

    def moves(self, choice: dict[K, V]) -> Iterator[dict[K, V]]: ...

    def value(self, choice: dict[K, V], cutoff: float) -> float: ...


def improve(search: Neighbourhood[K, V], choice: dict[K, V], value: float, aim: float) -> tuple[dict[K, V], float]:
    """First improvement, again and again, until a whole round brings nothing or the value is at the aim."""
    improved = True
    while improved and not search.relaxation.over and value > aim:
        improved = False
        for move in search.moves(choice):
            if all(choice[k] == v for k, v in move.items()):
                continue
            found = search.value(choice | move, value * (1 - WORTHWHILE) if value > 0 else value)
            if found < value - WORTHWHILE * abs(value):
                choice, value, improved = choice | move, found, True
            if search.relaxation.over or value <= aim:
                break
    return choice, value


def good_plan(
    relaxation: Relaxation, bound: float, gap: float, tell: Callable[[float], None],
    near: Callable[[dict[int, float], Array], tuple[float, Array | None]],
) -> tuple[float, Array | None]:
    """A plan's value and values, or infinity and None; ends early when proven within `gap` of `bound`.

    `tell` hears the value of every better plan. The search leaves some integers relaxed, so it aims below
    the gap, the lower the more often what it found was too dear when settled. `near` searches with some integers
    fixed: for adaptive plans, where the search, which knows one start per project, is of no use.
    """
    relaxed, integers = relaxation.values, [int(c) for c in np.flatnonzero(relaxation.program.integer)]
    value = dive(relaxation, bound)
    if not math.isfinite(value):
        return value, None
    best = relaxation.values
    tell(value)
    search = LocalSearch(relaxation, relaxed)
    is_adaptive = relaxation.program.network.base.plan == "adaptive"
    choice, at = (search.likeliest(), math.inf) if is_adaptive else (search.choice(best), value)
    for aim in (0.8, 0.5, 0.0):
        if value - bound <= gap * abs(value) or relaxation.over:
            return value, best
        relaxation.free(integers)
        if math.isinf(at):
            at = search.value(choice)
        choice, at = improve(search, choice, at, bound + aim * gap * abs(value))
        found = settle(relaxation, search.value(choice))
        if found < value:
            value, best = found, relaxation.values
            tell(value)
        if is_adaptive:
            break
    if is_adaptive and value - bound > gap * abs(value) and not relaxation.over:
        # Where relaxation and plan agree they are likely right (relaxation induced neighbourhoods, Danna 2005).
        agreed = {c: round(best[c]) for c in integers if abs(relaxed[c] - best[c]) < WHOLE}
        found, values = near(agreed, best)
        return (found, values) if found < value else (value, best)
    return value, best
