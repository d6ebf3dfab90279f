"""The table of requirements: target, achievement, slack, violation and shadow price of every row that holds.

`slack` is the room left and `violation` what an elastic rule is missed by, both in `unit`; target and achievement are
in `target_unit`. The shadow price is the cost saved per unit of easing with the integers fixed: at a node per unit
and year, as if the node were certain and undiscounted; of rules on the plan as a whole, discounted to the base year.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd

from planner.formulation.mathematics.security import kinds
from planner.formulation.mathematics.security.kind import Reading
from planner.language.units import unit
from planner.results.rows import TableRow, at, nowhere
from planner.results.scenarios import mass
from planner.results.solution import Solution
from planner.tables.frames import table
from planner.tables.schemas import RUN


def requirements(solution: Solution) -> pd.DataFrame:
    """Target, achievement, slack, violation and shadow price of every requirement wherever it holds."""
    return table(RUN["requirements"], _rows(solution))


def _rows(solution: Solution) -> Iterator[TableRow]:
    activity = np.asarray(solution.program.matrix @ solution.outcome.values)
    for position, (node, family, key) in enumerate(solution.program.rows):
        if node is not None and family in kinds.NODE_FAMILIES:
            found = kinds.NODE_FAMILIES[family].reading(solution, node, key)
            if found is not None:
                missed, worth = solution.values(node, "missed")[key], mass(solution, node) or node.length * node.factor
                yield _row(solution, position, found._replace(node=node), activity[position], missed, worth)
        elif node is None and family in kinds.OVERALL_FAMILIES:
            found = kinds.OVERALL_FAMILIES[family].reading(solution, family, key)
            missed = solution.overall("missed_overall")[found.pool] if found.pool is not None else 0.0
            worth = mass(solution, found.node) if found.is_weighed and found.node is not None else 1.0
            yield _row(solution, position, found, activity[position], missed, worth)


def _row(solution: Solution, position: int, reading: Reading, activity: float, missed: float, worth: float) -> TableRow:
    """A row of the table; easing a row of the program by one unit saves its dual value."""
    _, _, key = solution.program.rows[position]
    place = at(reading.node) if reading.node is not None else nowhere()
    program, units = solution.program, solution.network.base.units
    is_most = math.isfinite(program.row_upper[position])
    room = program.row_upper[position] - activity if is_most else activity - program.row_lower[position]
    room = room - missed if reading.room is None else reading.room
    dual = float(solution.outcome.prices[position]) * (-1.0 if is_most else 1.0)
    if room > 1e-6 * (1 + abs(activity)) and missed <= 0:
        dual = 0.0  # Variables of a row with room may be larger than they need be, and then have prices.
    is_quantity = reading.role.startswith("quantity")
    price = worth * (solution.network.price if is_quantity else 1.0)
    return {
        "requirement": key[0], "kind": solution.network.base.requirements[key[0]].kind, **place,
        "scope": reading.scope, "target": reading.target, "achieved": reading.achieved,
        "target_unit": unit(units, reading.target_unit), "slack": max(0.0, room), "violation": missed,
        "shadow_price": dual / price + 0.0, "unit": unit(units, reading.role),
        "price_unit": unit(units, "price") if is_quantity else f"{units.money}/{unit(units, reading.role)}",
    }
