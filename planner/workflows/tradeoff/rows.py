"""Rows and columns added behind a program's own: budgets, levels, distances."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from planner.common.arrays import Array
from planner.formulation.mathematics.investment import decisions
from planner.formulation.mathematics.size import most_size, size_terms
from planner.program.program import Program

SLACK = 1e-9  # Share of an optimum that the next stage may give up.


@dataclass(frozen=True)
class LinearRow:
    """lower <= coefficients @ x <= upper."""

    coefficients: Array
    lower: float = -math.inf
    upper: float = math.inf


def with_rows(program: Program, *rows: LinearRow) -> Program:
    """The program with some rows more, of no node."""
    more = sp.csr_array(np.vstack([row.coefficients for row in rows]))
    return program.changed(
        matrix=sp.csr_array(sp.vstack([program.matrix, more], format="csr")),
        row_lower=np.append(program.row_lower, [row.lower for row in rows]),
        row_upper=np.append(program.row_upper, [row.upper for row in rows]),
        rows=program.rows.and_more([("added", (i,)) for i in range(len(rows))]),
    )


def with_column(program: Program, entries: Array, lower: float, upper: float) -> Program:
    """The program with one continuous column more, last, with an entry in every row."""
    column = sp.csr_array(entries.reshape(-1, 1))
    return program.changed(
        matrix=sp.csr_array(sp.hstack([program.matrix, column], format="csr")), cost=np.append(program.cost, 0.0),
        lower=np.append(program.lower, lower), upper=np.append(program.upper, upper),
        integer=np.append(program.integer, False),
    )


def aimed(program: Program, cost: Array, offset: float = 0.0) -> Program:
    """The program with another objective to be minimised."""
    return program.changed(cost=cost, offset=offset)


def more(cost: float) -> float:
    """A little more than a cost, so that what costs just that is within it [money]."""
    return cost + SLACK * max(abs(cost), 1.0)


def budget(program: Program, most: float) -> LinearRow:
    """Row: total cost is at most a limit [money]."""
    return LinearRow(program.cost, upper=most - program.offset)


def sizes(program: Program, project: str) -> Array:
    """Total size decided of a project, in shares of the largest it can have in one decision."""
    found = np.zeros(len(program.cost))
    for name, group in decisions(program.network):
        if name == project:
            largest = most_size(program.network, name, group) if not _curve(program, name) else _longest(program, name)
            for family, key, coefficient in size_terms(program.network, name, group):
                found[program.column(None, family, key)] += coefficient / largest
    return found


def starts(program: Program, project: str) -> list[int]:
    """Columns of the decisions of a project."""
    return [program.column(None, "start", key) for key in decisions(program.network) if key[0] == project]


def _curve(program: Program, name: str) -> bool:
    return bool(program.network.base.projects[name].capital.curve)


def _longest(program: Program, name: str) -> float:
    return max(point.size for point in program.network.base.projects[name].capital.curve)
