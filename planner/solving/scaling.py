"""Units in which a solver works: powers of two for columns and rows, chosen from the data, undone on the way out.

A solver's tolerances are absolute: what it calls whole, feasible or nothing fits numbers as they are in tonnes, and
neither grams nor megatonnes. With factors c of columns and r of rows it is handed  r A c x' ,  where  x = c x' .
Factors bring the logarithms of all entries, right-hand sides and bounds nearest to 0, in least squares (Curtis and
Reid, On the automatic scaling of matrices for Gaussian elimination, 1972), so that they follow the data in any units
it is stated in. Whole numbers keep theirs. Numbers in the range that suits the solver are left as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.linalg import LinearOperator, cg

from planner.common.arrays import Array
from planner.program.node_blocks import Frame
from planner.program.program import Arrays, Program
from planner.solving.highs import DUST
from planner.solving.outcome import Outcome

ENTRIES = (1e-5, 1e6)  # Entries of the matrix that suit the solver,
AMOUNTS = (1e-3, 1e7)  # and bounds and sides.
TYPICAL = 8.0  # Binary logarithm of what typical amounts become: tonnes of a chain are of that size.
STEPS, NEARLY = 500, 1e-6  # Of the least squares.
ANCHOR = 1e-6  # Weight that holds columns which nothing else holds at the size of all others.


@dataclass(frozen=True)
class Scaling:
    """Factors of columns and rows; empty where nothing is to be changed."""

    columns: Array
    rows: Array

    @property
    def is_none(self) -> bool:
        return not len(self.columns)

    def values(self, scaled: Array) -> Array:
        """Values of columns in the program's own units."""
        return scaled if self.is_none else scaled * self.columns

    def shrunk(self, values: Array) -> Array:
        """Values of columns in the solver's units."""
        return values if self.is_none else values / self.columns

    def prices(self, scaled: Array) -> Array:
        """Prices of rows in the program's own units."""
        return scaled if self.is_none else scaled * self.rows[: len(scaled)]

    def applied(self, arrays: Arrays) -> Arrays:
        """The arrays in the solver's units."""
        if self.is_none:
            return arrays
        c, r = self.columns, self.rows
        lower, upper = arrays.lower / c, arrays.upper / c
        matrix = _without_dust(scaled_matrix(arrays.matrix, r, c), np.maximum(np.abs(lower), np.abs(upper)))
        return replace(
            arrays, cost=arrays.cost * c, lower=lower, upper=upper, matrix=matrix,
            row_lower=arrays.row_lower * r, row_upper=arrays.row_upper * r,
        )

    def restored(self, outcome: Outcome) -> Outcome:
        """An outcome in the program's own units."""
        if self.is_none or not outcome.has_plan:
            return outcome
        return replace(outcome, values=self.values(outcome.values), prices=self.prices(outcome.prices))


NONE = Scaling(np.zeros(0), np.zeros(0))


def scaled(program: Program) -> tuple[Program, Scaling]:
    """The program in the units in which it is solved, and how to come back: a program that suits the solver is itself.
    """
    arrays = program.arrays
    if _suits(arrays):
        return program, NONE
    columns = column_factors(arrays)
    scaling = Scaling(columns, row_factors(arrays.matrix, columns, arrays.integer))
    expected = None if program.expected is None else program.expected * columns
    return replace(program, given=scaling.applied(arrays), expected=expected), scaling


def _suits(arrays: Arrays) -> bool:
    """Whether all entries, bounds and sides are of a size that suits the solver."""
    limits = (arrays.lower, arrays.upper, arrays.row_lower, arrays.row_upper)
    return _within(arrays.matrix.data, *ENTRIES) and all(_within(part, *AMOUNTS) for part in limits)


def _within(numbers: Array, least: float, most: float) -> bool:
    sizes = np.abs(numbers)
    counts = (sizes > 0) & (sizes < np.inf)
    return bool(((sizes >= least) & (sizes <= most))[counts].all())


def scaled_matrix(matrix: sp.csr_array, rows: Array, columns: Array) -> sp.csr_array:
    """A matrix with its rows and columns times factors."""
    data = matrix.data * np.repeat(rows, np.diff(matrix.indptr)) * columns[matrix.indices]
    return sp.csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape)


def _without_dust(matrix: sp.csr_array, most: Array) -> sp.csr_array:
    """A matrix without entries that the solver takes for nothing, where they are: columns are no larger than `most`."""
    sizes = np.abs(matrix.data)
    if not ((sizes <= DUST) & (sizes > 0)).any():
        return matrix
    is_none = (sizes <= DUST) & (sizes * most[matrix.indices] <= DUST)
    parts = np.where(is_none, 0.0, matrix.data), matrix.indices, matrix.indptr
    found = sp.csr_array(parts, shape=matrix.shape, copy=True)
    found.eliminate_zeros()
    return found


def row_factors(matrix: sp.csr_array, columns: Array, integer: NDArray[np.bool_]) -> Array:
    """Factors that bring the mean entry of every row near 1, but for whole numbers unless all are."""
    there = matrix.data != 0
    entries = np.log2(np.abs(matrix.data), where=there, out=np.zeros(matrix.nnz)) + np.log2(columns)[matrix.indices]
    row_of, rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr)), matrix.shape[0]
    mixed = np.bincount(row_of, weights=there & ~integer[matrix.indices], minlength=rows) > 0
    counts = there & ~(integer[matrix.indices] & mixed[row_of])
    size = np.bincount(row_of[counts], minlength=rows)
    total = np.bincount(row_of[counts], weights=entries[counts], minlength=rows)
    return np.asarray(np.exp2(-np.round(total / np.maximum(size, 1))))


def column_factors(arrays: Arrays) -> Array:
    """Factors that bring typical values of columns to one size; 1 for whole numbers."""
    sizes = _typical(arrays)
    return np.where(arrays.integer, 1.0, np.exp2(np.round(sizes - TYPICAL)))


def _typical(arrays: Arrays) -> Array:
    """Binary logarithms u of columns and v of rows with least sum of (log a + v + u)^2, (log side + v)^2 and
    (u - log bound)^2; those of the columns. That of a whole number is 0.
    """
    entries = sp.coo_array(arrays.matrix)
    kept = entries.data != 0
    row, column = (part[kept].astype(np.int64) for part in (entries.coords[0], entries.coords[1]))
    logs = np.log2(np.abs(entries.data[kept]))
    count, width = arrays.matrix.shape
    side, has_side = _log_size(arrays.row_lower, arrays.row_upper)
    bound, has_bound = _log_size(arrays.lower, arrays.upper)
    known = np.concatenate([bound[has_bound & ~arrays.integer], side[has_side]])
    anchor = float(np.median(known)) if len(known) else 0.0
    free = ~arrays.integer
    of_column = np.bincount(column, minlength=width) + has_bound + ANCHOR
    of_row = np.bincount(row, minlength=count) + has_side + 1e-12
    target = np.concatenate([
        np.where(free, has_bound * bound + ANCHOR * anchor - np.bincount(column, logs, width), 0.0),
        -(has_side * side) - np.bincount(row, logs, count),
    ])

    def product(x: Array) -> Array:
        u, v = np.where(free, x[:width], 0.0), x[width:]
        return np.concatenate([
            np.where(free, of_column * u + np.bincount(column, v[row], width), x[:width]),
            of_row * v + np.bincount(row, u[column], count),
        ])

    diagonal = np.concatenate([np.where(free, of_column, 1.0), of_row])
    size = width + count
    system = LinearOperator((size, size), matvec=product, dtype=float)
    found, _ = cg(system, target, rtol=NEARLY, maxiter=STEPS, M=sp.diags_array(1 / diagonal))
    return np.asarray(found[:width])


def _log_size(lower: Array, upper: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Binary logarithm of the larger of two limits, where one of them is a number and not 0."""
    sizes = np.maximum(*(np.where(np.isfinite(part), np.abs(part), 0.0) for part in (lower, upper)))
    has = sizes > 0
    return np.log2(sizes, where=has, out=np.zeros(len(sizes))), has


@dataclass(frozen=True)
class ColumnFactors:
    """Factors of the investments and of a node's columns, the same in every node, so that nodes stay alike."""

    investments: Array
    node: Array

    @classmethod
    def of(cls, arrays: Arrays, frame: Frame) -> ColumnFactors | None:
        """Those that suit the nodes of a frame, none of whose columns must be whole; None where all suits as it is."""
        if _suits(arrays):
            return None
        factors = np.log2(column_factors(arrays))
        node = factors[frame.investments :].reshape(-1, frame.node).mean(axis=0)
        return cls(np.exp2(factors[: frame.investments]), np.exp2(np.round(node)))

    def of_nodes(self, count: int) -> Array:
        """Factors of the columns of a number of nodes."""
        return np.tile(self.node, count)

    def of_trunk(self, count: int) -> Array:
        """Factors of the columns of the investments and of a number of nodes."""
        return np.concatenate([self.investments, self.of_nodes(count)])
