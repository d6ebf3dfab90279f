"""Reading the tables of a run: columns, numbers, nodes and duplicates are checked on the way in."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from planner.check.horizon import Horizon, Node
from planner.check.report import Ledger, listed
from planner.language.instance import Units

NODE = ("node", "future", "period", "year")
MOMENT = 1e-6
MOMENTS = {"period", "group"}
REPORTING = {"element_balance", "shares", "prices", "summary", "outages"}


@dataclass(frozen=True)
class Layout:
    """Columns of a table: texts, amounts (never negative), signed numbers; `blank` ones may be empty."""

    texts: tuple[str, ...]
    amounts: tuple[str, ...] = ()
    signed: tuple[str, ...] = ()
    blank: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    by_node: bool = True
    has_whole: bool = False  # Rows without a node are about the plan as a whole.

    @property
    def numbers(self) -> tuple[str, ...]:
        """Columns that hold numbers."""
        return (*self.amounts, *self.signed, *(("year",) if self.by_node else ()))

    @property
    def columns(self) -> set[str]:
        """All columns of the table."""
        return {*self.texts, *self.numbers, *(NODE if self.by_node else ())}


LAYOUTS = {
    "nodes": Layout(
        texts=("node", "parent", "future", "period", "futures", "group", "source"),
        amounts=("length", "probability", "factor", "weight"), signed=("year", "onset"), blank=("onset",),
        key=("node",), by_node=False,
    ),
    "scenarios": Layout(
        texts=("scenario", "future", "unit"), amounts=("probability", "low", "high", "weight"),
        signed=("onset", "cost", "alone"), blank=("onset", "alone"), key=("scenario",), by_node=False,
    ),
    "plan": Layout(
        texts=("project", "title", "target", "region", "stage", "group", "period", "size_unit", "money_unit",
               "standing"),
        amounts=("size", "modules", "capital_cost", "charged", "public_money"),
        signed=("decided", "planned_online", "online_first", "online_last"),
        blank=("modules", "online_first", "online_last"), key=("project", "group"), by_node=False,
    ),
    "retirements": Layout(
        texts=("facility", "group", "period"), amounts=("share",), key=("facility", "group"), by_node=False
    ),
    "capacity": Layout(
        texts=("asset", "kind", "region", "stage", "unit"),
        amounts=("existing", "added", "retired", "online", "available", "used"), key=("asset",),
    ),
    "activity": Layout(
        texts=("facility", "process", "region", "stage", "unit"), amounts=("activity",), key=("facility", "process")
    ),
    "flows": Layout(
        texts=("lane", "commodity", "origin", "destination", "unit"), amounts=("sent", "arrived", "used"),
        key=("lane", "commodity", "origin", "destination"),
    ),
    "purchases": Layout(
        texts=("supplier", "commodity", "origin", "region", "step", "unit"), amounts=("amount", "price"),
        key=("supplier", "region", "step"),
    ),
    "sales": Layout(
        texts=("outlet", "commodity", "region", "step", "unit"), amounts=("amount",), signed=("price",),
        key=("outlet", "region", "step"),
    ),
    "stocks": Layout(
        texts=("stockpile", "commodity", "region", "owner", "unit"), amounts=("before", "fill", "release", "stock"),
        key=("stockpile",),
    ),
    "demand": Layout(
        texts=("demand", "region", "class", "measure", "item", "unit"), amounts=("amount",),
        key=("demand", "measure", "item"),
    ),
    "returns": Layout(
        texts=("returns", "commodity", "region", "unit"), amounts=("returning", "collected"), key=("returns",)
    ),
    "disposal": Layout(texts=("commodity", "region", "unit"), amounts=("amount",), key=("commodity", "region")),
    "origin": Layout(
        texts=("measure", "name", "commodity", "region", "to", "level", "unit"), amounts=("amount",),
        key=("measure", "name", "commodity", "region", "to", "level"),
    ),
    "requirements": Layout(
        texts=("requirement", "kind", "scope", "target_unit", "unit", "price_unit"),
        amounts=("slack", "violation"), signed=("target", "achieved", "shadow_price"),
        blank=("shadow_price", "achieved", "year"), key=("requirement", "scope"), has_whole=True,
    ),
    "cover": Layout(
        texts=("requirement", "place", "measure", "name", "item", "unit"), amounts=("amount",),
        key=("requirement", "place", "measure", "name", "item"),
    ),
    "costs": Layout(
        texts=("item", "part", "region", "unit"), signed=("yearly", "discounted"), key=("item", "part", "region")
    ),
}

RATE = "{quantity}/year"
UNITS = {
    ("plan", "size_unit"): RATE, ("plan", "money_unit"): "{money}", ("capacity", "unit"): RATE,
    ("activity", "unit"): RATE, ("flows", "unit"): RATE, ("purchases", "unit"): RATE, ("sales", "unit"): RATE,
    ("stocks", "unit"): "{quantity}", ("demand", "unit"): RATE, ("returns", "unit"): RATE, ("disposal", "unit"): RATE,
    ("cover", "unit"): "{quantity}", ("costs", "unit"): "{money}",
    ("origin", "unit"): RATE, ("scenarios", "unit"): "{money}",
}


@dataclass(frozen=True)
class TableColumns:
    """Columns of a table as lists; with `nodes` added when rows belong to nodes."""

    columns: Mapping[str, list[Any]]
    nodes: list[Any]  # None for a row of no node, where the layout has such.

    def rows(self, *names: str) -> Iterator[tuple[Any, ...]]:
        """Rows as tuples of the named columns."""
        return zip(*(self.columns[name] for name in names), strict=True)

    def by_node(self, *names: str) -> Iterator[tuple[Any, ...]]:
        """Rows as tuples of their node and the named columns."""
        return zip(self.nodes, *(self.columns[name] for name in names), strict=True)


def check_names(frames: Mapping[str, pd.DataFrame], ledger: Ledger) -> None:
    """Every table is there and no table is unknown."""
    for name in LAYOUTS:
        ledger.tests["tables.missing"] += 1
        if name not in frames:
            ledger.fault("tables.missing", name, "a table", "nothing")
    for name in frames:
        if name not in LAYOUTS and name not in REPORTING:
            ledger.fault("tables.unknown", name, "no such table", "a table")


def check_units(tables: Mapping[str, TableColumns], units: Units, ledger: Ledger) -> None:
    """Every unit column states the instance's unit, the same in all rows."""
    for (name, column), role in UNITS.items():
        expected = role.format(quantity=units.quantity, money=units.money, price=units.price)
        for found in sorted({*tables[name].columns[column]}):
            ledger.same("tables.unit", f"{name}.{column}", expected, found)


def read_table(frames: Mapping[str, pd.DataFrame], name: str, horizon: Horizon, ledger: Ledger) -> TableColumns:
    """A table with numbers as numbers; rows that cannot be read are findings and left out."""
    layout = LAYOUTS[name]
    frame = frames.get(name)
    if frame is None or not _columns_fit(name, layout, frame, ledger):
        return TableColumns({column: [] for column in layout.columns}, [])
    columns: dict[str, list[Any]] = {column: _texts(frame[column]) for column in layout.columns - {*layout.numbers}}
    for column in MOMENTS & layout.columns:
        columns[column] = [moment(text) for text in columns[column]]
    if "future" in columns:
        columns["future"] = [branch(text) for text in columns["future"]]
    for column in layout.numbers:
        columns[column] = pd.to_numeric(frame[column], errors="coerce").astype(float).tolist()
    keep = _readable(name, layout, columns, ledger)
    nodes: list[Node | None] = []
    if layout.by_node:
        keep, nodes = _nodes(name, columns, keep, horizon, ledger)
    columns = {column: [values[i] for i in keep] for column, values in columns.items()}
    _distinct(name, layout, columns, ledger)
    _not_negative(name, layout, columns, ledger)
    return TableColumns(columns, nodes)


def _columns_fit(name: str, layout: Layout, frame: pd.DataFrame, ledger: Ledger) -> bool:
    ledger.tests["tables.columns"] += 1
    found = {str(column) for column in frame.columns}
    missing, unknown = layout.columns - found, found - layout.columns
    if missing:
        ledger.fault("tables.columns", name, f"columns {listed(missing)}", "not there")
    if unknown:
        ledger.fault("tables.columns", name, "no such columns", listed(unknown))
    return not missing


def _texts(column: pd.Series[Any]) -> list[str]:
    """Cells as text: whole numbers without a point, nothing as an empty text."""
    pairs = zip(column.tolist(), column.isna().tolist(), strict=True)
    return ["" if empty else value if isinstance(value, str) else _plain(value) for value, empty in pairs]


def moment(name: str) -> str:
    """Name of a period without what reading a column of numbers loses: 2026.50 is 2026.5."""
    return f"{float(name):.15g}" if re.fullmatch(r"\d+\.\d+", name) else name


def branch(name: str) -> str:
    """Name of a branch; that of a window holds the period of its onset: embargo@2026.50 is embargo@2026.5."""
    shock, at, rest = name.rpartition("@")
    period, then, future = rest.partition(" then ")
    return f"{shock}{at}{moment(period)}{then}{future}" if at else name


def _plain(value: Any) -> str:
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def _readable(name: str, layout: Layout, columns: Mapping[str, list[Any]], ledger: Ledger) -> list[int]:
    """Rows whose numbers are finite; only `blank` columns may be empty."""
    size = len(next(iter(columns.values()), []))
    bad: set[int] = set()
    for column in layout.numbers:
        ledger.tests["tables.number"] += size
        for row, value in enumerate(columns[column]):
            if not math.isfinite(value) and (column not in layout.blank or math.isinf(value)):
                ledger.fault("tables.number", f"{name} row {row + 1}", f"a number in {column}", str(value))
                bad.add(row)
    return [row for row in range(size) if row not in bad]


def _nodes(
    name: str, columns: Mapping[str, list[Any]], keep: list[int], horizon: Horizon, ledger: Ledger
) -> tuple[list[int], list[Node | None]]:
    """Nodes of the rows; a row of an unknown node is left out, one that misstates its node is a finding."""
    known = {label: node for node, label in horizon.labels.items()}
    rows: list[int] = []
    nodes: list[Node | None] = []
    ledger.tests["tables.node"] += len(keep)
    labels, futures, periods, years = (columns[column] for column in NODE)
    for row in keep:
        node = known.get(labels[row])
        if LAYOUTS[name].has_whole and not labels[row]:
            rows.append(row)
            nodes.append(None)
            continue
        if node is None:
            ledger.fault("tables.node", f"{name} row {row + 1}", "a node of the run", labels[row])
            continue
        if (
            futures[row] != node.owner
            or periods[row] != horizon.periods[node]
            or abs(years[row] - node.start) > MOMENT
        ):
            stated = f"{futures[row]}, {periods[row]}, {years[row]:g}"
            expected = f"{node.owner}, {horizon.periods[node]}, {node.start:g}"
            ledger.fault("tables.node", f"{name} row {row + 1}", expected, stated)
        rows.append(row)
        nodes.append(node)
    return rows, nodes


def _distinct(name: str, layout: Layout, columns: Mapping[str, list[Any]], ledger: Ledger) -> None:
    key = (*layout.key, *(("node",) if layout.by_node else ()))
    counts = Counter(zip(*(columns[column] for column in key), strict=True))
    ledger.tests["tables.duplicate"] += len(counts)
    for values, number in counts.items():
        if number > 1:
            ledger.fault("tables.duplicate", f"{name} {' '.join(map(str, values))}", 1.0, float(number))


def _not_negative(name: str, layout: Layout, columns: Mapping[str, list[Any]], ledger: Ledger) -> None:
    for column in layout.amounts:
        values = columns[column]
        ledger.tests["negative"] += len(values)
        for row, value in enumerate(values):
            if value < -ledger.tolerance:
                labels = " ".join(columns[c][row] for c in (*layout.key, *(("node",) if layout.by_node else ())))
                ledger.at_least("negative", f"{name}.{column} {labels}", 0.0, value)
