"""Several runs compared with the first: the frames of `planner compare`, each with its chart."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import altair as alt
import pandas as pd

from planner.common import words
from planner.reports import chart
from planner.reports.compared_costs import cost_on_a_fixed_plan, doubt_of, proven_difference
from planner.reports.compared_plans import compared_plan
from planner.reports.safety import cells
from planner.reports.subject import Subject
from planner.reports.view import Drawing, View, most
from planner.workflows.comparison.compare import Comparison
from planner.workflows.comparison.tables import changed

QUESTIONS = {
    "inputs": "What differs in the input?", "decisions": "What is decided otherwise?", "cost": "What does it cost?",
    "safety": "Who is served, and by whom?", "scarcity": "What is scarce?", "origin": "Where do the numbers come from?",
}
SPANS = {"costs": 6, "served_by_run": 6, "shares": 6, "prices": 6}
MOST = 20  # Differences drawn of each table and run; the table has all.
UNLIKE = "The runs have nothing alike here that could be set side by side."
MORE, LESS = "more than the first", "less than the first"
BESIDE = {"baseline": "first run", "value": "here", "difference": "difference", "relative": "relative", "unit": "unit"}


def of_comparison(found: Comparison) -> Subject:
    """The page of a comparison; the runs are named by their folders where that tells them apart."""
    names = short(list(found.tables["runs"]["run"]))
    tables = {name: _renamed(table, names) for name, table in found.tables.items()}
    runs = tables["runs"]
    shown = [(words.amount(float(row["objective"])), row["unit"], row["run"]) for row in runs.to_dict("records")
             if pd.notna(row["objective"])]
    views = comparison(tables)
    missing = [f"Not compared, for the run does not have it: {name}." for name in found.missing]
    return Subject(
        "comparison", f"{words.count(len(runs), 'run')} side by side", "comparison",
        f"{words.listed(list(runs['run']))}. The objective of each, then what differs from {runs['run'].iloc[0]}."
        + doubt_of(tables["proof"]),
        shown, QUESTIONS, tuple(view for view in views if not view.table.empty), absent={"origin": missing},
        spans=SPANS,
    )


def short(labels: list[str]) -> dict[str, str]:
    """The last part of every path, or all of it where two runs would be called the same."""
    last = [Path(label.partition(" #")[0]).name + label[len(label.partition(" #")[0]):] for label in labels]
    return {label: name if last.count(name) == 1 else label for label, name in zip(labels, last, strict=True)}


def _renamed(table: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    return table.assign(**{name: table[name].map(names) for name in ("run", "plan") if name in table})


def comparison(tables: Mapping[str, pd.DataFrame]) -> tuple[View, ...]:
    """Every view of a comparison, also those without rows."""
    first = str(tables["runs"]["run"].iloc[0])
    unit = str(tables["runs"]["unit"].iloc[0])
    doubt = doubt_of(tables["proof"])
    return (
        _inputs(tables["inputs"]), compared_plan(tables["plan"], len(tables["runs"]) - 1, doubt),
        proven_difference(tables["proof"], first),
        *([cost_on_a_fixed_plan(tables["same_plan"])] if "same_plan" in tables else []),
        _figures(tables["figures"], first, doubt),
        _bars("costs", "cost", f"Cost by item: difference from {first}", tables["costs"], ["item"], unit,
              doubt),
        _served(tables["served"], first, doubt),
        _bars("shares", "safety", f"Share of each country in each stage, against {first}, expected over the horizon",
              tables["shares"], ["stage", "country"], "share", doubt),
        _requirements(tables["requirements"], doubt),
        _bars("prices", "scarcity", f"Mean shadow prices, against {first}", tables["prices"], ["commodity", "region"],
              str(tables["prices"]["unit"].iloc[0]) if len(tables["prices"]) else "", doubt),
        _runs(tables["runs"]),
    )


# The input and what is known of the runs


def _inputs(table: pd.DataFrame) -> View:
    told = table[~table["provenance"].astype(bool)]
    said = f"{words.count(len(told), 'value')} of the input differ." if len(told) else "No value of the input differs."
    rest = len(table) - len(told)
    text = {name: table[name].replace("", "not stated") for name in ("baseline", "value")}
    table = table.assign(**text).sort_values("provenance", kind="stable").reset_index(drop=True)
    return View(
        "inputs", "inputs", "Every value that is not the same, with its place", said, table,
        {"run": "run", "path": "path", "baseline": "first run", "value": "here", "factor": "factor",
         "baseline_place": "stated at (first run)", "place": "stated at"}, drawing="table", extra={"open": True},
        note=f"The last {rest} are titles, sources, ranges or notes." if rest else "",
    )


def _runs(table: pd.DataFrame) -> View:
    return View(
        "runs", "origin", "The runs", "A run is known by the digest of its instance, options, versions and code.",
        table,
        {"run": "run", "instance": "instance", "status": "status", "objective": "objective", "bound": "bound",
         "gap": "gap", "unit": "unit", "run_sha256": "run", "instance_sha256": "digest of the instance",
         "folder": "folder"}, drawing="table",
    )


# Results


def _none(table: pd.DataFrame, said: str) -> str:
    """Said where no row differs, unless there is none of which both runs have a value."""
    return said if table.empty or table["difference"].notna().any() else UNLIKE


def _figures(table: pd.DataFrame, first: str, doubt: str) -> View:
    own = table[table["figure"] == "expected_cost"]
    differing = own[own["difference"].notna() & (own["difference"] != 0)].to_dict("records")
    said = [f"{row['run']} {words.amount(abs(row['difference']))} {row['unit']}"
            f" {'more' if row['difference'] > 0 else 'less'}" for row in differing]
    same = _none(own, "Expected cost is the same.")
    return View(
        "figures", "cost", "Key figures",
        f"Expected cost against {first}: {words.listed(said)}.{doubt}" if said else same,
        table.assign(figure=table["figure"].map(words.plain)),
        {"figure": "figure", "run": "run", **BESIDE}, drawing="table", extra={"open": True},
    )


def _bars(
    name: str, section: str, title: str, table: pd.DataFrame, keys: list[str], unit: str, doubt: str
) -> View:
    """The largest differences of each run as bars; the table has every row."""
    differing = set(changed(table).dropna(subset="difference").index)
    table = table.assign(
        label=[words.plain(" · ".join(map(str, row))) for row in table[keys].itertuples(index=False)],
        size=table["difference"].abs(), differs=[i in differing for i in table.index],
        way=[MORE if d > 0 else LESS for d in table["difference"]])
    table = table.sort_values(["differs", "size"], ascending=False, kind="stable").reset_index(drop=True)
    place = table[table["differs"]].groupby("run").cumcount()
    table = table.assign(drawn=place.reindex(table.index) < MOST)
    told = chart.tips({"label": " · ".join(keys), "run": "run", "baseline": "first run", "value": "here",
                       "difference": "difference", "unit": "unit"},
                      baseline=",.6~g", value=",.6~g", difference="+,.6~g")
    row = alt.Y("label:N", sort=None, axis=alt.Axis(title=None, labelLimit=alt.ExprRef("width < 260 ? 110 : 210")))
    axis = alt.Axis(title="difference" + f" [{unit}]" * (unit not in ("", "share")), tickCount=4,
                    format="+%" if unit == "share" else "+,~s")
    scale = chart.colours([MORE, LESS], [chart.SERIES[1], chart.SERIES[0]])
    drawn = chart.base(height=alt.Step(22)).mark_bar(height=12).encode(
        y=row, x=alt.X("difference:Q", axis=axis), color=alt.Color("way:N", scale=scale), tooltip=told)
    several = table["run"].nunique() > 1
    any_differ = bool(table["drawn"].any())
    return View(
        name, section, title, _largest(table, unit, doubt), table, {**{k: k for k in keys}, "run": "run", **BESIDE}, (),
        drawn if any_differ else None, facet="run" if several else None, drawing="chart" if any_differ else "table",
        extra={"only": "drawn"},
    )


def _largest(table: pd.DataFrame, unit: str, doubt: str) -> str:
    shown = table[table["drawn"]]
    if shown.empty:
        return _none(table, "No difference.")
    top = most(shown, "size")
    amount = f"{words.signed(100 * float(top['difference']))} points" if unit == "share" else \
        f"{words.signed(float(top['difference']))} {top['unit']}"
    count = int(table["differs"].sum())
    verb = "differs" if count == 1 else "differ"
    return f"Largest: {top['label']}, {amount} in {top['run']}; {words.count(count, 'value')} {verb}.{doubt}"


def _served(table: pd.DataFrame, first: str, doubt: str) -> View:
    """Share served in every run by future and class, those that differ first."""
    own = table[table["measure"] == "over the horizon"]
    base = own.drop_duplicates("scope").assign(run=first, served=lambda t: t["baseline"])
    rows = pd.concat([base, own.assign(served=own["value"])], ignore_index=True)[["scope", "run", "served"]]
    spread = rows.groupby("scope", sort=False)["served"].transform(lambda values: values.max() - values.min())
    rows = rows.assign(spread=spread).sort_values("spread", ascending=False, kind="stable").reset_index(drop=True)
    rows = rows.dropna(subset="served").assign(label=lambda t: [words.share(v) for v in t["served"]])
    rows["where"] = [" in ".join(scope.partition(".")[::-2]) for scope in rows["scope"]]
    drawn: Drawing = cells(
        alt.X("run:N", sort=None, axis=alt.Axis(title=None, orient="top", labelAngle=0, labelLimit=140)),
        alt.Y("where:N", sort=None, axis=alt.Axis(title=None, labelLimit=190)),
        {"where": "class and future", "run": "run", "served": "served"}, {"served": ".2%"})
    said = "Every class is served alike in all runs." if rows["scope"].duplicated().any() or rows.empty else UNLIKE
    if len(rows) and rows["spread"].max() > 1e-6:
        top = rows[rows["scope"] == rows["scope"].iloc[0]]
        each = [f"{row['run']} {row['label']}" for row in top.to_dict("records")]
        said = f"Most different: {top['where'].iloc[0]}, {words.listed(each)}.{doubt}"
    return View("served_by_run", "safety", "Share of demand served over the horizon, by class and future", said, rows,
                {"where": "class and future", "run": "run", "served": "served"}, (), drawn)


def _requirements(table: pd.DataFrame, doubt: str) -> View:
    own, said = changed(table), "No requirement differs."
    if len(own):
        said = f"{words.count(len(own), 'figure')} of the requirements differ.{doubt}"
    return View(
        "requirements", "safety", "Requirements: what is missed, in how many rows, and the highest shadow price", said,
        table, {"requirement": "requirement", "measure": "measure", "run": "run", **BESIDE}, drawing="table",
        extra={"open": True},
    )
