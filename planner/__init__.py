"""Where to build rare-earth mines, refiners, magnet plants and recycling when China may cut exports."""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

# Public functions, imported when first used: `planner --help` must not wait for a solver.
_PUBLIC = {
    "load": "planner.reading.document",
    "validate": "planner.validation.validate",
    "build": "planner.run",
    "solve": "planner.run",
    "explain": "planner.reasons.why",
    "losses": "planner.loss_ranking",
    "reach": "planner.reasons.why",
    "project_worth": "planner.reasons.project",
    "json_schema": "planner.language",
    "new": "planner.starter",
    "export": "planner.exports.export",
    "open_run": "planner.reports.opened",
    "reference": "planner.manual.reference",
    "report": "planner.reports.report",
    "compare": "planner.comparison.compare",
    "sweep": "planner.study.sweep",
    "frontier": "planner.tradeoff.frontier",
    "alternatives": "planner.tradeoff.alternatives",
}
__all__ = [
    "__version__", "alternatives", "build", "compare", "explain", "export", "frontier", "json_schema", "load", "losses",
    "new", "open_run", "project_worth", "reach", "reference", "report", "solve", "sweep", "validate",
]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"planner has no {name}")
    return getattr(importlib.import_module(_PUBLIC[name]), name)
