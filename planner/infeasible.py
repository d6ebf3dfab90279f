"""Why no plan exists: the rows that must give way, found by the least total violation.

This names the statements in conflict and by how much; it is a relaxation (integers may be fractional), so
an integer conflict that the relaxation can meet is reported as such.
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np

from planner.assemble import Program, label
from planner.schema import Options
from planner.solver import load
from planner.units import unit

# What may have to give way, the first that suffices: requirements; limits and pledges; demands and stocks.
TIERS = (
    ("served", "dependence"),
    ("limit_at_most", "limit_at_least", "least_sales", "group_least_size", "group_most_size", "group_most_capital",
     "group_at_most", "building_at_once", "minimum_load", "quota"),
    ("demand", "stock_balance", "reserve"),
)


# Where the statement behind a row stands, and the unit of its sides.
SECTIONS = {
    "served": ("requirements", "quantity/year"), "dependence": ("requirements", "quantity/year"),
    "limit_at_most": ("limits", "quantity/year"), "limit_at_least": ("limits", "quantity/year"),
    "least_sales": ("outlets", "quantity/year"), "group_least_size": ("project_groups", "quantity/year"),
    "group_most_size": ("project_groups", "quantity/year"), "group_most_capital": ("project_groups", "money"),
    "group_at_most": ("project_groups", "projects"), "building_at_once": ("project_groups", "projects"),
    "minimum_load": ("facilities", "quantity/year"), "quota": ("controls", "quantity/year"),
    "demand": ("demands", "quantity/year"), "stock_balance": ("stockpiles", "quantity"),
    "reserve": ("suppliers", "quantity"),
}


@dataclass(frozen=True)
class Conflict:
    """A row that cannot be met together with the rest, and by how much it must give way."""

    row: str
    section: str
    part: str
    violation: float
    unit: str
    place: str = ""


def conflicts(program: Program) -> tuple[Conflict, ...]:
    """Rows violated least in total, of as few tiers as suffice; empty when only integers conflict."""
    for last in range(1, len(TIERS) + 1):
        families = {family for tier in TIERS[:last] for family in tier}
        found = _least_violation(program, [i for i, (_, f, _) in enumerate(program.rows) if f in families])
        if found is not None:
            return found
    return ()


def _least_violation(program: Program, blamed: list[int]) -> tuple[Conflict, ...] | None:
    """The violations when these rows may give way; None when that does not suffice."""
    solver = load(program, Options(), relax=True)
    columns = len(program.cost)
    solver.changeColsCost(columns, np.arange(columns, dtype=np.int32), np.zeros(columns))
    for row in blamed:
        if np.isfinite(program.row_lower[row]):
            solver.addCol(1.0, 0.0, highspy.kHighsInf, 1, np.array([row], dtype=np.int32), np.array([1.0]))
        if np.isfinite(program.row_upper[row]):
            solver.addCol(1.0, 0.0, highspy.kHighsInf, 1, np.array([row], dtype=np.int32), np.array([-1.0]))
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    values = np.array(solver.getSolution().col_value)[:columns]
    activity = program.matrix @ values
    found = []
    for row in blamed:
        node, family, key = program.rows[row]
        violation = max(program.row_lower[row] - activity[row], activity[row] - program.row_upper[row])
        if violation > 1e-6:
            section, role = SECTIONS[family]
            found.append(Conflict(
                label(family, key, node), section, str(key[0]), float(violation), unit(program.network.base.units, role)
            ))
    return tuple(sorted(found, key=lambda c: -c.violation))
