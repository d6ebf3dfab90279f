"""The master: investments and the trunk, and a column for every group of branches, which cuts bound from below.

Without risk a group's column is the expected cost of its branches. Cuts are rows; cuts that have been slack for
several rounds are dropped. If many branches are similar, the master can contain the operation of their mean
(Crainic, Hewitt, Maggioni and Rei, Partial Benders decomposition, Transportation Science 55, 2021): the mean has
the bottlenecks that all of them share, which cuts find only one by one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from planner.common.arrays import Array
from planner.program.program import Arrays, Program
from planner.solving.benders.subproblem_solver import EXACT, TOLERANCE, SubproblemResult, UnboundedError
from planner.solving.benders.subproblems import Branches, BranchKey
from planner.solving.highs import DUST, Basis, BasisStatus, Solver, Statuses
from planner.solving.run import hand_over, status_of

FAR = 20  # Binary logarithm of a scale of costs from which the columns of groups are scaled too.
NEWS = 1e-7  # Share by which a cut must say more than those known.
PATIENCE = 12  # Rounds after which a cut that did not hold the plan is dropped.


@dataclass(eq=False)
class MasterCut:
    """A row over the trunk's columns: gradient x - (columns of its groups) <= -constant; limits have no group."""

    groups: tuple[int, ...]
    constant: float
    gradient: Array
    idle: int = 0
    status: int = BasisStatus.BASIC

    def at(self, x: Array) -> float:
        """Lower bound at x on the columns of the cut's groups."""
        return self.constant + float(self.gradient @ x)


class TrustRegion(NamedTuple):
    """A box around a point; the radius is a share of the range of each column."""

    center: Array
    radius: float


class MasterOptimum(NamedTuple):
    """Optimum of the master's relaxation."""

    value: float
    x: Array
    prices: Array  # Of the trunk's rows.
    reduced: Array  # Reduced costs of the trunk's columns.


class Master:
    """Cuts over trunk columns, and the programs made of them. `groups` are keys that together have every branch.

    Each group has a column; the cut of a mean of branches pushes up the columns of all groups within it.
    """

    def __init__(self, branches: Branches, groups: Sequence[BranchKey]) -> None:
        self.branches, self.groups = branches, groups
        self.trunk = branches.of_trunk.applied(branches.trunk_arrays)
        self.width, self.cuts = len(self.trunk.cost), list[MasterCut]()
        self.scale = branches.scale
        self.money = self.scale if abs(math.log2(self.scale)) > FAR else 1.0
        self.group_of = {number: i for i, key in enumerate(groups) for number in key}
        self._probability = branches.probability
        self._bases: dict[BranchKey, Basis] = {}  # Without the rows of cuts.
        self._programs: dict[BranchKey, Program] = {}  # Of the cuts there are.

    def own_cost(self, x: Array) -> float:
        """Cost of the trunk's columns."""
        return float(self.trunk.cost @ x) + self.trunk.offset

    def cost(self, x: Array, keys: Sequence[BranchKey], answers: Sequence[SubproblemResult]) -> float:
        """Cost of trunk columns with what the branches answer."""
        weights = (self.branches.probability(key) for key in keys)
        return self.own_cost(x) + sum(w * a.value for w, a in zip(weights, answers, strict=True))

    def add(self, keys: Sequence[BranchKey], answers: Sequence[SubproblemResult], x: Array) -> None:
        """The cuts of means one by one, those of branches added up by group; limits one by one.

        At x, where they were asked for, they must say more than the cuts there are.
        """
        self._programs.clear()
        sums: dict[tuple[int, ...], MasterCut] = {}
        incomplete: set[tuple[int, ...]] = set()
        for key, found in zip(keys, (answer.cut for answer in answers), strict=True):
            groups, weight = tuple(dict.fromkeys(self.group_of[number] for number in key)), self._probability(key)
            if found.is_limit:
                self.cuts.append(self._without_dust(MasterCut((), found.constant, found.gradient)))
                incomplete.add(groups)
                continue
            cut = sums.setdefault(groups, MasterCut(groups, 0.0, np.zeros(self.width)))
            cut.constant += weight * found.constant
            cut.gradient += weight * found.gradient
        known: dict[tuple[int, ...], float] = {}
        for cut in self.cuts:
            if cut.groups in sums:
                known[cut.groups] = max(known.get(cut.groups, -math.inf), cut.at(x))
        for groups, total in sums.items():
            cut = self._without_dust(total)
            least = known.get(groups, -math.inf)
            if groups not in incomplete and cut.at(x) - least > NEWS * abs(cut.at(x)):
                self.cuts.append(cut)

    def _without_dust(self, cut: MasterCut) -> MasterCut:
        """A cut without entries that the solver would drop: what they can say at least is in its constant instead."""
        dust = np.flatnonzero((np.abs(cut.gradient) * self._worth(cut) < DUST) & (cut.gradient != 0))
        entries, trunk = cut.gradient[dust], self.trunk
        least = np.minimum(entries * trunk.lower[dust], entries * trunk.upper[dust])
        gradient = cut.gradient.copy()
        gradient[dust] = 0.0
        return MasterCut(cut.groups, cut.constant + float(least[np.isfinite(least)].sum()), gradient)

    @property
    def has_all_columns(self) -> bool:
        """Whether every group has a cut: before that the master says nothing about the whole."""
        return bool(self._has_cut.all())

    @property
    def _has_cut(self) -> NDArray[np.bool_]:
        found = np.zeros(len(self.groups), dtype=bool)
        found[[g for cut in self.cuts for g in cut.groups]] = True
        return found

    def relax(
        self, held: Mapping[int, float] | None = None, inside: BranchKey = (), region: TrustRegion | None = None
    ) -> MasterOptimum:
        """Solve the relaxation, warm-started from the last one, with some columns fixed; infinity if it is infeasible.

        UnboundedError if it is unbounded.
        """
        program = self.program(inside) if not held else fixed_at(self.program(inside), held)
        if region is not None:
            program = self._within(program, region)
        solver = Solver(output_flag=False, threads=1, primal_feasibility_tolerance=EXACT)
        hand_over(solver, program, relax=True, scale=program.cost_scale)
        if inside in self._bases:
            self._start(solver, self._bases[inside])
        _run(solver)
        status = status_of(solver, interrupted=False)
        if status == "unbounded":
            raise UnboundedError
        if status == "infeasible":
            return MasterOptimum(math.inf, np.zeros(0), np.zeros(0), np.zeros(0))
        basis, prices, count = solver.basis, solver.prices, len(program.row_lower) - len(self.cuts)
        self._bases[inside] = Basis.of(basis.columns, basis.rows[:count])
        self._age(prices[count:], basis.rows[count:], 0 if held or region is not None else 1)
        value = solver.objective / program.cost_scale
        x = np.clip(solver.values, program.lower, program.upper)[: self.width]
        reduced = solver.reduced_costs[: self.width] / program.cost_scale
        return MasterOptimum(value, x, prices[: len(self.trunk.row_lower)] / program.cost_scale, reduced)

    def _within(self, program: Program, region: TrustRegion) -> Program:
        """A program whose columns of the trunk, where they have bounds, stay in a region."""
        lower, upper, width = program.lower.copy(), program.upper.copy(), self.width
        reach = region.radius * (self.trunk.upper - self.trunk.lower)
        lower[:width] = np.clip(region.center - reach, lower[:width], upper[:width])
        upper[:width] = np.clip(region.center + reach, lower[:width], upper[:width])
        return program.changed(lower=lower, upper=upper)

    def _start(self, solver: Solver, last: Basis) -> None:
        """Start from the last basis, unless cuts were asked of another program in the meantime."""
        rows = np.append(last.rows, np.array([cut.status for cut in self.cuts], dtype=np.int8))
        if sum(np.count_nonzero(part == BasisStatus.BASIC) for part in (last.columns, rows)) == len(rows):
            solver.set(presolve="off")
            solver.start_from(Basis.of(last.columns, rows))

    def whole(self, x: Array) -> dict[int, float]:
        """The whole numbers of a plan, by column."""
        return {int(c): float(np.round(x[c])) for c in np.flatnonzero(self.trunk.integer)}

    def _age(self, prices: Array, status: Statuses, years: int) -> None:
        """Drop the cuts that have been slack for several rounds. While columns are fixed, no cut ages."""
        for cut, price, state in zip(self.cuts, prices, status, strict=True):
            cut.idle, cut.status = 0 if abs(price) > 1e-9 else cut.idle + years, int(state)
        kept = [cut for cut in self.cuts if cut.idle <= PATIENCE or not cut.groups]
        if len(kept) < len(self.cuts):
            self.cuts = kept
            self._programs.clear()

    def program(self, inside: BranchKey = ()) -> Program:
        """Trunk, group columns and cuts as one program, with the operation of the mean of some branches of one W.

        A group not pushed up is held at 0.
        """
        if inside not in self._programs:
            self._programs[inside] = self._put_together(inside)
        return self._programs[inside]

    def _put_together(self, inside: BranchKey) -> Program:
        trunk, mean, count, width = self.trunk, self._mean(inside), len(self.cuts), len(self.groups)
        slopes = [self._worth(cut) * cut.gradient for cut in self.cuts]
        gradients = sp.csr_array(np.array(slopes).reshape(count, self.width))
        pushed = [(i, group) for i, cut in enumerate(self.cuts) for group in cut.groups]
        minus = sp.csr_array(
            (np.full(len(pushed), -1.0), ([i for i, _ in pushed], [g for _, g in pushed])), shape=(count, width)
        )
        is_pushed = self._has_cut
        is_pushed[[self.group_of[number] for number in inside]] = True
        free = np.where(is_pushed, np.inf, 0.0)
        matrix = sp.block_array(
            [[trunk.matrix, None, None], [mean.trunk, mean.groups, mean.own], [gradients, minus, None]], format="csr"
        )
        return Program(self.branches.pieces, Arrays(
            cost=np.concatenate([trunk.cost, np.full(width, 1 / self.money), np.zeros(len(mean.lower))]),
            offset=trunk.offset,
            lower=np.concatenate([trunk.lower, -free, mean.lower]),
            upper=np.concatenate([trunk.upper, free, mean.upper]),
            integer=np.append(trunk.integer, np.zeros(width + len(mean.lower), dtype=bool)),
            matrix=sp.csr_array(matrix),
            row_lower=np.concatenate([trunk.row_lower, mean.row_lower, np.full(count, -np.inf)]),
            row_upper=np.concatenate([
                trunk.row_upper, mean.row_upper, [-self._worth(cut) * cut.constant for cut in self.cuts]
            ]),
            rows=trunk.rows,
        ))

    def _worth(self, cut: MasterCut) -> float:
        """Scale of a cut's row: an optimality cut has the scale of money."""
        return self.money if cut.groups else 1.0

    def _mean(self, inside: BranchKey) -> Mean:
        """The operation of the mean of branches, whose last row pushes up the columns of their groups."""
        width = len(self.groups)
        if not inside:
            empty = np.zeros(0)
            trunk, groups, own = (sp.csr_array((0, n)) for n in (self.width, width, 0))
            return Mean(trunk, groups, own, empty, empty, empty, empty)
        matrices, of = self.branches.problem(inside)
        weight, minus = self._probability(inside) * self.money, np.zeros((1, width))
        minus[0, [self.group_of[number] for number in inside]] = -1.0
        return Mean(
            trunk=sp.csr_array(sp.vstack([matrices.linking, sp.csr_array(weight * of.direct[None, :])])),
            groups=sp.csr_array(sp.vstack([sp.csr_array((len(of.row_lower), width)), sp.csr_array(minus)])),
            own=sp.csr_array(sp.vstack([matrices.matrix, sp.csr_array(weight * of.cost[None, :])])),
            lower=of.lower, upper=of.upper, row_lower=np.append(of.row_lower, -np.inf),
            row_upper=np.append(of.row_upper, -weight * of.constant),
        )


class Mean(NamedTuple):
    """Rows of a mean of branches over the columns of trunk, groups and its own operation, and bounds of the latter."""

    trunk: sp.csr_array
    groups: sp.csr_array
    own: sp.csr_array
    lower: Array
    upper: Array
    row_lower: Array
    row_upper: Array


def _run(solver: Solver) -> None:
    """Solve; where that has no optimum, once more from nothing, and then to the tolerance of all other programs.

    A hot start can end falsely. And what the whole program has a plan for, by its tolerance, is not infeasible: a plan
    that misses a row by more than it may is settled anew at the end.
    """
    solver.run()
    for tolerance in (EXACT, TOLERANCE):
        if solver.is_optimal:
            return
        solver.forget()
        solver.set(presolve="choose", primal_feasibility_tolerance=tolerance)
        solver.run()


def fixed_at(program: Program, held: Mapping[int, float]) -> Program:
    """A program with some columns held."""
    lower, upper, columns = program.lower.copy(), program.upper.copy(), list(held)
    lower[columns] = upper[columns] = list(held.values())
    return program.changed(lower=lower, upper=upper)
