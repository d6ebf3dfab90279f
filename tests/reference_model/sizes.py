"""Sizes of the reference's columns and rows: what is 1 to a solver, whose tolerances are absolute.

The planner scales by least squares; here entries are brought near 1 by the geometric mean of the least and the largest
of each row and column in turn, amounts by the median of all sides and bounds. Whole numbers stay as they are.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Array = NDArray[np.float64]
ROUNDS = 6


class Sizes(NamedTuple):
    """Powers of two by which values of columns and sides of rows are divided."""

    columns: Array
    rows: Array


def sizes(matrix: csr_array, integer: NDArray[np.bool_], sides: Array, bounds: Array) -> Sizes:
    """Of a matrix with the size of each row's sides and of each column's bounds, 0 where there are none."""
    entries = matrix.tocoo()
    kept = entries.data != 0
    data, row, column = np.log2(np.abs(entries.data[kept])), entries.coords[0][kept], entries.coords[1][kept]
    rows, columns = np.zeros(matrix.shape[0]), np.zeros(matrix.shape[1])
    for _ in range(ROUNDS):
        rows = _middle(data + columns[column], row, len(rows))
        columns = np.where(integer, 0.0, -_middle(data - rows[row], column, len(columns)))
    is_bound, is_side = (bounds > 0) & ~integer, sides > 0
    amounts = np.append(np.log2(bounds[is_bound]) - columns[is_bound], np.log2(sides[is_side]) - rows[is_side])
    columns = np.where(integer, 0.0, np.round(columns + (np.median(amounts) if len(amounts) else 0.0)))
    return Sizes(np.exp2(columns), np.exp2(np.round(_middle(data + columns[column], row, len(rows)))))


def _middle(logs: Array, place: NDArray[np.int32], count: int) -> Array:
    """The middle of the least and the largest logarithm at each place; 0 where there is none."""
    least, most = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(least, place, logs)
    np.maximum.at(most, place, logs)
    has = np.isfinite(least)
    return np.where(has, (np.where(has, least, 0.0) + np.where(has, most, 0.0)) / 2, 0.0)
