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
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

from planner.language.instance import Options
from planner.program.program import Program
from planner.solving.extensive import solve as solve_cold
from planner.solving.highs import load
from planner.solving.outcome import Outcome

OPTIMAL = highspy.HighsModelStatus.kOptimal
DUAL = 1  # Number of HiGHS for its dual simplex method.
KINDS = np.array(sorted(highspy.HighsBasisStatus.__members__.values(), key=int), dtype=object)  # By number.
DEVEX = 1  # Number of HiGHS for its weights.
MOST = 4  # Iterations for each row after which a hot start was none, and the program is solved cold.


@dataclass(frozen=True)
class Basis:
    """The status of each column and row, by the numbers of HiGHS."""

    columns: NDArray[np.int8]
    rows: NDArray[np.int8]

    @classmethod
    def of(cls, solver: highspy.Highs) -> Basis:
        """Where a solver object is."""
        basis = solver.getBasis()
        parts = ([status.value for status in part] for part in (basis.col_status, basis.row_status))
        return cls(*(np.array(part, dtype=np.int8) for part in parts))

    def put(self, solver: highspy.Highs) -> None:
        """Let a solver object begin here."""
        basis = highspy.HighsBasis()
        basis.col_status, basis.row_status = KINDS[self.columns].tolist(), KINDS[self.rows].tolist()
        basis.valid = True
        solver.setBasis(basis)

    def fits(self, program: Program) -> bool:
        return len(self.columns) == len(program.cost) and len(self.rows) == len(program.row_lower)


@dataclass(frozen=True)
class Start:
    """Where a neighbour ended: its relaxation, the integers of its plan, and its program with these fixed."""

    relaxed: Basis
    plan: NDArray[np.int16] | None = None
    planned: Basis | None = None

    def packed(self) -> bytes:
        stream = io.BytesIO()
        parts: dict[str, NDArray[Any]] = {"columns": self.relaxed.columns, "rows": self.relaxed.rows}
        if self.plan is not None:
            parts["plan"] = self.plan
        if self.planned is not None:
            parts |= {"planned_columns": self.planned.columns, "planned_rows": self.planned.rows}
        np.savez_compressed(stream, allow_pickle=False, **parts)
        return stream.getvalue()

    @classmethod
    def unpacked(cls, content: bytes) -> Start:
        parts = dict(np.load(io.BytesIO(content), allow_pickle=False))
        has_planned = "planned_rows" in parts
        planned = Basis(parts["planned_columns"], parts["planned_rows"]) if has_planned else None
        return cls(Basis(parts["columns"], parts["rows"]), parts.get("plan"), planned)


class Relaxed:
    """A solver object that holds one program, with its relaxation solved.

    Each job has its own: what a used one keeps (scaling, weights, densities) would let jobs that know nothing of each
    other decide which of several optima is found.
    """

    def __init__(self, program: Program, options: Options, start: Start | None) -> None:
        self.scale = program.cost_scale
        limited = options.model_copy(update={"time_limit": None, "threads": 1})
        self.solver = load(program, limited, relax=True)
        if start is not None and start.relaxed.fits(program):
            self._from(start.relaxed)
        else:
            self._cold()

    @property
    def value(self) -> float:
        """Least cost; infinite without an optimum."""
        if self.solver.getModelStatus() != OPTIMAL:
            return np.inf
        return float(self.solver.getInfo().objective_function_value) / self.scale

    def lent(self) -> highspy.Highs:
        """The solver object for others to change its bounds."""
        self._set(presolve="off", simplex_strategy=DUAL, simplex_iteration_limit=highspy.kHighsIInf)
        return self.solver

    def _cold(self) -> None:
        """By interior point and crossover: half the time of the simplex method on the shipped instance."""
        self._set(solver="ipx")
        self.solver.run()
        self._set(solver="simplex")

    def _from(self, basis: Basis) -> None:
        basis.put(self.solver)
        self._set(presolve="off", simplex_strategy=DUAL, simplex_dual_edge_weight_strategy=DEVEX)
        self._set(dual_simplex_cost_perturbation_multiplier=0.0, simplex_iteration_limit=MOST * len(basis.rows))
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
    return outcome, Start(Basis.of(found.solver))
