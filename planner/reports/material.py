"""Section "How does material flow?": stage by stage from mine to user, by element; each plant's balance; stocks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import pandas as pd

from planner.common import words
from planner.reports import chart
from planner.reports.says import Says
from planner.reports.stages import NO_STAGE, stages
from planner.reports.terms import ALL
from planner.reports.told import by_future, place, told
from planner.reports.view import View, most, with_total
from planner.tables.frames import after, before

if TYPE_CHECKING:
    from planner.reports.run import Run

SECTION = "material"
EVERYTHING = "all material"
NOTHING = 1e-9
USERS, MARKET, WASTE, STOCK, RETURNED = "users", "sold", "disposed", "stock", "returned"


def material(run: Run) -> tuple[View, ...]:
    return _flow(run), _balances(run), _stocks(run)


@dataclass
class _Pool:
    """One commodity in one region at one node: what comes in by source, what goes out by use, what is sent on."""

    sources: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    uses: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    arrivals: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    @property
    def total(self) -> float:
        return sum(self.sources.values()) + sum(self.arrivals.values())


# The flow diagram


def _flow(run: Run) -> View:
    table = pd.DataFrame(_links(run), columns=["node", "year", "future", "element", "source", "target", "amount"])
    table = table[table["amount"] > NOTHING].reset_index(drop=True)
    unit = f"{run.instance.units.quantity}/year"
    order = [*(stages(run) or [NO_STAGE]), USERS]
    return View(
        "material", SECTION, "From mine to user in the chosen year", _said(run, table, unit), table,
        {"source": "from", "target": "to", "element": "of", "year": "year", "amount": unit},
        ("future", "year", "element", "region"), drawing="material", extra={"stages": order, "unit": unit},
        note="Material within a region is pooled: users draw on all sources proportionally. Imports appear at the stage"
        " of the imported commodity. Green: leads back to an earlier stage, such as scrap."
        " Purple: from stock, or returned by users. Grey: sold, thrown away or put in stock. Choose a part of the"
        " drawing to see its plants.",
    )


def _said(run: Run, table: pd.DataFrame, unit: str) -> Says:
    """Users' intake of every element in every future, year and region, and its main source."""
    users = table[before(table["target"], "|") == USERS]
    users = users.assign(region=before(after(users["target"], "|"), " "))
    users = pd.concat([users.assign(region=ALL), users], ignore_index=True)
    by = ["path", "year", "element", "region"]
    made = by_future(run, users).groupby([*by, "source"], sort=False, as_index=False)["amount"].sum()
    made = made.assign(total=made.groupby(by, sort=False)["amount"].transform("sum"))
    top = made.sort_values("amount", ascending=False, kind="stable").drop_duplicates(by)
    text = f"In {{year}} of {{future}} users{{place}} take {{total}} {unit} of {{element}};"
    rows = top[by].rename(columns={"path": "future"}).assign(
        text=f"{text} {{share}} comes from the stage {{stage}} in {{country}}.",
        place=[place(run, region) for region in top["region"]], total=top["total"].map(words.amount),
        share=(top["amount"] / top["total"]).map(words.share), stage=before(top["source"], "|"),
        country=after(top["source"], "|").map(run.country))
    return Says(rows.reset_index(drop=True), run.first, "Users take nothing of it here.")


def _links(run: Run) -> Iterator[tuple[str, float, str, str, str, str, float]]:
    """Every link by node and element: amounts of commodity times content."""
    pools = _pools(run)
    places = run.tables["nodes"].set_index("node")[["year", "future"]].to_dict("index")
    sums: dict[tuple[str, str, str, str], float] = defaultdict(float)
    for (node, commodity), regions in pools.items():
        part = run.at(node).commodities[commodity]
        contents = part.elements or {EVERYTHING: float(part.mass and not run.instance.elements)}
        for source, target, amount in _mixed(regions):
            for element, share in contents.items():
                sums[node, element, source, target] += share * amount
    for (node, element, source, target), amount in sums.items():
        yield node, float(places[node]["year"]), str(places[node]["future"]), element, source, target, amount


def _mixed(regions: dict[str, _Pool]) -> Iterator[tuple[str, str, float]]:
    """Links from original sources to uses: what arrives from another region keeps that region's composition."""
    names = [name for name, pool in regions.items() if pool.total > NOTHING]
    sources = sorted({source for name in names for source in regions[name].sources})
    if not names or not sources:
        return
    matrix, own = np.zeros((len(names), len(names))), np.zeros((len(names), len(sources)))
    for i, name in enumerate(names):
        matrix[i, i] = regions[name].total
        for other, amount in regions[name].arrivals.items():
            if other in names:
                matrix[i, names.index(other)] -= amount
        for source, amount in regions[name].sources.items():
            own[i, sources.index(source)] = amount
    composition = np.linalg.lstsq(matrix, own, rcond=None)[0]
    for i, name in enumerate(names):
        for target, used in regions[name].uses.items():
            for j, source in enumerate(sources):
                if used * composition[i, j] > NOTHING:
                    yield source, target, float(used * composition[i, j])


def _pools(run: Run) -> dict[tuple[str, str], dict[str, _Pool]]:
    """Every pool of the run by node and commodity, filled from the tables."""
    pools: dict[tuple[str, str], dict[str, _Pool]] = defaultdict(lambda: defaultdict(_Pool))
    stage_of = {name: part.stage or NO_STAGE for name, part in run.instance.commodities.items()}

    def at(row: dict[Any, Any], commodity: str, region: str) -> _Pool:
        return pools[row["node"], commodity][region]

    for row in _rows(run, "activity"):
        recipe, place = run.at(row["node"]).processes[row["process"]], f"{row['stage'] or NO_STAGE}|{row['region']}"
        for commodity, quantity in recipe.outputs.items():
            at(row, commodity, row["region"]).sources[place] += quantity * row["activity"]
        for commodity, quantity in recipe.inputs.items():
            at(row, commodity, row["region"]).uses[place] += quantity * row["activity"]
    for row in _rows(run, "purchases"):
        place = f"{stage_of[row['commodity']]}|{row['origin'] or row['supplier']}"
        at(row, row["commodity"], row["region"]).sources[place] += row["amount"]
    for row in _rows(run, "flows"):
        at(row, row["commodity"], row["destination"]).arrivals[row["origin"]] += row["arrived"]
    for row in _rows(run, "sales"):
        at(row, row["commodity"], row["region"]).uses[f"{MARKET}|{row['region']}"] += row["amount"]
    for row in _rows(run, "disposal"):
        at(row, row["commodity"], row["region"]).uses[f"{WASTE}|{row['region']}"] += row["amount"]
    for row in _rows(run, "returns"):
        at(row, row["commodity"], row["region"]).sources[f"{RETURNED}|{row['region']}"] += row["collected"]
    for row in _rows(run, "stocks"):
        net = row["release"] - row["fill"]
        pool, place = at(row, row["commodity"], row["region"]), f"{STOCK}|{row['region']}"
        (pool.sources if net > 0 else pool.uses)[place] += abs(net)
    _delivered(run, at)
    return pools


def _delivered(run: Run, at: Any) -> None:
    for row in _rows(run, "demand"):
        if row["measure"] == "delivered":
            at(row, row["item"], row["region"]).uses[f"{USERS}|{row['region']} {row['class']}"] += row["amount"]


def _rows(run: Run, table: str) -> list[dict[Any, Any]]:
    return run.tables[table].to_dict("records")


# Plants


def _balances(run: Run) -> View:
    """Inputs and outputs of every plant."""
    facilities = run.instance.facilities
    rows = [
        (row["facility"], facilities[row["facility"]].title or row["facility"], row["stage"] or NO_STAGE, row["region"],
         row["node"], row["future"], row["period"], row["year"], row["process"], way, commodity,
         quantity * row["activity"])
        for row in _rows(run, "activity")
        for way, recipe in _ways(run, row)
        for commodity, quantity in recipe.items()
    ]
    columns = ["facility", "title", "stage", "region", "node", "future", "period", "year", "process", "way",
               "commodity", "amount"]
    unit = f"{run.instance.units.quantity}/year"
    return View(
        "balances", SECTION, "Inputs and outputs of each plant",
        "Choose a plant here, or a part of the flow above.", pd.DataFrame(rows, columns=columns),
        {"title": "plant", "process": "process", "way": "", "commodity": "commodity", "year": "year", "amount": unit},
        ("future", "year", "region"), drawing="table", extra={"chooser": "title"},
    )


def _ways(run: Run, row: dict[Any, Any]) -> tuple[tuple[str, dict[str, float]], tuple[str, dict[str, float]]]:
    recipe = run.at(row["node"]).processes[row["process"]]
    return ("takes in", recipe.inputs), ("gives out", recipe.outputs)


# Stocks


def _stocks(run: Run) -> View:
    stocks, unit = run.tables["stocks"], run.instance.units.quantity
    table = with_total(stocks, ["commodity", "owner", "node", "future", "period", "year"], ["stock"])
    if len(table):
        table = table.groupby("commodity").filter(lambda part: bool((part["stock"] > NOTHING).any()))
    owners = ["government", "mandated", "commercial"]
    drawn = chart.base(height=130).mark_bar().encode(
        x=chart.time(), y=alt.Y("stock:Q", axis=alt.Axis(title=unit, tickCount=3, format="~s")),
        color=alt.Color("owner:N", scale=chart.colours(owners, [chart.SERIES[0], chart.SERIES[5], chart.SERIES[1]])),
        tooltip=chart.tips({"commodity": "commodity", "owner": "owner", "year": "year", "stock": unit}, stock=",.6~g"))
    return View(
        "stocks", SECTION, "Stock at the end of each period", _most_stock(run, table, unit), table,
        {"commodity": "commodity", "owner": "owner", "region": "region", "year": "year", "stock": unit},
        ("future", "region"), drawn, facet="commodity",
    )


def _most_stock(run: Run, table: pd.DataFrame, unit: str) -> Says:
    def tell(part: pd.DataFrame, future: str, where: str) -> str:
        top = most(part, "stock")
        if top["stock"] <= NOTHING:
            return ""
        return (f"The largest stock{where}: {words.amount(top['stock'])} {unit} of {top['commodity']} ({top['owner']})"
                f" in {words.year(top['year'])} of {future}.")

    return told(run, table, tell, "Nothing lies in stock.")
