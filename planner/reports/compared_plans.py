"""The decisions of compared runs: what each decides otherwise than the first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import altair as alt
import pandas as pd

from planner.common import words
from planner.reports import chart
from planner.reports.view import View
from planner.tables.frames import before

CHANGES = {
    "built": chart.SERIES[0], "not built": chart.SERIES[1], "earlier": chart.SERIES[6], "later": chart.SERIES[4],
    "larger": chart.SERIES[3], "smaller": chart.SERIES[5], "same": chart.CALM,
}


def compared_plan(table: pd.DataFrame, others: int, doubt: str) -> View:
    ranked = table.assign(is_same=table["change"] == "same", kind=before(table["change"], ","))
    ranked = ranked.assign(
        title=ranked["title"].where(ranked["title"] != "", ranked["project"]),
        label=[_dates(row) for row in ranked.to_dict("records")])
    branch = ranked["branch"].astype(str)
    ranked = ranked.assign(title=ranked["title"].where(branch == "", ranked["title"] + " (" + branch + ")"))
    firm = ranked.groupby(["project", "branch"])["is_same"].transform("all")
    ranked = ranked.assign(firm=firm).sort_values(["firm", "title"], kind="stable").reset_index(drop=True)
    differ = ranked.loc[~ranked["firm"], ["project", "branch"]].drop_duplicates()
    whole = len(ranked[["project", "branch"]].drop_duplicates())
    said = f"{len(differ)} of {words.count(whole, 'project')} are decided otherwise." if len(differ) else \
        f"The plan is the same in all runs ({words.count(whole, 'project')})."
    said += doubt if len(differ) else ""
    ranked = ranked.assign(drawn=~ranked["firm"])
    cell = chart.base().encode(
        y=alt.Y("title:N", sort=None, axis=alt.Axis(title=None, labelLimit=alt.ExprRef("width < 330 ? 130 : 260"))),
        x=alt.X("run:N", sort=None, axis=alt.Axis(title=None, orient="top", labelAngle=0, labelLimit=140)),
        tooltip=chart.tips({"title": "project", "run": "run", "change": "change",
                            "baseline_decided": "decided, first run", "decided": "decided",
                            "baseline_size": "size, first run", "size": "size", "size_unit": "unit"},
                           baseline_size=",.6~g", size=",.6~g"))
    colours = {name: colour for name, colour in CHANGES.items() if name in set(ranked["kind"])}
    scale = chart.colours(list(colours), list(colours.values()))
    drawn = alt.layer(
        cell.mark_rect(cornerRadius=3, opacity=0.45).encode(color=alt.Color("kind:N", scale=scale)),
        cell.mark_text(fontSize=11).encode(text="label:N"),
    ).properties(width="container", height=alt.Step(24))
    return View(
        "plan", "decisions", "Decisions of each run that differ from the first, with the years", said, ranked,
        {"run": "run", "title": "project", "region": "region", "stage": "stage", "change": "change",
         "baseline_decided": "decided, first run", "decided": "decided", "moved": "years later",
         "baseline_size": "size, first run", "size": "size", "difference": "difference", "size_unit": "unit"}, (),
        drawn if others and len(differ) else None, drawing="chart" if len(differ) else "table",
        note="Years: first run > this run. Projects decided alike in all runs stand in the table.",
        extra={"only": "drawn"},
    )


def _dates(row: Mapping[Any, Any]) -> str:
    years = [words.year(row[k]) for k in ("baseline_decided", "decided") if pd.notna(row[k])]
    size = "" if not row["baseline_size"] or not row["size"] or not row["difference"] else \
        f" · {words.signed(row['difference'])} {row['size_unit']}"
    return f"{row['change'] if len(years) < 2 else ''} {' > '.join(dict.fromkeys(years))}{size}".strip()
