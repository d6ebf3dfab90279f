"""Cost of a change on a fixed plan: each of two plans carried out in both instances.

Two plans made for two instances differ in more than the change: each is one of many within its gap. With the plan
fixed on both sides, only the change differs. The two answers also bound the cost of the change when the plan may adapt:
from above by its cost with the baseline's plan, from below by its cost with the other's. Each bound is uncertain by the
gap of that plan in its own instance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from planner.common.errors import InputError, Place, Problem
from planner.common.signals import listening, stop_if_asked
from planner.results.write import RESOLVED
from planner.solving.proof import Proven, difference, proven
from planner.tables.frames import table
from planner.tables.schemas import SCHEMAS
from planner.workflows.comparison.source import ComparedRun
from planner.workflows.evaluate import evaluate
from planner.workflows.solve import SILENT, Listener

UNKNOWN = {**dict.fromkeys(("baseline", "value", "difference", "least", "most")), "told": False, "reason": ""}


@dataclass
class Carried:
    """Costs of plans carried out in instances, in the instance's own sense; asked once each."""

    options: dict[str, Any] | None = None
    listener: Listener = SILENT
    costs: dict[tuple[str, str], Proven | str] = field(default_factory=dict)

    def cost(self, owner: ComparedRun, world: ComparedRun) -> Proven | str:
        """Cost of one run's plan in the instance of another, or the reason why it cannot be carried out there."""
        key = (owner.label, world.label)
        if key not in self.costs:
            self.costs[key] = self._cost(_folder(owner), _folder(world) / RESOLVED)
        return self.costs[key]

    def _cost(self, plan: Path, instance: Path) -> Proven | str:
        try:
            found = evaluate(plan, instance=instance, options=self.options, listener=self.listener).run
            stop_if_asked()
        except InputError as error:
            return error.problems[0].message
        if not found.outcome.has_plan:
            return f"it cannot be carried out there ({found.outcome.status})"
        return proven(found.figures["objective"], found.figures["bound"])

    def best(self, world: ComparedRun) -> list[float]:
        """The costs in an instance of all plans that were carried out in it."""
        return [c.found for (_, where), c in self.costs.items() if where == world.label and isinstance(c, Proven)]


def same_plan(sources: Sequence[ComparedRun], carried: Carried) -> pd.DataFrame:
    """One row per run other than the baseline and plan of the two: its cost in both instances and what is proven of it.

    InputError when a run has no folder with the instance it was solved from.
    """
    baseline = sources[0]
    with listening(carried.listener.stopping):
        rows = [row for other in sources[1:] for row in _rows(baseline, other, carried)]
    return table(SCHEMAS["compare"]["same_plan"], rows)


def _rows(baseline: ComparedRun, other: ComparedRun, carried: Carried) -> Iterator[Mapping[str, Any]]:
    for owner in (baseline, other):
        if other.units != baseline.units:
            yield UNKNOWN | {"run": other.label, "plan": owner.label, "unit": "",
                             "reason": "the two state other units"}
            continue
        before, after = carried.cost(owner, baseline), carried.cost(owner, other)
        row = UNKNOWN | {"run": other.label, "plan": owner.label, "unit": other.figures.get("money_unit", "")}
        row |= {name: c.found for name, c in (("baseline", before), ("value", after)) if isinstance(c, Proven)}
        if isinstance(before, str) or isinstance(after, str):
            yield row | {"reason": "; ".join(dict.fromkeys(c for c in (before, after) if isinstance(c, str)))}
        else:
            yield row | difference(before, after).row


def _folder(source: ComparedRun) -> Path:
    if source.folder is None or not (source.folder / RESOLVED).is_file():
        message = f"{source.label} does not hold the instance it was solved from"
        hint = "name a run that planner solve has written, or an instance"
        raise InputError([Problem("no-run", message, Place(source.label, 0, 0), hint)])
    return source.folder
