"""Hot starts: a program is solved from a neighbour's basis.

A neighbour's basis is optimal for the neighbour's numbers. The dual simplex method repairs it, with Devex weights,
which cost nothing to begin with (those of steepest edges take as long as some hundred iterations), and without
perturbing costs, which would be repaired for nothing. On the shipped instance this is faster than the primal method
and than both after each other, whatever has changed.
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

OPTIMAL = highspy.HighsModelStatus.kOptimal
DUAL = 1  # Number of HiGHS for its dual simplex method.
KINDS = np.array(sorted(highspy.HighsBasisStatus.__members__.values(), key=int), dtype=object)  # By number.
DEVEX = 1  # Number of HiGHS for its weights.
MOST = 4  # Iterations for each row after which a hot start was none, and the program is solved cold.


@dataclass(frozen=True)
class Start:
    """Where a neighbour ended: the status of each column and row, and the integers of its plan."""

    columns: NDArray[np.int8]
    rows: NDArray[np.int8]
    plan: NDArray[np.int16]

    def packed(self) -> bytes:
        stream = io.BytesIO()
        np.savez_compressed(stream, columns=self.columns, rows=self.rows, plan=self.plan)
        return stream.getvalue()

    @classmethod
    def unpacked(cls, content: bytes) -> Start:
        parts = np.load(io.BytesIO(content), allow_pickle=False)
        return cls(parts["columns"], parts["rows"], parts["plan"])

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
            np.array([status.value for status in part], dtype=np.int8) for part in (basis.col_status, basis.row_status)
        )
        return Start(columns, rows, plan)

    def lent(self) -> highspy.Highs:
        """The solver object for others to change its bounds."""
        self._set(presolve="off", simplex_strategy=DUAL, simplex_iteration_limit=highspy.kHighsIInf)
        return self.solver

    def _cold(self) -> None:
        """By interior point and crossover: half the time of the simplex method on the shipped instance."""
        self._set(solver="ipx")
        self.solver.run()
        self._set(solver="simplex")

    def _from(self, program: Program, start: Start) -> None:
        basis = highspy.HighsBasis()
        basis.col_status, basis.row_status = KINDS[start.columns].tolist(), KINDS[start.rows].tolist()
        basis.valid = True
        self.solver.setBasis(basis)
        self._set(presolve="off", simplex_strategy=DUAL, simplex_dual_edge_weight_strategy=DEVEX)
        self._set(dual_simplex_cost_perturbation_multiplier=0.0, simplex_iteration_limit=MOST * len(start.rows))
        self.solver.run()

    def _set(self, **options: str | int | float) -> None:
        for name, value in options.items():
            self.solver.setOptionValue(name, value)


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
