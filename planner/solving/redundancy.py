"""Redundant decisions of a plan: those whose removal lowers the cost, and sizes that cost nothing and serve no use."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from planner.common.arrays import Array
from planner.language.instance import Options
from planner.program.program import Arrays, Program
from planner.solving.highs import Solver
from planner.solving.outcome import NOISE, turnover
from planner.solving.reduced import restricted, with_room
from planner.solving.rounding import Box, decided
from planner.solving.run import SolveContext, load

Columns = NDArray[np.int32]
NOTHING = 1e-9  # What misses a row by no more, in the units of the solver, misses nothing.


def without_spare(program: Program, fixed: Solver, box: Box, run: SolveContext, options: Options) -> Box:
    """The decisions of a plan without those that it is cheaper without, one by one, until none is left.

    `fixed` holds the program with the decisions held, solved; it is so again afterwards. What a decision is worth at
    its margin bounds what leaving it out can gain, for the cost of operation is convex: so few have to be tried. When
    time is over only those that do nothing are. All are gone through until none is left out any more.
    """
    fixed.set(presolve="off")
    while (less := _less_spare(program, fixed, box, run, options)) is not box:
        box = less
    return box


def _less_spare(program: Program, fixed: Solver, box: Box, run: SolveContext, options: Options) -> Box:
    """The decisions without those that are spare one after the other, those worth most first."""
    values, reduced, value = fixed.values, fixed.reduced_costs, fixed.objective
    noise = NOISE * turnover(program.cost, values) * program.cost_scale
    tried, does_nothing = [], IdleIntegers(program.arrays, values)
    for columns in chosen(program, values):
        most = float(reduced[columns] @ values[columns])
        is_free = not program.cost[columns].any()
        if most > noise or (is_free and most >= -noise):
            tried.append((most, is_free, columns))
    for _, is_free, columns in sorted(tried, key=lambda t: -t[0]):
        if run.time_left(options) <= 0 and not does_nothing(columns):
            continue
        less = _without(program, fixed, box, columns, value + noise if is_free else value - noise, run)
        if less is not None:
            box, value = less, fixed.objective
    fixed.set(objective_bound=math.inf)
    _held(fixed, box)
    replace(run, heard=math.inf)(fixed)
    return box


def _without(
    program: Program, fixed: Solver, box: Box, columns: Columns, aim: float, run: SolveContext
) -> Box | None:
    """The decisions without some, if that costs no more than aimed at; else all is put back."""
    values = np.zeros(len(program.cost))
    values[program.integer] = box.lower[program.integer]
    values[columns] = 0.0
    less = decided(program.arrays, values)
    _held(fixed, less)
    fixed.set(objective_bound=aim)
    replace(run, heard=math.inf)(fixed)
    if fixed.is_optimal and fixed.objective <= aim:
        return less
    _held(fixed, box)
    return None


def _held(solver: Solver, box: Box) -> None:
    solver.change_bounds(np.arange(len(box.lower)), box.lower, box.upper)


def chosen(program: Program, values: Array) -> Iterator[Columns]:
    """The whole numbers of every decision that is taken, and every other whole number that is not 0."""
    layout, taken = program.investment_layout, np.flatnonzero(program.integer & (np.round(values) > 0))
    of_decision: dict[object, list[int]] = {}
    names = {layout.column(f, key): key[:2] for f in ("start", "modules", "piece") for key in layout.positions[f]}
    for column in taken.tolist():
        of_decision.setdefault(names.get(column, column), []).append(column)
    for columns in of_decision.values():
        if all(program.lower[c] < program.upper[c] for c in columns):  # Not part of a plan that is given.
            yield np.array(columns, dtype=np.int32)


class IdleIntegers:
    """Whether whole numbers of a plan do nothing: without them investments and nodes hold with all else as it is.

    So is a decision of no size, and a lane that is opened for no flow. Rows that couple nodes are not looked at:
    they add up what things cost.
    """

    def __init__(self, arrays: Arrays, values: Array) -> None:
        parts = arrays.rows.parts
        last = max((i for i, (node, _, _) in enumerate(parts) if node is not None), default=0)
        count = int(arrays.rows.ends[last]) if parts else 0
        own = arrays.matrix[:count, :]
        totals = own @ values
        self.values, self.matrix = values, sp.csc_array(own)
        self.down = totals - arrays.row_lower[:count] + NOTHING
        self.up = arrays.row_upper[:count] - totals + NOTHING

    def __call__(self, columns: Columns) -> bool:
        lost = self.matrix[:, columns] @ self.values[columns]
        return bool(((lost <= self.down) | (lost <= 0)).all() and ((-lost <= self.up) | (lost >= 0)).all())


def smallest(program: Program, box: Box, values: Array) -> Array:
    """Values with sizes that cost nothing no larger than operation needs: among equal plans the smallest."""
    count = program.frame.investments
    is_free = (program.cost[:count] == 0) & (values[:count] > box.lower[:count]) & ~program.integer[:count]
    free = np.flatnonzero(is_free)
    if not len(free):
        return values
    small, _ = restricted(program, free, values)
    sizes = np.where(np.isfinite(small.upper), small.upper, 1.0)
    costs = 1 / np.maximum(sizes, 1e-300)
    small = with_room(small.changed(cost=costs, upper=values[free], lower=box.lower[free]))
    solver = load(small, Options(), relax=True)
    solver.run()
    if not solver.is_optimal:
        return values
    found = values.copy()
    found[free] = np.clip(solver.values, small.lower, small.upper)
    return found
