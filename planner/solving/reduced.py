"""A program with most of its columns fixed: only the free ones and the rows they stand in are left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from planner.common.arrays import Array
from planner.language.instance import Options
from planner.program.program import Arrays, Program, RowNames
from planner.solving.outcome import Outcome
from planner.solving.run import load
from planner.solving.scaling import scaled
from planner.tree.nodes import Node

ROOM = 1e-9  # Share by which rows are eased.


def restricted(program: Program, free: NDArray[np.int64], values: Array) -> tuple[Program, NDArray[np.int64]]:
    """The program over the `free` columns with all others at `values`, and which of its rows are left.

    Column and row names belong to the whole program; costs and offset are those of the free columns alone.
    """
    columns = sp.csc_array(program.matrix)[:, free]
    rows = np.unique(columns.indices).astype(np.int64)
    part = sp.csr_array(sp.csr_array(columns)[rows, :])
    fixed = program.matrix[rows, :] @ values - part @ values[free]
    small = replace(program, expected=None, given=Arrays(
        cost=program.cost[free], offset=0.0, lower=program.lower[free], upper=program.upper[free],
        integer=program.integer[free], matrix=part, row_lower=program.row_lower[rows] - fixed,
        row_upper=program.row_upper[rows] - fixed, rows=RowNames([]),
    ))
    return small, rows


def with_room(small: Program) -> Program:
    """The program with a little room in its rows, for what is fixed holds only within the solver's tolerance."""
    return small.changed(row_lower=_eased(small.row_lower, -1), row_upper=_eased(small.row_upper, 1))


def _eased(sides: Array, sign: int) -> Array:
    return np.where(np.isfinite(sides), sides + sign * ROOM * (1 + np.abs(sides)), sides)


def polished(program: Program, outcome: Outcome) -> Outcome:
    """The outcome with operation in windows that are only tested as cheap as it can be.

    Nothing in them counts in the objective, so that the search leaves them as they come: feasible, no more. All else
    stays as it is, and so does a window for which the solver finds nothing better.
    """
    windows = _idle_windows(program)
    if not windows:
        return outcome
    suited, scaling = scaled(program)
    values = scaling.shrunk(outcome.values)
    beside = np.arange(program.frame.width, len(program.cost))
    beside = beside[program.cost[beside] == 0]
    for window in windows:
        free = np.concatenate([*(program.base(n) + np.arange(program.node_layout.size) for n in window), beside])
        values = _cheapest(suited, free, values, scaling.values(_costs(program, window)))
    return replace(outcome, values=scaling.values(values))


def _idle_windows(program: Program) -> list[tuple[Node, ...]]:
    """Nodes without weight, those that hang together as one."""
    tree = program.network.tree
    idle = [node for node in tree.nodes if node.probability == 0]
    first = [n for n in idle if n.parent is None or tree.nodes[n.parent].probability > 0]
    return [tree.from_here(node) for node in first]


def _costs(program: Program, window: Sequence[Node]) -> Array:
    """Costs of columns as if the window were certain."""
    cost, own = np.zeros(len(program.cost)), {v.name for v in program.operation.variables}
    for node in window:
        for item in program.cost_items(node):
            if item.family in own:
                cost[program.slice(node, item.family)] += node.length * node.factor * item.yearly
    return cost


def _cheapest(program: Program, free: NDArray[np.int64], values: Array, cost: Array) -> Array:
    """Values with some columns as cheap as they can be while all others stay; as they were if nothing is found.

    Sides are eased only where the solver finds nothing without.
    """
    exact, _ = restricted(program, free, values)
    exact = exact.changed(cost=cost[free])
    for small in (exact, with_room(exact)):
        solver = load(small, Options(gap=1e-6))
        solver.run()
        if solver.is_optimal:
            found = values.copy()
            found[free] = np.clip(solver.values, small.lower, small.upper)
            return found
    return values
