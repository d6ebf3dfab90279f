"""Rows and tables: what all tables of a run have in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from planner.tree import Node

Row = dict[str, Any]
NOTHING = 1e-9  # Amounts below are rounding of the solver and are left out.
NODE = "node future period year"


def at(node: Node) -> Row:
    """The columns every node-indexed table has."""
    return {"node": node.key, "future": node.future, "period": node.period_name, "year": node.start}


def table(columns: str, rows: Iterable[Row]) -> pd.DataFrame:
    """A table with these columns (named in one string) even when it has no rows."""
    return pd.DataFrame(list(rows), columns=columns.split())
