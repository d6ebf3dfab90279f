"""The reference's own hand-over to the solver: named variables, rows as lists of terms, nothing else."""

from __future__ import annotations

import math
from collections.abc import Sequence

import highspy
import numpy as np
from scipy.sparse import csr_array, diags_array

from planner.language.instance import Point
from tests.reference_model.sizes import Array, sizes

Terms = list[tuple[float, int]]


ROUNDING = 1e-13  # Share of the largest entry of a row below which another is what rounding left of times.


class Infeasible(Exception):  # noqa: N818
    """No plan satisfies all rows."""


class Unbounded(Exception):  # noqa: N818
    """Plans of ever lower cost exist."""


class Program:
    """Named variables with bounds and costs, and rows of terms between two sides."""

    def __init__(self) -> None:
        self.columns: dict[tuple[object, ...], int] = {}
        self.lower: list[float] = []
        self.upper: list[float] = []
        self.integer: list[bool] = []
        self.cost: list[float] = []
        self.rows: list[tuple[Terms, float, float]] = []

    def add(self, *name: object, lower: float = 0.0, upper: float = math.inf, integer: bool = False) -> int:
        """A new variable, of at least 0 unless said otherwise."""
        assert name not in self.columns, name
        self.columns[name] = len(self.upper)
        self.lower.append(lower)
        self.upper.append(upper)
        self.integer.append(integer)
        self.cost.append(0.0)
        return len(self.upper) - 1

    def row(self, terms: Terms, least: float = -math.inf, most: float = math.inf) -> None:
        """least <= sum of coefficient * variable <= most."""
        self.rows.append((terms, least, most))

    def interpolate(self, points: list[Point], amount: int, cost: int, start: int | None) -> None:
        """The cost of an amount between break points, exactly: one segment is chosen, or none without start."""
        number = len(self.upper)
        amounts: Terms = [(-1, amount)]
        costs: Terms = [(-1, cost)]
        segments: Terms = []
        for index, left in enumerate(points[:-1] or points):
            right = points[min(index + 1, len(points) - 1)]
            width, rise = right.size - left.size, right.cost - left.cost
            here = self.add("segment", number, index, upper=1, integer=True)
            along = self.add("along", number, index)
            self.row([(1, along), (-width, here)], most=0)
            segments.append((1, here))
            amounts += [(left.size, here), (1, along)]
            costs += [(left.cost, here), (rise / width if width else 0.0, along)]
        self.row(amounts, 0, 0)
        self.row(costs, 0, 0)
        if start is None:
            self.row(segments, 1, 1)
        else:
            self.row([*segments, (-1, start)], 0, 0)

    def matrix(self) -> csr_array:
        """All rows as one sparse matrix; terms of one variable in a row add up."""
        entries = [(value, row, column) for row, (terms, _, _) in enumerate(self.rows) for value, column in terms]
        values, rows, columns = zip(*entries, strict=True) if entries else ((), (), ())
        index = (np.array(rows, dtype=np.int32), np.array(columns, dtype=np.int32))
        found = csr_array((np.array(values, dtype=float), index), shape=(len(self.rows), len(self.upper)))
        found.sum_duplicates()
        largest = np.repeat(abs(found).max(axis=1).toarray().ravel(), np.diff(found.indptr)) if found.nnz else 0.0
        found.data[np.abs(found.data) < ROUNDING * largest] = 0.0
        found.eliminate_zeros()
        return found

    def solve(self, relax: bool, gap: float, cost: Sequence[float] | None = None) -> tuple[float, list[float]]:
        """Least cost and the variables' values."""
        highs = highspy.Highs()
        options = {"output_flag": False, "mip_rel_gap": gap, "mip_abs_gap": 1e-9, "mip_feasibility_tolerance": 1e-9,
                   "primal_feasibility_tolerance": 1e-9, "dual_feasibility_tolerance": 1e-9}  # fmt: skip
        for option, value in options.items():
            highs.setOptionValue(option, value)
        problem, size, money = self._handed_over(relax, self.cost if cost is None else cost)
        highs.passModel(problem)
        highs.run()
        status = highs.getModelStatus()
        if status == highspy.HighsModelStatus.kUnboundedOrInfeasible:
            self.solve(relax, gap, [0.0] * len(self.cost))
            raise Unbounded
        if status == highspy.HighsModelStatus.kInfeasible:
            raise Infeasible
        if status == highspy.HighsModelStatus.kUnbounded:
            raise Unbounded
        if status != highspy.HighsModelStatus.kOptimal:
            raise RuntimeError(f"the solver stopped with {status}")
        return float(highs.getObjectiveValue()) * money, (np.array(highs.getSolution().col_value) * size).tolist()

    def _handed_over(self, relax: bool, cost: Sequence[float]) -> tuple[highspy.HighsLp, Array, float]:
        """The program in sizes that suit a solver, and what is 1 to it: of every column, and of money."""
        matrix, problem = self.matrix(), highspy.HighsLp()
        lower, upper = np.array(self.lower, dtype=float), np.array(self.upper, dtype=float)
        sides = np.array([side for _, *side in self.rows], dtype=float).reshape(-1, 2)
        columns, rows = sizes(matrix, np.array(self.integer, dtype=bool), _largest(*sides.T), _largest(lower, upper))
        matrix = csr_array(diags_array(1 / rows) @ matrix @ diags_array(columns))
        costs = np.array(cost, dtype=float) * columns
        money = float(np.exp2(np.round(np.log2(np.median(np.abs(costs[costs != 0])))))) if costs.any() else 1.0
        problem.num_col_, problem.num_row_ = len(self.upper), len(self.rows)
        problem.col_cost_ = costs / money
        problem.col_lower_ = lower / columns
        problem.col_upper_ = upper / columns
        problem.row_lower_ = sides[:, 0] / rows
        problem.row_upper_ = sides[:, 1] / rows
        problem.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        problem.a_matrix_.num_col_, problem.a_matrix_.num_row_ = len(self.upper), len(self.rows)
        problem.a_matrix_.start_ = matrix.indptr
        problem.a_matrix_.index_ = matrix.indices
        problem.a_matrix_.value_ = matrix.data
        if not relax and any(self.integer):
            kinds = {True: highspy.HighsVarType.kInteger, False: highspy.HighsVarType.kContinuous}
            problem.integrality_ = [kinds[integer] for integer in self.integer]
        return problem, columns, money


def _largest(*limits: Array) -> Array:
    """The larger of two limits, where they are limits."""
    return np.maximum(*(np.where(np.isfinite(limit), np.abs(limit), 0.0) for limit in limits))
