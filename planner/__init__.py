"""Where to build rare-earth mines, refiners, magnet plants and recycling when China may cut exports."""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

# Public functions, imported when first used: `planner --help` must not wait for a solver.
_PUBLIC = {
    "load": "planner.reading.document",
    "validate": "planner.validation.validate",
    "build": "planner.workflows.solve",
    "solve": "planner.workflows.solve",
    "explain": "planner.workflows.explain.explain",
    "losses": "planner.workflows.loss_ranking",
    "reach": "planner.workflows.explain.explain",
    "project_worth": "planner.workflows.explain.project",
    "json_schema": "planner.language.json_schema",
    "new": "planner.language.starter",
    "export": "planner.exports.export",
    "open_run": "planner.reports.run_folder",
    "reference": "planner.reference.reference",
    "report": "planner.reports.report",
    "compare": "planner.workflows.comparison.compare",
    "sweep": "planner.workflows.sweep.sweep",
    "frontier": "planner.workflows.tradeoff.frontier",
    "alternatives": "planner.workflows.tradeoff.alternatives",
}
__all__ = [
    "__version__", "alternatives", "build", "compare", "explain", "export", "frontier", "json_schema", "load", "losses",
    "new", "open_run", "project_worth", "reach", "reference", "report", "solve", "sweep", "validate",
]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"planner has no {name}")
    return getattr(importlib.import_module(_PUBLIC[name]), name)
