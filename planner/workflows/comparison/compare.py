"""Compare runs: a baseline and any number of others."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from planner.common.errors import InputError, Problem
from planner.results.atomic_files import require_free, whole_folder
from planner.results.manifest import datapackage, versions
from planner.results.seal import seal
from planner.results.write import PACKAGE, write_json, write_tables
from planner.solving.proof import Proven, difference, proven
from planner.tables.frames import table
from planner.tables.schemas import SCHEMAS
from planner.workflows.comparison import emergency
from planner.workflows.comparison.inputs import input_differences
from planner.workflows.comparison.plans import plan_differences
from planner.workflows.comparison.same_plan import Carried, same_plan
from planner.workflows.comparison.source import ComparedRun, name_of, read_sources
from planner.workflows.comparison.tables import VIEWS, side_by_side
from planner.workflows.solve import SILENT, Listener

GIVEN = {"question": "compare"}


@dataclass(frozen=True)
class Comparison:
    """Runs and their differences by table: runs, proof, inputs, plan, figures, costs, served, shares, ...

    `proof` says what is proven of the difference of the objectives, `same_plan` (when asked) what a change costs on one
    and the same plan.
    `missing` names tables that a run does not have: those are compared among the others only.
    """

    sources: tuple[ComparedRun, ...]
    tables: Mapping[str, pd.DataFrame]
    missing: tuple[str, ...]
    folder: Path | None = None


def compare(
    runs: Sequence[str | Path], out: str | Path | None = None, options: dict[str, Any] | None = None,
    listener: Listener = SILENT, one_plan: bool = False,
) -> Comparison:
    """Compare run folders or instances with the first of them; an instance is solved, or read back if it was.

    `INSTANCE@SCENARIO` is the instance with one of its scenarios. With `one_plan` the plan of each of two runs is also
    carried out in the instance of the other. With `out` the tables are written as CSV. InputError for what is neither
    a run nor an instance.
    """
    if len(runs) < 2:
        raise InputError([Problem("too-few", "compare needs a baseline and at least one other run")])
    if out is not None:
        require_free(Path(out).resolve(), None, GIVEN)
    sources = read_sources(runs, options, listener)
    carried = Carried(options, listener)
    asked = {"same_plan": same_plan(sources, carried)} if one_plan else {}
    tables = {
        "runs": _runs(sources), "proof": _proof(sources, carried), **asked,
        "inputs": input_differences(sources), "plan": plan_differences(sources),
        **{name: side_by_side(name, sources) for name in VIEWS},
    }
    missing = tuple(_missing(sources))
    if out is not None:
        _write(Path(out), sources, tables)
    return Comparison(tuple(sources), tables, missing, Path(out) if out is not None else None)


def _number(source: ComparedRun, key: str) -> float | None:
    text = source.figures.get(key, "")
    return float(text) if text else None


def _proof(sources: Sequence[ComparedRun], carried: Carried) -> pd.DataFrame:
    """One row per run other than the baseline: the difference of the objectives and its proven interval."""
    first = _proven(sources[0], carried)
    rows = []
    for source in sources[1:]:
        is_alike = source.units == sources[0].units
        found = difference(first, _proven(source, carried) if is_alike else proven(None, None))
        note = emergency.note(sources[0], source) if is_alike else _unlike(sources[0], source)
        rows.append({"run": source.label, **found.row, "equal": found.is_equal, "unit": source.units[0], "note": note})
    return table(SCHEMAS["compare"]["proof"], rows)


def _unlike(baseline: ComparedRun, other: ComparedRun) -> str:
    return (f"This run states {' and '.join(other.units)}, the baseline {' and '.join(baseline.units)}:"
            " objectives and plans are not compared.")


def _proven(source: ComparedRun, carried: Carried) -> Proven:
    """Proven interval of the best objective of an instance: by its run, and by other plans carried out in it."""
    objective, bound = _number(source, "objective"), _number(source, "bound")
    if objective is None:
        return proven(objective, bound)
    best = max if source.figures.get("sense") == "maximise" else min
    ends = proven(best([objective, *carried.best(source)]), bound)
    return replace(ends, found=objective)


def _runs(sources: Sequence[ComparedRun]) -> pd.DataFrame:
    rows = [
        {"run": s.label, "instance": name_of(s), "status": s.figures.get("status", ""),
         "objective": _number(s, "objective"), "bound": _number(s, "bound"), "gap": _number(s, "gap"),
         "unit": s.figures.get("money_unit", ""), "instance_sha256": s.mark.get("instance_sha256", ""),
         "run_sha256": s.mark.get("run_sha256", ""), "folder": str(s.folder or "")}
        for s in sources
    ]
    return table(SCHEMAS["compare"]["runs"], rows)


def _missing(sources: Sequence[ComparedRun]) -> list[str]:
    needed = {name: view.needs for name, view in VIEWS.items()}
    lacking = [
        f"{s.label}: {name}" for s in sources for name, needs in needed.items() if any(n not in s.tables for n in needs)
    ]
    return [f"{s.label}: inputs" for s in sources if s.input is None] + lacking


def _write(folder: Path, sources: Sequence[ComparedRun], tables: Mapping[str, pd.DataFrame]) -> None:
    labels = [s.label for s in sources]
    digest = hashlib.sha256(json.dumps([labels, [dict(s.figures) for s in sources]]).encode()).hexdigest()
    schema = SCHEMAS["compare"]
    with whole_folder(folder.resolve(), GIVEN) as fresh:
        write_tables(tables, fresh, schema)
        write_json(datapackage("comparison", "Comparison of runs", tables, schema), fresh / PACKAGE)
        seal(fresh, {"runs": labels, "given": GIVEN, "versions": versions(), "run_sha256": digest})
