"""The one way to read what the planner wrote: a folder is opened whole and as it was written, or not at all."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from planner.common.errors import InputError, Place, Problem
from planner.results.atomic_files import recover
from planner.results.seal import SEAL, changed, contents_as_written, require_sealed, stated_manifest
from planner.results.write import MARK, PACKAGE, RESOLVED, SUMMARY, read_table
from planner.tables.frames import TableError, typed
from planner.tables.schemas import RUN, SCHEMAS, Schema, question_of

AGAIN = "solve it again with --force, or restore the file"


@dataclass(frozen=True, eq=False)
class Folder:
    """A run, or the answer to a question, as it was written: the bytes of its files, which are what was verified."""

    path: Path
    manifest: Mapping[str, Any]
    contents: Mapping[str, bytes]

    def json(self, name: str) -> dict[str, Any]:
        """The JSON object of a file."""
        content: dict[str, Any] = json.loads(self.contents[name])
        return content

    def text(self, name: str) -> str:
        """The text of a file."""
        return self.contents[name].decode("utf-8")

    def texts(self) -> dict[str, pd.DataFrame]:
        """Its tables, all text, as the check and the comparison of plans read them."""
        return {name.removesuffix(".csv"): read_table(io.BytesIO(content))
                for name, content in sorted(self.contents.items()) if name.endswith(".csv")}  # fmt: skip

    def tables(self) -> dict[str, pd.DataFrame]:
        """Its tables with the types that are declared. InputError when they were declared otherwise."""
        return _typed(self.path, self.contents, SCHEMAS[question_of(self.manifest)])


def stands(path: Path) -> bool:
    """Whether a folder is there, after what a killed process left of it was repaired."""
    recover(path)
    return path.is_dir()


def question_in(path: Path) -> str | None:
    """The question that a folder answers by its manifest, `run` of a run; None of anything else."""
    manifest = stated_manifest(path) if stands(path) else {}
    return question_of(manifest) if "run_sha256" in manifest else None


def open_folder(path: Path, question: str = "run") -> Folder:
    """Open what the planner wrote in answer to a question, every file compared with its digest.

    InputError when the folder holds nothing of that kind, or a file is missing, changed or of elsewhere.
    """
    remedy = AGAIN if question == "run" else f"ask planner {question} again, or restore the file"
    manifest = stated_manifest(path) if stands(path) else {}
    if SEAL in manifest or (not manifest and _has_lost_manifest(path)):
        require_sealed(path, manifest, remedy)
    if "run_sha256" not in manifest or question_of(manifest) != question:
        raise _nothing(path, question)
    if SEAL not in manifest:
        raise _nothing(path, question, "was written by another version of the planner")
    folder = Folder(path, manifest, contents_as_written(path, manifest, remedy))
    _require_described(folder, remedy)
    return folder


def open_reference(path: Path) -> dict[str, pd.DataFrame]:
    """Tables that were committed to compare with, without a manifest. InputError for a run that has lost its own."""
    if not stands(path) or (path / RESOLVED).exists() or _has_lost_manifest(path):
        open_folder(path)
    files = {f"{name}.csv": path / f"{name}.csv" for name in RUN}
    tables = _typed(path, {name: file.read_bytes() for name, file in files.items() if file.is_file()}, RUN)
    if "value" not in tables.get("summary", ()):
        raise _nothing(path, "run")
    return tables


def _has_lost_manifest(path: Path) -> bool:
    return any((path / name).exists() for name in (MARK, PACKAGE, SUMMARY))


def _typed(path: Path, contents: Mapping[str, bytes], schema: Schema) -> dict[str, pd.DataFrame]:
    """Tables of the schema; text stays text, such as a region called NA or 1.10."""
    found = {name: contents[f"{name}.csv"] for name in schema if f"{name}.csv" in contents}
    try:
        return {name: typed(schema[name], read_table(io.BytesIO(content))) for name, content in found.items()}
    except (TableError, ValueError) as error:
        raise InputError([Problem("wrong-table", str(error), Place(str(path), 0, 0), AGAIN)]) from None


def _require_described(folder: Folder, remedy: str) -> None:
    """InputError when the description names a file that is none of the folder's, such as one elsewhere."""
    parts = folder.json(PACKAGE)["resources"] if PACKAGE in folder.contents else []
    strange = [str(part["path"]) for part in parts if str(part["path"]) not in folder.contents]
    if strange:
        what = f"names {', '.join(strange)}, which is no file of the folder"
        raise InputError([changed(folder.path / PACKAGE, what, remedy)])


def _nothing(path: Path, question: str, why: str = "") -> InputError:
    kind = "a run" if question == "run" else f"an answer of planner {question}"
    message = f"{path} {why}" if why else f"{path} is not a folder of {kind}"
    return InputError([Problem("no-run", message, Place(str(path), 1, 1), f"name a folder that planner "
                               f"{'solve' if question == 'run' else question} has written")])  # fmt: skip
