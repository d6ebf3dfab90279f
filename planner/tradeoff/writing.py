"""The answer to a question that is no single run: its tables, and the folder they are written to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from planner.results.manifest import datapackage, versions
from planner.results.replace import require_free, whole_folder
from planner.results.seal import seal
from planner.results.write import PACKAGE, write_json, write_tables
from planner.run import Task, default_folder
from planner.schema import Instance
from planner.tables.schemas import SCHEMAS, question_of


@dataclass(frozen=True)
class Answer:
    """Tables by name, and where they are."""

    instance: Instance
    tables: Mapping[str, pd.DataFrame]
    folder: Path


def written(task: Task, tables: Mapping[str, pd.DataFrame], out: str | Path | None) -> Answer:
    """Write the tables whole; the folder may hold an older answer to the same question."""
    folder, instance = Path(out) if out is not None else default_folder(task), task.document.instance
    schema = SCHEMAS[question_of({"given": task.given})]
    require_free(folder.resolve(), instance.name, task.given)
    with whole_folder(folder.resolve(), task.given) as fresh:
        write_tables(tables, fresh, schema)
        write_json(datapackage(instance.name, instance.title, tables, schema), fresh / PACKAGE)
        facts = {"instance": instance.name, "instance_sha256": task.document.sha256, "given": task.given}
        chosen = {"options": task.options.model_dump(mode="json"), "versions": versions()}
        seal(fresh, facts | chosen | {"run_sha256": task.digest})
    return Answer(instance, tables, folder)
