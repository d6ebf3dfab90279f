"""Sources of a comparison: a run folder, a committed reference, or an instance that is solved first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from planner.common.errors import InputError, Place, Problem
from planner.language.instance import Instance
from planner.reading.compose import YamlNode, compose
from planner.reading.document import load
from planner.reading.renamed import Renamer
from planner.reading.settle import settled
from planner.results.folder import open_folder, open_reference, stands
from planner.results.write import MARK, RESOLVED
from planner.workflows.solve import SILENT, Listener, solve

SUMMARY = "summary"


@dataclass(frozen=True)
class ComparedRun:
    """A run: its tables, and its resolved input where that is known (a committed reference has none)."""

    label: str
    folder: Path | None
    tables: Mapping[str, pd.DataFrame]
    input: YamlNode | None
    mark: Mapping[str, Any]

    @property
    def figures(self) -> dict[str, str]:
        """The key figures as written."""
        summary = self.tables[SUMMARY]
        return dict(zip(summary["key"], summary["value"].astype(str), strict=True))

    @property
    def units(self) -> tuple[str, str]:
        """The units in which it states money and amounts."""
        return self.figures.get("money_unit", ""), self.figures.get("quantity_unit", "")


def read_sources(
    paths: Sequence[str | Path], options: dict[str, Any] | None = None, listener: Listener = SILENT
) -> list[ComparedRun]:
    """All runs to compare; InputError names every path that is neither a run nor an instance."""
    problems: list[Problem] = []
    found: list[ComparedRun] = []
    labels: list[str] = []
    for path in paths:
        labels.append(str(path).rstrip("/"))
        label = labels[-1] + (f" #{labels.count(labels[-1])}" if labels.count(labels[-1]) > 1 else "")
        try:
            found.append(_source(Path(path), label, options, listener))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return found


def _source(path: Path, label: str, options: dict[str, Any] | None, listener: Listener) -> ComparedRun:
    if stands(path):
        return _of_folder(path, label)
    file, scenario = path, None
    if not path.exists() and "@" in path.name:
        name, _, scenario = path.name.partition("@")
        file = path.with_name(name)
    document = load(file, scenario)
    run = solve(file, scenario, options=options, listener=listener)
    if run.outcome.status == "interrupted":  # Its best plan is kept, but is not what was asked.
        raise KeyboardInterrupt
    if run.folder is None:
        place = Place(str(file), 1, 1)
        message = f"{label} has no plan to compare ({run.outcome.status})"
        hint = f"planner explain {file}{f' --scenario {scenario}' if scenario else ''} says why"
        raise InputError([Problem("no-plan", message, place, hint)])
    read = _of_folder(run.folder, label)
    return ComparedRun(label, run.folder, read.tables, document.tree, read.mark)


def _of_folder(folder: Path, label: str) -> ComparedRun:
    """A run as its folder holds it: all its tables, or those that were committed for reference."""
    if not (folder / MARK).exists():
        return ComparedRun(label, folder, open_reference(folder), None, {})
    held = open_folder(folder)
    node = compose(held.text(RESOLVED), str(folder / RESOLVED))
    tree = settled(Renamer([]).tree(node)) if node is not None else None  # An older run is in old words.
    return ComparedRun(label, folder, held.tables(), tree, held.manifest)


def name_of(source: ComparedRun) -> str:
    """Name of the instance of a run."""
    return source.figures.get("instance", Instance.__name__.lower())
