"""Section "What does it cost, and who pays?": by year, by item, by region, by future."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import pandas as pd

from planner.common import words
from planner.reports import chart
from planner.reports.says import Says
from planner.reports.told import told
from planner.reports.view import View, least, most, with_total
from planner.tables.frames import looked_up

if TYPE_CHECKING:
    from planner.reports.run import Run

SECTION = "money"
# Items of cost as a reader sorts them; an item not named here is operation.
KINDS = {
    "capital": "capital", "purchase": "purchases", "tariff": "purchases", "delivery": "purchases",
    "shortage": "shortage", "penalty": "shortage", "substitution": "substitution", "sales": "sales",
    "final_value": "sales",
}
OPERATION = "operation"
ORDER = ["operation", "capital", "purchases", "substitution", "shortage", "sales"]
COLOURS = [chart.SERIES[6], chart.SERIES[0], chart.SERIES[1], chart.SERIES[4], chart.BAD, chart.MUTED]


def money(run: Run) -> tuple[View, ...]:
    return _by_year(run), _by_item(run), _by_region(run), _by_future(run)


def kinds(items: pd.Series) -> pd.Series:
    return items.map(KINDS).fillna(OPERATION)


def _colour() -> alt.Color:
    return alt.Color("kind:N", scale=chart.colours(ORDER, COLOURS), sort=ORDER)


def _by_year(run: Run) -> View:
    costs, unit = run.tables["costs"], f"{run.instance.units.money}/year"
    keys = ["kind", "node", "future", "period", "year"]
    table = with_total(costs.assign(kind=kinds(costs["item"])), keys, ["yearly"])
    told = chart.tips({"kind": "kind", "year": "year", "yearly": unit}, yearly=",.6~g")
    drawn = chart.base(height=300).mark_bar().encode(
        x=chart.time(), y=alt.Y("yearly:Q", axis=alt.Axis(title=unit, tickCount=5)), color=_colour(),
        order=alt.Order("rank:Q"), tooltip=told)
    ranked = table.assign(rank=looked_up(table["kind"], {kind: i for i, kind in enumerate(ORDER)}))
    return View(
        "cost_by_year", SECTION, "Cost by year", _heaviest(run, table), ranked,
        {"kind": "kind", "region": "region", "year": "year", "yearly": unit}, ("future", "region"), drawn,
        note="Operation: variable and fixed cost, freight, holding, collection, disposal. Shortage: what users lose,"
        " and penalties. Sales count against cost. Capital is a yearly charge where the instance says annuity.",
    )


def _heaviest(run: Run, table: pd.DataFrame) -> Says:
    def tell(part: pd.DataFrame, future: str, where: str) -> str:
        top = most(part.groupby("year", sort=False, as_index=False)[["yearly"]].sum(), "yearly")
        return (f"The dearest year of {future}{where} is {words.year(top['year'])}: {words.amount(top['yearly'])}"
                f" {run.instance.units.money} a year.")

    return told(run, table, tell, "Nothing costs anything.")


def _by_item(run: Run) -> View:
    costs, unit = run.tables["costs"], run.instance.units.money
    table = costs.groupby("item", sort=False, as_index=False)["discounted"].sum()
    table = table.assign(kind=kinds(table["item"]), unit=unit, title=table["item"].map(words.plain),
                         label=table["discounted"].map(words.amount))
    table = table.sort_values("discounted", ascending=False).reset_index(drop=True)
    total = float(table["discounted"].sum())
    largest = [f"{r['title']} {words.share(r['discounted'] / total)}" for r in table.head(3).to_dict("records")] \
        if total > 0 else []
    said = f"Of {words.amount(total)} {unit} in all: {words.listed(largest)}." if largest else \
        f"In all {words.amount(total)} {unit}."
    y = alt.Y("title:N", sort=None, axis=alt.Axis(title=None, labelLimit=140))
    bars = chart.base().mark_bar().encode(y=y, x=alt.X("discounted:Q", axis=None), color=alt.Color(
        "kind:N", scale=chart.colours(ORDER, COLOURS), legend=None),
        tooltip=chart.tips({"title": "item", "discounted": unit}, discounted=",.6~g"))
    text = chart.base().transform_calculate(tip="max(0, datum.discounted)").mark_text(align="left", dx=4).encode(
        y=y, x=alt.X("tip:Q", axis=None), text="label:N")
    return View(
        "cost_by_item", SECTION, "Discounted cost by item, expected over all futures", said, table,
        {"title": "item", "kind": "kind", "discounted": unit}, (),
        alt.layer(bars, text).properties(width="container", height=alt.Step(22)),
    )


def _by_region(run: Run) -> View:
    costs, unit = run.tables["costs"], run.instance.units.money
    table = costs.assign(kind=kinds(costs["item"])).groupby(
        ["region", "kind"], sort=False, as_index=False)["discounted"].sum()
    whole = table.groupby("region")["discounted"].sum().sort_values(ascending=False)
    table = table.assign(rank=looked_up(table["kind"], {kind: i for i, kind in enumerate(ORDER)}), unit=unit)
    said = ""
    if len(whole):
        first = run.country(str(whole.index[0])) or "No region"
        said = f"{first} carries most: {words.amount(float(whole.iloc[0]))} {unit}."
    drawn = chart.base(height=alt.Step(22)).mark_bar().encode(
        y=alt.Y("region:N", sort=list(whole.index), axis=alt.Axis(title=None)),
        x=alt.X("discounted:Q", axis=alt.Axis(title=unit, tickCount=4)), color=_colour(), order=alt.Order("rank:Q"),
        tooltip=chart.tips({"region": "region", "kind": "kind", "discounted": unit}, discounted=",.6~g"))
    return View(
        "cost_by_region", SECTION, "Discounted cost by region, expected over all futures", said, table,
        {"region": "region", "kind": "kind", "discounted": unit}, (), drawn,
        note="Where the cost arises: a plant's at the plant, freight at the sender, shortage at the users.",
    )


def _by_future(run: Run) -> View:
    table, unit = run.tables["scenarios"], run.instance.units.money
    table = table.assign(label=[f"{words.share(p)} chance" for p in table["probability"]])
    said = ""
    if len(table) > 1:
        worst, best = most(table, "cost"), least(table, "cost")
        said = (f"{worst['scenario']} costs {words.amount(worst['cost'] - best['cost'])} {unit} more than"
                f" {best['scenario']}.")
    y = alt.Y("scenario:N", sort=None, axis=alt.Axis(title=None, labelLimit=170))
    bars = chart.base().mark_bar(color=chart.SERIES[0]).encode(
        y=y, x=alt.X("cost:Q", axis=alt.Axis(title=unit, tickCount=4)),
        tooltip=chart.tips({"scenario": "future", "probability": "chance", "cost": unit}, cost=",.6~g"))
    text = chart.base().mark_text(align="left", dx=6, color=chart.PAPER).encode(y=y, x=alt.value(0), text="label:N")
    return View(
        "cost_by_future", SECTION, "Discounted cost by future", said or "There is one future.", table,
        {"scenario": "future", "probability": "chance", "cost": unit, "weight": "weight in the objective"}, (),
        alt.layer(bars, text).properties(width="container", height=alt.Step(24)),
    )
