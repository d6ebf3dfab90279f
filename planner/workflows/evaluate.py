"""Out-of-sample evaluation of a plan: investments fixed, operation optimal again in each new future."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from planner.common.errors import InputError, Problem
from planner.common.profiling import Clock
from planner.contingency.row_generation import Way
from planner.formulation.contingencies import has_outages
from planner.language.counterfactuals import expecting
from planner.reading.document import AnyInstance
from planner.results.fixed_plan import Plan, freeze, read_plan
from planner.results.write import RESOLVED
from planner.workflows.solve import (
    SILENT,
    Listener,
    Solved,
    carry_out,
    carry_out_against_losses,
    default_folder,
    formulate,
    prepare,
    recalled,
)


@dataclass(frozen=True, eq=False)
class PlanEvaluation:
    """The run of a frozen plan, and what the plan cost in the futures it was made for, by scenario.

    Costs can be compared only where the futures are the same: `alike`. Other futures need and pay other things.
    """

    run: Solved
    made_for: pd.DataFrame
    alike: bool


def evaluate(
    plan: str | Path,
    on: AnyInstance | None = None,
    instance: AnyInstance | None = None,
    scenario: str | None = None,
    sets: Sequence[str] = (),
    out: str | Path | None = None,
    options: dict[str, Any] | None = None,
    listener: Listener = SILENT,
    force: bool = False,
) -> PlanEvaluation:
    """Carry out the plan of a run folder in other futures and write the tables, checked; see `solve` for `force`.

    `on` is a file with the sections futures, shocks, controls; without it the plan meets the futures it was made
    for. `instance` stands in for the run's own instance. InputError when the plan does not fit.
    """
    folder = Path(plan)
    given = read_plan(folder)
    if out is not None and Path(out).resolve() == folder.resolve():
        raise InputError([Problem("bad-option", f"--out: {out} holds the plan that is evaluated")])
    made_for, alike = _scenarios(given), on is None and instance is None and scenario is None and not sets
    clock = Clock(listener.phase)
    source: AnyInstance = instance if instance is not None else folder / RESOLVED
    prepared = prepare(clock, source, scenario, sets, options, on, {"plan_sha256": given.digest}, borrowed=True)
    task = replace(prepared, plan=given.tables)
    target = Path(out) if out is not None else default_folder(task)
    known = recalled(task, target, clock) if not force else None
    if known is not None:
        return PlanEvaluation(known, made_for, alike)
    instances = task.document.instances()
    # Ranges and regrets are of the futures the plan was made for; others are weighed as they are likely.
    weighed = instances if on is None else expecting(instances)
    if has_outages(instances):
        way = Way(task.options, listener, shaped=lambda program: freeze(program, given))
        return PlanEvaluation(carry_out_against_losses(task, weighed, target, clock, way), made_for, alike)
    with clock.phase("build"):
        program = freeze(formulate(weighed, task.options, listener), given)
    return PlanEvaluation(carry_out(task, program, target, clock, listener), made_for, alike)


def _scenarios(given: Plan) -> pd.DataFrame:
    """The scenarios a plan was made for, numbers as numbers."""
    table = given.tables["scenarios"]
    numbers = ("onset", "probability", "low", "high", "cost", "weight", "alone")
    return table.assign(**{name: pd.to_numeric(table[name], errors="coerce") for name in numbers})
