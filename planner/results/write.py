"""Write a run folder whole or not at all: everything goes to a folder beside it, which then takes its place."""

from __future__ import annotations

import json
import math
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from planner.tables.frames import require_declared
from planner.tables.schemas import Schema

MARK = "manifest.json"
RESOLVED = "instance.yaml"  # The instance as solved, with everything applied.
GUARD, FORMULA = "'", ("=", "+", "-", "@", "\t", "\r", "'")
REPORT = "report.html"  # What `planner report` adds to a run, made from nothing else.
OURS = {"run_sha256", "rejected"}  # Words that only manifests of runs, or of rejected ones, have.


class OccupiedError(Exception):
    """The folder holds something that is not a run; nothing was written."""


def require_free(target: Path, instance: str | None = None, given: Mapping[str, Any] | None = None) -> None:
    """Raise OccupiedError when a run folder cannot stand here; asked before a long solve, not after it.

    A folder may be replaced when it is empty or holds a run (of `instance`, if named) and nothing else; the answer
    to a question, `given`, only by one to the same question.
    """
    if not target.name:
        raise OccupiedError(f"{target} cannot be replaced by a run folder: choose another --out")
    if target.exists() and not (target.is_dir() and _is_replaceable(target, instance, given or {})):
        raise OccupiedError(f"{target} exists and is not a run of this instance alone: choose another --out")
    parent = next(p for p in (target.parent, *target.parent.absolute().parents) if p.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        raise OccupiedError(f"{target} cannot be written: {parent} is not a folder one can write in")


def _is_replaceable(folder: Path, instance: str | None, given: Mapping[str, Any]) -> bool:
    files = list(folder.iterdir())
    if not files:
        return True
    try:
        manifest = json.loads((folder / MARK).read_text("utf-8"))
    except (OSError, ValueError):
        return False
    ours = isinstance(manifest, dict) and (OURS & manifest.keys())
    if ours and manifest.get("given", {}).get("question") != given.get("question"):
        return False
    same = instance is None or not isinstance(manifest, dict) or manifest.get("instance", instance) == instance
    return bool(ours) and same and all(f.is_file() and _is_of_run(f) for f in files)


def _is_of_run(file: Path) -> bool:
    return file.suffix in (".csv", ".json", ".yaml") or file.name == REPORT


@contextmanager
def whole_folder(target: Path, given: Mapping[str, Any] | None = None) -> Iterator[Path]:
    """A folder to write into; it takes the target's place when the block ends without an error.

    Raises OccupiedError when the target exists and is not a run folder or empty.
    """
    require_free(target, given=given)
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        yield fresh
        fresh.chmod(0o755)
        _take_place(fresh, target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _take_place(fresh: Path, target: Path) -> None:
    """Put the fresh folder where the target is; the old one is removed only when the new one stands."""
    if not target.exists():
        fresh.rename(target)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{target.name}-old-", dir=target.parent))
    old = target.rename(aside / target.name)
    try:
        fresh.rename(target)
    except BaseException:
        if not target.exists():
            old.rename(target)
        raise
    finally:
        if target.exists():
            shutil.rmtree(aside, ignore_errors=True)


def write_tables(tables: Mapping[str, pd.DataFrame], folder: Path, schema: Schema) -> None:
    """Every table as CSV: a header row, numbers in full precision, the same bytes for the same run.

    TableError when one is not as the schema declares it.

    Text that a spreadsheet would take for a formula gets an apostrophe before it, which `read_tables` takes away.
    """
    for name, table in tables.items():
        require_declared(schema, name, table)
        guarded(table).to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")


def read_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """The tables of a run folder, as written: all text, so that a region called NA or 1.10 stays a name."""
    return {path.stem: read_table(path) for path in sorted(folder.glob("*.csv"))}


def read_table(path: Path) -> pd.DataFrame:
    """One table as written, all text."""
    table: pd.DataFrame = pd.read_csv(path, dtype=str, keep_default_na=False, lineterminator="\n")
    return table.assign(**{name: table[name].str.removeprefix(GUARD) for name in table.columns})


def guarded(table: pd.DataFrame) -> pd.DataFrame:
    """The table with an apostrophe before all text that begins like a formula, or with an apostrophe; numbers stay."""
    texts = [name for name in table.columns if not pd.api.types.is_numeric_dtype(table[name])]
    return table.assign(**{name: _guarded(table[name]) for name in texts})


def _guarded(column: pd.Series) -> pd.Series:
    """A column with its texts guarded, each looked at once; the cells of one stay what they are if none needs it."""
    found = {cell: GUARD + cell for cell in set(column) if isinstance(cell, str) and cell.startswith(FORMULA)}
    cells = column.astype(object)
    return cells.map(lambda cell: found.get(cell, cell)) if found else cells


def write_json(content: Any, path: Path) -> None:
    """JSON with sorted keys, ending in a newline; infinite numbers become null."""
    path.write_text(plain_json(content) + "\n", "utf-8")


def plain_json(content: Any) -> str:
    """JSON with sorted keys in which infinite numbers are null."""
    return json.dumps(_finite(content), indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
