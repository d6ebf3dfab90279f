"""The oracle: cost of the branches for given trunk columns, and the cuts that support it.

By linear duality, with c, d, W, T as in `branches` and any row duals p: for all x

    value(x) >= p side + min_y (c - p W) y + constant + (d - p T) x

where the minimum is over the bounds of y. A cut states the right-hand side, computed from the duals themselves and
not from the solver's objective, so it is valid in every state the solver ends in. The dual ray of an infeasible
program gives a feasibility cut in the same way.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

import numpy as np

from planner.common.arrays import Array
from planner.solving.benders.subproblem_data import Matrices, Subproblem, Vectors
from planner.solving.benders.subproblems import Branches, BranchKey
from planner.solving.highs import UNLIMITED, Basis, Solver
from planner.solving.outcome import SolverError
from planner.solving.run import status_of

SLOTS = 4  # Solvers that share the branches; the number is fixed, so results do not depend on the number of workers.
TOLERANCE = 1e-7
EXACT = 1e-9  # To which the rows of a plan hold: what it misses of them may be larger in the units of the instance.
DEVEX = 1  # Weights of the dual simplex method: cheap ones, for from an old basis it is not far.
ROOMS = (0.0, 1e-9, 1e-8, 1e-7, 1e-6)  # Shares by which the sides of a branch are eased, until it has a plan.
MOST = 20  # Steps per row from an old basis.
SlotResult = TypeVar("SlotResult")


class Cut(NamedTuple):
    """constant + gradient x: at most the value of a branch, or at most 0 where the branch has no value."""

    constant: float
    gradient: Array
    is_limit: bool  # The branch has no plan where this is positive.

    def at(self, x: Array) -> float:
        return self.constant + float(self.gradient @ x)


class UnboundedError(Exception):
    """The program is unbounded."""


class SubproblemResult(NamedTuple):
    """Cost of a branch at x (infinite if infeasible), the cut that supports it, row duals and basis."""

    value: float
    cut: Cut
    prices: Array | None = None
    basis: Basis | None = None


class BranchOperation(NamedTuple):
    """Operation of a branch at x: values of its columns and duals of its rows, as if it were certain."""

    values: Array
    prices: Array


@dataclass
class Resident:
    """A solver object that holds W, with the vectors it holds at present."""

    solver: Solver
    vectors: Vectors


@dataclass
class SolverSlot:
    """One solver for every W, used for the problems of this slot one after the other, each from a basis or none."""

    branches: Branches
    scale: float
    residents: dict[bytes, Resident] = field(default_factory=dict)

    def ask(self, key: BranchKey, x: Array, start: Basis | None) -> SubproblemResult:
        """Value and cut of a branch, or of the mean of several, at x.

        A branch that has no plan by less than a tolerance has one once its sides are eased. UnboundedError where cost
        has no least.
        """
        matrices, vectors = problem = self.branches.problem(key)
        for room in ROOMS:
            solver = self._solved(problem, x, start, room)
            status = status_of(solver, interrupted=False)
            if status == "unbounded":
                raise UnboundedError
            if status == "optimal":
                prices = solver.prices / self.scale
                value = solver.objective / self.scale
                value += vectors.constant + float(vectors.direct @ x)
                return SubproblemResult(value, _cut(matrices, vectors, prices, vectors.cost), prices, solver.basis)
            if (limit := self._limit(solver, matrices, vectors, x)) is not None:
                return SubproblemResult(math.inf, limit)
        raise SolverError("no reason was found for which a branch has no plan")

    def run(self, key: BranchKey, x: Array, start: Basis | None) -> BranchOperation:
        """The operation of a branch at x, to the precision of a plan."""
        problem = self.branches.problem(key)
        for room in ROOMS:
            solver = self._solved(problem, x, start, room, EXACT)
            if solver.is_optimal:
                values = np.clip(solver.values, problem.vectors.lower, problem.vectors.upper)
                return BranchOperation(values, solver.prices / self.scale)
        raise SolverError("a branch has no plan where it had one before")

    def _solved(
        self, problem: Subproblem, x: Array, start: Basis | None, room: float, tolerance: float = TOLERANCE
    ) -> Solver:
        """The solver with a branch at x, its sides eased by a share."""
        matrices = problem.matrices
        here = vectors_at(problem.vectors, matrices.linking @ x, room)
        is_first = matrices.digest not in self.residents
        if is_first:
            self.residents[matrices.digest] = Resident(_load(matrices, here, self.scale), here)
        resident = self.residents[matrices.digest]
        _change(resident, here, self.scale)
        solver = resident.solver
        cold = is_first and start is None  # Without a basis a later problem starts from the one before.
        solver.set(presolve="choose" if cold else "off", primal_feasibility_tolerance=tolerance)
        if start is not None:
            solver.start_from(start)
        _run(solver, perturbed=0.0, most=MOST * len(here.row_lower))
        if not solver.is_optimal:
            solver.forget()  # Once more without what may have led it astray: a hot start can end falsely.
            _run(solver, perturbed=1.0, most=UNLIMITED)
        return solver

    def _limit(self, solver: Solver, matrices: Matrices, vectors: Vectors, x: Array) -> Cut | None:
        """Feasibility cut: a row on x that every feasible branch needs, if x violates it by more than a tolerance."""
        if (ray := solver.ray) is None:
            return None
        for sign in (1.0, -1.0):
            cut = _cut(matrices, vectors, sign * ray, np.zeros_like(vectors.cost))
            size = float(np.abs(cut.gradient).max(initial=0.0)) or abs(cut.constant)
            if size and cut.at(x) > TOLERANCE * size:
                return Cut(cut.constant / size, cut.gradient / size, True)
        return None


def vectors_at(vectors: Vectors, shift: Array, room: float) -> Vectors:
    """The vectors with what x takes up of the rows moved to their sides, which are eased by a share of both."""
    lower, upper = vectors.row_lower - shift, vectors.row_upper - shift
    if room:
        lower, upper = lower - room * (1 + np.abs(shift)), upper + room * (1 + np.abs(shift))
    return vectors._replace(row_lower=lower, row_upper=upper)


def _cut(matrices: Matrices, vectors: Vectors, prices: Array, cost: Array) -> Cut:
    """The cut of some row prices under a cost."""
    prices = np.where((prices > 0) & (vectors.row_lower == -np.inf), 0.0, prices)
    prices = np.where((prices < 0) & (vectors.row_upper == np.inf), 0.0, prices)
    reduced = cost - matrices.matrix.T @ prices
    # Where y has no upper bound a negative reduced cost is the solver's tolerance.
    reduced = np.where((reduced < 0) & (vectors.upper == np.inf), 0.0, reduced)
    sides = np.where(prices > 0, vectors.row_lower, vectors.row_upper)
    bounds = np.where(reduced > 0, vectors.lower, vectors.upper)
    used, limited = prices != 0, reduced != 0
    constant = float(prices[used] @ sides[used] + reduced[limited] @ bounds[limited])
    gradient = -(matrices.linking.T @ prices)
    if cost is not vectors.cost:
        return Cut(constant, gradient, True)
    return Cut(constant + vectors.constant, gradient + vectors.direct, False)


def _load(matrices: Matrices, vectors: Vectors, scale: float) -> Solver:
    solver = Solver(
        output_flag=False, threads=1, presolve="off", solver="simplex", primal_feasibility_tolerance=TOLERANCE,
        dual_feasibility_tolerance=TOLERANCE, simplex_dual_edge_weight_strategy=DEVEX,
    )
    solver.load(
        cost=vectors.cost * scale, lower=vectors.lower, upper=vectors.upper, matrix=matrices.matrix,
        row_lower=vectors.row_lower, row_upper=vectors.row_upper,
    )
    return solver


def _run(solver: Solver, perturbed: float, most: int) -> None:
    """Solve within a limit of steps; perturbed costs avoid stalling but need more steps from a warm start."""
    solver.set(dual_simplex_cost_perturbation_multiplier=perturbed, simplex_iteration_limit=most)
    solver.run()


def _change(resident: Resident, to: Vectors, scale: float) -> None:
    """Change what differs from the vectors that the solver holds."""
    solver, now = resident.solver, resident.vectors
    columns = _different((now.lower, to.lower), (now.upper, to.upper))
    if len(columns):
        solver.change_bounds(columns, to.lower[columns], to.upper[columns])
    columns = _different((now.cost, to.cost))
    if len(columns):
        solver.change_costs(columns, to.cost[columns] * scale)
    rows = _different((now.row_lower, to.row_lower), (now.row_upper, to.row_upper))
    if len(rows):
        solver.change_sides(rows, to.row_lower[rows], to.row_upper[rows])
    resident.vectors = to


def _different(*pairs: tuple[Array, Array]) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return np.flatnonzero(np.any([a != b for a, b in pairs], axis=0)).astype(np.int32)


class OverError(Exception):
    """Time is over, or the user asked to stop."""


class Oracle:
    """All branches of a tree, asked together; slots work side by side in threads of this process.

    `is_over` is looked at between branches: when it says so, OverError is raised.
    """

    def __init__(self, branches: Branches, scale: float, threads: int) -> None:
        self.branches = branches
        self.is_over: Callable[[], bool] = lambda: False
        self.every: list[BranchKey] = [(branch.number,) for branch in branches.branches]
        self.slots = [SolverSlot(branches, scale) for _ in range(min(SLOTS, len(self.every)))]
        self._pool = ThreadPoolExecutor(min(threads, len(self.slots)))

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def ask(self, keys: Sequence[BranchKey], x: Array, starts: Sequence[Basis | None] = ()) -> list[SubproblemResult]:
        """Value and cut of every branch or mean of branches at x, each from a basis, if there are any."""
        for key in keys:
            self.branches.problem(key)  # Means are made here, once, and not by several threads at a time.
        return self._together(keys, x, starts, SolverSlot.ask)

    def run(self, x: Array, starts: Sequence[Basis | None]) -> list[BranchOperation]:
        """The operation of every branch at x."""
        return self._together(self.every, x, starts, SolverSlot.run)

    def _together(
        self, keys: Sequence[BranchKey], x: Array, starts: Sequence[Basis | None],
        question: Callable[[SolverSlot, BranchKey, Array, Basis | None], SlotResult],
    ) -> list[SlotResult]:
        count, starts = len(self.slots), starts or [None] * len(keys)

        def work(number: int) -> list[SlotResult]:
            found = []
            for key, start in zip(keys[number::count], starts[number::count], strict=True):
                if self.is_over():
                    raise OverError
                found.append(question(self.slots[number], key, x, start))
            return found

        parts = list(self._pool.map(work, range(count)))
        return [parts[i % count][i // count] for i in range(len(keys))]
