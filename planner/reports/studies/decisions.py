"""Section on projects built in all runs: share of the runs by project, the distinct plans, and maps of two inputs."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from planner.common import words
from planner.reports import chart
from planner.reports.says import Says, says_of
from planner.reports.studies.answered import Answered
from planner.reports.studies.wide import (
    BUILT,
    INPUT,
    NO_PLAN,
    NOT_BUILT,
    OTHER,
    PROJECT,
    built_sets,
    disputed,
    inputs,
    plans,
    wide,
)
from planner.reports.view import Drawing, View

SECTION = "decisions"
AXES = {"x": ("input", INPUT), "y": ("against", INPUT)}
VERDICTS = {"always": chart.SERIES[0], "depends": chart.SERIES[1], "never": chart.CALM}
MOST_LEADS = 8


def decisions(study: Answered) -> tuple[View, ...]:
    return (_regret(study), _plans(study), *_maps(study))


# No regret


def _regret(study: Answered) -> View:
    table = study.tables["no_regret"].copy()
    table["label"] = [_label(row) for row in table.to_dict("records")]
    table = table.assign(rank=range(len(table)))
    return View(
        "no_regret", SECTION, "In what share of the runs each project is built", _said(table), table,
        {"title": "project", "region": "region", "stage": "stage", "share": "share of runs", "verdict": "verdict",
         "median_year": "median year of decision", "median_size": "median size", "driver": "goes most with",
         "strength": "rank correlation with being built"}, (), _bars(table),
        note="With each project: region, share of runs, median year of decision, and for one built in some runs only"
        " the input that goes most with it (rank correlation: above 0, a higher value brings it in).",
    )


def _label(row: dict[Any, Any]) -> str:
    name = f"{row['title']} · {row['region']}"
    if row["share"] == 0:
        return f"{name} · never"
    moved = f" · {row['driver']} {row['strength']:+.2f}" if row["driver"] else ""
    return f"{name} · {words.share(row['share'])} · {words.year(row['median_year'])}{moved}"


def _bars(table: pd.DataFrame) -> Drawing:
    """A line of words above every bar, because names and their notes are long."""
    row = alt.Y("rank:O", axis=None)
    colours = {name: colour for name, colour in VERDICTS.items() if name in set(table["verdict"])}
    told = chart.tips({
        "title": "project", "region": "region", "stage": "stage", "share": "share of runs", "median_year":
        "median year of decision", "median_size": "median size", "driver": "goes most with", "strength":
        "rank correlation"}, share=".1%", strength="+.2f", median_size=",.6~g")
    bars = chart.base().mark_bar(height=8, yOffset=8).encode(
        y=row, x=alt.X("share:Q", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(
            title="share of the runs that build it", format="%", tickCount=4)),
        color=alt.Color("verdict:N", scale=chart.colours(list(colours), list(colours.values()))), tooltip=told)
    text = chart.base().mark_text(align="left", dy=-5, limit=alt.ExprRef("width")).encode(
        y=row, x=alt.value(0), text="label:N", tooltip=told)
    return alt.layer(bars, text).properties(width="container", height=alt.Step(32))


def _said(table: pd.DataFrame) -> str:
    if table.empty:
        return ""
    sure, some = table[table["verdict"] == "always"], table[table["verdict"] == "depends"]
    never = len(table) - len(sure) - len(some)
    first = f"{len(sure)} of {words.count(len(table), 'project')} are built in all {table['runs'].iloc[0]:,} runs"
    text = f"{first}, {len(some)} in some, {never} in none."
    if without := int(table["runs"].iloc[0] - table["plans"].iloc[0]):
        text += f" {words.count(without, 'run')} without a plan count as building nothing."
    drivers = some["driver"][some["driver"] != ""].value_counts()
    if len(drivers):
        count = words.count(int(drivers.iloc[0]), "project")
        text += f" What most often goes with the choice: {drivers.index[0]} ({count})."
    return text


# The plans there are


def _plans(study: Answered) -> View:
    sets, letters = built_sets(study), plans(study)
    counts, runs = letters.value_counts(), len(study.tables["runs"])
    known = [name for name in counts.index if name != OTHER]
    known.sort()
    whole = {name: sets[letters == name].iloc[0] for name in known}
    titles = _titles(study)
    rows: list[tuple[str, int, float, int | None, str]] = [
        (name, int(counts[name]), float(counts[name] / runs), len(whole[name]),
             _differs(whole[name], whole[known[0]], titles) if name != known[0] else "the most frequent")
            for name in known]
    if OTHER in counts:
        rows.append((OTHER, int(counts[OTHER]), float(counts[OTHER] / runs), None, "rarer plans together"))
    if without := runs - len(letters):
        rows.append((NO_PLAN, without, without / runs, None, "there is none, or the run failed"))
    table = pd.DataFrame(rows, columns=["plan", "runs", "share", "projects", "differs"])
    different = sets.nunique()
    of = words.count(runs, "run")
    said = f"{words.count(different, 'plan')} in {of}; the most frequent is the answer of" + (
        f" {words.share(float(table['share'].iloc[0]))} of them.") if len(rows) > 1 else f"The same plan in all {of}."
    return View(
        "plans", SECTION, "Which projects make a plan", said, table,
        {"plan": "plan", "runs": "runs", "share": "share of runs", "projects": "projects",
         "differs": "against plan A"}, drawing="table", extra={"open": True},
    )


def _titles(study: Answered) -> dict[str, str]:
    table = study.tables["no_regret"]
    return dict(zip(table["project"], table["title"], strict=True))


def _differs(plan: frozenset[str], first: frozenset[str], titles: dict[str, str]) -> str:
    parts = [(plan - first, "with "), (first - plan, "without ")]
    return "; ".join(word + words.listed([titles[p] for p in sorted(names)]) for names, word in parts if names)


# Maps of two inputs


def _maps(study: Answered) -> tuple[View, ...]:
    """Which plan and which project leads, and whether a chosen one is built, over the plane of two inputs."""
    if len(inputs(study)) < 2 or (study.tables["sensitivity"]["method"] == "one_way").any():
        return ()
    table = wide(study)
    letters = sorted(set(table["plan"]) - {OTHER, NO_PLAN})
    leads = [*table.loc[table["lead"] != NO_PLAN, "lead"].value_counts().index[:MOST_LEADS], NO_PLAN]
    table_of_leads = table.assign(lead=table["lead"].where(table["lead"].isin(leads), "another project"))
    found = [
        _map("plan_map", "Which plan is the answer, over two inputs", _best_split(study), table, "plan",
             [*letters, OTHER, NO_PLAN], ()),
        _map("lead_map", "Which project takes most capital, over two inputs", _leading(table), table_of_leads, "lead",
             [*leads, "another project"], ()),
    ]
    if disputed(study):
        says = says_of(_drivers(study), ("project",), {"project": disputed(study)[0]})
        found.append(_map("project_map", "Runs that build the chosen project, over two inputs", says, table, "state",
                          [BUILT, NOT_BUILT], ("project",), {"state": ("project", PROJECT)}))
    return tuple(found)


def _map(
    name: str, title: str, said: str | Says, table: pd.DataFrame, colour: str, values: list[str], more: tuple[str, ...],
    fields: dict[str, tuple[str, str]] | None = None,
) -> View:
    palette = [chart.SERIES[0], chart.CALM] if values == [BUILT, NOT_BUILT] else None
    used = [value for value in values if fields or value in set(table[colour])]
    return View(
        name, SECTION, title, said, table, {"run": "run", "x": "input", "y": "against", colour: colour},
        ("input", "against", *more), _plane(colour, chart.colours(used, palette)),  # type: ignore[arg-type]
        note="Each run at its two values; other inputs vary unseen. Where values form a grid, a cell has the most"
        " frequent answer of its runs, paler where they disagree. Plans have the letters of the table above."
        .removesuffix("" if colour == "plan" else " Plans have the letters of the table above."),
        extra={"fields": AXES | (fields or {}), "cells": True},
    )


def _plane(colour: str, scale: alt.Scale) -> Drawing:
    """Cells and dots; the page draws the cells where both inputs have few values, and the dots elsewhere."""
    tint = alt.Color(f"{colour}:N", scale=scale)
    axes = {"x": alt.X("x:Q", axis=alt.Axis(title="switch:input", tickCount=6, labelAngle=0), scale=alt.Scale(
        zero=False)), "y": alt.Y("y:Q", axis=alt.Axis(title="switch:against", tickCount=5), scale=alt.Scale(
            zero=False))}
    known = chart.base(height=320).transform_filter("isValid(datum.x) && isValid(datum.y)")
    cells = known.transform_aggregate(count="count()", groupby=["x", "y", colour]).transform_joinaggregate(
        runs="sum(count)", groupby=["x", "y"]).transform_window(
        place="row_number()", sort=[alt.SortField("count", order="descending")], groupby=["x", "y"]).transform_filter(
        "datum.place == 1").transform_calculate(agreed="datum.count / datum.runs").mark_rect(
        stroke=chart.PAPER, strokeWidth=2, cornerRadius=3).encode(
        **axes, color=tint,
        opacity=alt.Opacity("agreed:Q", scale=alt.Scale(domain=[0, 1], range=[0.15, 1]), legend=None),
        tooltip=[alt.Tooltip("x:N", title="switch:input"), alt.Tooltip("y:N", title="switch:against"),
                 alt.Tooltip(f"{colour}:N", title=colour), alt.Tooltip("count:Q", title="runs"),
                 alt.Tooltip("runs:Q", title="of")])
    dots = known.mark_point(filled=True, size=70, opacity=0.9).encode(
        **axes, color=tint,
        tooltip=[alt.Tooltip("run:N", title="run"), alt.Tooltip("x:N", title="switch:input"),
                 alt.Tooltip("y:N", title="switch:against"), alt.Tooltip(f"{colour}:N", title=colour)])
    return alt.layer(cells, dots).properties(width="container", height=320)


def _leading(table: pd.DataFrame) -> str:
    counts = table.loc[table["lead"] != NO_PLAN, "lead"].value_counts()
    if counts.empty:
        return "No run has a plan."
    return f"{counts.index[0]} takes most capital in {words.share(float(counts.iloc[0] / len(table)))} of the runs."


def _best_split(study: Answered) -> str:
    """The input that goes with the choice of the most projects."""
    table = study.tables["no_regret"]
    drivers = table.loc[table["driver"] != "", "driver"].value_counts()
    if drivers.empty:
        return "The same plan everywhere: no input changes it within its range."
    return f"The plan depends most on: {words.listed(list(drivers.index[:2]))}."


def _drivers(study: Answered) -> dict[str, str]:
    """For every disputed project in what share of runs it is built, and what goes with it."""
    rows = {row["project"]: row for row in study.tables["no_regret"].to_dict("records")}
    said = {}
    for name in disputed(study):
        row = rows[name]
        moved = ""
        if row["driver"]:
            more = "higher" if row["strength"] > 0 else "lower"
            moved = f", rather where {row['driver']} is {more} (rank correlation {row['strength']:+.2f})"
        said[name] = f"{row['title']} is built in {words.share(float(row['share']))} of the runs{moved}."
    return said


def switches(study: Answered) -> dict[str, list[tuple[str, str, bool]]]:
    """The second input of the maps, and the projects that are built in some runs only."""
    if not _maps(study):
        return {}
    titles = _titles(study)
    return {
        "against": [(name, name, i == 1) for i, name in enumerate(inputs(study))],
        "project": [(name, titles[name], i == 0) for i, name in enumerate(disputed(study))],
    }
