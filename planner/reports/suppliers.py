"""Who supplies each stage: countries side by side, along the plan, and what still comes from the exporters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import pandas as pd

from planner.common import words
from planner.common.caching import cached
from planner.reports import chart
from planner.reports.says import Says
from planner.reports.stages import stages
from planner.reports.told import told
from planner.reports.view import View, most
from planner.tables.frames import looked_up

if TYPE_CHECKING:
    from planner.reports.run import Run

MOST_COUNTRIES = 7
SHARES = {"stage": "stage", "country": "country", "year": "year", "share": "share", "amount": "amount", "unit": "unit",
          "hhi": "sum of squared shares"}


def _ranked(run: Run) -> pd.DataFrame:
    order = {stage: i for i, stage in enumerate(stages(run))}
    table = run.tables["shares"]
    return table.assign(rank=looked_up(table["stage"], order).fillna(len(order))).sort_values(
        "rank", kind="stable").reset_index(drop=True)


@cached
def _by_country(run: Run) -> tuple[pd.DataFrame, alt.Color]:
    """Shares with the countries that are shown by name, exporters first; one colour per country on every chart."""
    table = _ranked(run)
    exporters = _exporting(run)
    totals = table.groupby("country")["share"].sum().sort_values(ascending=False)
    shown = [*(c for c in exporters if c in totals.index), *(c for c in totals.index if c not in exporters)]
    named = shown[: MOST_COUNTRIES + 1]
    palette = [chart.BAD] * len(named[: sum(c in exporters for c in named)])
    palette += [chart.SERIES[i % len(chart.SERIES)] for i in range(len(named) - len(palette))]
    scale = chart.colours([*named, "others"], [*palette, chart.CALM])
    position = {country: i for i, country in enumerate([*named, "others"])}
    table = table.assign(shown=table["country"].where(table["country"].isin(named), "others"))
    return table.assign(order=looked_up(table["shown"], position)), alt.Color("shown:N", scale=scale, sort=None)


def supplier_shares(run: Run) -> View:
    table, colour = _by_country(run)
    drawn = chart.base(height=alt.Step(30)).mark_bar().encode(
        y=alt.Y("stage:N", sort=None, axis=alt.Axis(title=None)),
        x=alt.X("share:Q", axis=alt.Axis(title=None, format="%", tickCount=4), scale=alt.Scale(domain=[0, 1])),
        color=colour, order=alt.Order("order:Q"), tooltip=_told_of_shares())
    return View(
        "shares", "safety", "Suppliers of each stage in the chosen year", _concentrated(run, table), table, SHARES,
        ("future", "year"), drawn, note="Made in the planned plants of a country, or bought from it directly.",
    )


def _told_of_shares() -> list[alt.Tooltip]:
    return chart.tips({"stage": "stage", "country": "country", "year": "year", "share": "share", "amount": "amount",
                       "unit": "unit"}, share=".1%", amount=",.6~g")


def supplier_shares_along(run: Run) -> View:
    """The same shares from the first year on, stage by stage."""
    table, colour = _by_country(run)
    drawn = chart.base(height=130).mark_bar().encode(
        x=chart.time(), y=alt.Y("share:Q", axis=alt.Axis(title=None, format="%", tickCount=3), scale=alt.Scale(
            domain=[0, 1])), color=colour, order=alt.Order("order:Q"), tooltip=_told_of_shares())
    return View(
        "shares_along", "safety", "Suppliers of each stage along the plan", _moved(run, table), table, SHARES,
        ("future",), drawn, facet="stage",
    )


def _moved(run: Run, table: pd.DataFrame) -> Says:
    """The largest supplier of every stage in the first year of the plan, and its share in the last."""

    def tell(own: pd.DataFrame, future: str, _: str) -> str:
        first, last = (own[own["year"] == own["year"].agg(which)] for which in ("min", "max"))
        ends = last.set_index(["stage", "country"])["share"].to_dict()
        tops = first.sort_values("share", ascending=False, kind="stable").drop_duplicates("stage").sort_values("rank")
        tops = tops.assign(end=[ends.get(key, 0.0) for key in zip(tops["stage"], tops["country"], strict=True)])
        parts = [f"{r['stage']} {r['country']} {words.percent(r['share'], 0)} to {words.percent(r['end'], 0)}"
                 for r in tops.to_dict("records")]
        years = [words.year(part["year"].iloc[0]) for part in (first, last)]
        return (f"Largest supplier in the plan's year {years[0]} and its share in {years[1]} of {future}:"
                f" {words.listed(parts)}.")

    return told(run, table, tell, by=("path",))


def _exporting(run: Run) -> list[str]:
    """Countries that the instance's controls name as exporters, as the shares table calls them."""
    regions = run.instance.regions
    names = {control.exporter for control in run.instance.controls.values()}
    return sorted((regions[n].country or n) if n in regions else n for n in names)


def _concentrated(run: Run, table: pd.DataFrame) -> Says:
    def tell(part: pd.DataFrame, future: str, _: str) -> str:
        top = most(part, "share")
        return (f"In {words.year(top['year'])} of {future} the most concentrated stage is {top['stage']}:"
                f" {words.share(top['share'])} from {top['country']}.")

    return told(run, table, tell, by=("path", "year"))


def exporter_shares(run: Run) -> View:
    table, exporters = _ranked(run), _exporting(run)
    table = table[table["country"].isin(exporters)]
    keys = ["stage", "node", "future", "period", "year"]
    sums = table.groupby(keys, sort=False, as_index=False)["share"].sum() if len(table) else table[[*keys, "share"]]
    every = _ranked(run)[keys].drop_duplicates()
    sums = every[every["stage"].isin(set(sums["stage"]))].merge(sums, on=keys, how="left").fillna({"share": 0.0})
    names = words.listed(exporters)
    known = list(dict.fromkeys([*stages(run), *sums["stage"]]))  # Also stages at which nothing is made.
    colour = alt.Color("stage:N", scale=chart.colours(known), legend=None)
    lines = chart.base(height=260).encode(
        x=chart.time(), y=alt.Y("share:Q", axis=alt.Axis(title=None, format="%", tickCount=4)), color=colour)
    told = chart.tips({"stage": "stage", "year": "year", "share": f"share of {names}"}, share=".1%")
    top = chart.base().transform_window(
        place="row_number()", groupby=["stage"], sort=[alt.SortField("share", order="descending")],
    ).transform_filter("datum.place == 1")
    ends = top.mark_text(align="left", dx=6, dy=-8, fontWeight=600).encode(
        x="year:O", y="share:Q", text="stage:N", color=colour)
    return View(
        "exporter_share", "safety", f"How much of each stage still comes from {names}", _fall(run, sums, names), sums,
        {"stage": "stage", "year": "year", "share": f"share of {names}"}, ("future",),
        alt.layer(lines.mark_line(strokeWidth=2.2, point=True).encode(tooltip=told), ends),
    )


def _fall(run: Run, sums: pd.DataFrame, names: str) -> Says:
    def tell(own: pd.DataFrame, future: str, _: str) -> str:
        span = [own["year"].min(), own["year"].max()]
        first, last = (own[own["year"] == year].set_index("stage")["share"] for year in span)
        parts = [f"{stage} {words.share(float(first[stage]))} to {words.share(float(last.get(stage, 0.0)))}"
                 for stage in first.index]
        return f"From {names}, {words.year(span[0])} to {words.year(span[1])} of {future}: {words.listed(parts)}."

    return told(run, sums, tell, by=("path",))
