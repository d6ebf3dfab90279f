"""Plans that are given: read from a run's tables, or taken from a solution, and fixed in another program."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from planner.assemble import Program
from planner.errors import InputError, Place, Problem
from planner.mathematics.curve import Segment, segments
from planner.mathematics.investment import decisions
from planner.network import Network
from planner.program import Key
from planner.results.write import MARK, read_tables
from planner.template import Array


@dataclass(frozen=True)
class Plan:
    """What is decided: size and modules of each (project, group), and the share closed of each (facility, group).

    Groups are periods of a common plan, nodes of an adaptive one.
    """

    folder: Path
    sizes: Mapping[tuple[str, str], float]
    modules: Mapping[tuple[str, str], float]
    closed: Mapping[tuple[str, str], float]

    def refuse(self, code: str, message: str, hint: str | None = None) -> InputError:
        return InputError([Problem(code, message, Place(str(self.folder / "plan.csv"), 1, 1), hint)])


def read_plan(folder: Path) -> Plan:
    """The plan of a run folder; InputError when the folder does not hold one. Decisions in windows are recourse."""
    problem = Problem("no-run", f"{folder} is not a folder of a run", Place(str(folder), 1, 1),
                      "name a folder that planner solve has written")  # fmt: skip
    try:
        mark = json.loads((folder / MARK).read_text("utf-8"))
        tables = read_tables(folder)
        plan, closed, _ = tables["plan"], tables["retirements"], tables["scenarios"]
    except (OSError, ValueError, KeyError):
        raise InputError([problem]) from None
    if not isinstance(mark, dict) or "run_sha256" not in mark:
        raise InputError([problem])
    try:
        nodes = tables["nodes"]
        recourse = set(nodes.loc[nodes["onset"] != "", "group"]) - {""}
        rows = [row for row in plan.to_dict("records") if row["group"] not in recourse]
        return Plan(
            folder,
            {(r["project"], r["group"]): float(r["size"]) for r in rows},
            {(r["project"], r["group"]): float(r["modules"]) for r in rows if r["modules"]},
            {(r["facility"], r["group"]): float(r["share"]) for r in closed.to_dict("records")},
        )
    except (KeyError, ValueError):
        raise InputError([problem]) from None


def freeze(program: Program, plan: Plan) -> Program:
    """The program with its investments fixed to a plan; emergency decisions within shocks stay free.

    InputError when the plan decides what cannot be decided there.
    """
    network, columns = program.network, decided(program)
    values = dict.fromkeys(columns, 0.0)
    for (project, stated), size in plan.sizes.items():
        groups = _groups(network, plan, stated)
        for group in groups:
            if (project, group) not in decisions(network):
                hint = "evaluate a plan on an instance with the same projects, periods and windows of decision"
                message = f"{project} cannot be decided in {group} there"
                raise plan.refuse("plan-does-not-fit", message, hint)
            values |= _values(network, project, group, size, plan.modules.get((project, stated)))
    for (facility, stated), share in plan.closed.items():
        for group in _groups(network, plan, stated):
            if ("retire", (facility, group)) not in values:
                raise plan.refuse("plan-does-not-fit", f"{facility} cannot be closed in {group} there")
            values["retire", (facility, group)] = share
    return fixed(program, positions(program), np.array([values[c] for c in columns]))


def decided(program: Program) -> list[tuple[str, Key]]:
    """Families and keys of what is decided before anything is known; emergency decisions are recourse."""
    return [
        (family.name, key) for family in program.investments.variables for key in family.keys
        if len(key) > 1 and not _is_recourse(program.network, str(key[1]))
    ]


def positions(program: Program) -> NDArray[np.int64]:
    """Columns of what is decided before anything is known."""
    return np.array([program.column(None, family, key) for family, key in decided(program)], dtype=np.int64)


def fixed(program: Program, columns: NDArray[np.int64], values: Array) -> Program:
    """The program with some columns fixed."""
    lower, upper = program.lower.copy(), program.upper.copy()
    lower[columns] = upper[columns] = values
    return program.changed(lower=lower, upper=upper)


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
        raise plan.refuse("plan-does-not-fit", f"there is no period or node {stated} to decide in", hint)
    return same


def _values(
    network: Network, project: str, group: str, size: float, modules: float | None
) -> dict[tuple[str, tuple[object, ...]], float]:
    """Values of the variables that carry one decision."""
    part = network.instance(network.tree.groups[group][0]).projects[project]
    values: dict[tuple[str, tuple[object, ...]], float] = {("start", (project, group)): 1.0}
    if part.capital.curve:
        piece = _piece(segments(part.capital.curve), size)
        segment = segments(part.capital.curve)[piece - 1]
        right = (size - segment.left.size) / (segment.right.size - segment.left.size)
        values["piece", (project, group, piece)] = 1.0
        values["end_weight", (project, group, piece, "left")] = 1 - right
        values["end_weight", (project, group, piece, "right")] = right
    elif part.size.module is not None:
        values["modules", (project, group)] = float(modules if modules is not None else math.nan)
    elif part.size.most is not None:
        values["size", (project, group)] = size
    return values


def _piece(pieces: list[Segment], size: float) -> int:
    """Number of the piece of a cost curve that a size lies on."""
    return next((i for i, piece in enumerate(pieces, 1) if size <= piece.right.size * (1 + 1e-12)), len(pieces))
