"""Rounding of integers: a solver keeps integers, and variables that depend on them, only within its tolerances.

After every solve its integers are rounded, and variables that then have no room are set to zero: a size where nothing
is begun, the piece of a cost curve that is not chosen. Operation is solved again within these bounds, and kept inside.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from planner.common.arrays import Array
from planner.program.program import Arrays

ROUNDS = 4  # A start, its piece of a curve, the ends of the piece; and one that finds nothing more.


class Box(NamedTuple):
    """Bounds of columns."""

    lower: Array
    upper: Array

    def within(self, values: Array) -> Array:
        """Values moved inside, by no more than the tolerance of a solver that knew these bounds."""
        return np.clip(values, self.lower, self.upper)


def begun_at(arrays: Arrays, known: Mapping[int, float], fixed: Mapping[int, float]) -> dict[int, float]:
    """The start of a search in which some columns are fixed, from what is known of a plan by column.

    Whole numbers are whole and all is inside its bounds: a solver refuses a start that is off by as little as its own
    plans may be.
    """
    columns = np.fromiter(known, dtype=np.int64, count=len(known))
    values = np.fromiter(known.values(), dtype=float, count=len(known))
    values = np.where(arrays.integer[columns], np.round(values), values)
    inside = Box(arrays.lower[columns], arrays.upper[columns]).within(values)
    return dict(zip(columns.tolist(), inside.tolist(), strict=True)) | dict(fixed)


def decided(arrays: Arrays, values: Array) -> Box:
    """Bounds that hold the whole numbers of a plan, and its other decisions at 0 where these leave no room.

    Decisions are the columns of the first block of rows, that of the investments.
    """
    whole = np.round(values[: len(arrays.integer)])
    box = Box(np.where(arrays.integer, whole, arrays.lower), np.where(arrays.integer, whole, arrays.upper))
    count = int(arrays.rows.ends[0]) if len(arrays.rows) else 0
    block = arrays.matrix[:count, :]
    for sign, sides in ((1.0, arrays.row_upper), (-1.0, -arrays.row_lower)) * ROUNDS:
        entries, columns, rows = sign * block.data, block.indices, np.repeat(np.arange(count), np.diff(block.indptr))
        least = np.where(entries > 0, box.lower[columns], box.upper[columns])
        total = np.bincount(rows, np.multiply(entries, least, where=entries != 0, out=np.zeros(len(least))), count)
        is_full = (total >= sides[:count]) & (total < np.inf)
        held = columns[is_full[rows] & (entries != 0) & (least == 0)]
        box.lower[held] = box.upper[held] = 0.0
    return box
