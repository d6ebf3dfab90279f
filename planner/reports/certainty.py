"""Section "How sure are we?": the gap, the independent check, and what is only estimated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import altair as alt
import pandas as pd

from planner.common import words
from planner.reports import chart
from planner.reports.figures import figures_table
from planner.reports.view import View

if TYPE_CHECKING:
    from planner.reports.run import Run

SECTION = "certainty"
MOST_RANGES = 24


def certainty(run: Run) -> tuple[View, ...]:
    return _proof(run), _check(run), _ranges(run)


def _proof(run: Run) -> View:
    figures, unit = run.figures, run.instance.units.money
    is_worth = figures["sense"] == "maximise"
    rows = [("value of this plan" if is_worth else "cost of this plan", figures["objective"], unit),
            ("no plan can be worth more than" if is_worth else "no plan can cost less than", figures["bound"], unit),
            ("gap", figures["gap"], "share")]
    gap = figures["gap"]
    said = "No bound is proven." if gap is None else \
        f"This plan is proven to be within {words.percent(gap, 2)} of the best there can be for these figures."
    return View(
        "proof", SECTION, "How near to the best", said,
        pd.DataFrame(rows, columns=["what", "value", "unit"]), {"what": "", "value": "", "unit": "unit"},
        drawing="table", extra={"open": True},
    )


def _check(run: Run) -> View:
    check = run.manifest["check"]
    table = pd.DataFrame(sorted(check["tests"].items()), columns=["test", "passed"])
    total = int(table["passed"].sum())
    said = "The independent check failed."
    if check["passed"]:
        said = ("A second program tested the tables. It shares the language with the model, and the instance as it was"
                f" read: {total:,} tests passed, largest residual {check['largest_residual']:.1e}.")  # fmt: skip
    return View("check", SECTION, "The independent check", said, table, {"test": "test", "passed": "passed"},
                drawing="table")


def _label(row: Mapping[Any, Any]) -> str:
    used, low, high = (words.number(row[name], 4) for name in ("value", "low", "high"))
    return f"{row['figure']} · {used} ({low} to {high}) {row['unit']}"


def _ranges(run: Run) -> View:
    """The figures that matter by the width of their range; only a sweep tells what they do to the plan."""
    figures = figures_table(run)
    known = figures[figures["estimate"] & figures["value"].gt(0) & figures["low"].notna()]
    table = known.assign(below=known["low"] / known["value"] - 1, above=known["high"] / known["value"] - 1)
    table = table.assign(width=table["above"] - table["below"]).sort_values("width", ascending=False, kind="stable")
    table = table.head(MOST_RANGES).reset_index(drop=True)
    table = table.assign(rank=range(len(table)), label=[_label(row) for row in table.to_dict("records")])
    y, told = alt.Y("rank:O", axis=None), chart.tips(
        {"figure": "figure", "value": "used", "low": "low", "high": "high", "unit": "unit", "note": "reason"},
        value=",.4~g", low=",.4~g", high=",.4~g")
    axis = alt.Axis(title="range around the figure used", format="+%", tickCount=4, orient="top")
    bars = chart.base().mark_bar(height=7, yOffset=8, color=chart.SERIES[1]).encode(
        y=y, x=alt.X("below:Q", axis=axis), x2="above:Q", tooltip=told)
    text = chart.base().mark_text(align="left", dy=-5, limit=alt.ExprRef("width")).encode(
        y=y, x=alt.value(0), text="label:N", tooltip=told)
    drawn = alt.layer(bars, text).properties(width="container", height=alt.Step(30))
    estimated, all_of_them = int(figures["estimate"].sum()), len(figures)
    said = f"{words.count(estimated, 'figure')} of {all_of_them:,} are estimates; these have the widest ranges."
    return View(
        "ranges", SECTION, "Estimates with the widest ranges",
        said if estimated else "No figure is marked as an estimate.", table,
        {"figure": "figure", "value": "used", "low": "low", "high": "high", "unit": "unit", "note": "reason"},
        (), drawn,
    )
