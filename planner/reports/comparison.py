"""Several runs side by side: cost, decisions, service and dependence, and how each differs from the first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import altair as alt
import pandas as pd

from planner.errors import InputError, Problem
from planner.reports import chart, words
from planner.reports.money import COLOURS, ORDER, kinds
from planner.reports.opened import Opened
from planner.reports.safety import cells, classes
from planner.reports.view import Drawing, View, most

QUESTIONS = {
    "cost": "What does each cost?", "decisions": "What is decided in each?", "safety": "Who is served in each?",
}
FIGURES = {"expected_cost": "expected cost", "worst_cost": "cost of the worst future", "capital_cost": "capital",
           "projects_decided": "decisions", "requirements_missed": "requirement rows missed", "gap": "gap"}


def comparison(runs: Sequence[Opened]) -> tuple[View, ...]:
    """The views of a comparison. InputError when the runs count money in different units."""
    units = {run.instance.units.money for run in runs}
    if len(units) > 1:
        message = f"the runs count money in {words.listed(sorted(units))}: they cannot stand side by side"
        raise InputError([Problem("unit-mismatch", message)])
    named = labels(runs)
    views = _figures(named), _costs(named), _plans(named), _served(named), _dependence(named)
    return tuple(view for view in views if not view.table.empty)


def labels(runs: Sequence[Opened]) -> dict[str, Opened]:
    """The runs by folder name; those that share one, or are given twice, are told apart by a number."""
    named: dict[str, Opened] = {}
    for run in runs:
        name = run.folder.resolve().name
        number = sum(known == name or known.startswith(f"{name} (") for known in named)
        named[f"{name} ({number + 1})" if number else name] = run
    return named


def _base(runs: dict[str, Opened]) -> str:
    return next(iter(runs))


def _by_run(x: alt.X, colour: alt.Color, told: dict[str, str], **formats: str) -> Drawing:
    drawn: Drawing = chart.base(height=alt.Step(28)).mark_bar().encode(
        y=alt.Y("run:N", sort=None, axis=alt.Axis(title=None, labelLimit=170)), x=x, color=colour,
        order=alt.Order("rank:Q"), tooltip=chart.tips(told, **formats))
    return drawn


def _figures(runs: dict[str, Opened]) -> View:
    rows: list[tuple[str, str, float | None, float | None, str]] = []
    for key, said in FIGURES.items():
        first = runs[_base(runs)].figures[key]
        for label, run in runs.items():
            value = run.figures[key]
            known = value is not None and first is not None
            rows.append((said, label, value, value - first if known else None, _unit(run, key)))
    table = pd.DataFrame(rows, columns=["figure", "run", "value", "difference", "unit"])
    return View(
        "figures", "cost", "Key figures, and how they differ from the first run", _cheapest(runs), table,
        {"figure": "figure", "run": "run", "value": "value", "difference": f"against {_base(runs)}", "unit": "unit"},
        drawing="table", extra={"open": True},
    )


def _unit(run: Opened, key: str) -> str:
    return run.instance.units.money if "cost" in key else "share" if key == "gap" else ""


def _cheapest(runs: dict[str, Opened]) -> str:
    costs = {label: float(run.figures["expected_cost"]) for label, run in runs.items()}
    first, unit = _base(runs), runs[_base(runs)].instance.units.money
    said = [f"{label} {words.amount(abs(cost - costs[first]))} {unit} {'more' if cost > costs[first] else 'less'}"
            for label, cost in costs.items() if label != first]
    return f"Expected cost against {first}: {words.listed(said)}." if said else ""


def _costs(runs: dict[str, Opened]) -> View:
    unit = runs[_base(runs)].instance.units.money
    parts = [
        run.tables["costs"].assign(kind=kinds(run.tables["costs"]["item"])).groupby(
            "kind", sort=False, as_index=False)["discounted"].sum().assign(run=label)
        for label, run in runs.items()
    ]
    table = pd.concat(parts, ignore_index=True)
    first = table[table["run"] == _base(runs)].set_index("kind")["discounted"]
    table = table.assign(difference=table["discounted"] - table["kind"].map(first).fillna(0.0),
                         rank=table["kind"].map({kind: i for i, kind in enumerate(ORDER)}), unit=unit)
    others = table[table["run"] != _base(runs)]
    said = ""
    if not others.empty:
        top = most(others.assign(size=others["difference"].abs()), "size")
        said = f"What changes most: {top['kind']} by {words.amount(top['difference'])} {unit} in {top['run']}."
    drawn = _by_run(
        alt.X("discounted:Q", axis=alt.Axis(title=unit, tickCount=4)),
        alt.Color("kind:N", scale=chart.colours(ORDER, COLOURS), sort=ORDER),
        {"run": "run", "kind": "kind", "discounted": unit, "difference": "against the first"},
        discounted=",.6~g", difference="+,.6~g")
    return View("costs", "cost", "Discounted cost by kind, expected over all futures", said, table,
                {"run": "run", "kind": "kind", "discounted": unit, "difference": f"against {_base(runs)}"}, (), drawn)


def _plans(runs: dict[str, Opened]) -> View:
    """When each project is decided in each run; a project decided in some runs only is what they disagree about."""
    parts = [run.tables["plan"].assign(run=label) for label, run in runs.items()]
    kept = ["run", "project", "title", "region", "stage", "group", "decided", "commissioned", "size", "size_unit",
            "capital_cost", "money_unit"]
    table = pd.concat(parts, ignore_index=True)[kept]
    counts = table.groupby("project")["run"].nunique()
    table = table.assign(
        title=table["title"].where(table["title"] != "", table["project"]), runs=table["project"].map(counts))
    table = table.sort_values(["runs", "decided"], ascending=[False, True], kind="stable").reset_index(drop=True)
    years = table.groupby(["run", "project"])["decided"].transform(
        lambda decided: ", ".join(dict.fromkeys(map(words.year, decided))))
    table = table.assign(label=years.where(~table.duplicated(["run", "project"]), ""))  # Once for all its decisions.
    shared = int((counts == len(runs)).sum())
    said = f"{shared} of {words.count(len(counts), 'project')} are decided in every run; the others depend on the run."
    cell = chart.base(height=alt.Step(22)).encode(
        y=alt.Y("title:N", sort=None, axis=alt.Axis(title=None, labelLimit=220)),
        x=alt.X("run:N", sort=None, axis=alt.Axis(title=None, orient="top", labelAngle=0, labelLimit=120)),
        tooltip=chart.tips({"title": "project", "run": "run", "decided": "decide", "size": "size", "size_unit": "unit",
                            "capital_cost": "capital", "money_unit": "money"}, size=",.6~g", capital_cost=",.6~g"))
    everywhere = alt.condition(alt.datum.runs == len(runs), alt.value(chart.HEAT[5]), alt.value(chart.HEAT[3]))
    drawn = alt.layer(cell.mark_rect(cornerRadius=3, stroke=chart.PAPER, strokeWidth=2).encode(color=everywhere),
                      cell.mark_text(color="var(--on-light)").encode(text="label:N"))
    return View(
        "plans", "decisions", "Year of each decision, by run", said, table,
        {"run": "run", "title": "project", "region": "region", "stage": "stage", "decided": "decide", "size": "size",
         "size_unit": "unit", "capital_cost": "capital", "money_unit": "money"}, (),
        drawn.properties(width="container", height=alt.Step(22)), note="Green: decided in every run.",
    )


def _worst(runs: dict[str, Opened]) -> Iterator[pd.DataFrame]:
    for label, run in runs.items():
        if run.figures["served"]:
            served = pd.DataFrame(run.figures["served"]).sort_values("served", kind="stable")
            yield served.drop_duplicates("class").assign(run=label)[["run", "class", "future", "served"]]


def _served(runs: dict[str, Opened]) -> View:
    found = list(_worst(runs))
    table = pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=["run", "class", "future", "served"])
    table = table.assign(label=[words.share(value) for value in table["served"]])
    said = ""
    if not table.empty:
        low = table.groupby("run", sort=False)["served"].min()
        said = f"Worst class in its worst future: {words.listed([f'{n} {words.share(v)}' for n, v in low.items()])}."
    drawn = cells(classes(), alt.Y("run:N", sort=None, axis=alt.Axis(title=None, labelLimit=150)),
                  {"run": "run", "class": "class", "future": "worst future", "served": "served"})
    return View("served_by_run", "safety", "Share served by class in its worst future, by run", said, table,
                {"run": "run", "class": "class", "future": "worst future", "served": "served"}, (), drawn)


def _dependence(runs: dict[str, Opened]) -> View:
    """Share of the largest country in each stage, in the last period of the trunk."""
    parts = []
    for label, run in runs.items():
        shares, trunk = run.tables["shares"], next(iter(run.paths.values()))
        last = shares[shares["node"] == trunk[-1]].sort_values("share", ascending=False, kind="stable")
        parts.append(last.drop_duplicates("stage").assign(run=label)[["run", "stage", "country", "year", "share"]])
    table = pd.concat(parts, ignore_index=True)
    said = [f"{row['country']} {words.share(row['share'])}" for row in table.to_dict("records")]
    table = table.assign(label=said)
    y = alt.Y("run:N", sort=None, axis=alt.Axis(title=None, labelLimit=130))
    bars = chart.base().mark_bar(color=chart.SERIES[6]).encode(
        y=y, x=alt.X("share:Q", axis=None, scale=alt.Scale(domain=[0, 1])),
        tooltip=chart.tips({"run": "run", "stage": "stage", "country": "country", "share": "share"}, share=".1%"))
    text = chart.base().mark_text(align="left", dx=6).encode(y=y, x=alt.value(0), text="label:N")
    return View(
        "dependence", "safety", "Largest supplier of each stage in the last period", "", table,
        {"run": "run", "stage": "stage", "country": "country", "year": "year", "share": "share"}, (),
        alt.layer(bars, text).properties(width="container", height=alt.Step(24)), facet="stage",
    )
