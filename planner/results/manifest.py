"""Inputs of a run and meaning of its tables: `manifest.json` and `datapackage.json`."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import planner
from planner.language.instance import Options
from planner.reading.document import Document
from planner.results.summary import signed
from planner.solving.outcome import Outcome
from planner.tables.column import Column, Table
from planner.tables.schemas import Schema


def versions() -> dict[str, str]:
    """Versions of everything that can change a result."""
    packages = ("highspy", "pyomo", "pandas", "numpy", "scipy", "pydantic", "pyyaml")
    own = {"planner": planner.__version__, "planner_source": source_digest(), "python": platform.python_version()}
    return own | {p: version(p) for p in packages}


@cache
def source_digest() -> str:
    """Digest of this package's own modules: a change of the code makes other runs, even at the same version."""
    root, total = Path(planner.__file__).parent, hashlib.sha256()
    for file in sorted(root.rglob("*.py")):
        total.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return total.hexdigest()[:16]


def run_hash(document: Document, options: Options, given: dict[str, Any]) -> str:
    """Digest of everything that determines a run: resolved instance, options, versions, what else was given."""
    content = [document.sha256, options.model_dump(mode="json"), versions(), *([given] if given else [])]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def manifest(
    document: Document, options: Options, outcome: Outcome, seconds: dict[str, float], check: dict[str, Any]
) -> dict[str, Any]:
    return {
        "instance": document.instance.name,
        "instance_sha256": document.sha256,
        "files": document.files,
        "versions": versions(),
        "options": options.model_dump(mode="json", exclude_none=True),
        "seed": options.seed,
        "status": outcome.status,
        "solver_message": outcome.message,
        "sense": document.instance.objective.sense,
        "objective": signed(document.instance, outcome.objective),
        "bound": signed(document.instance, outcome.bound),
        "gap": outcome.gap,
        "nodes": outcome.nodes,
        "seconds": {phase: round(value, 3) for phase, value in seconds.items()},
        "check": check,
    }


def datapackage(name: str, title: str | None, tables: Iterable[str], schema: Schema) -> dict[str, Any]:
    """Description of tables of a schema in the Data Package form."""
    return {
        "name": "".join(c if c.isalnum() or c in "-_." else "-" for c in name.lower()),
        "title": title or name,
        "profile": "tabular-data-package",
        "resources": [_resource(schema[table]) for table in tables],
    }


def _resource(table: Table) -> dict[str, Any]:
    fields = [_field(column) for column in table.columns]
    return {
        "name": table.name, "path": f"{table.name}.csv", "description": table.meaning,
        "profile": "tabular-data-resource", "encoding": "utf-8", "format": "csv",
        "schema": {"fields": fields, "primaryKey": list(table.key)},
    }


def _field(column: Column) -> dict[str, Any]:
    """A column; `unit` is a role that the instance's units fill, or in brackets the column that states it."""
    kind = "string" if column.type == "text" else column.type
    field: dict[str, Any] = {"name": column.name, "type": kind, "description": column.meaning}
    field |= {"unit": column.unit} if column.unit else {}
    return field if column.blank else field | {"constraints": {"required": True}}
