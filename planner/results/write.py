"""Tables as CSV and facts as JSON, as they lie in the folders that the planner writes."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import pandas as pd

from planner.tables.frames import require_declared
from planner.tables.schemas import Schema

MARK = "manifest.json"
RESOLVED = "instance.yaml"  # The instance as solved, with everything applied.
SUMMARY, PACKAGE = "summary.json", "datapackage.json"  # Key figures for programs; what the tables mean.
GUARD, FORMULA = "'", ("=", "+", "-", "@", "\t", "\r", "'")


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


def read_table(source: Path | IO[bytes]) -> pd.DataFrame:
    """One table as written, all text."""
    content = source.read_bytes() if isinstance(source, Path) else source.read()
    table: pd.DataFrame = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False, lineterminator="\n")
    if GUARD.encode() not in content:
        return table
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
    path.write_bytes(json_bytes(content))


def json_bytes(content: Any) -> bytes:
    """A file of JSON as `write_json` writes it."""
    return (plain_json(content) + "\n").encode()


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
