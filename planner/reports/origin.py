"""Section "Where do the numbers come from?": sources, every assumption, versions and digests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pandas as pd

from planner.common import words
from planner.reports.figures import figures_table
from planner.reports.view import View

if TYPE_CHECKING:
    from planner.reports.run import Run

SECTION = "origin"


def origin(run: Run) -> tuple[View, ...]:
    return _sources(run), _assumptions(run), _run(run)


def _sources(run: Run) -> View:
    used = figures_table(run)["source"].value_counts()
    rows = [(key, part.title, part.publisher or "", part.year, part.url or "", int(used.get(key, 0)))
            for key, part in run.instance.sources.items()]
    table = pd.DataFrame(rows, columns=["source", "title", "publisher", "year", "url", "figures"])
    return View(
        "sources", SECTION, "Sources", f"{words.count(len(table), 'source')}; the key is what the figures below name.",
        table.astype({"year": "object"}), {"source": "key", "title": "title", "publisher": "publisher", "year": "year",
                                           "url": "address", "figures": "figures"}, drawing="table",
    )


def _assumptions(run: Run) -> View:
    table = figures_table(run)
    stated = table["confidence"].value_counts()
    said = words.listed([f"{int(stated[level]):,} with {level} confidence" for level in ("high", "medium", "low")
                         if level in stated])
    return View(
        "assumptions", SECTION, "Every figure that was put in", f"{words.count(len(table), 'figure')}" + (
            f": {said}." if said else "."), table,
        {"figure": "figure", "value": "value", "by_year": "by year", "low": "low", "high": "high", "unit": "unit",
         "source": "source", "date": "date", "confidence": "confidence", "note": "note"}, drawing="table",
    )


def _run(run: Run) -> View:
    manifest = run.manifest
    rows = [("run", manifest["run_sha256"]), ("instance", manifest["instance_sha256"]), ("status", manifest["status"])]
    rows += [(f"version of {name}", version) for name, version in sorted(manifest["versions"].items())]
    rows += [(f"option {name}", json.dumps(value)) for name, value in sorted(manifest["options"].items())]
    rows += [(f"file {name}", digest) for name, digest in sorted(manifest["files"].items())]
    table = pd.DataFrame(rows, columns=["what", "value"])
    return View(
        "run", SECTION, "The run", f"Run {manifest['run_sha256'][:8]} of instance {manifest['instance_sha256'][:8]};"
        " the same input, seed and versions give the same plan.", table, {"what": "", "value": ""}, drawing="table",
    )
