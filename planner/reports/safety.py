"""Are we safe? Who is served in which future and shock, who supplies, and what the requirements say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import pandas as pd

from planner.common import words
from planner.reports import chart
from planner.reports.rules import rules
from planner.reports.says import Says
from planner.reports.suppliers import exporter_shares, supplier_shares, supplier_shares_along
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
NOTHING = 1e-6  # Of a sum per year, below which it is rounding.


def safety(run: Run) -> tuple[View, ...]:
    met, binding, losses = rules(run)
    return (
        _served(run), _windows(run), exporter_shares(run), supplier_shares(run), met, supplier_shares_along(run),
        binding, losses, _supply(run),
    )


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
        "windows", SECTION, "If a shock begins: share served within its window, by onset and class", said, table,
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
