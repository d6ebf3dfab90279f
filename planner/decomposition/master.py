"""The master: investments and the trunk, and for every group of branches a column that its cuts push up.

Without risk a group's column is the expected cost of its branches. Cuts are rows; those that have not held the plan
for a while are dropped.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import highspy
import numpy as np
import scipy.sparse as sp

from planner.assemble import Arrays, Program, assembled, scale_of
from planner.decomposition.branches import Branches, Key
from planner.decomposition.oracle import Answer
from planner.template import Array

PATIENCE = 12  # Rounds after which a cut that did not hold the plan is dropped.
BASIC = highspy.HighsBasisStatus.kBasic


@dataclass(eq=False)
class Cut:
    """A row over the trunk's columns: gradient x - (columns of its groups) <= -constant; limits have no group."""

    groups: tuple[int, ...]
    constant: float
    gradient: Array
    idle: int = 0
    status: highspy.HighsBasisStatus = BASIC


class Relaxed(NamedTuple):
    """Optimum of the master's relaxation."""

    value: float
    x: Array
    prices: Array  # Of the trunk's rows.


class Master:
    """Cuts over trunk columns, and the programs made of them. `groups` are keys that together have every branch.

    Each group has a column; the cut of a mean of branches pushes up the columns of all groups within it.
    """

    def __init__(self, branches: Branches, groups: Sequence[Key]) -> None:
        self.branches, self.groups = branches, groups
        self.trunk = assembled(branches.pieces, branches.trunk)
        self.width, self.cuts = len(self.trunk.cost), list[Cut]()
        self.scale = scale_of(self.trunk.cost)
        self.group_of = {number: i for i, key in enumerate(groups) for number in key}
        self._probability = branches.probability
        self._columns: list[highspy.HighsBasisStatus] = []
        self._rows: list[highspy.HighsBasisStatus] = []

    def own_cost(self, x: Array) -> float:
        """Cost of the trunk's columns."""
        return float(self.trunk.cost @ x) + self.trunk.offset

    def cost(self, x: Array, keys: Sequence[Key], answers: Sequence[Answer]) -> float:
        """Cost of trunk columns with what the branches answer."""
        weights = (self.branches.probability(key) for key in keys)
        return self.own_cost(x) + sum(w * a.value for w, a in zip(weights, answers, strict=True))

    def add(self, keys: Sequence[Key], answers: Sequence[Answer]) -> None:
        """The cuts of means one by one, those of branches added up by group; limits one by one."""
        sums: dict[tuple[int, ...], Cut] = {}
        incomplete: set[tuple[int, ...]] = set()
        for key, (_, found) in zip(keys, answers, strict=True):
            groups, weight = tuple(dict.fromkeys(self.group_of[number] for number in key)), self._probability(key)
            if found.is_limit:
                self.cuts.append(Cut((), found.constant, found.gradient))
                incomplete.add(groups)
                continue
            cut = sums.setdefault(groups, Cut(groups, 0.0, np.zeros(self.width)))
            cut.constant += weight * found.constant
            cut.gradient += weight * found.gradient
        self.cuts += [cut for groups, cut in sums.items() if groups not in incomplete]

    @property
    def has_all_columns(self) -> bool:
        """Whether every group has a cut: before that the master says nothing about the whole."""
        return len({group for cut in self.cuts for group in cut.groups}) == len(self.groups)

    def relax(self, held: Mapping[int, float] | None = None) -> Relaxed:
        """Solve the relaxation, hot from the last one, with some columns held; infinity where there is no solution."""
        program = self.program() if not held else fixed_at(self.program(), held)
        solver = highspy.Highs()
        solver.setOptionValue("output_flag", False)
        solver.setOptionValue("threads", 1)
        pass_to(solver, program)
        if self._columns:
            solver.setOptionValue("presolve", "off")
            basis = solver.getBasis()
            basis.col_status, basis.row_status = self._columns, [*self._rows, *(cut.status for cut in self.cuts)]
            basis.valid = True
            solver.setBasis(basis)
        solver.run()
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            solver.clearSolver()  # A hot start can end falsely.
            solver.setOptionValue("presolve", "choose")
            solver.run()
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return Relaxed(math.inf, np.zeros(0), np.zeros(0))
        solution, basis = solver.getSolution(), solver.getBasis()
        count = len(self.trunk.row_lower)
        prices = np.array(solution.row_dual)
        self._columns, self._rows = list(basis.col_status), list(basis.row_status)[:count]
        self._age(prices[count:], list(basis.row_status)[count:])
        value = solver.getInfo().objective_function_value / program.cost_scale
        x = np.clip(np.array(solution.col_value), program.lower, program.upper)[: self.width]
        return Relaxed(value, x, prices[:count] / program.cost_scale)

    def whole(self, x: Array) -> dict[int, float]:
        """The whole numbers of a plan, by column."""
        return {int(c): float(np.round(x[c])) for c in np.flatnonzero(self.trunk.integer)}

    def _age(self, prices: Array, status: Sequence[highspy.HighsBasisStatus]) -> None:
        """Drop the cuts that have not held the plan for a while."""
        for cut, price, state in zip(self.cuts, prices, status, strict=True):
            cut.idle, cut.status = 0 if abs(price) > 1e-9 else cut.idle + 1, state
        self.cuts = [cut for cut in self.cuts if cut.idle <= PATIENCE or not cut.groups]

    def program(self) -> Program:
        """Trunk, group columns and cuts as one program. Without a cut a group's column is held at 0."""
        trunk, count, width = self.trunk, len(self.cuts), len(self.groups)
        gradients = sp.csr_array(np.array([cut.gradient for cut in self.cuts]).reshape(count, self.width))
        groups = [(i, group) for i, cut in enumerate(self.cuts) for group in cut.groups]
        minus = sp.csr_array(
            (np.full(len(groups), -1.0), ([i for i, _ in groups], [g for _, g in groups])), shape=(count, width)
        )
        has_cut = np.zeros(width, dtype=bool)
        has_cut[[g for _, g in groups]] = True
        matrix = sp.block_array([[trunk.matrix, None], [gradients, minus]], format="csr")
        return Program(self.branches.pieces, Arrays(
            cost=np.append(trunk.cost, np.ones(width)), offset=trunk.offset,
            lower=np.append(trunk.lower, np.where(has_cut, -np.inf, 0.0)),
            upper=np.append(trunk.upper, np.where(has_cut, np.inf, 0.0)),
            integer=np.append(trunk.integer, np.zeros(width, dtype=bool)), matrix=sp.csr_array(matrix),
            row_lower=np.append(trunk.row_lower, np.full(count, -np.inf)),
            row_upper=np.append(trunk.row_upper, [-cut.constant for cut in self.cuts]), rows=trunk.rows,
        ))


def fixed_at(program: Program, held: Mapping[int, float]) -> Program:
    """A program with some columns held."""
    lower, upper, columns = program.lower.copy(), program.upper.copy(), list(held)
    lower[columns] = upper[columns] = list(held.values())
    return program.changed(lower=lower, upper=upper)


def pass_to(solver: highspy.Highs, program: Program) -> None:
    """Hand the relaxation of a program to a solver, its costs scaled."""
    a, scale = program.arrays, program.cost_scale
    by_row, least = int(highspy.MatrixFormat.kRowwise), int(highspy.ObjSense.kMinimize)
    solver.passModel(
        len(a.cost), len(a.row_lower), a.matrix.nnz, by_row, least, a.offset * scale, a.cost * scale, a.lower, a.upper,
        a.row_lower, a.row_upper, a.matrix.indptr.astype(np.int32), a.matrix.indices.astype(np.int32), a.matrix.data,
        np.zeros(len(a.cost), dtype=np.int32),
    )
