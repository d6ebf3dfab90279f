"""Tables in memory with the types that are declared, whether they have rows or none, are made or read back."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import infer_dtype

from planner.common.words import number
from planner.tables.column import Column, Table, Type

DTYPES: dict[Type, str] = {"text": "str", "number": "float64", "integer": "int64", "boolean": "bool"}
FITTING: dict[Type, set[str]] = {  # What pandas may find in the cells of a column of each type.
    "text": {"string", "empty"}, "number": {"floating", "integer", "mixed-integer-float", "empty"},
    "integer": {"integer", "empty"}, "boolean": {"boolean", "empty"},
}
TRUE, FALSE = str(True), str(False)


class TableError(ValueError):
    """A table is not as it is declared: a column too many or too few, a wrong type, or an empty cell."""


def table(declared: Table, rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """The rows as a table; each has exactly the declared columns, in any order. TableError if not."""
    listed, names = list(rows), declared.names
    for row in listed:
        if len(row) != len(names) or row.keys() != declared.by_name.keys():
            raise TableError(f"table {declared.name}: {_apart(names, row)}")
    return pd.DataFrame({c.name: _made(declared, c, [row[c.name] for row in listed]) for c in declared.columns})


def conformed(declared: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """The table with columns in the declared order and of the declared types, its rows numbered from 0."""
    if set(frame.columns) != set(declared.names) or len(frame.columns) != len(declared.names):
        raise TableError(f"table {declared.name}: {_apart(declared.names, frame.columns)}")
    return pd.DataFrame({c.name: _made(declared, c, frame[c.name].tolist()) for c in declared.columns})


def typed(declared: Table, texts: pd.DataFrame) -> pd.DataFrame:
    """A table read as text, with the declared types. TableError when columns or cells do not fit.

    Columns that are not declared stay text, and those that are not there stay away: tables of another version.
    """
    columns = {str(name): texts[name] for name in texts.columns}
    return pd.DataFrame({name: _read(declared, name, column) for name, column in columns.items()})


def require_declared(schema: Mapping[str, Table], name: str, frame: pd.DataFrame) -> None:
    """TableError when a table is not of the schema, or its columns and their types are others than declared."""
    if name not in schema:
        raise TableError(f"table {name} is not declared")
    if tuple(frame.columns) != schema[name].names:
        raise TableError(f"table {name}: {_apart(schema[name].names, frame.columns) or 'columns in another order'}")
    for column in schema[name].columns:
        if frame[column.name].dtype != pd.Series([], dtype=DTYPES[column.type]).dtype:
            raise TableError(f"table {name}, column {column.name}: {frame[column.name].dtype}, not {column.type}")


def looked_up(column: pd.Series[Any], known: Mapping[Any, float | None]) -> pd.Series[float]:
    """The number that is known for each cell, missing where none is: numbers even where the column has no rows."""
    return pd.Series([known.get(cell) for cell in column], index=column.index, dtype="float64")


def before(column: pd.Series[Any], mark: str) -> pd.Series[Any]:
    """Text before the first mark in every cell, all of it where there is none; text even without rows."""
    return pd.Series([cell.partition(mark)[0] for cell in column], index=column.index, dtype="str")


def after(column: pd.Series[Any], mark: str) -> pd.Series[Any]:
    """Text after the first mark in every cell, empty where there is none; text even without rows."""
    return pd.Series([cell.partition(mark)[2] for cell in column], index=column.index, dtype="str")


def said(value: Any) -> str:
    """A value of any kind as a cell of text: a number in full, nothing as nothing."""
    return "" if value is None else str(value)


def short(cell: str) -> str:
    """A cell of text for people: four digits where it is a number, which may be a year."""
    try:
        return number(float(cell), 4).replace(",", "")
    except ValueError:
        return cell


def _apart(names: Iterable[str], found: Iterable[str]) -> str:
    wanted, there = dict.fromkeys(names), dict.fromkeys(found)
    missing, unknown = [n for n in wanted if n not in there], [n for n in there if n not in wanted]
    said = [f"{word} {', '.join(some)}" for word, some in (("lacks", missing), ("does not declare", unknown)) if some]
    return " and ".join(said)


def _made(declared: Table, column: Column, cells: Sequence[Any]) -> pd.Series[Any]:
    if (found := infer_dtype(cells, skipna=True)) not in FITTING[column.type]:
        raise TableError(f"table {declared.name}, column {column.name}: {found} where {column.type} is declared")
    if column.type in ("integer", "boolean") and pd.isna(np.array(cells, dtype=object)).any():
        raise TableError(f"table {declared.name}, column {column.name}: a cell is empty")
    return _whole(declared, column, pd.Series(cells, dtype=DTYPES[column.type]))


def _whole(declared: Table, column: Column, series: pd.Series[Any]) -> pd.Series[Any]:
    """The column, if no cell is empty that must not be."""
    is_text = column.type == "text"
    is_empty = series.isna() if is_text or not column.blank else None
    if (is_empty is not None and bool(is_empty.any())) or (is_text and not column.blank and bool((series == "").any())):
        raise TableError(f"table {declared.name}, column {column.name}: a cell is empty")
    return series


def _read(declared: Table, name: str, column: pd.Series[Any]) -> pd.Series[Any]:
    known = declared.by_name.get(name)
    if known is None or known.type == "text":
        return column.astype("str")
    cells = column.tolist()
    try:
        if known.type == "boolean":
            return pd.Series([_truth(cell) for cell in cells], dtype="bool")
        if known.type == "integer":
            return pd.Series([int(cell) for cell in cells], dtype="int64")
        return pd.Series([float(cell) if cell else math.nan for cell in cells], dtype="float64")
    except ValueError:
        raise TableError(f"table {declared.name}, column {name}: a cell is no {known.type}") from None


def _truth(cell: str) -> bool:
    if cell not in (TRUE, FALSE):
        raise ValueError(cell)
    return cell == TRUE
