"""An irreducible core of an infeasible program: rows and bounds that conflict, none of which could be left out.

First the least total violation is found; by duality the rows with a price in it cannot all hold. On these few rows the
solver finds an irreducible subsystem (HiGHS, getIis). Where only whole numbers conflict, statements are left out one by
one as long as the rest still has no plan (deletion filter: Chinneck, Feasibility and Infeasibility in Optimization,
2008).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import highspy
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from planner.assemble import Program
from planner.pieces import Layout
from planner.program import Chapter, Key
from planner.schema import Options
from planner.solver import load
from planner.tree import Node

# What may have to give way, the first that suffices: requirements; limits and pledges; demands and stocks; all.
TIERS: tuple[frozenset[str] | None, ...] = (
    frozenset({"served", "survive", "recover", "dependence", "concentration", "hhi", "sources", "cover", "sharing",
               "expected_unserved", "tail", "regret_limit", "leverage", "budget", "chance"}),
    frozenset({"limit_at_most", "limit_at_least", "least_sales", "group_least_size", "group_most_size",
               "group_most_capital", "group_at_most", "building_at_once", "minimum_load", "quota"}),
    frozenset({"demand", "stock_balance", "reserve"}), None,
)
TOLERANCE = 1e-7
KIND = highspy.HighsModelStatus


class Bound(NamedTuple):
    """A bound of a variable: its node, family and key, and which side it is."""

    column: int
    node: Node | None
    family: str
    key: Key
    is_upper: bool


@dataclass(frozen=True)
class Core:
    """Rows and bounds in conflict; `whole` when they conflict only because some numbers must be whole.

    `violation` is the least total by which rows must be violated, `violated` by how much each is.
    """

    rows: tuple[int, ...]
    bounds: tuple[Bound, ...]
    whole: bool
    violated: dict[int, float]


def find_core(program: Program, options: Options) -> Core | None:
    """The core of a program that has no plan; None if it has one after all, to the tolerances of the solver."""
    for last in range(1, len(TIERS) + 1):
        families = _families(TIERS[:last])
        blamed = [i for i, (_, family, _) in enumerate(program.rows) if families is None or family in families]
        found = _least_violation(program, blamed)
        if found is None:
            continue
        violated, priced = found
        if violated:
            rows, columns = _subsystem(program, priced)
            return Core(rows, tuple(_bounds(program, columns)), False, violated)
        return _whole_core(program, options)
    return None


def _families(tiers: Iterable[frozenset[str] | None]) -> frozenset[str] | None:
    found: set[str] = set()
    for tier in tiers:
        if tier is None:
            return None
        found |= tier
    return frozenset(found)


def _least_violation(program: Program, blamed: list[int]) -> tuple[dict[int, float], NDArray[np.int64]] | None:
    """By how much rows are violated when these may be, and the rows with a price; None when that does not suffice."""
    solver = load(program, Options(), relax=True)
    columns = len(program.cost)
    solver.changeColsCost(columns, np.arange(columns, dtype=np.int32), np.zeros(columns))
    for row in blamed:
        size = float(np.abs(program.matrix[[row], :].data).max(initial=1.0))
        for side, sign in ((program.row_lower[row], 1.0), (program.row_upper[row], -1.0)):
            if np.isfinite(side):
                solver.addCol(1.0, 0.0, highspy.kHighsInf, 1, np.array([row], dtype=np.int32), np.array([sign * size]))
    solver.run()
    if solver.getModelStatus() != KIND.kOptimal:
        return None
    solution = solver.getSolution()
    activity = program.matrix @ np.array(solution.col_value)[:columns]
    violation = np.maximum(program.row_lower - activity, activity - program.row_upper)
    violated = {row: float(violation[row]) for row in blamed if violation[row] > TOLERANCE * (1 + abs(activity[row]))}
    duals = np.abs(np.array(solution.row_dual))
    return violated, np.flatnonzero(duals > 1e-9 * max(1.0, duals.max(initial=0.0)))


def _subsystem(program: Program, rows: NDArray[np.int64]) -> tuple[tuple[int, ...], list[tuple[int, bool]]]:
    """Of rows that cannot all hold an irreducible part, with the bounds in it."""
    part = sp.csr_array(program.matrix[rows, :])
    columns = np.unique(part.indices)
    solver = _plain(program, sp.csr_array(sp.csc_array(part)[:, columns]), rows, columns)
    solver.run()
    if solver.getModelStatus() != KIND.kInfeasible:
        return tuple(rows.tolist()), []
    _, found = solver.getIis()
    kept = rows[np.array(found.row_index_, dtype=np.int64)] if len(found.row_index_) else rows
    return tuple(kept.tolist()), _needed(program, kept)


def _needed(program: Program, rows: NDArray[np.int64]) -> list[tuple[int, bool]]:
    """The bounds without which these rows could all hold, found by leaving out one after the other."""
    part = sp.csr_array(program.matrix[rows, :])
    columns = np.unique(part.indices)
    solver = _plain(program, sp.csr_array(sp.csc_array(part)[:, columns]), rows, columns)
    needed = []
    for place, column in enumerate(columns.tolist()):
        lower, upper = program.lower[column], program.upper[column]
        for is_upper in (True, False):
            if not np.isfinite(upper if is_upper else lower) or (not is_upper and lower == 0):
                continue  # That amounts are not negative is no statement.
            solver.changeColBounds(place, lower if is_upper else -highspy.kHighsInf,
                                   highspy.kHighsInf if is_upper else upper)
            solver.run()
            if solver.getModelStatus() == KIND.kInfeasible:
                lower, upper = (lower, highspy.kHighsInf) if is_upper else (-highspy.kHighsInf, upper)
            else:
                needed.append((column, is_upper))
                solver.changeColBounds(place, lower, upper)
    return needed


def _plain(
    program: Program, matrix: sp.csr_array, rows: NDArray[np.int64], columns: NDArray[Any]
) -> highspy.Highs:
    """A solver with a part of the program, without costs, for questions of feasibility."""
    solver, lp = highspy.Highs(), highspy.HighsLp()
    solver.setOptionValue("output_flag", False)
    lp.num_col_, lp.num_row_ = len(columns), len(rows)
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = np.zeros(len(columns)), program.lower[columns], program.upper[columns]
    lp.row_lower_, lp.row_upper_ = program.row_lower[rows], program.row_upper[rows]
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = matrix.indptr.astype(np.int32)
    lp.a_matrix_.index_ = matrix.indices.astype(np.int32)
    lp.a_matrix_.value_ = matrix.data
    solver.passModel(lp)
    return solver


def _bounds(program: Program, columns: list[tuple[int, bool]]) -> Iterator[Bound]:
    for column, is_upper in columns:
        yield Bound(column, *column_at(program, column), is_upper)


def column_at(program: Program, column: int) -> tuple[Node | None, str, Key]:
    """Node, family and key of a column."""
    width, frame = program.node_layout.size, program.frame
    if column < frame.investments:
        return None, *_named(program.investments, column)
    if column >= frame.width:
        return None, *_named(program.weighing, column - frame.width)
    number, place = divmod(column - frame.investments, width)
    return program.network.tree.nodes[number], *_named(program.operation, place)


def _named(chapter: Chapter, place: int) -> tuple[str, Key]:
    layout = Layout.of(chapter.variables)
    family = next(f for f in reversed(chapter.variables) if f.keys and layout.starts[f.name] <= place)
    return family.name, family.keys[place - layout.starts[family.name]]


# --- whole numbers -------------------------------------------------------------------------------------


def _whole_core(program: Program, options: Options) -> Core | None:
    """Statements of which none can be left out, found by leaving out one after the other."""
    groups: dict[tuple[str, str], list[int]] = {}
    for row, (_, family, key) in enumerate(program.rows):
        groups.setdefault((family, str(key[0]) if key else ""), []).append(row)
    kept = np.ones(len(program.row_lower), dtype=bool)
    if has_plan(program, options, kept):
        return None
    for rows in sorted(groups.values(), key=lambda rows: _rank(program.rows[rows[0]][1])):
        kept[rows] = False
        if has_plan(program, options, kept):
            kept[rows] = True
    left = tuple(np.flatnonzero(kept).tolist())
    return Core(left, (), True, {})


def _rank(family: str) -> int:
    """Physics is left out first, statements of the user as late as can be."""
    named = [i for i, tier in enumerate(TIERS) if tier is not None and family in tier]
    return -named[0] if named else -len(TIERS)


def has_plan(program: Program, options: Options, kept: NDArray[np.bool_] | None = None) -> bool:
    """Whether some plan meets all rows, or those that are kept; costs do not matter."""
    asked = program.changed(cost=np.zeros(len(program.cost)), offset=0.0)
    solver = load(asked, options.model_copy(update={"gap": 0.0}))
    if kept is not None:
        for row in np.flatnonzero(~kept).tolist():
            solver.changeRowBounds(row, -highspy.kHighsInf, highspy.kHighsInf)
    solver.run()
    return bool(solver.getInfo().primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible)

