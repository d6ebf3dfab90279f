"""Repairs of a conflict: the least change of each statement alone, or of all together, and its cost.

The effect of a statement on the program is found by turning it a little and comparing: where only right-hand sides
and bounds move, the least turn is one program with the turn as a variable; else it is searched for. A repair is only
offered when the instance, changed by it and read anew, has a plan.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from planner.common.arrays import Array
from planner.common.words import number
from planner.program.program import Program
from planner.solving.highs import Solver
from planner.solving.scaling import Scaling, scaled
from planner.workflows.explain.price import repaired_cost
from planner.workflows.explain.relaxable import Lever
from planner.workflows.explain.trial_instances import FeasibleTrial, Ground, is_large, price_of_all

STEPS = 12  # Halvings of a search.
ROOM = 1e-4  # Share by which a turn is rounded outwards, so that it holds beyond all tolerances.


@dataclass(frozen=True)
class Repair:
    """Overrides that make the instance feasible: what they do, by how much in which unit, and relative to what is.

    `cost` is that of the best plan then, with the change itself at its price if it has one (`is_priced`).
    """

    words: str
    sets: tuple[str, ...]
    amount: float
    unit: str
    relative: float
    cost: float
    is_priced: bool
    money: str
    is_plan: bool  # Whether a plan was found, not only its relaxation.

    def __str__(self) -> str:
        sets = " ".join(f"--set '{text}'" for text in self.sets)
        return f"{self.words}{self._by}: {sets}{self._costs}"

    @property
    def _by(self) -> str:
        if not self.unit or self.amount == 0:
            return ""
        if self.unit in ("share", "probability"):
            return f" by {number(100 * self.amount, 4)} percentage points"
        return f" by {number(self.amount, 4)} {self.unit}"

    @property
    def _costs(self) -> str:
        if not math.isfinite(self.cost):
            return ""
        without = "" if self.is_priced else ", without the cost of this change, which the instance does not state"
        return f" (all then costs {number(self.cost)} {self.money}{without})"


@dataclass(frozen=True)
class Turn:
    """Change by one unit of a lever: right-hand sides of rows and bounds of columns."""

    row_lower: Array
    row_upper: Array
    lower: Array
    upper: Array

    def within(self, scaling: Scaling) -> Turn:
        """The same in the solver's units."""
        sides = (self.row_lower, self.row_upper) if scaling.is_none else (
            self.row_lower * scaling.rows, self.row_upper * scaling.rows)  # fmt: skip
        return Turn(*sides, scaling.shrunk(self.lower), scaling.shrunk(self.upper))


class RepairResult(NamedTuple):
    """The repairs, and how many levers were tried in the time there was."""

    repairs: list[Repair]
    tried: int


def repairs(ground: Ground, levers: Sequence[Lever]) -> RepairResult:
    """All repairs by one lever, the cheapest first; else one by several levers.

    Those that are not priced in full come last, as the smallest of them relative to what is stated.
    """
    found: list[Repair] = []
    tried = 0
    for lever in levers:
        if ground.patience.is_over:
            break
        tried += 1
        ground.patience.tell(f"repair {tried} of {len(levers)}: {lever.words}")
        with suppress(KeyboardInterrupt):  # What was found before stands.
            found += _alone(ground, lever)
    if levers and not found and not ground.patience.is_over:
        ground.patience.tell("a repair by several changes")
        with suppress(KeyboardInterrupt):
            found += _together(ground, levers)
    ranked = sorted(found, key=lambda r: (not r.is_priced, round(r.cost, 6) if r.is_priced else 0.0, r.relative))
    return RepairResult(ranked, tried)


def _alone(ground: Ground, lever: Lever) -> Iterator[Repair]:
    """The repair by a lever; if it has none, by the wider one that turns others with it."""
    found = list(_to_value(ground, lever) if lever.values else _by_amount(ground, lever))
    if not found and lever.wider is not None:
        found = list(_alone(ground, lever.wider))
    yield from found


def _by_amount(ground: Ground, lever: Lever) -> Iterator[Repair]:
    """The least turn with which there is a plan. Losses that matter only to a lever of no use are not kept."""
    before, known = -1, ground.losses
    while before != len(ground.losses):  # The least turn is found anew when more losses have come to matter.
        before = len(ground.losses)
        for amount in _amounts(ground, lever):
            sets = lever.turned(amount)
            held = ground.held(sets)
            if held is not None:
                words = lever.said(amount)
                yield _repair(words, sets, amount, lever.unit, amount / lever.stated, held, [(lever, amount)])
                return
    ground.losses = known


def _to_value(ground: Ground, lever: Lever) -> Iterator[Repair]:
    """The first value of a lever with which there is a plan; nothing when even the last does not help."""
    if not _might(ground, lever.at(lever.values[-1])):
        return
    for step, value in enumerate(lever.values, 1):
        sets = lever.at(value)
        held = ground.held(sets) if _might(ground, sets) else None
        if held is None:
            continue
        is_years = lever.unit.startswith("years")
        by = abs(lever.stated - float(value)) if is_years else math.nan
        words = lever.words if is_years or lever.unit == "" else f"{lever.words}, {value}"
        relative = by / lever.stated if is_years else step / 10
        yield _repair(words, sets, by, lever.unit if is_years else "", relative, held, [(lever, by)])
        return


def _might(ground: Ground, sets: Sequence[str]) -> bool:
    """Whether the changed instance has a plan with the losses known so far."""
    made = ground.program(sets)
    return made is not None and ground.is_possible(made)


def _repair(
    words: str, sets: tuple[str, ...], amount: float, label: str, relative: float, held: FeasibleTrial,
    turned: Sequence[tuple[Lever, float]],
) -> Repair:
    cost, is_priced = repaired_cost(held, turned)
    money = held.program.network.base.units.money
    return Repair(words, sets, amount, label, relative, cost, is_priced, money, held.is_plan)


def _amounts(ground: Ground, lever: Lever) -> Iterator[float]:
    """Turns to try, the least first."""
    if lever.whole:
        yield from (float(n) for n in range(1, int(min(lever.most, 10)) + 1))
        return
    base = ground.program((lever.before,)) if lever.before else ground.plain()
    if base is None:
        return
    step = min(1.0, lever.most / 2) if math.isfinite(lever.most) else 1.0
    turn = _turn(base, ground.program(lever.turned(step)), step)
    if turn is not None:
        least = _least(ground, base, [(turn, lever.most, 1 / lever.stated)])
        if least is not None:
            yield min(lever.most, _outwards(least[0]))
        return
    yield from _searched(ground, lever)


def _outwards(amount: float) -> float:
    """Rounded up to four significant digits, with a little room."""
    if amount <= 0:
        return 0.0
    digits = 10.0 ** (math.floor(math.log10(amount)) - 3)
    return math.ceil(amount * (1 + ROOM) / digits) * digits


def _turn(base: Program, changed: Program | None, step: float) -> Turn | None:
    """Change by a unit, if it affects only right-hand sides and bounds."""
    if changed is None or base.matrix.shape != changed.matrix.shape:
        return None
    if np.abs((base.matrix - changed.matrix).data).max(initial=0.0) > 0:
        return None
    pairs = ((base.row_lower, changed.row_lower), (base.row_upper, changed.row_upper), (base.lower, changed.lower),
             (base.upper, changed.upper))
    moves = []
    for old, new in pairs:
        if (np.isfinite(old) != np.isfinite(new)).any():
            return None
        moves.append(np.subtract(new, old, out=np.zeros(len(old)), where=np.isfinite(old)) / step)
    return Turn(*moves) if any(np.abs(m).max(initial=0.0) > 0 for m in moves) else None


def _least(ground: Ground, program: Program, turns: Sequence[tuple[Turn, float, float]]) -> list[float] | None:
    """The least turns (weighed) with which there is a plan; each comes with its most and its weight.

    In a large program a turn of weight 1 costs as much as serving no demand, so turns are least except where other
    costs are far higher.
    """
    suited, scaling = scaled(program)
    solver, columns = ground.questioned(suited), []
    price = price_of_all(suited) if is_large(program) else 1.0
    for stated, most, weight in turns:
        turn = stated.within(scaling)
        rows = np.flatnonzero((turn.row_lower != 0) | (turn.row_upper != 0))
        moves = np.where(turn.row_upper[rows] != 0, turn.row_upper[rows], turn.row_lower[rows])
        columns.append(solver.add_column(weight * price, most, rows, -moves))
        for column in np.flatnonzero((turn.lower != 0) | (turn.upper != 0)).tolist():
            _loosen(solver, suited, column, turn, columns[-1])
    solver.run()
    if not solver.has_plan:
        return None
    values = solver.values
    return [max(0.0, float(values[column])) for column in columns]


def _loosen(solver: Solver, program: Program, column: int, turn: Turn, by: int) -> None:
    """Make the bounds of a column move with a turn."""
    if turn.upper[column]:
        solver.add_row(-math.inf, program.upper[column], [column, by], [1.0, -turn.upper[column]])
        solver.change_bounds(column, program.lower[column], math.inf)
    if turn.lower[column]:
        solver.add_row(program.lower[column], math.inf, [column, by], [1.0, -turn.lower[column]])
        solver.change_bounds(column, -math.inf, program.upper[column])


def _searched(ground: Ground, lever: Lever) -> Iterator[float]:
    """The least turn by halving; nothing when not even the largest works."""
    low, high = 0.0, lever.most if math.isfinite(lever.most) else 100 * lever.stated
    if not _might(ground, lever.turned(high)):
        return
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if _might(ground, lever.turned(middle)) else (middle, high)
    yield high


def _together(ground: Ground, levers: Sequence[Lever]) -> Iterator[Repair]:
    """Several levers at once, each as little as can be relative to what is stated."""
    before = -1
    while before != len(ground.losses):
        before = len(ground.losses)
        chosen = _least_together(ground, levers)
        sets = tuple(text for lever, amount in chosen for text in lever.turned(amount))
        held = ground.held(sets) if sets else None
        if held is not None:
            parts = (f"{lever.said(amount)} by {number(amount, 4)} {lever.unit}" for lever, amount in chosen)
            words = " and ".join(parts)
            relative = sum(amount / lever.stated for lever, amount in chosen)
            yield _repair(words, sets, math.nan, "", relative, held, chosen)
            return


def _least_together(ground: Ground, levers: Sequence[Lever]) -> list[tuple[Lever, float]]:
    """The levers to turn, and by how much; none if that does not suffice."""
    turns, used, base = [], [], ground.plain()
    for lever in levers:
        if lever.values or lever.whole or lever.before:
            continue
        step = min(1.0, lever.most / 2) if math.isfinite(lever.most) else 1.0
        turn = _turn(base, ground.program(lever.turned(step)), step)
        if turn is not None:
            turns.append((turn, lever.most, 1 / lever.stated))
            used.append(lever)
    least = (_least(ground, base, turns) if turns else None) or []
    return [(lever, min(lever.most, _outwards(t))) for lever, t in zip(used, least, strict=False) if t > 1e-9]
