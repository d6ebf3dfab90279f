"""Section "What should we do?": sites of plants and projects, dates of decisions, resulting capacity."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import altair as alt
import pandas as pd

from planner.common import words
from planner.reports import chart
from planner.reports.says import Says
from planner.reports.stages import NO_STAGE, stages
from planner.reports.told import told
from planner.reports.view import Drawing, View, most, with_total
from planner.solving.firmness import FIRM
from planner.tables.frames import looked_up

if TYPE_CHECKING:
    from planner.reports.run import Run

SECTION = "plan"
MOST_YEARS = 9  # On an axis.
SITE, GATHERED = "site", "place not stated"


def plan(run: Run) -> tuple[View, ...]:
    return _decisions(run), _capacity(run), _capital(run), _sites(run)


# Decisions


def _decisions(run: Run) -> View:
    table = _decided(run)
    columns = {"title": "project", "region": "region", "stage": "stage", "decided": "decide",
               "planned_online": "online as planned", "online_first": "online at the earliest",
               "online_last": "online at the latest", "size": f"size [{run.instance.units.quantity}/year]",
               "standing": "proven needed or not", "capital_cost": f"capital [{_money(run)}]",
               "public_money": f"of it public [{_money(run)}]"}
    return View(
        "plan", SECTION, "Every decision, when it falls and when it works", _said(run, table), table, columns,
        ("future", "region"), _gantt(run, table),
        note="Pale: under construction. Middle: in service in some futures, slowed by measures in others. Full: in"
        " service, to the end of its life or of the horizon. Firm: every plan without the project is proven dearer;"
        " interchangeable: none is proven so.",
    )


def _money(run: Run) -> str:
    return run.instance.units.money


def _decided(run: Run) -> pd.DataFrame:
    """The plan with the end of each project's service, in order of decision; `node` is one it can be taken at."""
    table, projects = run.tables["plan"].copy(), run.instance.projects
    nodes = run.tables["nodes"]
    horizon = float((nodes["year"] + nodes["length"]).max())
    life = looked_up(table["project"], {name: project.life for name, project in projects.items()})
    table["stands_first"] = table["online_first"].fillna(horizon)
    table["stands"] = table["online_last"].fillna(horizon)
    table["ends"] = (table["stands"] + life).clip(upper=horizon)
    table["title"] = table["title"].where(table["title"] != "", table["project"])
    table["stage"] = table["stage"].where(table["stage"] != "", NO_STAGE)
    ordered = table.sort_values(["decided", "capital_cost"], ascending=[True, False], kind="stable")
    labels = [_label(run, row) for row in ordered.to_dict("records")]
    return ordered.assign(label=labels, rank=range(len(ordered))).reset_index(drop=True)


def _label(run: Run, row: dict[Any, Any]) -> str:
    units = run.instance.units
    size = f"{words.amount(row['size'])} {units.quantity}/yr"
    firm = " · firm" if row["standing"] == FIRM else ""
    return f"{row['title']} · {row['region']} · {size} · {words.amount(row['capital_cost'])} {units.money}{firm}"


def _said(run: Run, table: pd.DataFrame) -> Says:
    unit, waits = _money(run), bool((table["group"] != table["period"]).any())  # Decisions that wait for news.

    def tell(part: pd.DataFrame, future: str, where: str) -> str:
        first = part[part["decided"] == part["decided"].min()]
        money, soon = (words.amount(float(rows["capital_cost"].sum())) for rows in (part, first))
        moment = f"{words.year(first['decided'].min())}{f' of {future}' if waits else ''}"
        fall = f"{len(first)} of them ({soon} {unit}) fall" if len(first) < len(part) else "all fall"
        asked = part[part["standing"] != ""].drop_duplicates("project")
        firm = f" Firm: {(asked['standing'] == FIRM).sum()} of {words.count(len(asked), 'project')}."
        return (f"{words.count(len(part), 'decision')}{where}, {money} {unit} of capital; {fall} in {moment}."
                f"{firm if len(asked) else ''}")

    return told(run, table, tell, "Nothing is to be built.")


def _gantt(run: Run, table: pd.DataFrame) -> Drawing:
    start = float(run.tables["nodes"]["year"].min())
    names = list(dict.fromkeys([*stages(run), *table["stage"]]))  # Lanes have no stage of the chain.
    ends = [start, max([start + 1, *table["ends"]])]
    shown = range(math.ceil(ends[0]), math.floor(ends[1]) + 1)
    step = -(-len(shown) // MOST_YEARS)
    years = alt.Axis(format="d", title=None, orient="top", grid=True, values=list(shown[::step]))
    row = alt.Y("rank:O", axis=None)
    colour = alt.Color("stage:N", scale=chart.colours(names), sort=names)
    told = chart.tips({"title": "project", "decided": "decide", "planned_online": "online as planned",
                       "online_first": "at the earliest", "online_last": "at the latest", "ends": "service to",
                       "size": "size", "size_unit": "unit", "capital_cost": "capital", "public_money": "public money",
                       "money_unit": "money",
                       "standing": "firm or not"}, size=",.6~g", capital_cost=",.6~g", public_money=",.6~g")
    bars = chart.base().encode(y=row)
    x = alt.X("decided:Q", axis=years, scale=alt.Scale(domain=ends, nice=False))
    building = bars.mark_bar(opacity=0.35, height=9, yOffset=7).encode(
        x=x, x2="stands_first:Q", color=colour, tooltip=told)
    delayed = bars.mark_bar(opacity=0.65, height=9, yOffset=7).encode(
        x=alt.X("stands_first:Q"), x2="stands:Q", color=colour, tooltip=told)
    serving = bars.mark_bar(height=9, yOffset=7).encode(
        x=alt.X("stands:Q"), x2="ends:Q", color=colour, tooltip=told)
    text = bars.mark_text(align="left", dy=-6, stroke=chart.PAPER, strokeWidth=3, limit=alt.ExprRef("width"))
    label = text.encode(x=alt.value(0), text="label:N", tooltip=told)
    return alt.layer(building, delayed, serving, label).properties(height=alt.Step(30), width="container")


# Money


def _capital(run: Run) -> View:
    plan, unit = run.tables["plan"], _money(run)
    apart = plan.assign(private=plan["capital_cost"] - plan["public_money"])
    sums = with_total(apart, ["group", "decided"], ["capital_cost", "public_money", "private"])
    table = sums.melt(["group", "decided", "region"], ["public_money", "private"], "payer", "amount")
    payers = ["private", "public, announced"]
    table = table.assign(unit=unit, payer=table["payer"].map({"public_money": payers[1], "private": payers[0]}))

    def tell(part: pd.DataFrame, _: str, where: str) -> str:
        public, capital = (words.amount(float(part[name].sum())) for name in ("public_money", "capital_cost"))
        return f"Of {capital} {unit} decided{where}, {public} {unit} is public money announced so far."

    drawn = chart.base(height=200).mark_bar().encode(
        x=alt.X("decided:O", axis=alt.Axis(title=None, labelAngle=0, format="d")),
        y=alt.Y("amount:Q", axis=alt.Axis(title=unit, tickCount=4)),
        color=alt.Color("payer:N", scale=chart.colours(payers, [chart.SERIES[0], chart.SERIES[1]])),
        tooltip=chart.tips({"decided": "decided in", "payer": "payer", "amount": unit}, amount=",.6~g"))
    return View(
        "capital", SECTION, "Capital by year of decision and payer", told(run, plan, tell, "No capital is spent."),
        table,
        {"decided": "decided", "region": "region", "payer": "payer", "amount": unit}, ("future", "region"), drawn,
        note="Overnight cost, undiscounted. Private: the rest after public money announced in the instance's sources.",
    )


# Sites


def _sites(run: Run) -> View:
    table = _online(run)
    units = run.instance.units
    columns = {"title": "plants", "region": "region", "stage": "stage", "year": "year", "placed": "drawn as",
               "online": f"online [{units.quantity}/year]", "added": "of it added by the plan",
               "used": f"used [{units.quantity}/year]"}
    stated = sum(f.latitude is not None and f.longitude is not None for f in run.instance.facilities.values())
    gathered = len(run.instance.facilities) - stated
    without = f"{words.count(gathered, 'plant')} of the instance without a stated position"
    note = f"{without}: gathered by region and stage, squares." if gathered else ""
    return View(
        "sites", SECTION, "Sites of the plants", _places(run, table), table, columns, ("future", "year", "region"),
        _map(run) if not table.empty else None, note=note, extra={"tall": 0.5},
    )


def _online(run: Run) -> pd.DataFrame:
    """Capacity online by plant where it stands, and by region and stage where the position is not stated."""
    table = run.tables["capacity"]
    table = table[(table["kind"] == "facility") & (table["online"] > 0)].copy()
    facilities, regions = run.instance.facilities, run.instance.regions
    sites = {n for n, f in facilities.items() if f.latitude is not None and f.longitude is not None}
    placed = table["asset"].isin(sites)
    table["title"] = table["asset"].map({n: f.title or n for n, f in facilities.items()})
    table["stage"] = table["stage"].where(table["stage"] != "", NO_STAGE)
    kept = ["title", "region", "stage", "node", "future", "period", "year"]
    sums = ["online", "added", "used"]
    at_site = table[placed].assign(
        latitude=looked_up(table["asset"], {n: f.latitude for n, f in facilities.items()}),
        longitude=looked_up(table["asset"], {n: f.longitude for n, f in facilities.items()}), placed=SITE,
    )[[*kept, "latitude", "longitude", "placed", *sums]]
    rest = table[~placed]
    keys = ["region", "stage", "node", "future", "period", "year"]
    joined = rest.groupby(keys, sort=False, as_index=False).agg(
        title=("title", "; ".join), **{name: (name, "sum") for name in sums})
    order = {stage: i for i, stage in enumerate(stages(run))}
    # Stages stand side by side at the region's middle.
    aside = 2.4 * (looked_up(joined["stage"], order).fillna(0) - (len(order) - 1) / 2)
    joined = joined.assign(
        latitude=looked_up(joined["region"], {n: r.latitude for n, r in regions.items()}),
        longitude=looked_up(joined["region"], {n: r.longitude for n, r in regions.items()}) + aside, placed=GATHERED,
    )[[*kept, "latitude", "longitude", "placed", *sums]]
    found = pd.concat([part for part in (at_site, joined) if not part.empty] or [at_site], ignore_index=True)
    found["state"] = ["new or extended by the plan" if a > 0 else "there without it" for a in found["added"]]
    return found.dropna(subset=["latitude", "longitude"]).reset_index(drop=True)


def _places(run: Run, table: pd.DataFrame) -> Says | str:
    if table.empty:
        return "The instance states no positions."

    def tell(part: pd.DataFrame, future: str, where: str) -> str:
        moment, new = f"In {words.year(part['year'].iloc[0])} of {future}", part[part["added"] > 0]
        if new.empty:
            return f"{moment} the plan has added no capacity{where}; what is drawn stands without it."
        if where:
            return f"{moment} {len(new)} of {words.count(len(part), 'place')}{where} have capacity added by the plan."
        named = words.listed(list(dict.fromkeys(run.country(region) for region in new["home"])))
        return f"{moment} the plan has added capacity in {named}."

    return told(run, table.assign(home=table["region"]), tell, "No plant stands.", ("path", "year", "region"))


def _map(run: Run) -> Drawing:
    names = stages(run)
    land = alt.Chart(alt.NamedData(name="outline")).mark_geoshape(
        fill="var(--land)", stroke=chart.PAPER, strokeWidth=0.6)
    told = chart.tips({"title": "plants", "stage": "stage", "online": "online", "added": "added by the plan",
                       "used": "used", "placed": "position"}, online=",.6~g", added=",.6~g", used=",.6~g")
    points = alt.Chart(alt.NamedData(name="rows")).mark_point(filled=True, opacity=0.85).encode(
        longitude="longitude:Q", latitude="latitude:Q", tooltip=told,
        size=alt.Size("online:Q", scale=alt.Scale(range=[12, alt.ExprRef("min(900, width)")]), legend=None),
        color=alt.Color("stage:N", scale=chart.colours(names), sort=list(names)),
        shape=alt.Shape("placed:N", scale=alt.Scale(domain=[SITE, GATHERED], range=["circle", "square"]), legend=None),
        stroke=alt.condition(alt.datum.added > 0, alt.value(chart.INK), alt.value(chart.PAPER)),
        strokeWidth=alt.condition(alt.datum.added > 0, alt.value(1.6), alt.value(0.5)),
        order=alt.Order("online:Q", sort="descending"),
    )
    return alt.layer(land, points).project("equalEarth").properties(width="container", height=560)


# Capacity


def _capacity(run: Run) -> View:
    table = run.tables["capacity"]
    table = table[table["kind"] == "facility"].copy()
    table["stage"] = table["stage"].where(table["stage"] != "", NO_STAGE)
    table["kept"] = table["online"] - table["added"]
    keys = ["stage", "node", "future", "period", "year"]
    sums = with_total(table, keys, ["kept", "added", "online", "used"])
    sums = sums.groupby("stage").filter(lambda part: bool((part["online"] > 0).any())) if len(sums) else sums
    order = {stage: i for i, stage in enumerate(stages(run))}
    sums = sums.sort_values("stage", key=lambda c: c.map(order), kind="stable").reset_index(drop=True)
    unit = f"{run.instance.units.quantity}/year"
    columns = {"stage": "stage", "region": "region", "year": "year", "kept": f"there without the plan [{unit}]",
               "added": f"added by the plan [{unit}]", "used": f"used [{unit}]"}
    return View(
        "capacity", SECTION, "Resulting capacity", _growth(run, sums), sums, columns, ("future", "region"),
        _bars(unit), facet="stage", note="The line is what is used.",
    )


def _growth(run: Run, sums: pd.DataFrame) -> Says:
    """The stage that most is added to, in tonnes, when most of it stands."""
    unit = f"{run.instance.units.quantity}/year"

    def tell(part: pd.DataFrame, future: str, where: str) -> str:
        top = most(part, "added")
        if top["added"] <= 0:
            return f"The plan adds no capacity to any stage{where}."
        kept = f"on top of {words.amount(top['kept'])}" if top["kept"] > 0 else "where nothing stands without it"
        return (f"It adds most to {top['stage']}{where}: {words.amount(top['added'])} {unit} in"
                f" {words.year(top['year'])} of {future}, {kept}.")

    return told(run, sums, tell, "The plan adds no capacity to any stage.")


def _bars(unit: str) -> Drawing:
    there = chart.base().transform_fold(["kept", "added"], as_=["part", "amount"]).transform_calculate(
        what="datum.part == 'kept' ? 'without the plan' : 'added by it'")
    scale = chart.colours(["without the plan", "added by it"], [chart.CALM, chart.SERIES[0]])
    told = chart.tips({"stage": "stage", "year": "year", "kept": "without the plan", "added": "added", "used": "used"},
                      kept=",.6~g", added=",.6~g", used=",.6~g")
    bars = there.mark_bar().encode(
        x=chart.time(), y=alt.Y("amount:Q", axis=alt.Axis(title=unit, tickCount=3, format="~s")),
        color=alt.Color("what:N", scale=scale), order=alt.Order("part:N", sort="descending"), tooltip=told)
    used = chart.base().mark_line(color=chart.INK, strokeWidth=1.6, interpolate="step").encode(x="year:O", y="used:Q")
    return alt.layer(bars, used).properties(height=150, width="container")
