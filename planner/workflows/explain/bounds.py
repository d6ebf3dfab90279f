"""Physics bounds: the best that any amount of money could reach for each requirement, period by period.

Costs, budgets and all other requirements are left out; capacities, lead times, windows of decision and controls stay.
One program minimizes the sum of all shortfalls. One more program per requirement and node finds its least shortfall,
except for those without a shortfall in the first. If a shortfall remains even with fractions of projects, no plan at
any price reaches the target: that is the certificate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from planner.common.errors import NoAnswerError
from planner.common.signals import stop_if_asked
from planner.formulation.declarations import Key
from planner.formulation.mathematics.security.kinds import FAMILIES, kind_of
from planner.formulation.mathematics.security.scope import at_node
from planner.language.instance import Options
from planner.language.requirements import OfService
from planner.language.units import unit
from planner.program.program import Program
from planner.results.rows import TableRow, at, nowhere
from planner.solving.highs import ModelStatus, Solver
from planner.solving.outcome import SolverError
from planner.solving.run import load, run_until_asked, status_of, told
from planner.solving.scaling import scaled
from planner.tables.frames import table
from planner.tables.schemas import SHOWN
from planner.tree.nodes import Node
from planner.workflows.explain.deadline import ENDLESS, Patience

NOTHING = 1e-9  # Share of the sides of rows.


class Asked(NamedTuple):
    """The rows of one requirement at one node, each with the variable that says what it lacks.

    Its grain is what the solver takes for one of them: so much of nothing is nothing.
    """

    requirement: str
    family: str
    node: Node | None
    rows: tuple[int, ...]
    lacks: tuple[int, ...]
    grain: float


def bounds(program: Program, options: Options, patience: Patience = ENDLESS) -> pd.DataFrame:
    """The best possible level of every requirement in every node, at any cost.

    When patience is over the rest is not asked alone: of that, more than is shown may be reached. NoAnswerError where
    the rest of the instance is infeasible even without requirements, or time is over before the first answer.
    """
    solver, asked, sizes = _prepared(program, patience.limited(options))
    patience.tell("the best possible for all requirements together")
    together = _lacking(solver, [column for question in asked for column in question.lacks], sizes)
    if together is None:
        raise NoAnswerError("time was over before anything was known of what can be reached", "stopped")

    def rows() -> Iterator[TableRow]:
        for question in asked:
            lacking = at_once = [together[column] for column in question.lacks]
            alone: dict[int, float] | None = together
            if sum(lacking) > NOTHING * (question.grain + _size(program, question)):
                alone = _alone(solver, question, sizes, patience)
                lacking = lacking if alone is None else [alone[column] for column in question.lacks]
            answer = _answer(program, question, dict(zip(question.rows, lacking, strict=True)))
            most = max(sum(at_once), answer["lacking"])
            yield answer | {"lacking_together": most, "is_least": alone is not None}

    return table(SHOWN["bounds"], rows())


def _alone(
    solver: Solver, question: Asked, sizes: Mapping[int, float], patience: Patience
) -> dict[int, float] | None:
    """Shortfall of a requirement when all others are dropped; None when time is over."""
    stop_if_asked()
    if patience.is_over:
        return None
    when = f" in {question.node.key}" if question.node is not None else ""
    patience.tell(f"the best possible for {question.requirement}{when}")
    return _lacking(solver, question.lacks, sizes)


def _prepared(program: Program, options: Options) -> tuple[Solver, list[Asked], dict[int, float]]:
    """The program without costs in which every requirement may have a shortfall, the questions to it, and the size of
    one unit of each shortfall in the units of the program.
    """
    free = program.changed(cost=np.zeros(len(program.cost)), offset=0.0, upper=_unmissed(program))
    suited, scaling = scaled(free)
    solver = load(suited, options, relax=True)
    sizes: dict[int, float] = {}
    groups: dict[tuple[str, str, int | None], tuple[Node | None, list[int], list[int]]] = {}
    for row, (node, family, key) in enumerate(program.rows):
        is_rule = family in FAMILIES
        if family == "group_most_capital" or (is_rule and _role(program, str(key[0])) == "money"):  # It is no physics.
            solver.change_sides(row, -np.inf, np.inf)
        elif is_rule:
            is_most = np.isfinite(program.row_upper[row])
            lack = solver.add_column(0.0, np.inf, row, -1.0 if is_most else 1.0)
            sizes[lack] = 1.0 if scaling.is_none else 1.0 / float(scaling.rows[row])
            place = (str(key[0]), family, node.index if node is not None else None)
            found = groups.setdefault(place, (node, [], []))
            found[1].append(row)
            found[2].append(lack)
    return solver, [
        Asked(name, family, node, tuple(rows), tuple(lacks), max(sizes[lack] for lack in lacks))
        for (name, family, _), (node, rows, lacks) in groups.items()
    ], sizes


def _unmissed(program: Program) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Upper bounds with which no requirement may be missed at a price: what it lacks is asked instead."""
    upper = program.upper.copy()
    for node in program.network.tree.nodes:
        upper[program.slice(node, "missed")] = 0.0
    place = program.frame.width
    for family in program.weighing.variables:
        if family.name == "missed_overall":
            upper[place : place + len(family.keys)] = 0.0
        place += len(family.keys)
    return upper


def _lacking(solver: Solver, lacks: Sequence[int], sizes: Mapping[int, float]) -> dict[int, float] | None:
    """Shortfalls by variable, where their sum is least; None when time is over."""
    largest = max((sizes[lack] for lack in lacks), default=1.0)
    solver.change_costs(lacks, [sizes[lack] / largest for lack in lacks])
    run_until_asked(solver)
    stop_if_asked()
    status = status_of(solver, interrupted=False)
    if status == "infeasible":
        raise NoAnswerError("no plan exists even without requirements: planner explain says why", "infeasible")
    is_late = solver.status is ModelStatus.TIME_LIMIT
    solver.change_costs(lacks, 0.0)
    if is_late:
        return None
    if status != "optimal":
        raise SolverError(f"no bound was found: {told(solver)}")
    values = solver.values
    return {lack: max(0.0, values[lack]) * size for lack, size in sizes.items()}


def _answer(program: Program, asked: Asked, lacking: dict[int, float]) -> TableRow:
    network, total = program.network, sum(lacking.values())
    kind = network.base.requirements[asked.requirement].kind
    target, best = _shares(program, asked, lacking)
    node = at(asked.node) if asked.node is not None else nowhere()
    return {
        "requirement": asked.requirement, "kind": kind, **node, "rows": len(asked.rows), "target": target, "best": best,
        "lacking": total, "reachable": bool(total <= 1e-6 * (asked.grain + _size(program, asked))),
        "unit": unit(network.base.units, _role(program, asked.requirement)),
    }


def _role(program: Program, name: str) -> str:
    """Role unit of what a requirement is missed by."""
    part = program.network.base.requirements[name]
    return kind_of(part).role(part)


def _size(program: Program, asked: Asked) -> float:
    sides = [program.row_upper[row] for row in asked.rows] + [program.row_lower[row] for row in asked.rows]
    return float(sum(abs(side) for side in sides if np.isfinite(side)))


def _shares(program: Program, asked: Asked, lacking: dict[int, float]) -> tuple[float, float]:
    """Target, and for rules on served shares the best share in all."""
    node, network = asked.node, program.network
    if node is None or not isinstance(program.network.base.requirements[asked.requirement], OfService):
        return np.nan, np.nan
    keys: list[Key] = [program.rows[row][2] for row in asked.rows]
    amounts = [network.instance(node).demands[key[2]].amount.at(node.middle) for key in keys]
    target = at_node(network, asked.requirement, node, OfService).target.at(node.middle)
    total = sum(amounts)
    return target, target - sum(lacking.values()) / total if total else 1.0
