"""Why a project is in a plan or not: what the opposite would cost, and what makes it worth having.

The plan is found again with the project forced in or out; the difference is what it is worth, or what it lacks. As a
plan's cost is linear in a project's capital cost, that difference tells at which capital cost the decision turns.
Where the worth comes from is read from the prices of the plan without it: what that plan would give for what it
brings, row by row.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from planner.common.arrays import Array
from planner.common.errors import InputError, NoAnswerError, Place, Problem, did_you_mean
from planner.common.signals import listening, stop_if_asked
from planner.formulation.contingencies import has_outages, losses, withstanding
from planner.formulation.mathematics.investment import decisions
from planner.language.instance import Instance, Options
from planner.program.program import Program, RowNames, label
from planner.reading.document import load
from planner.results.fixed_plan import Plan, freeze, read_plan
from planner.results.solution import Solution
from planner.results.summary import signed
from planner.results.write import RESOLVED
from planner.solving.extensive import solve as solve_program
from planner.solving.formulate import SILENT, Listener, formulate
from planner.solving.outcome import Outcome
from planner.solving.proof import Proven, ProvenDifference, difference
from planner.tables.frames import table
from planner.tables.schemas import SHOWN

MOST_SHARE = 0.98  # Of the worth that the listed rows make up.


@dataclass(frozen=True)
class Worth:
    """A project in a plan or out of it: cost of the opposite, break-even capital cost, rows that speak for it."""

    project: str
    is_in: bool
    decided: str
    size: float
    unit: str
    cost: float
    run_bound: float  # What any plan costs at least, as the run proved it.
    opposite: float | None  # Cost of the best plan with the opposite; None if there is none.
    bound: float
    charged: float
    capital: float
    money: str
    rows: pd.DataFrame

    @property
    def difference(self) -> float:
        """Extra cost of the opposite decision; infinite if it is impossible."""
        return math.inf if self.opposite is None else self.opposite - self.cost

    @property
    def proof(self) -> ProvenDifference:
        """Least cost with the opposite decision minus that with the plan's, with its proven interval."""
        opposite = math.inf if self.opposite is None else self.opposite
        return difference(
            Proven(self.cost, self.run_bound, self.cost), Proven(opposite, max(self.bound, self.run_bound), opposite)
        )

    @property
    def break_even(self) -> float:
        """Overnight capital cost at which the decision turns, if nothing else of the plan did."""
        return self._turning(self.difference)

    @property
    def break_even_range(self) -> tuple[float, float]:
        """Between which capital costs it is proven to turn."""
        low, high = sorted((self._turning(self.proof.least), self._turning(self.proof.most)))
        return low, high

    def _turning(self, worth: float) -> float:
        if not self.charged:
            return math.nan
        sign = 1.0 if self.is_in else -1.0
        return max(0.0, self.capital * (1 + sign * worth / self.charged))


def project_worth(
    folder: str | Path, name: str, options: dict[str, Any] | None = None, listener: Listener = SILENT
) -> Worth:
    """Why a project is in the plan of a run or not. InputError when the run or the project does not exist."""
    plan = read_plan(Path(folder))
    document = load(Path(folder) / RESOLVED)
    if name not in document.instance.projects:
        hint = did_you_mean(name, document.instance.projects)
        raise InputError([Problem("dangling-name", f"there is no project {name}", Place(str(folder), 0, 0), hint)])
    settings = Options.model_validate(document.instance.options.model_dump() | (options or {}))
    program = formulate(_prepared(document.instances(), plan), settings)
    is_in = any(project == name for project, _ in plan.decisions)
    forced = forced_program(program, name, wanted=not is_in)
    with listening(listener.stopping):
        base = _solved(freeze(program, plan), settings, "the plan of the run", listener)
        if listener.phase is not None:
            listener.phase(f"the best plan {'without' if is_in else 'with'} {name}")
        other = solve_program(forced, settings, listener.progress)
        stop_if_asked()
    having, lacking = (base, other) if is_in else (other, base)
    prices = lacking.prices if lacking.has_plan else having.prices
    found = _worth(program if is_in else forced, having, prices, name, is_in, base, other)
    return replace(found, run_bound=_bound(plan, document.instance))


def _bound(plan: Plan, instance: Instance) -> float:
    """Lower bound on the cost of any plan, by the summary of a run."""
    summary = plan.tables["summary"]
    stated = summary.loc[summary["key"] == "bound", "value"]
    return signed(instance, float(stated.iloc[0])) if len(stated) and stated.iloc[0] else -math.inf


def _prepared(instances: dict[str, Instance], plan: Plan) -> dict[str, Instance]:
    """The instances with the losses that the plan of a run was made to withstand; others it withstands by itself."""
    if not has_outages(instances):
        return instances
    rows = plan.tables["outages"].to_dict("records")
    added = {(r["requirement"], r["lost"], r["future"], r["period"]) for r in rows if r["added"] == "True"}
    every = losses(instances)
    return withstanding(instances, [q for q in every if (q.requirement, q.words, q.future, q.period) in added])


def _solved(program: Program, options: Options, what: str, listener: Listener) -> Outcome:
    outcome = solve_program(program, options, listener.progress)
    stop_if_asked()
    if not outcome.has_plan:
        raise NoAnswerError(f"{what} could not be carried out again", outcome.status)
    return outcome


def forced_program(program: Program, name: str, wanted: bool) -> Program:
    """The program in which a project is decided at least once, in the base future, or never."""
    columns = [program.column(None, "start", key) for key in decisions(program.network) if key[0] == name]
    if not columns:
        raise NoAnswerError(f"{name} cannot be decided in any period", "infeasible")
    if not wanted:
        upper = program.upper.copy()
        upper[columns] = 0.0
        return program.changed(upper=upper)
    row = sp.csr_array((np.ones(len(columns)), ([0] * len(columns), columns)), shape=(1, len(program.cost)))
    return program.changed(
        matrix=sp.csr_array(sp.vstack([program.matrix, row], format="csr")),
        row_lower=np.append(program.row_lower, 1.0), row_upper=np.append(program.row_upper, np.inf),
        rows=RowNames([*program.rows.parts, (None, (("forced", (name,)),), None)]),
    )


def _worth(
    program: Program, outcome: Outcome, prices: Array, name: str, is_in: bool, base: Outcome, other: Outcome
) -> Worth:
    units = program.network.base.units
    opposite = other.objective if other.has_plan else None
    if not outcome.has_plan:
        nothing = table(SHOWN["worth"], [])
        return Worth(name, is_in, "", 0.0, units.quantity, base.objective, -math.inf, opposite, other.bound, 0.0, 0.0,
                     units.money, nothing)
    solution = Solution(program, outcome)
    found = [d for d in solution.decided if d.project == name]
    columns = _columns(program, name)
    charged = float(program.cost[columns] @ outcome.values[columns])
    rows = table(SHOWN["worth"], _rows(program, outcome, prices, columns))
    return Worth(
        name, is_in, ", ".join(d.group for d in found), sum(d.size for d in found), f"{units.quantity}/year",
        base.objective, -math.inf, opposite, other.bound, charged, sum(d.capital for d in found), units.money, rows,
    )


def _columns(program: Program, name: str) -> list[int]:
    """The columns of a project's decisions."""
    return [
        program.column(None, family.name, key)
        for family in program.investments.variables for key in family.keys
        if len(key) > 1 and key[0] == name and family.name not in ("retire", "impossible")
    ]


def _rows(program: Program, outcome: Outcome, prices: Array, columns: list[int]) -> Iterator[dict[str, Any]]:
    """The rows of operation through which the project saves most: price times what it brings there."""
    rows = min(len(prices), program.matrix.shape[0])
    brought = program.matrix[:rows, columns] @ outcome.values[columns]
    worth = prices[:rows] * brought  # Both negative where capacity is eased.
    order = [row for row in np.argsort(-np.abs(worth)).tolist() if program.rows[row][0] is not None]
    total, listed = float(np.abs(worth[order]).sum()), 0.0
    for row in order:
        if listed >= MOST_SHARE * total or worth[row] == 0:
            return
        node, family, key = program.rows[row]
        listed += abs(float(worth[row]))
        yield {"row": label(family, key, node), "worth": float(worth[row]), "unit": program.network.base.units.money}
