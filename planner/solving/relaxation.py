"""The relaxation of a program, which is solved again and again with some of its integers fixed; or once, by itself."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from planner.common.arrays import Array
from planner.common.signals import listening
from planner.language.instance import Options
from planner.program.program import Program
from planner.solving.highs import UNLIMITED, Basis, ModelStatus, Solver, free_threads
from planner.solving.run import SolveContext, load
from planner.solving.scaling import scaled

STALLED, FEW = 2, 1000  # Simplex steps after an interior point, per row and in addition, that mark a stall.
SIZES = (1 / 8, 1 / 64)  # Of costs, with which it is tried again.


@dataclass
class Relaxation:
    """A solver object with the program's relaxation, whose integer columns are fixed and freed.

    `run` solves it and returns True when the user interrupted; `deadline` is of `time.monotonic`.
    """

    solver: Solver
    program: Program
    run: Callable[[Solver], bool]
    deadline: float = math.inf
    interrupted: bool = False

    @property
    def over(self) -> bool:
        return self.interrupted or time.monotonic() >= self.deadline

    def begin(self, start: Basis | None = None) -> float:
        """Solve it the first time, by interior point; from then on by the simplex method from the last basis.

        With a basis to start from by the simplex method at once.
        """
        if start is not None:
            self.solver.start_from(start)
            self.solver.set(presolve="off")
            return self.solve()
        self.solver.set(solver="ipm")
        value = self._by_interior_point()
        self.solver.set(solver="simplex", presolve="off")  # A hot start is worth more than presolve.
        return value

    def _by_interior_point(self) -> float:
        """The value; where the interior point stalls, which is chance, it is tried with costs of other sizes.

        It has stalled where the simplex method, which ends what it began, does not after some steps for each row.
        """
        self.solver.set(simplex_iteration_limit=STALLED * self.solver.row_count + FEW)
        value, tried = self.solve(), 1.0
        for size in SIZES:
            if self.solver.status is not ModelStatus.ITERATION_LIMIT:
                break
            tried = size
            self._cost(size)
            self.solver.forget()
            value = self.solve()
        self.solver.set(simplex_iteration_limit=UNLIMITED)
        is_stalled = self.solver.status is ModelStatus.ITERATION_LIMIT
        if tried != 1.0:
            self._cost(1.0)
        if tried != 1.0 or is_stalled:
            self.solver.set(solver="simplex")
            value = self.solve()
        return value

    def _cost(self, size: float) -> None:
        """Costs of another size, and all else as it is."""
        costs = self.program.cost * (self.program.cost_scale * size)
        self.solver.change_costs(np.arange(len(costs)), costs)

    def solve(self, cutoff: float = math.inf) -> float:
        """The value, or infinity when there is none below `cutoff` or time is over."""
        left = self.deadline - time.monotonic()
        if left <= 0 or self.interrupted:
            return math.inf
        if math.isfinite(left):
            self.solver.set(time_limit=self.solver.seconds + left)
        self.solver.set(objective_bound=cutoff * self.program.cost_scale)
        self.interrupted = self.run(self.solver)
        if self.solver.status is ModelStatus.INFEASIBLE and not self.interrupted:
            self.solver.forget()  # A hot start can end falsely.
            self.interrupted = self.run(self.solver)
        return self.value

    @property
    def value(self) -> float:
        """Objective of the last solve; infinity without an optimum."""
        return self.solver.objective / self.program.cost_scale if self.solver.is_optimal else math.inf

    @property
    def values(self) -> Array:
        return self.solver.values

    @property
    def prices(self) -> Array:
        return self.solver.prices / self.program.cost_scale

    def fix(self, at: dict[int, float]) -> None:
        values = list(at.values())
        self.solver.change_bounds(list(at), values, values)

    def free(self, columns: list[int]) -> None:
        self.solver.change_bounds(columns, self.program.lower[columns], self.program.upper[columns])


class Optimum(NamedTuple):
    """Optimum of a relaxation: its value, values of columns, duals of rows, and the basis, a warm start for a program
    with a few more rows or columns.
    """

    value: float
    values: Array
    prices: Array
    basis: Basis


def relaxed(
    program: Program, options: Options, stopping: Callable[[], None] | None = None, start: Basis | None = None
) -> Optimum | Literal["infeasible"] | None:
    """The relaxation's optimum, by interior point or from a basis; None if it has none or time is over.

    "infeasible" if that is proven.

    Raises KeyboardInterrupt when the user asks to stop, for there is no plan yet.
    """
    free_threads()
    with listening(stopping) as requests:
        run = SolveContext(None, requests, time.monotonic())
        suited, scaling = scaled(program)
        relaxation = Relaxation(load(suited, options, relax=True), suited, run)
        value = relaxation.begin(start)
        if requests.count:
            raise KeyboardInterrupt
        if not math.isfinite(value):
            return "infeasible" if relaxation.solver.status is ModelStatus.INFEASIBLE else None
        prices = scaling.prices(relaxation.prices)
        return Optimum(value, scaling.values(relaxation.values), prices, relaxation.solver.basis)
