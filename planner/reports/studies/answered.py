"""The answer to a question that took many runs, opened from its folder: a sweep, a frontier, alternatives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from planner.common.caching import CacheOwner
from planner.common.errors import InputError, Place, Problem
from planner.results.folder import open_folder, question_in, stands
from planner.results.write import PACKAGE
from planner.workflows.sweep.sweep import SETUP

TABLES = "tables"  # The folder within a study's that holds its tables.
QUESTIONS = ("sweep", "frontier", "alternatives")


@dataclass(frozen=True, eq=False)
class Answered(CacheOwner):
    """Tables with numbers as numbers, the manifest, and of a sweep the study as it was read."""

    folder: Path
    question: str
    title: str
    tables: dict[str, pd.DataFrame]
    manifest: Mapping[str, Any]
    study: dict[str, Any]

    @property
    def is_complete(self) -> bool:
        """Whether it is all that was asked for, not what was found until an early end."""
        return bool(self.manifest.get("status", "complete") == "complete")

    @property
    def name(self) -> str:
        return str(self.study.get("study") or self.manifest["instance"])


def question_of(folder: Path) -> str | None:
    """The question that a folder answers; None for a run, or what is neither."""
    found = "sweep" if (folder / SETUP).is_file() else question_in(folder)
    return found if found in QUESTIONS else None


def open_answer(folder: Path) -> Answered:
    """Open a study, a frontier or alternatives. InputError when the folder is not whole, or not as it was written."""
    question, place = question_of(folder) or "sweep", folder
    if (folder / SETUP).is_file():
        place = folder / TABLES
        if not stands(place):
            message = "the study is not finished: planner sweep with the same file continues it"
            raise InputError([Problem("not-finished", message, Place(str(folder), 0, 0))])
    held = open_folder(place, question)
    title, study = str(held.json(PACKAGE)["title"]), dict(held.manifest.get("study", {}))
    return Answered(folder, question, title, held.tables(), held.manifest, study)
