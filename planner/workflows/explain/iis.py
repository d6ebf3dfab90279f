"""An irreducible infeasible subsystem (IIS): rows and bounds that conflict, and of which none can be dropped.

First the least total violation is found; by duality the rows with a nonzero dual cannot all hold. These few are
filtered (`RowsUnderTest`): whole requirements first, so that few are in the conflict, then rows, then bounds. If only
integers conflict, statements are dropped one by one as long as the rest still has no plan. When time is over, the rest
is still a conflict, but not known to be irreducible, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner.common.errors import NoAnswerError
from planner.common.signals import stop_if_asked
from planner.formulation.declarations import Chapter, FamilyKey, Key
from planner.formulation.mathematics.security.kinds import FAMILIES
from planner.language.instance import Options
from planner.program.blocks import BlockLayout
from planner.program.program import Program
from planner.solving.highs import ModelStatus
from planner.solving.run import load, run_until_asked
from planner.solving.scaling import scaled
from planner.tree.nodes import Node
from planner.workflows.explain.deadline import ENDLESS, Patience
from planner.workflows.explain.iis_filter import RowsUnderTest

# What may have to give way, the first that suffices: requirements; limits and pledges; demands and stocks; all.
TIERS: tuple[frozenset[str] | None, ...] = (
    FAMILIES,
    frozenset({"limit_at_most", "limit_at_least", "least_sales", "group_least_size", "group_most_size",
               "group_most_capital", "group_at_most", "building_at_once", "minimum_load", "quota"}),
    frozenset({"demand", "stock_balance", "reserve"}), None,
)
TOLERANCE = 1e-7
LATE = "no conflict was found within the time limit"


class Bound(NamedTuple):
    """A bound of a variable: its node, family and key, and which side it is."""

    column: int
    node: Node | None
    family: str
    key: Key
    is_upper: bool


@dataclass(frozen=True)
class Core:
    """Rows and bounds in conflict; `is_whole` when they conflict only because some numbers must be whole.

    `missed` says by how much some of its rows must be missed, each if it alone gives way. Where it is not known to be
    irreducible, something may be left out of it.
    """

    rows: tuple[int, ...]
    bounds: tuple[Bound, ...]
    is_whole: bool
    missed: dict[int, float]
    is_irreducible: bool = True


def find_core(program: Program, options: Options, patience: Patience = ENDLESS) -> Core | None:
    """The core of a program that has no plan; None if it has one after all, to the tolerances of the solver.

    NoAnswerError when time is over before any conflict is found.
    """
    suited, scaling = scaled(program)
    core = _found(suited, options, patience)
    if core is None or scaling.is_none:
        return core
    return replace(core, missed={row: by / float(scaling.rows[row]) for row, by in core.missed.items()})


def _found(program: Program, options: Options, patience: Patience) -> Core | None:
    """The core of a program in the units that suit the solver, and so what is missed."""
    for last in range(1, len(TIERS) + 1):
        families = _families(TIERS[:last])
        blamed = [i for i, (_, family, _) in enumerate(program.rows) if families is None or family in families]
        found = _least_violation(program, blamed, patience)
        if found is None:
            continue
        if found.is_violated:
            return _thinned(program, found.priced, blamed, patience)
        return _whole_core(program, options, patience)
    return None


class Violation(NamedTuple):
    """Whether any rows must be violated, and the rows with a price where they are so least in all."""

    is_violated: bool
    priced: NDArray[np.int64]


def _families(tiers: Iterable[frozenset[str] | None]) -> frozenset[str] | None:
    found: set[str] = set()
    for tier in tiers:
        if tier is None:
            return None
        found |= tier
    return frozenset(found)


def _least_violation(program: Program, blamed: list[int], patience: Patience) -> Violation | None:
    """Least violation when only the blamed rows may be violated; None if that is not enough."""
    solver = load(program, patience.limited(Options()), relax=True)
    columns = len(program.cost)
    solver.change_costs(np.arange(columns), 0.0)
    for row in blamed:
        size = float(np.abs(program.matrix[[row], :].data).max(initial=1.0))
        for side, sign in ((program.row_lower[row], 1.0), (program.row_upper[row], -1.0)):
            if np.isfinite(side):
                solver.add_column(1.0, np.inf, row, sign * size)
    run_until_asked(solver)
    stop_if_asked()
    if solver.status is ModelStatus.TIME_LIMIT:
        raise NoAnswerError(LATE, "time limit")
    if not solver.is_optimal:
        return None
    activity = program.matrix @ solver.values[:columns]
    violation = np.maximum(program.row_lower - activity, activity - program.row_upper)[blamed]
    duals = np.abs(solver.prices)
    is_violated = bool((violation > TOLERANCE * (1 + np.abs(activity[blamed]))).any())
    return Violation(is_violated, np.flatnonzero(duals > 1e-9 * max(1.0, duals.max(initial=0.0))))


def _thinned(program: Program, rows: NDArray[np.int64], blamed: list[int], patience: Patience) -> Core:
    """Of rows that cannot all hold an irreducible part, with the bounds in it."""
    part = RowsUnderTest(program, rows)
    if not part.conflicts():  # Within tolerances they can: what is priced is all that is known.
        return Core(tuple(rows.tolist()), (), False, {}, False)
    part.leave_out(np.flatnonzero(~part.involved()).tolist())
    if not part.conflicts():
        part.put_back(range(len(rows)))
    is_done = part.thin(_requirements(program, rows), patience)
    is_done = is_done and part.thin([[place] for place in reversed(range(len(rows)))], patience)
    kept = rows[part.kept]
    missed = _missed(program, kept, np.intersect1d(kept, blamed).tolist(), patience)
    bounds = part.needed_bounds(patience) if is_done else None
    return Core(tuple(kept.tolist()), tuple(_bounds(program, bounds or [])), False, missed, bounds is not None)


def _requirements(program: Program, rows: NDArray[np.int64]) -> list[list[int]]:
    """The places of rows of the user's rules, by rule; those with fewest rows in the conflict first."""
    rules: dict[tuple[str, str], list[int]] = {}
    for place, row in enumerate(rows.tolist()):
        _, family, key = program.rows[row]
        if _rank(family) > -len(TIERS):
            rules.setdefault((family, str(key[0]) if key else ""), []).append(place)
    return sorted(rules.values(), key=len)


def _missed(program: Program, rows: NDArray[np.int64], blamed: list[int], patience: Patience) -> dict[int, float]:
    """By how much each blamed row of a conflict must be missed if it alone gives way, as far as time allows."""
    solver, places = RowsUnderTest(program, rows).solver, {row: place for place, row in enumerate(rows.tolist())}
    found: dict[int, float] = {}
    for row in blamed:
        if patience.is_over:
            break
        below, above = (solver.add_column(1.0, np.inf, places[row], sign) for sign in (1.0, -1.0))
        solver.run()
        if solver.is_optimal:
            values = solver.values
            found[row] = float(values[below] + values[above])
        solver.delete_columns([below, above])
    return found


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


def _named(chapter: Chapter, place: int) -> FamilyKey:
    layout = BlockLayout.of(chapter.variables)
    family = next(f for f in reversed(chapter.variables) if f.keys and layout.starts[f.name] <= place)
    return family.name, family.keys[place - layout.starts[family.name]]


# --- whole numbers -------------------------------------------------------------------------------------


def _whole_core(program: Program, options: Options, patience: Patience) -> Core | None:
    """Irreducible statements, found by dropping one after the other.

    If the search runs out of time, a statement is kept and the core is not known to be irreducible.
    """
    groups: dict[tuple[str, str], list[int]] = {}
    for row, (_, family, key) in enumerate(program.rows):
        groups.setdefault((family, str(key[0]) if key else ""), []).append(row)
    kept = np.ones(len(program.row_lower), dtype=bool)
    first = _search(program, options, kept, patience)
    if first == "unknown":
        stop_if_asked()
        raise NoAnswerError(LATE, "time limit")
    if first == "plan":
        return None
    is_sure = True
    for rows in sorted(groups.values(), key=lambda rows: _rank(program.rows[rows[0]][1])):
        kept[rows] = False
        answer = _search(program, options, kept, patience) if not patience.is_over else "unknown"
        kept[rows] = answer != "none"
        is_sure = is_sure and answer != "unknown"
    return Core(tuple(np.flatnonzero(kept).tolist()), (), True, {}, is_sure)


def _rank(family: str) -> int:
    """Physics is left out first, statements of the user as late as can be."""
    named = [i for i, tier in enumerate(TIERS) if tier is not None and family in tier]
    return -named[0] if named else -len(TIERS)


def has_plan(program: Program, options: Options, kept: NDArray[np.bool_] | None = None) -> bool:
    """Whether some plan meets all rows, or those that are kept; costs do not matter."""
    return _search(scaled(program)[0], options, kept, ENDLESS) == "plan"


def _search(
    program: Program, options: Options, kept: NDArray[np.bool_] | None, patience: Patience
) -> Literal["plan", "none", "unknown"]:
    """Whether a plan meets the rows that are kept, as far as time allows to say."""
    asked = program.changed(cost=np.zeros(len(program.cost)), offset=0.0)
    solver = load(asked, patience.limited(options.model_copy(update={"gap": 0.0})))
    if kept is not None:
        solver.change_sides(np.flatnonzero(~kept), -np.inf, np.inf)
    run_until_asked(solver)
    if solver.has_plan:
        return "plan"
    return "none" if solver.status is ModelStatus.INFEASIBLE else "unknown"
