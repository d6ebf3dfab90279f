"""Hot starts: a program is solved from a neighbour's basis.

A neighbour's basis is optimal for the neighbour's numbers, which are not at hand. With its duals y the reduced costs
c - A'y under the new numbers tell by how much each cost must be shifted for the basis to be dual feasible: the dual
simplex method then repairs what the new bounds broke, and the primal one what the shift hid. Each phase does only
what changed; on the shipped instance this takes two thirds of the time of one dual simplex run from the same basis.
"""

from __future__ import annotations

import io
import time
from dataclasses import dataclass

import highspy
import numpy as np
from numpy.typing import NDArray

from planner.assemble import Program
from planner.schema import Options
from planner.solver import Outcome, load
from planner.solver import solve as solve_cold
from planner.template import Array

OPTIMAL = highspy.HighsModelStatus.kOptimal
BASIC, AT_LOWER, AT_UPPER = (
    int(kind) for kind in (
        highspy.HighsBasisStatus.kBasic, highspy.HighsBasisStatus.kLower, highspy.HighsBasisStatus.kUpper
    )
)
DUAL, PRIMAL = 1, 4  # Numbers of HiGHS for its simplex methods.
KINDS = {int(kind): kind for kind in highspy.HighsBasisStatus.__members__.values()}


@dataclass(frozen=True)
class Start:
    """Where a neighbour ended: the status of each column and row, the duals of the rows, integers of its plan."""

    columns: NDArray[np.int8]
    rows: NDArray[np.int8]
    duals: Array
    plan: NDArray[np.int16]

    def packed(self) -> bytes:
        stream = io.BytesIO()
        np.savez_compressed(stream, columns=self.columns, rows=self.rows, duals=self.duals, plan=self.plan)
        return stream.getvalue()

    @classmethod
    def unpacked(cls, content: bytes) -> Start:
        parts = np.load(io.BytesIO(content), allow_pickle=False)
        return cls(parts["columns"], parts["rows"], parts["duals"], parts["plan"])

    def fits(self, program: Program) -> bool:
        return len(self.columns) == len(program.cost) and len(self.rows) == len(program.row_lower)


class Relaxed:
    """A solver object that holds one program, with its relaxation solved.

    Each job has its own: what a used one keeps (scaling, weights, densities) would let jobs that know nothing of each
    other decide which of several optima is found.
    """

    def __init__(self, program: Program, options: Options, start: Start | None) -> None:
        self.scale = program.cost_scale
        limited = options.model_copy(update={"time_limit": None, "threads": 1})
        self.solver = load(program, limited, relax=True)
        if start is not None and start.fits(program):
            self._from(program, start)
        else:
            self._cold()

    @property
    def value(self) -> float:
        """Least cost; infinite without an optimum."""
        if self.solver.getModelStatus() != OPTIMAL:
            return np.inf
        return float(self.solver.getInfo().objective_function_value) / self.scale

    def end(self, plan: NDArray[np.int16]) -> Start:
        """Where the relaxation ended."""
        basis = self.solver.getBasis()
        columns, rows = (
            np.array([int(s) for s in part], dtype=np.int8) for part in (basis.col_status, basis.row_status)
        )
        return Start(columns, rows, np.array(self.solver.getSolution().row_dual), plan)

    def lent(self) -> highspy.Highs:
        """The solver object for others to change its bounds."""
        self._set(presolve="off", simplex_strategy=DUAL)
        return self.solver

    def _cold(self) -> None:
        """By interior point and crossover: half the time of the simplex method on the shipped instance."""
        self._set(solver="ipx")
        self.solver.run()
        self._set(solver="simplex")

    def _from(self, program: Program, start: Start) -> None:
        solver, basis = self.solver, highspy.HighsBasis()
        basis.col_status, basis.row_status = [KINDS[s] for s in start.columns], [KINDS[s] for s in start.rows]
        basis.valid = True
        cost = program.cost * self.scale
        solver.setBasis(basis)
        self._set(presolve="off", simplex_strategy=DUAL)
        self._costs(cost - _shift(cost, program, start))
        solver.run()
        is_repaired = solver.getModelStatus() == OPTIMAL  # Asked before the costs change, which clears it.
        self._costs(cost)
        self._set(simplex_strategy=PRIMAL if is_repaired else DUAL)
        solver.run()

    def _costs(self, costs: Array) -> None:
        self.solver.changeColsCost(len(costs), np.arange(len(costs), dtype=np.int32), costs)

    def _set(self, **options: str | int) -> None:
        for name, value in options.items():
            self.solver.setOptionValue(name, value)


def _shift(cost: Array, program: Program, start: Start) -> Array:
    """What each cost must give up for the basis and its duals to be dual feasible."""
    reduced = cost - program.matrix.T @ start.duals
    is_free = start.columns == BASIC
    is_wrong = ((start.columns == AT_LOWER) & (reduced < 0)) | ((start.columns == AT_UPPER) & (reduced > 0))
    return np.where(is_free | is_wrong, reduced, 0.0)


def relaxed(program: Program, options: Options, start: Start | None) -> tuple[Outcome, Start | None]:
    """The relaxation's outcome and where it ended; one without an optimum is solved again in the ordinary way."""
    begun = time.monotonic()
    risk = program.network.base.objective.risk
    if program.expected is not None and risk is not None and risk.weight == 1:
        return solve_cold(program, options, relax=True), None
    found = Relaxed(program, options, start)
    if not np.isfinite(found.value):
        return solve_cold(program, options, relax=True), None
    solution = found.solver.getSolution()
    outcome = Outcome(
        status="optimal", values=np.clip(np.array(solution.col_value), program.lower, program.upper),
        prices=np.array(solution.row_dual) / found.scale, objective=found.value, bound=found.value, gap=0.0, nodes=0,
        seconds=time.monotonic() - begun, message="Optimal",
    )
    return outcome, found.end(np.zeros(0, dtype=np.int16))
