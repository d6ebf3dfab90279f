"""Warm starts: a program is solved from a neighbour's basis.

A neighbour's basis is optimal for the neighbour's numbers. The dual simplex method repairs it, with Devex weights,
which need no initial work (weights of steepest edges take as long as some hundred iterations). Costs are not perturbed,
which would only need repair. On the shipped instance this is faster than the primal method
and than both after each other, for every kind of change.
"""

from __future__ import annotations

import io
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planner.language.instance import Options
from planner.program.program import Program
from planner.solving.extensive import solve as solve_cold
from planner.solving.highs import Basis, Solver
from planner.solving.outcome import Outcome
from planner.solving.relaxation import Relaxation
from planner.solving.run import load
from planner.solving.scaling import scaled

DUAL = 1  # Number of HiGHS for its dual simplex method.
DEVEX = 1  # Number of HiGHS for its weights.
MOST = 4  # Iterations for each row after which a hot start was none, and the program is solved cold.


@dataclass(frozen=True)
class WarmStart:
    """Warm start from a neighbour: its relaxation, the integers of its plan, and its program with these fixed."""

    relaxed: Basis
    plan: NDArray[np.int64] | None = None
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
    def unpacked(cls, content: bytes) -> WarmStart:
        parts = dict(np.load(io.BytesIO(content), allow_pickle=False))
        has_planned = "planned_rows" in parts
        planned = Basis.of(parts["planned_columns"], parts["planned_rows"]) if has_planned else None
        return cls(Basis.of(parts["columns"], parts["rows"]), parts.get("plan"), planned)


def begun(program: Program, options: Options, start: WarmStart | None) -> Relaxation:
    """The relaxation of one program, solved from where a neighbour ended, if that fits.

    Each job has its own: what a used solver object keeps (scaling, weights, densities) would let jobs that know nothing
    of each other decide which of several optima is found.
    """
    limited = options.model_copy(update={"time_limit": None, "threads": 1})
    solver = load(program, limited, relax=True)
    if start is not None and fits(start.relaxed, program):
        _run_from(solver, start.relaxed)
    else:
        _run_cold(solver)
    return Relaxation(solver, program, _run)


def fits(basis: Basis, program: Program) -> bool:
    return basis.shape == (len(program.cost), len(program.row_lower))


def _run_cold(solver: Solver) -> None:
    """By interior point and crossover: half the time of the simplex method on the shipped instance."""
    solver.set(solver="ipx")
    solver.run()
    solver.set(solver="simplex")


def _run_from(solver: Solver, basis: Basis) -> None:
    """By the dual simplex method from a basis, up to a number of steps."""
    solver.start_from(basis)
    solver.set(presolve="off", simplex_strategy=DUAL, simplex_dual_edge_weight_strategy=DEVEX)
    solver.set(dual_simplex_cost_perturbation_multiplier=0.0, simplex_iteration_limit=MOST * solver.row_count)
    solver.run()


def _run(solver: Solver) -> bool:
    solver.run()
    return False  # There are no requests to stop.


def relaxed(program: Program, options: Options, start: WarmStart | None) -> tuple[Outcome, WarmStart | None]:
    """The relaxation's outcome and where it ended; one without an optimum is solved again in the ordinary way."""
    since = time.monotonic()
    risk = program.network.base.objective.risk
    if program.expected is not None and risk is not None and risk.weight == 1:
        return solve_cold(program, options, relax=True), None
    suited, scaling = scaled(program)
    found = begun(suited, options, start)
    if not np.isfinite(found.value):
        return solve_cold(program, options, relax=True), None
    outcome = Outcome(
        status="optimal", values=np.clip(found.values, suited.lower, suited.upper),
        prices=found.prices, objective=found.value, bound=found.value, gap=0.0, nodes=0,
        seconds=time.monotonic() - since, message="Optimal",
    )
    return scaling.restored(outcome), WarmStart(found.solver.basis)
