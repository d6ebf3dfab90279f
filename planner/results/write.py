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

MARK = "manifest.json"


class OccupiedError(Exception):
    """The folder holds something that is not a run; nothing was written."""


def require_free(target: Path) -> None:
    """Raise OccupiedError when a run folder cannot stand here; asked before a long solve, not after it."""
    if target.exists() and (not target.is_dir() or (any(target.iterdir()) and not (target / MARK).exists())):
        raise OccupiedError(f"{target} exists and is not a run folder: choose another --out")
    parent = next(p for p in (target.parent, *target.parent.absolute().parents) if p.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        raise OccupiedError(f"{target} cannot be written: {parent} is not a folder one can write in")


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """A folder to write into; it takes the target's place when the block ends without an error.

    Raises OccupiedError when the target exists and is not a run folder or empty.
    """
    require_free(target)
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
    old = target.with_name(f".{target.name}-old-{os.getpid()}")
    target.rename(old)
    try:
        fresh.rename(target)
    except OSError:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def write_tables(tables: Mapping[str, pd.DataFrame], folder: Path) -> None:
    """Every table as CSV: a header row, numbers in full precision, the same bytes for the same run."""
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")


def read_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """The tables of a run folder, as written: all text, so that a region called NA or 1.10 stays a name."""
    return {
        path.stem: pd.read_csv(path, dtype=str, keep_default_na=False) for path in sorted(folder.glob("*.csv"))
    }


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
