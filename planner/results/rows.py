"""Rows: what those of all tables of a run have in common."""

from __future__ import annotations

import math
from typing import Any

from planner.tree.nodes import Node

TableRow = dict[str, Any]
NOTHING = 1e-9  # Amounts below are rounding of the solver and are left out.


def at(node: Node) -> TableRow:
    """The columns every node-indexed table has."""
    return {"node": node.key, "future": node.future, "period": node.period_name, "year": node.start}


def nowhere() -> TableRow:
    """The same columns of a row that is about the plan as a whole."""
    return {"node": "", "future": "", "period": "", "year": math.nan}
