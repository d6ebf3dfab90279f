"""The screen of a comparison: inputs first, then plan, key figures and what else differs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.console import Console
from rich.text import Text

from planner.common.words import amount, count, percent, signed, year
from planner.terminal.run import frame
from planner.workflows.comparison.tables import changed

if TYPE_CHECKING:
    from planner.workflows.comparison.compare import Comparison

MOST = 20  # Rows of each table on the screen; all are in the CSV.
TITLES = {
    "figures": ("Key figures", ("figure",)), "costs": ("Discounted cost by item", ("item",)),
    "served": ("Share of demand served", ("scope", "measure")),
    "shares": ("Shares by country, expected over the horizon", ("stage", "country")),
    "requirements": ("Requirements", ("requirement", "measure")),
    "prices": ("Shadow prices, mean", ("commodity", "region")),
}


def show_comparison(found: Comparison, console: Console) -> None:
    """One screen for each run that is compared with the baseline."""
    runs = found.tables["runs"]
    console.print(Text(f"Baseline {runs['run'].iloc[0]}", style="bold"))
    alike = {source.label for source in found.sources if source.units == found.sources[0].units}
    for run in runs["run"].iloc[1:]:
        console.print(Text(f"\n{run} compared with the baseline", style="bold"))
        own = {name: table[table["run"] == run] for name, table in found.tables.items() if name != "runs"}
        is_told = _proof(own["proof"].iloc[0].to_dict(), console)
        if own["proof"]["note"].iloc[0]:
            console.print(Text(own["proof"]["note"].iloc[0], style="yellow"))
        if "same_plan" in own:
            _same_plan(own["same_plan"], console)
        if all(s.input is not None for s in found.sources if s.label in (run, runs["run"].iloc[0])):
            _inputs(own["inputs"], console)
        doubt = "" if is_told else " (may be chance)"
        if run in alike:
            _plan(own["plan"], doubt, console)
        for name, (title, keys) in TITLES.items():
            _values(title + doubt, keys, own[name], console)
    if "same_plan" not in found.tables and len(found.tables["inputs"]):
        text = "For the cost of the change alone: planner compare --same-plan"
        console.print(Text(f"\n{text}", style="bold"))
    if found.missing:
        console.print(Text(f"\nNot compared, as a run lacks it: {'; '.join(found.missing)}", style="yellow"))
    if found.folder is not None:
        console.print(Text.assemble("\nTables in ", (f"{found.folder}/", "bold")))


def _proof(row: Mapping[Any, Any], console: Console) -> bool:
    """Show the proven difference of the objectives; returns whether the larger, or equality, is proven.

    If it is not, both plans may be equally good, and other differences are a choice between equals.
    """
    if row["equal"] or not _is_number(row["difference"]):
        return True
    console.print(f"The objective differs by {signed(row['difference'])} {row['unit']}, {_ends(row)}.")
    if not row["told"]:
        text = "The sign is not proven, so other differences may be chance."
        console.print(Text(f"{text} Use a smaller --gap.", style="yellow"))
    return bool(row["told"])


def _ends(row: Mapping[Any, Any]) -> str:
    """Between which ends a difference is proven."""
    if not (_is_number(row["least"]) and _is_number(row["most"])):
        return "with no proven bounds"
    return f"proven between {signed(row['least'])} and {signed(row['most'])}"


def _same_plan(rows: pd.DataFrame, console: Console) -> None:
    """Cost of the change with the plan of either run: decisions fixed, operation optimal."""
    console.print(Text("\nEach plan evaluated in both instances", style="bold"))
    table = frame([("plan of", "left"), ("in the baseline", "right"), ("here", "right"), ("difference", "right"),
                   ("unit", "left"), ("", "left")])  # fmt: skip
    for row in rows.to_dict("records"):
        ends = _ends(row) if _is_number(row["difference"]) else row["reason"]
        table.add_row(Text(row["plan"]), _number(row["baseline"]), _number(row["value"]), _change(row["difference"]),
                      row["unit"], Text(ends))  # fmt: skip
    console.print(table)


def _inputs(rows: pd.DataFrame, console: Console) -> None:
    shown = rows[~rows["provenance"].astype(bool)]
    more = f" ({MOST} shown)" if len(shown) > MOST else ""
    title = "No input differs" if rows.empty else f"Input: {count(len(shown), 'value differs', 'values differ')}{more}"
    console.print(Text(f"\n{title}", style="bold"))
    for row in shown.head(MOST).to_dict("records"):
        factor = f" (*{row['factor']:.4g})" if _is_number(row["factor"]) else ""
        line = f"  {row['path']}: {_said(row['baseline'])} > {_said(row['value'])}{factor}"
        console.print(Text(f"{line}  {row['place'] or row['baseline_place']}"), soft_wrap=True)
    if len(rows) > len(shown):
        console.print(f"  and {len(rows) - len(shown)} titles, sources, ranges or notes")


def _plan(rows: pd.DataFrame, doubt: str, console: Console) -> None:
    shown = rows[rows["change"] != "same"]
    table = frame([("project", "left"), ("change", "left"), ("decided", "right"), ("years", "right"),
                   ("size", "right"), ("change of size", "right")])
    for row in shown.head(MOST).to_dict("records"):
        name = f"{row['title'] or row['project']}" + (f" ({row['branch']})" if row["branch"] else "")
        dates = " > ".join(year(row[k]) for k in ("baseline_decided", "decided") if _is_number(row[k]))
        moved = f"{row['moved']:+g}" if _is_number(row["moved"]) and row["moved"] else ""
        size = f"{amount(row['baseline_size'])} > {amount(row['size'])} {row['size_unit']}"
        table.add_row(Text(name), row["change"], dates, moved, size, signed(row["difference"]))
    same = len(rows) - len(shown)
    title = f"Plan: {len(shown)} of {count(len(rows), 'project')} differ{doubt}"
    _print(table, title if len(shown) else f"The plan is the same ({same})", len(shown), console)


def _values(title: str, keys: Sequence[str], rows: pd.DataFrame, console: Console) -> None:
    shown = changed(rows)
    if rows.empty:
        return
    table = frame([*((k, "left") for k in keys), ("baseline", "right"), ("here", "right"), ("difference", "right"),
                   ("", "right"), ("unit", "left")])
    order = shown["difference"].abs().sort_values(ascending=False, kind="stable", na_position="last").index
    largest = shown.reindex(order).head(MOST)
    for row in largest.to_dict("records"):
        relative = signed(row["relative"], percent) if _is_number(row["relative"]) else ""
        table.add_row(*(Text(str(row[k])) for k in keys), _number(row["baseline"]), _number(row["value"]),
                      _change(row["difference"]), relative, row["unit"])
    _print(table, title if len(shown) else f"{title}: no difference", len(shown), console)


def _print(table: Any, title: str, rows: int, console: Console) -> None:
    console.print(Text(f"\n{title}" + (f" ({MOST} shown)" if rows > MOST else ""), style="bold"))
    if rows:
        console.print(table)


def _said(value: str) -> str:
    return value or "not stated"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _number(value: Any) -> str:
    return amount(value) if _is_number(value) else "-"


def _change(value: Any) -> str:
    return signed(value) if _is_number(value) else ""
