"""The public questions: why an instance has no plan, and the level any amount of money could reach."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from planner.contingency.row_generation import Way, doubtful, withstand
from planner.formulation.contingencies import has_outages, withstanding
from planner.language.instance import Options
from planner.reading.document import AnyInstance, Document, load
from planner.solving.formulate import SILENT, Listener, formulate
from planner.validation.validate import validate
from planner.workflows.explain.bounds import bounds
from planner.workflows.explain.conflict import Explanation, explained
from planner.workflows.explain.deadline import Patience
from planner.workflows.explain.unbounded import Endless, endless


def explain(
    instance: AnyInstance, scenario: str | None = None, sets: Sequence[str] = (), options: dict[str, Any] | None = None,
    listener: Listener = SILENT,
) -> Explanation | Endless | None:
    """Why an instance has no plan, and what would help, or what can be sold without end; None when it has one."""
    document, settings = _read(instance, scenario, sets, options, listener)
    instances = document.instances()
    program = formulate(withstanding(instances, ()), settings, listener)
    patience = Patience.of(settings, listener)
    patience.tell("explain")
    found: Explanation | Endless | None = explained(document, program, settings, (), patience=patience)
    if found is None:
        found = endless(document, program, settings)
    if found is not None or not has_outages(instances):
        return found
    last = withstand(instances, Way(settings, listener))
    if last.outcome.has_plan:
        return None
    return explained(document, last.program, settings, last.chosen, patience=patience)


def reach(
    instance: AnyInstance, scenario: str | None = None, sets: Sequence[str] = (), options: dict[str, Any] | None = None,
    listener: Listener = SILENT,
) -> pd.DataFrame:
    """The best level at any cost for each requirement, by node; losses are added where they may matter."""
    document, settings = _read(instance, scenario, sets, options, listener)
    instances, patience = document.instances(), Patience.of(settings, listener)
    in_doubt = doubtful(instances, Way(settings, listener))
    return bounds(formulate(withstanding(instances, in_doubt), settings, listener), settings, patience)


def _read(
    instance: AnyInstance, scenario: str | None, sets: Sequence[str], options: dict[str, Any] | None, listener: Listener
) -> tuple[Document, Options]:
    _tell(listener, "load")
    document = load(instance, scenario, sets)
    validate(document)
    _tell(listener, "build")
    return document, Options.model_validate(document.instance.options.model_dump() | (options or {}))


def _tell(listener: Listener, phase: str) -> None:
    if listener.phase is not None:
        listener.phase(phase)
