"""The seam to HiGHS, of which nothing else in the planner knows: arrays go in; values, prices and bases come out.

The status that HiGHS returns of every call is looked at here. A change that it refuses or makes in part, for which it
only warns, raises SolverError: it takes entries below 1e-9 for nothing, for instance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum
from functools import cached_property
from typing import Any

import highspy
import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from planner.common.arrays import Array
from planner.solving.outcome import SearchProgress, SolverError

DUST = 1e-9  # Entries that are no larger are nothing to HiGHS.
UNLIMITED: int = highspy.kHighsIInf  # As a limit of steps.
POLL = 0.2  # Seconds between looks at whether a solve is to end.


class ModelStatus(Enum):
    """Status of a solve, as far as the planner distinguishes them."""

    OPTIMAL = highspy.HighsModelStatus.kOptimal
    EMPTY = highspy.HighsModelStatus.kModelEmpty
    INFEASIBLE = highspy.HighsModelStatus.kInfeasible
    UNBOUNDED = highspy.HighsModelStatus.kUnbounded
    UNBOUNDED_OR_INFEASIBLE = highspy.HighsModelStatus.kUnboundedOrInfeasible
    TIME_LIMIT = highspy.HighsModelStatus.kTimeLimit
    ITERATION_LIMIT = highspy.HighsModelStatus.kIterationLimit
    SOLUTION_LIMIT = highspy.HighsModelStatus.kSolutionLimit
    INTERRUPTED = highspy.HighsModelStatus.kInterrupt
    SOLVE_ERROR = highspy.HighsModelStatus.kSolveError
    UNKNOWN = highspy.HighsModelStatus.kUnknown
    NOT_SET = highspy.HighsModelStatus.kNotset
    OTHER = None

    @classmethod
    def _missing_(cls, value: object) -> ModelStatus:
        return cls.OTHER


class BasisStatus(IntEnum):
    """Basis status of a column or row: basic, at a bound, or at 0 if free."""

    LOWER = int(highspy.HighsBasisStatus.kLower)
    BASIC = int(highspy.HighsBasisStatus.kBasic)
    UPPER = int(highspy.HighsBasisStatus.kUpper)
    ZERO = int(highspy.HighsBasisStatus.kZero)


Statuses = NDArray[np.int8]  # Of columns or rows: numbers of BasisStatus.
_BY_NUMBER = np.array(sorted(highspy.HighsBasisStatus.__members__.values(), key=int), dtype=object)


@dataclass(frozen=True, eq=False)
class Basis:
    """Status of every column and row, kept as HiGHS has it: most go back as they came, and never become arrays."""

    native: highspy.HighsBasis
    shape: tuple[int, int]  # How many columns and rows.

    @classmethod
    def of(cls, columns: Statuses, rows: Statuses) -> Basis:
        """The basis of these statuses."""
        native = highspy.HighsBasis()
        native.col_status, native.row_status = (_BY_NUMBER[part].tolist() for part in (columns, rows))
        native.valid = True
        return cls(native, (len(columns), len(rows)))

    @cached_property
    def columns(self) -> Statuses:
        return _numbers(self.native.col_status)

    @cached_property
    def rows(self) -> Statuses:
        return _numbers(self.native.row_status)

    def __reduce__(self) -> tuple[Any, ...]:
        return Basis.of, (self.columns, self.rows)


def _numbers(statuses: Sequence[Any]) -> Statuses:
    return np.array([int(status) for status in statuses], dtype=np.int8)


class Solver:
    """A linear or mixed-integer program that HiGHS holds, and what it last found of it.

    Columns and rows are meant by their numbers, and every array of results has one entry for each of them. SolverError
    when a change is not made as it is asked. Options have the names that HiGHS gives them.
    """

    def __init__(self, **options: str | float) -> None:
        self._highs = highspy.Highs()
        self.set(**options)

    def set(self, **options: str | float) -> None:
        for name, value in options.items():
            status = self._highs.setOptionValue(name, value)
            _done(status, f"setOptionValue {name} = {value}", "an option")

    # --- the program -----------------------------------------------------------------------------------

    def load(
        self, *, cost: Array, lower: Array, upper: Array, matrix: sp.csr_array, row_lower: Array, row_upper: Array,
        offset: float = 0.0, integer: NDArray[np.bool_] | None = None,
    ) -> None:
        """Hold min cost @ x + offset with row_lower <= matrix @ x <= row_upper and lower <= x <= upper.

        Columns are continuous unless `integer` says otherwise.
        """
        rows, columns = matrix.shape
        by_row, least = int(highspy.MatrixFormat.kRowwise), int(highspy.ObjSense.kMinimize)
        whole = np.zeros(columns, dtype=np.int32) if integer is None else integer.astype(np.int32)
        status = self._highs.passModel(
            columns, rows, matrix.nnz, by_row, least, offset, cost, lower, upper, row_lower, row_upper,
            _places(matrix.indptr), _places(matrix.indices), matrix.data, whole,
        )
        _done(status, "passModel")

    def add_column(self, cost: float, upper: float, rows: ArrayLike, entries: ArrayLike) -> int:
        """A new column of at least 0 with entries in some rows; returns its number."""
        places = _places(rows)
        _done(self._highs.addCol(cost, 0.0, upper, len(places), places, _values(entries, places)), "addCol")
        return self.column_count - 1

    def add_row(self, lower: float, upper: float, columns: ArrayLike, entries: ArrayLike) -> None:
        places = _places(columns)
        _done(self._highs.addRow(lower, upper, len(places), places, _values(entries, places)), "addRow")

    def delete_columns(self, columns: ArrayLike) -> None:
        places = _places(columns)
        _done(self._highs.deleteCols(len(places), places), "deleteCols")

    def change_costs(self, columns: ArrayLike, costs: ArrayLike) -> None:
        places = _places(columns)
        _done(self._highs.changeColsCost(len(places), places, _values(costs, places)), "changeColsCost")

    def change_bounds(self, columns: ArrayLike, lower: ArrayLike, upper: ArrayLike) -> None:
        """Bounds of columns: of each its own, or one for all."""
        places = _places(columns)
        bounds = _values(lower, places), _values(upper, places)
        _done(self._highs.changeColsBounds(len(places), places, *bounds), "changeColsBounds")

    def change_sides(self, rows: ArrayLike, lower: ArrayLike, upper: ArrayLike) -> None:
        """Sides of rows: of each its own, or one for all."""
        places = _places(rows)
        sides = _values(lower, places), _values(upper, places)
        change = self._highs.changeRowsBounds  # type: ignore[attr-defined] # Not in the stubs.
        _done(change(len(places), places, *sides), "changeRowsBounds")

    @property
    def column_count(self) -> int:
        return int(self._highs.getNumCol())

    @property
    def row_count(self) -> int:
        return int(self._highs.getNumRow())

    @property
    def costs(self) -> Array:
        return np.array(self._highs.getLp().col_cost_)

    def write(self, path: str, columns: Sequence[str], rows: Sequence[str]) -> bool:
        """Write the program as .lp or .mps with these names; False where the file cannot be written."""
        for place, name in enumerate(columns):
            _done(self._highs.passColName(place, name), "passColName")
        for place, name in enumerate(rows):
            _done(self._highs.passRowName(place, name), "passRowName")
        return bool(self._highs.writeModel(path) != highspy.HighsStatus.kError)

    # --- solving ---------------------------------------------------------------------------------------

    def start_from(self, basis: Basis) -> None:
        """Begin the next solve at a basis."""
        if basis.shape != (self.column_count, self.row_count):
            raise SolverError(f"a basis of {basis.shape} columns and rows is of another program")
        _done(self._highs.setBasis(basis.native), "setBasis")

    def suggest(self, plan: Mapping[int, float]) -> None:
        """Begin the next search at a plan, of which the values of some columns are known."""
        places = _places(list(plan))
        if plan:
            _done(self._highs.setSolution(len(plan), places, _values(list(plan.values()), places)), "setSolution")

    def forget(self) -> None:
        """Begin the next solve at nothing."""
        _done(self._highs.clearSolver(), "clearSolver")

    def run(self) -> None:
        self._ended(self._highs.run())

    def run_until(self, is_enough: Callable[[], bool]) -> None:
        """Run in a thread of its own, which ends early when `is_enough` says so."""
        self._highs.HandleUserInterrupt = True
        self._highs.startSolve()
        while not (ended := self._highs.wait(POLL))[0]:
            if is_enough():
                self.cancel()
        self._ended(ended[1])

    def cancel(self) -> None:
        """End a solve that is running in its thread."""
        self._highs.cancelSolve()

    def tell(self, hear: Callable[[SearchProgress], None], scale: float) -> None:
        """Let the news of every search be heard, in which costs are those of the program divided by a scale."""
        self._highs.cbMipLogging += lambda event: hear(_progress(event.data_out, scale))
        self.set(output_flag=True)

    def _ended(self, status: highspy.HighsStatus | None) -> None:
        """Warnings and errors of a solve are in the status of its model too; none must pass for an optimum."""
        if status in (None, highspy.HighsStatus.kError) and self.is_optimal:
            raise SolverError("the solver ended in an error")

    # --- what was found --------------------------------------------------------------------------------

    @property
    def status(self) -> ModelStatus:
        return ModelStatus(self._highs.getModelStatus())

    @property
    def status_words(self) -> str:
        return str(self._highs.modelStatusToString(self._highs.getModelStatus()))

    @property
    def is_optimal(self) -> bool:
        return self.status is ModelStatus.OPTIMAL

    @property
    def has_plan(self) -> bool:
        """Whether the values meet all rows and bounds."""
        found = self._highs.getInfo().primal_solution_status
        return bool(found == highspy.SolutionStatus.kSolutionStatusFeasible)

    @property
    def objective(self) -> float:
        return float(self._highs.getInfo().objective_function_value)

    @property
    def bound(self) -> float:
        """Least objective that a search has not ruled out."""
        return float(self._highs.getInfo().mip_dual_bound)

    @property
    def node_count(self) -> int:
        """Nodes of the tree that a search has gone through."""
        return int(self._highs.getInfo().mip_node_count)

    @property
    def seconds(self) -> float:
        """Of all solves so far, against which a time limit counts."""
        return float(self._highs.getRunTime())

    @property
    def values(self) -> Array:
        """Of the columns."""
        return np.array(self._highs.getSolution().col_value)

    @property
    def reduced_costs(self) -> Array:
        """Of the columns: by how much a unit more of their bound raises the objective."""
        return np.array(self._highs.getSolution().col_dual)

    @property
    def prices(self) -> Array:
        """Of the rows: by how much a unit more of their side raises the objective."""
        return np.array(self._highs.getSolution().row_dual)

    @property
    def basis(self) -> Basis:
        """Basis of the last solve."""
        return Basis(self._highs.getBasis(), (self.column_count, self.row_count))

    @property
    def ray(self) -> Array | None:
        """Multipliers of the rows with which they contradict the bounds, where HiGHS has such a proof."""
        status, has_ray, ray = self._highs.getDualRay()  # type: ignore[attr-defined] # Not in the stubs.
        return np.array(ray) if has_ray and status != highspy.HighsStatus.kError else None


def free_threads() -> None:
    """Let the next solve say how many threads there are; until then all solves share those of the first."""
    highspy.Highs.resetGlobalScheduler(True)


def _done(status: highspy.HighsStatus, call: str, reason: str = "its numbers are too large or too small") -> None:
    """SolverError unless HiGHS has done all that a call asks."""
    if status != highspy.HighsStatus.kOk:
        raise SolverError(f"the solver does not take the program as it is ({call}): {reason}")


def _places(numbers: ArrayLike) -> NDArray[np.int32]:
    return np.atleast_1d(np.asarray(numbers, dtype=np.int32))


def _values(numbers: ArrayLike, places: NDArray[np.int32]) -> Array:
    """A number for each place: its own, or one for all."""
    return np.full(len(places), numbers, dtype=float)


def _progress(data: Any, scale: float) -> SearchProgress:
    return SearchProgress(
        seconds=data.running_time, bound=data.mip_dual_bound / scale, incumbent=data.mip_primal_bound / scale,
        gap=data.mip_gap, nodes=int(data.mip_node_count),
    )
