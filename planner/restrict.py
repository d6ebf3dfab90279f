"""A program with most of its columns fixed: only the free ones and the rows they stand in are left."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from planner.assemble import Arrays, Program, RowNames
from planner.outcome import Outcome
from planner.schema import Options
from planner.solver import solve
from planner.template import Array


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


def polished(program: Program, outcome: Outcome) -> Outcome:
    """The outcome with operation in windows that are only tested as cheap as it can be.

    Nothing in them counts in the objective, so that the search leaves them as they come: feasible, no more. All else
    stays as it is.
    """
    idle = [node for node in program.network.tree.nodes if node.probability == 0]
    if not idle:
        return outcome
    free = np.concatenate([program.base(n) + np.arange(program.node_layout.size) for n in idle])
    beside = np.arange(program.frame.width, len(program.cost))
    free = np.concatenate([free, beside[program.cost[beside] == 0]])
    small, _ = restricted(program, free, outcome.values)
    cost = np.zeros(len(program.cost))
    for node in idle:
        for item in program.cost_items(node):
            if item.family in {v.name for v in program.operation.variables}:
                cost[program.slice(node, item.family)] += node.length * node.factor * item.yearly
    found = solve(small.changed(cost=cost[free]), Options(gap=1e-6))
    if not found.has_plan:
        return outcome
    values = outcome.values.copy()
    values[free] = found.values
    return replace(outcome, values=values)
