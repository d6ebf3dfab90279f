"""The answer to a question that took many runs, opened from its folder: a sweep, a frontier, alternatives."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from planner.errors import InputError, Place, Problem
from planner.reports.opened import read_json, require_whole
from planner.results.recall import PACKAGE, typed_tables
from planner.results.write import MARK
from planner.study.sweep import SETUP
from planner.tables.schemas import SCHEMAS

TABLES = "tables"  # The folder within a study's that holds its tables.
QUESTIONS = ("sweep", "frontier", "alternatives")


@dataclass(frozen=True, eq=False)
class Answered:
    """Tables with numbers as numbers, the manifest, and of a sweep the study as it was read."""

    folder: Path
    question: str
    title: str
    tables: dict[str, pd.DataFrame]
    manifest: dict[str, Any]
    study: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.study.get("study") or self.manifest["instance"])


def question_of(folder: Path) -> str | None:
    """The question that a folder answers; None for a run, or what is neither."""
    if (folder / SETUP).is_file():
        return "sweep"
    try:
        given = json.loads((folder / MARK).read_text("utf-8"))["given"]["question"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return given if given in QUESTIONS else None


def open_answer(folder: Path) -> Answered:
    """Open a study, a frontier or alternatives. InputError when the folder is not whole."""
    question, study, place = question_of(folder), dict[str, Any](), folder
    if (folder / SETUP).is_file():
        study, place = read_json(folder, SETUP)["study"], folder / TABLES
        if not place.is_dir():
            message = "the study is not finished: planner sweep with the same file continues it"
            raise InputError([Problem("not-finished", message, Place(str(folder), 0, 0))])
    elif question == "sweep" and (folder.parent / SETUP).is_file():
        study = read_json(folder.parent, SETUP)["study"]
    package = read_json(place, PACKAGE)
    require_whole(place, {part["name"]: part["schema"]["fields"] for part in package["resources"]})
    title, manifest = str(package["title"]), read_json(place, MARK)
    return Answered(folder, question or "", title, typed_tables(place, SCHEMAS[question or "sweep"]), manifest, study)
