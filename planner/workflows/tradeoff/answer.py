"""The answer to a question that is no single run: its tables, and the folder they are written to.

One that ended early says so in its manifest (`status`) and keeps what it has asked, so that the same question goes on
from there. It never takes the place of a complete answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pandas as pd

from planner.common.errors import InputError, NoAnswerError
from planner.language.instance import Instance
from planner.results.atomic_files import free_place, remove, require_free, whole_folder
from planner.results.folder import open_folder
from planner.results.manifest import datapackage, versions
from planner.results.seal import seal, stated_manifest
from planner.results.write import PACKAGE, write_json, write_tables
from planner.tables.schemas import SCHEMAS, question_of
from planner.workflows.solve import Task, default_folder
from planner.workflows.tradeoff.memory import Memory

AnswerStatus = Literal["complete", "stopped", "interrupted"]
ASKED = "asked.npz"  # What an answer that ended early has asked so far.


@dataclass(frozen=True)
class TradeoffAnswer:
    """Tables by name, and where they are; `status` says whether they are all that was asked for."""

    instance: Instance
    tables: Mapping[str, pd.DataFrame]
    folder: Path
    status: AnswerStatus = "complete"


def place_for(task: Task, out: str | Path | None) -> Path:
    """Folder of the answer. OccupiedError, before any work, when something else stands there."""
    folder = Path(out) if out is not None else default_folder(task)
    require_free(folder.resolve(), task.document.instance.name, task.given)
    return folder


def ended_early(error: KeyboardInterrupt | NoAnswerError, has_found: bool) -> AnswerStatus:
    """Status of a search whose findings are kept; raises the error again if nothing was found or no plan exists."""
    if not has_found or (isinstance(error, NoAnswerError) and error.status != "no_plan"):
        raise error
    return "interrupted" if isinstance(error, KeyboardInterrupt) else "stopped"


def timeless(task: Task) -> Task:
    """The task without its time limit, which affects how complete an answer is but not the question."""
    return replace(task, options=task.options.model_copy(update={"time_limit": None}))


def asked_before(task: Task, folder: Path) -> Memory:
    """Solves of the same question when it ended early; nothing if they are not as they were written."""
    for place in (folder, _beside(folder)):
        stated = stated_manifest(place)
        if stated.get("run_sha256") == task.digest and stated.get("status") != "complete":
            with suppress(InputError):
                return Memory.read(open_folder(place, question_of(stated)).contents[ASKED])
    return Memory()


def _beside(folder: Path) -> Path:
    """Folder for an answer that ended early while a complete one stands in the usual folder."""
    return folder.with_name(f"{folder.name}.unfinished")


def _has_complete(folder: Path) -> bool:
    stated = stated_manifest(folder)
    return "run_sha256" in stated and stated.get("status", "complete") == "complete"


def written(
    task: Task, tables: Mapping[str, pd.DataFrame], folder: Path, status: AnswerStatus = "complete",
    memory: Memory | None = None,
) -> TradeoffAnswer:
    """Write the tables whole; the folder may hold an older answer to the same question."""
    instance, schema = task.document.instance, SCHEMAS[question_of({"given": task.given})]
    if status != "complete" and _has_complete(folder):
        folder = _beside(folder)
    folder = free_place(folder, instance.name, task.given)
    with whole_folder(folder.resolve(), task.given) as fresh:
        write_tables(tables, fresh, schema)
        write_json(datapackage(instance.name, instance.title, tables, schema), fresh / PACKAGE)
        if memory is not None and status != "complete":
            memory.write(fresh / ASKED)
        facts = {"instance": instance.name, "instance_sha256": task.document.sha256, "given": task.given}
        chosen = {"options": task.options.model_dump(mode="json"), "versions": versions(), "status": status}
        seal(fresh, facts | chosen | {"run_sha256": task.digest})
    if status == "complete" and stated_manifest(_beside(folder)).get("run_sha256") == task.digest:
        remove(_beside(folder))  # It had ended early, and is complete now.
    return TradeoffAnswer(instance, tables, folder, status)
