"""A run that was made before: read back instead of solved again, if it is the same one, whole and checked."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from planner.check import CheckReport
from planner.outcome import Outcome
from planner.results.write import MARK, read_table
from planner.tables.frames import typed
from planner.tables.schemas import RUN, Schema

SUMMARY, PACKAGE = "summary.json", "datapackage.json"


@dataclass(frozen=True)
class Recalled:
    """What the folder of a finished run says; the outcome has no values or prices beyond its tables."""

    outcome: Outcome
    tables: dict[str, pd.DataFrame]
    figures: dict[str, Any]
    check: CheckReport
    seconds: dict[str, float]


def digests(folder: Path) -> dict[str, str]:
    """Digest of every table of a folder."""
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.glob("*.csv"))}


def recall(folder: Path, digest: str) -> Recalled | None:
    """The run of that digest if the folder holds it, solved to the gap asked, checked and as it was written."""
    try:
        mark = json.loads((folder / MARK).read_text("utf-8"))
        is_same = mark.get("run_sha256") == digest and mark["status"] == "optimal" and mark["check"]["passed"]
        if not is_same or mark["tables"] != digests(folder):
            return None
        figures = json.loads((folder / SUMMARY).read_text("utf-8"))
        tables = typed_tables(folder, RUN)
        return Recalled(_outcome(mark, figures), tables, figures, _report(mark["check"]), mark["seconds"])
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return None  # Not a run, or one that is damaged: it is solved anew.


def _outcome(mark: Mapping[str, Any], figures: Mapping[str, Any]) -> Outcome:
    sign = -1 if mark["sense"] == "maximise" else 1
    objective, bound = sign * float(figures["objective"]), figures["bound"]
    return Outcome(
        status="optimal", values=np.zeros(0), prices=np.zeros(0), objective=objective,
        bound=sign * float(bound) if bound is not None else -math.inf,
        gap=float(mark["gap"]) if mark["gap"] is not None else math.inf, nodes=int(mark["nodes"]),
        seconds=float(figures["seconds"]), message=str(mark["solver_message"]),
    )


def _report(verdict: Mapping[str, Any]) -> CheckReport:
    return CheckReport(True, (), dict(verdict["tests"]), float(verdict["largest_residual"]), "")


def typed_tables(folder: Path, schema: Schema) -> dict[str, pd.DataFrame]:
    """The tables of a folder with the types that are declared; text stays text, such as a region called NA or 1.10.

    TableError when a table does not fit its declaration.
    """
    files = {name: folder / f"{name}.csv" for name in schema}
    return {name: typed(schema[name], read_table(file)) for name, file in files.items() if file.is_file()}
