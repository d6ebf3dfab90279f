"""An irreducible infeasible subsystem (IIS): rows are dropped until all that are left are needed for the conflict.

After each dropped row, the dual ray of the solver shows which rows still have a part in the conflict, so
that most rows go at once (deletion filter with Farkas rays: Chinneck, Feasibility and Infeasibility in Optimization,
2008). Every trial is warm-started from the basis of the one before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from planner.program.program import Program
from planner.solving.highs import ModelStatus, Solver
from planner.workflows.explain.deadline import Patience

TRACE = 1e-9  # Share of the largest entry of a ray from which a row has a part in it.


class RowsUnderTest:
    """The relaxation of some rows of a program, without costs; rows can be left out and put back."""

    def __init__(self, program: Program, rows: NDArray[np.int64]) -> None:
        self.program, self.rows = program, rows
        part = sp.csr_array(program.matrix[rows, :])
        self.columns = np.unique(part.indices)
        self.matrix = sp.csr_array(sp.csc_array(part)[:, self.columns])
        self.lower, self.upper = program.lower[self.columns], program.upper[self.columns]
        self.solver = self._loaded()
        self.kept = np.ones(len(rows), dtype=bool)

    def _loaded(self) -> Solver:
        solver = Solver(output_flag=False, presolve="off")  # Presolve hides the ray, and a hot start is worth more.
        solver.load(
            cost=np.zeros(len(self.columns)), lower=self.lower, upper=self.upper, matrix=self.matrix,
            row_lower=self.program.row_lower[self.rows], row_upper=self.program.row_upper[self.rows],
        )
        return solver

    def conflicts(self) -> bool:
        """Whether the rows that are kept cannot all hold."""
        self.solver.run()
        return self.solver.status is ModelStatus.INFEASIBLE

    def leave_out(self, places: Iterable[int]) -> None:
        left_out = list(places)
        self.kept[left_out] = False
        self.solver.change_sides(left_out, -np.inf, np.inf)

    def put_back(self, places: Iterable[int]) -> None:
        back = list(places)
        self.kept[back] = True
        rows = self.rows[back]
        self.solver.change_sides(back, self.program.row_lower[rows], self.program.row_upper[rows])

    def ray(self) -> NDArray[np.float64] | None:
        """Multipliers of the rows with which they contradict the bounds, if the solver has them."""
        ray = self.solver.ray
        return None if ray is None else np.where(self.kept, ray, 0.0)

    def involved(self) -> NDArray[np.bool_]:
        """The rows that have a part in the conflict just found: all that are kept if the solver has no proof."""
        ray = self.ray()
        return self.kept if ray is None else np.abs(ray) > TRACE * np.abs(ray).max(initial=0.0)

    def thin(self, groups: Sequence[Sequence[int]], patience: Patience) -> bool:
        """Leave out every group without which the rest still conflicts, the first first; False if time is over.

        Rows must conflict, and every row in no group is kept.
        """
        for group in groups:
            there = [place for place in group if self.kept[place]]
            if not there:
                continue
            if patience.is_over:
                return False
            self.leave_out(there)
            if self.conflicts():
                self._keep_involved(groups)
            else:
                self.put_back(there)
        return True

    def _keep_involved(self, groups: Sequence[Sequence[int]]) -> None:
        """Leave out what the proof does without, as far as whole groups are."""
        involved = self.involved()
        idle = [place for group in groups if not involved[list(group)].any() for place in group if self.kept[place]]
        self.leave_out(idle)
        if idle and not self.conflicts():  # The proof held only within tolerances.
            self.put_back(idle)

    def needed_bounds(self, patience: Patience) -> list[tuple[int, bool]] | None:
        """The bounds (column of the program, whether the upper one) without which the kept rows could all hold.

        None when time is over before all are known.
        """
        idle = self._idle_columns()
        sides = [side for place in range(len(self.columns)) for side in self._statements(place)]
        unused = [side for side in sides if idle[side[0]]]
        self._loosen(unused)
        if unused and not self.conflicts():  # The proof held only within tolerances.
            self._tighten(unused)
            unused = []
        needed, loosened = [], set(unused)
        for side in (side for side in sides if side not in loosened):
            if patience.is_over:
                return None
            self._loosen([side])
            if not self.conflicts():
                self._tighten([side])
                needed.append((int(self.columns[side[0]]), side[1]))
        return needed

    def _statements(self, place: int) -> Iterator[tuple[int, bool]]:
        """The bounds of a column that state something; that amounts are not negative does not."""
        column = self.columns[place]
        if np.isfinite(self.program.upper[column]):
            yield place, True
        if np.isfinite(self.program.lower[column]) and self.program.lower[column] != 0:
            yield place, False

    def _idle_columns(self) -> NDArray[np.bool_]:
        """Columns whose bounds the proof does not use."""
        ray = self.ray() if self.conflicts() else None
        if ray is None:
            return np.zeros(len(self.columns), dtype=bool)
        use = np.abs(self.matrix.T @ ray)
        return np.asarray(use <= TRACE * use.max(initial=0.0))

    def _loosen(self, sides: Iterable[tuple[int, bool]]) -> None:
        for place, is_upper in sides:
            self._bound(place, is_upper, np.inf if is_upper else -np.inf)

    def _tighten(self, sides: Iterable[tuple[int, bool]]) -> None:
        for place, is_upper in sides:
            stated = self.program.upper if is_upper else self.program.lower
            self._bound(place, is_upper, float(stated[self.columns[place]]))

    def _bound(self, place: int, is_upper: bool, value: float) -> None:
        (self.upper if is_upper else self.lower)[place] = value
        self.solver.change_bounds(place, self.lower[place], self.upper[place])
