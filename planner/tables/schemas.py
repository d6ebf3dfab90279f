"""All declared tables, by what a folder holds: a run, or the answer to a question."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planner.tables.answers import ALTERNATIVES, FRONTIER, LOSSES, SWEEP, VALUE
from planner.tables.column import Table
from planner.tables.comparisons import COMPARISON
from planner.tables.decisions import DECISIONS
from planner.tables.outcomes import OUTCOMES
from planner.tables.reasons import REASONS

Schema = Mapping[str, Table]

RUN: Schema = {table.name: table for table in (*DECISIONS, *OUTCOMES)}
OPTIONAL = frozenset({"outages"})  # Tables that only some runs have.
SCHEMAS: Mapping[str, Schema] = {
    "run": RUN,
    **{
        question: {table.name: table for table in tables}
        for question, tables in {
            "sweep": SWEEP, "frontier": FRONTIER, "alternatives": ALTERNATIVES, "value": VALUE,
            "losses": LOSSES, "compare": COMPARISON,
        }.items()
    },
}
SHOWN: Schema = {table.name: table for table in REASONS}  # Tables that are shown and not written.


def question_of(manifest: Mapping[str, Any]) -> str:
    """Question a folder answers, by its manifest, or `run`."""
    given = manifest.get("given")
    return str(given.get("question", "run")) if isinstance(given, dict) else "run"
