"""All tables of a run as one Excel workbook: typed columns, frozen headers, units, sources; text is never a formula."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from planner.reports.figures import figures_table
from planner.reports.run import Run
from planner.tables.schemas import RUN

YEARS = {"year", "decided", "planned_online", "online_first", "online_last"}
MOST_ROWS = 1_048_575  # Of a sheet, below its header.
# What a spreadsheet would make of text of its own accord, it shall not.
TEXT_STAYS_TEXT = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def write(run: Run, target: Path) -> None:
    book = xlsxwriter.Workbook(str(target), {**TEXT_STAYS_TEXT, "nan_inf_to_errors": False})
    formats = {
        "header": book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}),
        "title": book.add_format({"bold": True, "font_size": 15}),
        "number": book.add_format({"num_format": "#,##0.###"}), "year": book.add_format({"num_format": "0.##"}),
        "text": book.add_format({"num_format": "@"}),
    }
    sheets = {"summary": run.tables["summary"], **{n: t for n, t in run.tables.items() if n != "summary"}}
    sheets |= {"columns": _columns(run), "figures": figures_table(run), "sources": _sources(run)}
    _first(book.add_worksheet("read me"), run, sheets, formats)
    for name, table in sheets.items():
        _sheet(book.add_worksheet(name), table, formats)
    book.close()


def _first(sheet: Worksheet, run: Run, sheets: dict[str, pd.DataFrame], formats: dict[str, Any]) -> None:
    units, manifest = run.instance.units, run.manifest
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 90)
    sheet.write_string(0, 0, run.name, formats["title"])
    facts = [
        ("run", manifest["run_sha256"]), ("instance", manifest["instance_sha256"]), ("status", manifest["status"]),
        ("planner", manifest["versions"]["planner"]),
        ("units", f"amounts {units.quantity}, money {units.money}, prices {units.price}; a column or its neighbour"
                  " `unit` says which"),
    ]
    lines = [*facts, ("", ""), *((name, f"{len(table):,} rows") for name, table in sheets.items())]
    for row, (what, said) in enumerate(lines, 2):
        sheet.write_string(row, 0, what)
        sheet.write_string(row, 1, said)


def _columns(run: Run) -> pd.DataFrame:
    rows = [(name, c.name, c.type, c.unit, c.meaning) for name in run.tables for c in RUN[name].columns]
    return pd.DataFrame(rows, columns=["table", "column", "type", "unit", "meaning"])


def _sources(run: Run) -> pd.DataFrame:
    rows = [(key, s.title, s.publisher or "", s.year, s.url or "") for key, s in run.instance.sources.items()]
    return pd.DataFrame(rows, columns=["source", "title", "publisher", "year", "url"]).astype({"year": "float64"})


def _sheet(sheet: Worksheet, table: pd.DataFrame, formats: dict[str, Any]) -> None:
    sheet.freeze_panes(1, 0)
    if len(table.columns):
        sheet.autofilter(0, 0, min(len(table), MOST_ROWS), len(table.columns) - 1)
    for position, name in enumerate(table.columns):
        sheet.write_string(0, position, str(name), formats["header"])
        values = table[name].tolist()[:MOST_ROWS]
        style = formats["year"] if name in YEARS else formats["number"]
        sheet.set_column(position, position, _width(str(name), values))
        for row, value in enumerate(values, 1):
            _cell(sheet, row, position, value, style, formats["text"])


def _cell(sheet: Worksheet, row: int, position: int, value: Any, number: Any, text: Any) -> None:
    if isinstance(value, str):
        if value:
            sheet.write_string(row, position, value, text)
    elif isinstance(value, bool):
        sheet.write_boolean(row, position, value)
    elif value is not None and math.isfinite(value):
        sheet.write_number(row, position, value, number)


def _width(name: str, values: list[Any]) -> float:
    longest = max((len(value) for value in values[:500] if isinstance(value, str)), default=9)
    return min(max(longest, len(name)) + 2, 60)
