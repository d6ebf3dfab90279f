"""Tables kept in spreadsheets: the cells of a CSV file or of a sheet of an Excel workbook as columns and rows.

A cell says what it would in YAML, with two differences: it is a single value, and an empty one says nothing. Excel
turns much into dates that was meant as text, so that dates are refused. Its place is its row and column.
"""

from __future__ import annotations

import csv
import datetime
import io
import math
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

from planner.common.errors import InputError, Place, did_you_mean, extra_hint
from planner.reading.compose import CONTROL, YamlNode, refuse, resolved

MOST_ROWS, MOST_COLUMNS, MOST_CELLS = 50_000, 300, 500_000
MOST_UNPACKED = 64 * 1024 * 1024  # Bytes of a workbook, which is a compressed archive.
CellGrid = list[list[YamlNode]]


def columns_and_rows(grid: CellGrid, place: Place) -> tuple[YamlNode, YamlNode]:
    """The first row as names of columns, the others as lists of as many cells; empty rows are left out."""
    filled = [row for row in grid if any(cell.value is not None for cell in row)]
    if not filled:
        refuse("table", f"{place.file} has no row with the names of columns", place)
    named = [cell.value is not None for cell in filled[0]]
    width = len(named) - named[::-1].index(True)
    for row in filled[1:]:
        beyond = next((cell for cell in row[width:] if cell.value is not None), None)
        if beyond is not None:
            refuse("table", "the column of this cell has no name in the first row", beyond.place)
    listed = [YamlNode(row[0].place, list(row[:width])) for row in filled]
    return listed[0], YamlNode(place, list(listed[1:]))


def csv_grid(text: str, shown: str) -> CellGrid:
    """The cells of a CSV file with commas. InputError with the line of what is none."""
    reader, bounds = csv.reader(io.StringIO(text, newline=""), strict=True), _Bounds()
    grid, line = list[list[YamlNode]](), 1
    try:
        for cells in reader:
            bounds.take(len(cells), Place(shown, line, 1))
            grid.append([_of_text(cell, Place(shown, line, number)) for number, cell in enumerate(cells, 1)])
            line = reader.line_num + 1  # A quoted cell may have several lines.
    except csv.Error as error:
        refuse("table", f"this is not CSV: {error}", Place(shown, line, 1))
    if grid and len(grid[0]) == 1 and ";" in str(grid[0][0].value):
        refuse("table", "cells are separated by semicolons", grid[0][0].place, "save it with commas and decimal points")
    return grid


def _of_text(cell: str, place: Place) -> YamlNode:
    """A cell of a CSV file, read like a value without quotes in YAML."""
    text = cell.strip()
    _require_plain(text, place)
    value = resolved(text, place)
    return YamlNode(place, value, text if isinstance(value, int | float) and not isinstance(value, bool) else None)


def excel_grid(content: bytes, shown: str, sheet: YamlNode | None, place: Place) -> CellGrid:
    """The cells of a sheet of a workbook; formulas have the value that was last computed.

    InputError, with the cell, for dates, errors and formulas without a value; when the extra is not installed.
    """
    try:
        import openpyxl
    except ImportError:
        refuse("missing-extra", f"Excel files need openpyxl: {extra_hint('excel')}", place)
    try:
        _require_small(content, place)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Of what a sheet looks like.
            books = [openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=values, keep_links=False)
                     for values in (True, False)]  # fmt: skip
            name = _sheet_name([page.title for page in books[0].worksheets], sheet, place)
            return list(_rows(books[0][name], books[1][name], f"{shown}[{name}]"))
    except InputError:
        raise
    except Exception as error:  # A damaged workbook fails anywhere in the library that reads it.
        refuse("table", f"{shown} is not a workbook that can be read: {type(error).__name__}", place)


def _require_small(content: bytes, place: Place) -> None:
    """InputError when the workbook would fill the memory; of a part no more is read than it states."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(part.file_size for part in archive.infolist()) > MOST_UNPACKED:
            refuse("too-large", f"the workbook is larger than {MOST_UNPACKED // 1024**2} MB when it is unpacked", place)


def _sheet_name(names: Sequence[str], sheet: YamlNode | None, place: Place) -> str:
    if sheet is None:
        if len(names) != 1:
            refuse("table", f"the workbook has {len(names)} sheets", place, f"say which: sheet: {names[0]}")
        return names[0]
    wanted = sheet.text or str(sheet.value)
    if wanted not in names:
        hint = did_you_mean(wanted, names) or f"it has {', '.join(names)}"
        refuse("table", f"the workbook has no sheet {wanted}", sheet.place, hint)
    return wanted


def _rows(values: Any, formulas: Any, shown: str) -> Iterator[list[YamlNode]]:
    """The rows of a sheet, read twice: with the values of its formulas, and with the formulas."""
    pages = [page.iter_rows(max_col=MOST_COLUMNS + 1, max_row=MOST_ROWS + 1) for page in (values, formulas)]
    bounds, width = _Bounds(), 0
    for number, (row, stated) in enumerate(zip(*pages, strict=True), 1):
        last = max((column for column, cell in enumerate(stated, 1) if cell.value is not None), default=0)
        width = width or last  # Rows end where the first that says anything does, or further on.
        bounds.take(max(last, width), Place(shown, number, 1))
        cells = zip(row[: max(last, width)], stated, strict=False)
        yield [_of_cell(*pair, Place(shown, number, column)) for column, pair in enumerate(cells, 1)]


def _of_cell(cell: Any, stated: Any, place: Place) -> YamlNode:
    value = cell.value
    if value is None and stated.value is not None:
        refuse("table", f"the formula in {_name(stated)} has no value", place, "let a spreadsheet compute and save it")
    if isinstance(value, datetime.date | datetime.time | datetime.timedelta):
        refuse("table", f"{_name(cell)} is a date: {value}", place, "format the cell as text and write it anew")
    if cell.data_type == "e":
        refuse("table", f"{_name(cell)} has an error: {value}", place)
    if isinstance(value, str):
        _require_plain(value, place)
        return YamlNode(place, value.strip() or None)
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not math.isfinite(value):
            refuse("not-finite", f"a number must be finite: {_name(cell)}", place)
        return YamlNode(place, value, str(value))
    return YamlNode(place, value if isinstance(value, bool) else None)


def _name(cell: Any) -> str:
    """Spreadsheet name of a cell."""
    return str(cell.coordinate)


def _require_plain(text: str, place: Place) -> None:
    if CONTROL.search(text):
        refuse("control-character", "a text holds control characters", place, "write it as plain text")


class _Bounds:
    """Counts what is read, so that no file can exhaust the machine."""

    def __init__(self) -> None:
        self.rows = self.cells = 0

    def take(self, width: int, place: Place) -> None:
        """One row more. InputError when it is too much."""
        self.rows, self.cells = self.rows + 1, self.cells + width
        if self.rows > MOST_ROWS or width > MOST_COLUMNS or self.cells > MOST_CELLS:
            most = f"{MOST_ROWS:,} rows, {MOST_COLUMNS} columns and {MOST_CELLS:,} cells"
            refuse("too-large", f"a table has at most {most}", place)
