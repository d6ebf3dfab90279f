"""What a run was made from and what its tables mean: `manifest.json` and `datapackage.json`."""

from __future__ import annotations

import hashlib
import json
import platform
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

import planner
from planner.outcome import Outcome
from planner.reading.document import Document
from planner.results.summary import signed
from planner.schema import Options

COLUMNS = {
    "node": "node of the tree: owner future and period", "future": "future that owns the node",
    "period": "name of the period", "year": "start of the period", "unit": "unit of the amounts in the row",
    "amount": "rate per year over the period", "share": "share of the whole, 0 to 1",
    "yearly": "money per year at the node", "discounted": "contribution to total cost, discounted and weighted",
    "capital_cost": "overnight capital cost, undiscounted",
    "charged": "what the decision's capital adds to the objective",
    "price": "price in the unit of the row", "slack": "room left before the requirement binds",
    "violation": "what an elastic requirement is missed by", "shadow_price": "cost saved per unit of easing",
    "online": "capacity online", "available": "capacity online that can be used",
    "weight": "probability * length * factor",
}


def versions() -> dict[str, str]:
    """Versions of everything that can change a result."""
    packages = ("highspy", "pyomo", "pandas", "numpy", "scipy", "pydantic", "pyyaml")
    own = {"planner": planner.__version__, "planner_source": source_digest(), "python": platform.python_version()}
    return own | {p: version(p) for p in packages}


@cache
def source_digest() -> str:
    """Digest of this package's own modules: a change of the code makes other runs, whatever the version says."""
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


def datapackage(name: str, title: str | None, tables: dict[str, pd.DataFrame]) -> dict[str, Any]:
    """Description of the tables in the Data Package form."""
    return {
        "name": "".join(c if c.isalnum() or c in "-_." else "-" for c in name.lower()),
        "title": title or name,
        "profile": "tabular-data-package",
        "resources": [
            {
                "name": table, "path": f"{table}.csv", "profile": "tabular-data-resource", "encoding": "utf-8",
                "format": "csv", "schema": {"fields": [_field(c, frame[c]) for c in frame.columns]},
            }
            for table, frame in tables.items()
        ],
    }


def _field(name: str, column: pd.Series[Any]) -> dict[str, str]:
    if pd.api.types.is_bool_dtype(column):
        return {"name": name, "type": "boolean"}
    kind = "integer" if pd.api.types.is_integer_dtype(column) else "number"
    is_empty = len(column) > 0 and bool(column.isna().all())  # Only numbers may be missing.
    is_number = (pd.api.types.is_numeric_dtype(column) or is_empty) and name != "item"
    field = {"name": name, "type": kind if is_number else "string"}
    return field | ({"description": COLUMNS[name]} if name in COLUMNS else {})
