"""Are we safe? Who is served in which future and shock, who supplies, and what the requirements say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import pandas as pd

from planner.common import words
from planner.common.caching import cached
from planner.reports import chart
from planner.reports.rules import rules
from planner.reports.says import Says
from planner.reports.stages import stages
from planner.reports.told import told
from planner.reports.view import Drawing, View, least, most, with_total
from planner.tables.frames import looked_up

if TYPE_CHECKING:
    from planner.reports.run import Run

SECTION = "safety"
STEPS = [0.5, 0.8, 0.9, 0.95, 0.9995]  # Where the colours of served shares change.
LACKING, BY_CHOICE = "short: could not be had", "short: by choice"
MEASURES = {"delivered": chart.SERIES[0], "substituted": chart.SERIES[4], BY_CHOICE: chart.SERIES[3],
            LACKING: chart.BAD}
MOST_COUNTRIES = 7
NOTHING = 1e-6  # Of a sum per year, below which it is rounding.


def safety(run: Run) -> tuple[View, ...]:
    met, binding, losses = rules(run)
    return (_served(run), _windows(run), _exporters(run), _shares(run), met, _along(run), binding, losses, _supply(run))


# Served


def _matrix(run: Run) -> pd.DataFrame:
    """Served share by future, or by onset of a shock, and class: the figures of `summary.csv`."""
    if run.tables["demand"].empty:
        return pd.DataFrame(columns=["future", "class", "served", "worst_served", "worst_year", "source", "onset"])
    table = pd.DataFrame(run.figures["served"])
    nodes = run.tables["nodes"].drop_duplicates("future").set_index("future")
    return table.assign(
        source=table["future"].map(nodes["source"]), onset=looked_up(table["future"], nodes["onset"].to_dict()),
        label=[words.share(value) for value in table["served"]],
    )


def _heat() -> alt.Color:
    return alt.Color("served:Q", scale=alt.Scale(type="threshold", domain=STEPS, range=chart.HEAT), legend=None)


def classes() -> alt.X:
    """Classes side by side, their names smaller where there is little room for them."""
    axis = alt.Axis(title=None, orient="top", domain=False, ticks=False, labelAngle=0, labelOverlap=False,
                    labelFontSize=alt.ExprRef("width < 330 ? 9.5 : 12"))
    return alt.X("class:N", sort=None, axis=axis)


FORMATS = {"served": ".2%", "worst_served": ".1%"}


def cells(x: alt.X, y: alt.Y, told: dict[str, str], formats: dict[str, str] = FORMATS) -> Drawing:
    """A heat map whose every cell states its share."""
    cell = chart.base().encode(x=x, y=y, tooltip=chart.tips(told, **formats))
    text = alt.condition(alt.datum.served < 0.8, alt.value("var(--on-dark)"), alt.value("var(--on-light)"))
    return alt.layer(
        cell.mark_rect(cornerRadius=3, stroke=chart.PAPER, strokeWidth=2).encode(color=_heat()),
        cell.mark_text(fontSize=12).encode(text="label:N", color=text),
    ).properties(width="container", height=alt.Step(34))


def _served(run: Run) -> View:
    table = _matrix(run)
    table = table[table["onset"].isna()].drop(columns=["source", "onset"]).reset_index(drop=True)
    told = {"future": "future", "class": "class", "served": "served", "worst_served": "worst demand in worst year",
            "worst_year": "that year"}
    drawn = cells(
        classes(),
        alt.Y("future:N", sort=None, axis=alt.Axis(title=None, labelLimit=130)), told)
    return View(
        "served", SECTION, "Share of demand served, by future and class of users",
        _worst(table, bool(run.instance.shocks)), table, told, (),
        drawn, note="Over the whole horizon; touch a cell for its worst year.",
    )


def _worst(table: pd.DataFrame, may_break: bool) -> str:
    spared = "Without a shock: " if may_break else ""
    if table.empty or table["served"].min() >= STEPS[-1]:
        return f"{spared}Every class is served in full in every future."
    worst = least(table, "served")
    text = f"{spared}Least served: {worst['class']} in {worst['future']},"
    text += f" {words.share(worst['served'])} over the horizon"
    if worst["worst_served"] < worst["served"]:
        text += f", down to {words.share(worst['worst_served'])} for one demand in {words.year(worst['worst_year'])}"
    return text + "."


def _windows(run: Run) -> View:
    table = _matrix(run)
    table = table[table["onset"].notna() & table["source"].isin(run.instance.shocks)].reset_index(drop=True)
    told = {"source": "shock", "onset": "onset", "class": "class", "served": "served in the window",
            "worst_served": "worst demand in worst year"}
    said = ""
    if not table.empty:
        worst = least(table, "served")
        said = (f"The worst moment for {worst['source']} to begin is {words.year(worst['onset'])}: {worst['class']} is"
                f" then served {words.share(worst['served'])}.")
    drawn = cells(
        classes(),
        alt.Y("onset:O", axis=alt.Axis(title=None, format="d")), told)
    return View(
        "windows", SECTION, "If an embargo begins: share served within its window, by onset and class", said, table,
        told, (), drawn, facet="source",
    )


# Supply by class


def _supply(run: Run) -> View:
    keys = ["class", "measure", "node", "future", "period", "year"]
    table = with_total(_parted(run.tables["demand"]), keys, ["amount"])
    table["amount"] = table["amount"].clip(lower=0.0)  # Two sums of the same goods differ by their last digit.
    unit = f"{run.instance.units.quantity}/year"
    table = table.assign(rank=looked_up(table["measure"], {name: i for i, name in enumerate(MEASURES)}))
    drawn = chart.base(height=150).mark_bar().encode(
        x=chart.time(), y=alt.Y("amount:Q", axis=alt.Axis(title=unit, tickCount=3, format="~s")),
        color=alt.Color("measure:N", scale=chart.colours(list(MEASURES), list(MEASURES.values()))),
        order=alt.Order("rank:Q"),
        tooltip=chart.tips({"class": "class", "year": "year", "measure": "how", "amount": unit}, amount=",.6~g"))
    return View(
        "supply", SECTION, "Supply of each class, year by year", _gaps(run, table, unit), table,
        {"class": "class", "region": "region", "year": "year", "measure": "how", "amount": unit},
        ("future", "region"), drawn, facet="class", note="Substituted: users have learnt to do without. By choice:"
        " goods for these users were there, and were stored, sold or thrown away.",
    )


def _parted(demand: pd.DataFrame) -> pd.DataFrame:
    """Shortage, split into the unavoidable and the chosen part."""
    names = {"short": LACKING, "chosen": BY_CHOICE}
    told = demand[demand["measure"] != "required"]
    chosen = told[told["measure"] == "chosen"]  # It is part of what is short, and is counted once.
    return pd.concat([
        told.assign(measure=told["measure"].replace(names)),
        *([chosen.assign(measure=LACKING, amount=-chosen["amount"])] if len(chosen) else []),
    ], ignore_index=True)


def _gaps(run: Run, table: pd.DataFrame, unit: str) -> Says:
    """The largest gap of each kind."""
    kinds = ((LACKING, "The largest gap of what cannot be had"), (BY_CHOICE, "Largest gap by choice"))

    def tell(part: pd.DataFrame, future: str, where: str) -> str:
        said = []
        for measure, text in kinds:
            lack = part[(part["measure"] == measure) & (part["amount"] > NOTHING)]
            if len(lack):
                worst = most(lack, "amount")
                said.append(f"{text}: {worst['class']}{where} lack {words.amount(worst['amount'])} {unit} in"
                            f" {words.year(worst['year'])} of {future}.")
        return " ".join(said) or f"No user{where} goes short in any year of {future}."

    return told(run, table, tell, "No user goes short in any year.")


# Who supplies


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


SHARES = {"stage": "stage", "country": "country", "year": "year", "share": "share", "amount": "amount", "unit": "unit",
          "hhi": "sum of squared shares"}


def _shares(run: Run) -> View:
    table, colour = _by_country(run)
    drawn = chart.base(height=alt.Step(30)).mark_bar().encode(
        y=alt.Y("stage:N", sort=None, axis=alt.Axis(title=None)),
        x=alt.X("share:Q", axis=alt.Axis(title=None, format="%", tickCount=4), scale=alt.Scale(domain=[0, 1])),
        color=colour, order=alt.Order("order:Q"), tooltip=_told_of_shares())
    return View(
        "shares", SECTION, "Suppliers of each stage in the chosen year", _concentrated(run, table), table, SHARES,
        ("future", "year"), drawn, note="Made in the planned plants of a country, or bought from it directly.",
    )


def _told_of_shares() -> list[alt.Tooltip]:
    return chart.tips({"stage": "stage", "country": "country", "year": "year", "share": "share", "amount": "amount",
                       "unit": "unit"}, share=".1%", amount=",.6~g")


def _along(run: Run) -> View:
    """The same shares from the first year on, stage by stage."""
    table, colour = _by_country(run)
    drawn = chart.base(height=130).mark_bar().encode(
        x=chart.time(), y=alt.Y("share:Q", axis=alt.Axis(title=None, format="%", tickCount=3), scale=alt.Scale(
            domain=[0, 1])), color=colour, order=alt.Order("order:Q"), tooltip=_told_of_shares())
    return View(
        "shares_along", SECTION, "Suppliers of each stage along the plan", _moved(run, table), table, SHARES,
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


def _exporters(run: Run) -> View:
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
        "exporter_share", SECTION, f"How much of each stage still comes from {names}", _fall(run, sums, names), sums,
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
