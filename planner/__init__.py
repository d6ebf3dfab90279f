"""Where to build rare-earth mines, refiners, magnet plants and recycling when China may cut exports."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from planner.exports.export import export
    from planner.language.json_schema import json_schema
    from planner.manual.reference import reference
    from planner.manual.site import manual_site
    from planner.reading.document import load
    from planner.reading.examples import examples, new
    from planner.reports.report import report
    from planner.reports.run import evaluate, open_run, solve
    from planner.validation.validate import validate
    from planner.workflows.comparison.compare import compare
    from planner.workflows.explain.explain import explain, reach
    from planner.workflows.explain.project import project_worth
    from planner.workflows.futures_sampling import futures
    from planner.workflows.loss_ranking import losses
    from planner.workflows.solve import build
    from planner.workflows.sweep.sweep import sweep
    from planner.workflows.tradeoff.alternatives import alternatives
    from planner.workflows.tradeoff.frontier import frontier
    from planner.workflows.value_of_information import value

__version__ = "0.2.0"

# Public functions, imported when first used: `planner --help` must not wait for a solver. All else may change.
_PUBLIC = {
    "load": "planner.reading.document",
    "validate": "planner.validation.validate",
    "build": "planner.workflows.solve",
    "solve": "planner.reports.run",
    "evaluate": "planner.reports.run",
    "value": "planner.workflows.value_of_information",
    "losses": "planner.workflows.loss_ranking",
    "explain": "planner.workflows.explain.explain",
    "reach": "planner.workflows.explain.explain",
    "project_worth": "planner.workflows.explain.project",
    "futures": "planner.workflows.futures_sampling",
    "compare": "planner.workflows.comparison.compare",
    "sweep": "planner.workflows.sweep.sweep",
    "frontier": "planner.workflows.tradeoff.frontier",
    "alternatives": "planner.workflows.tradeoff.alternatives",
    "open_run": "planner.reports.run",
    "report": "planner.reports.report",
    "reference": "planner.manual.reference",
    "manual_site": "planner.manual.site",
    "export": "planner.exports.export",
    "json_schema": "planner.language.json_schema",
    "examples": "planner.reading.examples",
    "new": "planner.reading.examples",
}
__all__ = [
    "__version__", "alternatives", "build", "compare", "evaluate", "examples", "explain", "export", "frontier",
    "futures", "json_schema", "load", "losses", "manual_site", "new", "open_run", "project_worth", "reach", "reference",
    "report", "solve", "sweep", "validate", "value",
]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"planner has no {name}")
    return getattr(importlib.import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
