"""Plans that are given: read from a run's tables, or taken from a solution, and fixed in another program."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from planner.common.errors import InputError, Place, Problem
from planner.formulation.declarations import FamilyKey
from planner.formulation.mathematics.curve import segments
from planner.formulation.mathematics.investment import decisions
from planner.formulation.mathematics.size import least_size, most_size, size_terms
from planner.formulation.network import Network
from planner.language.figure import MOMENT
from planner.language.instance import Point
from planner.language.units import unit
from planner.program.program import Program
from planner.results.folder import open_folder

WITHIN = 1e-6  # Share by which a size may miss its limits, which the solver keeps within its tolerance.


class Decided(NamedTuple):
    """One decision of a plan: the year in which its period begins, and its size [quantity/year]."""

    start: float
    size: float


@dataclass(frozen=True)
class Plan:
    """Decisions of each (project, group), and the share closed of each (facility, group).

    Groups are periods of a common plan, nodes of an adaptive one.
    """

    folder: Path
    digest: str  # Of the tables that state it.
    tables: Mapping[str, pd.DataFrame]
    decisions: Mapping[tuple[str, str], Decided]
    closed: Mapping[tuple[str, str], float]

    def refuse(self, message: str, hint: str | None = None) -> InputError:
        place = Place(str(self.folder / "plan.csv"), 1, 1)
        return InputError([Problem("plan-does-not-fit", message, place, hint)])


def read_plan(folder: Path) -> Plan:
    """The plan of a run; decisions in windows are recourse. InputError when the folder holds none, or a changed one."""
    held = open_folder(folder)
    tables = held.texts()
    nodes, plan, closed = tables["nodes"], tables["plan"], tables["retirements"]
    recourse = set(nodes.loc[nodes["onset"] != "", "group"]) - {""}
    rows = [row for row in plan.to_dict("records") if row["group"] not in recourse]
    return Plan(
        folder, hashlib.sha256(held.contents["plan.csv"] + held.contents["retirements.csv"]).hexdigest(), tables,
        {(r["project"], r["group"]): Decided(float(r["decided"]), float(r["size"])) for r in rows},
        {(r["facility"], r["group"]): float(r["share"]) for r in closed.to_dict("records")},
    )


def freeze(program: Program, plan: Plan) -> Program:
    """The program with its investments fixed to a plan; emergency decisions within shocks stay free.

    InputError when the plan decides what cannot be decided there, or not so.
    """
    network, columns = program.network, decided(program)
    _require_same_quantity(network, plan)
    values: dict[FamilyKey, float] = dict.fromkeys(columns, 0.0)
    for (project, stated), decision in plan.decisions.items():
        for group in _groups(network, plan, stated):
            _require_possible(network, plan, project, group, decision)
            values |= _values(network, plan, project, group, decision.size)
    for (facility, stated), share in plan.closed.items():
        for group in _groups(network, plan, stated):
            if ("retire", (facility, group)) not in values:
                raise plan.refuse(f"{facility} cannot be closed in {group} there")
            values["retire", (facility, group)] = share
    return program.holding(positions(program), np.array([values[c] for c in columns]))


def _require_same_quantity(network: Network, plan: Plan) -> None:
    here = unit(network.base.units, "quantity/year")
    for stated in dict.fromkeys(plan.tables["plan"]["size_unit"]):
        if stated != here:
            raise plan.refuse(f"its sizes are in {stated}, those there in {here}", "state the instance in its units")


def _require_possible(network: Network, plan: Plan, project: str, group: str, decision: Decided) -> None:
    hint = "evaluate a plan on an instance with the same projects, periods and windows of decision"
    if project not in network.base.projects:
        raise plan.refuse(f"there is no project {project} there", hint)
    if (project, group) not in decisions(network):
        raise plan.refuse(f"{project} cannot be decided in {group} there", hint)
    start = network.tree.groups[group][0].start
    if abs(start - decision.start) > MOMENT:
        raise plan.refuse(f"{project} is decided in {decision.start:g}, but {group} begins in {start:g} there", hint)


def decided(program: Program) -> list[FamilyKey]:
    """Families and keys of what is decided before anything is known; emergency decisions are recourse."""
    return [
        (family.name, key) for family in program.investments.variables for key in family.keys
        if len(key) > 1 and not _is_recourse(program.network, str(key[1]))
    ]


def positions(program: Program) -> NDArray[np.int64]:
    """Columns of what is decided before anything is known."""
    return np.array([program.column(None, family, key) for family, key in decided(program)], dtype=np.int64)


def _is_recourse(network: Network, group: str) -> bool:
    return network.tree.groups[group][0].onset is not None


def _groups(network: Network, plan: Plan, stated: str) -> list[str]:
    """The groups that a group of the plan stands for: itself, or all nodes of a period."""
    groups = network.tree.groups
    if stated in groups:
        return [stated]
    same = [key for key, nodes in groups.items() if nodes[0].period_name == stated and nodes[0].onset is None]
    if not same:
        hint = "an adaptive plan belongs to the futures it was made for; a common plan to the same periods"
        raise plan.refuse(f"there is no period or node {stated} to decide in", hint)
    return same


def _values(network: Network, plan: Plan, project: str, group: str, size: float) -> dict[FamilyKey, float]:
    """Values of the variables that carry one decision; InputError when they cannot carry its size."""
    part = network.instance(network.tree.groups[group][0]).projects[project]
    least, most = least_size(network, project, group), most_size(network, project, group)
    values: dict[FamilyKey, float] = {("start", (project, group)): 1.0}
    if part.capital.curve:
        least, most = part.capital.curve[0].size, part.capital.curve[-1].size
        values |= _on_curve(part.capital.curve, project, group, size)
    elif part.size.module is not None:
        values["modules", (project, group)] = float(np.round(size * (part.size.modules or 1) / most))
    elif part.size.most is not None:
        values["size", (project, group)] = size
    carried = sum(c * values.get((family, key), 0.0) for family, key, c in size_terms(network, project, group))
    room = WITHIN * max(1.0, most)
    if abs(carried - size) > room or not least - room <= size <= most + room:
        raise plan.refuse(f"{project} has a size of {size:g} in the plan, which it cannot have in {group} there",
                          "evaluate a plan on an instance whose projects have the same sizes")  # fmt: skip
    return values


def _on_curve(curve: list[Point], project: str, group: str, size: float) -> dict[FamilyKey, float]:
    """The piece of a cost curve that a size lies on, and where on it."""
    pieces = segments(curve)
    i, segment = next(((i, s) for i, s in enumerate(pieces, 1) if size <= s.right.size), (len(pieces), pieces[-1]))
    right = (size - segment.left.size) / (segment.right.size - segment.left.size)
    return {
        ("piece", (project, group, i)): 1.0,
        ("end_weight", (project, group, i, "left")): 1 - right,
        ("end_weight", (project, group, i, "right")): right,
    }
