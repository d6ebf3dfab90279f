"""Section "What is scarce?": sources and uses of each element, and shadow prices compared with those stated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt
import pandas as pd

from planner.common import words
from planner.reports import chart
from planner.reports.says import Says
from planner.reports.terms import ALL
from planner.reports.told import by_future, place, told
from planner.reports.view import View, with_total

if TYPE_CHECKING:
    from planner.reports.run import Run

SECTION = "scarcity"
BETWEEN, LOST = ("sent", "arrived"), "lost on the way"  # What they come to where all regions are taken together.
ENTERS, WASTED = ("mined", "purchased", "collected", "arrived"), ("disposed", "sold")
SHADOW, STATED = "shadow price", "stated"
COLOURS = {
    "mined": chart.SERIES[0], "purchased": chart.BAD, "collected": chart.SERIES[3], "from_stock": chart.SERIES[5],
    "arrived": chart.SERIES[7], "processed": chart.CALM, "delivered": chart.SERIES[1], "sold": chart.SERIES[4],
    "disposed": chart.MUTED, "sent": chart.SERIES[8], LOST: chart.MUTED,
}


def scarcity(run: Run) -> tuple[View, ...]:
    return _elements(run), _prices(run)


def _elements(run: Run) -> View:
    balance, unit = run.tables["element_balance"], f"{run.instance.units.quantity}/year"
    keys = ["element", "measure", "node", "future", "period", "year"]
    apart = with_total(balance, keys, ["amount"]).query("region != @ALL")
    joined = balance.assign(measure=balance["measure"].where(~balance["measure"].isin(BETWEEN), LOST))
    together = with_total(joined, keys, ["amount"]).query("region == @ALL")
    together = together[(together["measure"] != LOST) | (together["amount"].abs() > 1e-6)]
    table = pd.concat([together, apart], ignore_index=True)
    drawn = chart.base(height=280).mark_bar().encode(
        x=chart.time(), y=alt.Y("amount:Q", axis=alt.Axis(title=unit, tickCount=5)),
        color=alt.Color("measure:N", scale=chart.colours(list(COLOURS), list(COLOURS.values())), sort=list(COLOURS)),
        tooltip=chart.tips({"element": "element", "year": "year", "measure": "how", "amount": unit}, amount=",.6~g"))
    return View(
        "elements", SECTION, "Sources and uses of the chosen element", _wasted(run, table), table,
        {"element": "element", "region": "region", "year": "year", "measure": "how", "amount": unit},
        ("future", "element", "region"), drawn,
        note="Above zero: comes in. Below: goes out; processed is what processes lose. Both sides are equal.",
    )


def _wasted(run: Run, table: pd.DataFrame) -> Says:
    """Of which element most is thrown away or sold off: the others are what is scarce."""
    years = run.tables["nodes"].set_index("node")["length"]
    whole = table.assign(amount=table["amount"] * table["node"].map(years).astype("float64"))

    def tell(part: pd.DataFrame, future: str, where: str) -> str:
        came, left = (part[part["measure"].isin(those)].groupby("element")["amount"].sum()
                      for those in (ENTERS, WASTED))
        rate = (-left / came[came > 0]).dropna().sort_values()
        if len(rate) < 2:
            return ""
        return (f"Over {future}, least of {rate.index[0]} is sold off or thrown away{where}"
                f" ({words.share(float(rate.iloc[0]))} of what comes in), most of {rate.index[-1]}"
                f" ({words.share(float(rate.iloc[-1]))}): the first is what others wait for.")

    return told(run, whole, tell)


def _prices(run: Run) -> View:
    table, unit = _beside_stated(run), run.instance.units.price
    axis = alt.Axis(title=f"{unit}, logarithmic", format="~s", tickCount=5)
    each = chart.base().encode(
        y=alt.Y("commodity:N", sort=None, axis=alt.Axis(title=None, labelLimit=190)),
        x=alt.X("price:Q", scale=alt.Scale(type="log", nice=False, padding=12), axis=axis))
    told = chart.tips({"commodity": "commodity", "region": "region", "kind": "price", "price": unit}, price=",.4~g")
    kinds = [SHADOW, STATED]
    drawn = alt.layer(
        each.mark_line(strokeWidth=2, color=chart.GRID).encode(detail="commodity:N"),
        each.mark_point(size=80, filled=True, opacity=1).encode(
            color=alt.Color("kind:N", scale=chart.colours(kinds, [chart.SERIES[1], chart.SOFT])),
            shape=alt.Shape("kind:N", scale=alt.Scale(domain=kinds, range=["circle", "diamond"]), legend=None),
            tooltip=told),
    ).properties(width="container", height=alt.Step(22))
    return View(
        "prices", SECTION, f"Shadow price{_of_chosen(run)} and the price stated",
        _dearest(run, table, unit), table,
        {"commodity": "commodity", "region": "region", "year": "year", "kind": "kind", "price": unit},
        ("future", "year", "element", "region"), drawn,
        note="Shadow price: what one unit more would cost the plan, the highest of the regions chosen; far above the"
        " stated price it tells of scarcity. Stated: the first step of the cheapest supplier in the instance.",
        extra={"elements": {name: sorted(part.elements) for name, part in run.instance.commodities.items()},
               "positive": "price"},
    )


def _beside_stated(run: Run) -> pd.DataFrame:
    """Shadow prices by commodity, region and node, the highest of all regions, and what suppliers state."""
    prices = run.tables["prices"]
    keys = ["commodity", "node", "future", "period", "year"]
    top = prices.groupby(keys, sort=False, as_index=False)["price"].max().assign(region=ALL)
    table: pd.DataFrame = pd.concat([top, prices[[*keys, "region", "price"]]], ignore_index=True)
    nodes = run.tables["nodes"]
    middle = dict(zip(nodes["node"], nodes["year"] + nodes["length"] / 2, strict=True))
    known: dict[tuple[str, str, str], float | None] = {}
    for commodity, region, node in zip(table["commodity"], table["region"], table["node"], strict=True):
        key = (commodity, region, node)
        if key not in known:
            known[key] = _stated(run, commodity, region, node, middle[node])
    stated = [known[k] for k in zip(table["commodity"], table["region"], table["node"], strict=True)]
    beside = table.assign(price=pd.Series(stated, dtype="float64"), kind=STATED).dropna(subset="price")
    return pd.concat([table.assign(kind=SHADOW), beside], ignore_index=True)


def _stated(run: Run, commodity: str, region: str, node: str, moment: float) -> float | None:
    """Price of the first step of the cheapest supplier of a commodity to a region."""
    from planner.common.patterns import fits_any

    offered: list[Any] = [
        supplier.steps[0].price.at(moment) for supplier in run.at(node).suppliers.values()
        if supplier.commodity == commodity and (region == ALL or fits_any(supplier.regions, region))
    ]
    return min(offered) if offered else None


def _of_chosen(run: Run) -> str:
    return " of what contains the chosen element" if len(run.instance.elements) > 1 else ""


def _dearest(run: Run, table: pd.DataFrame, unit: str) -> Says:
    """Commodities furthest above their stated price, by future, year, region and element."""
    keys = ["commodity", "region", "node", "year"]
    stated = table[table["kind"] == STATED].rename(columns={"price": "stated"})[[*keys, "stated"]]
    both = table[table["kind"] == SHADOW].merge(stated, on=keys)
    both = both[both["stated"] > 0].assign(times=lambda rows: rows["price"] / rows["stated"])
    held = [(name, element) for name, part in run.instance.commodities.items() for element in part.elements]
    by = ["path", "year", "region"]
    if len(run.instance.elements) > 1:
        both = both.merge(pd.DataFrame(held, columns=["commodity", "element"]), on="commodity")
        by.append("element")
    top = by_future(run, both).sort_values("times", ascending=False, kind="stable").drop_duplicates(by)
    over = top["price"].gt(top["stated"]).tolist()
    text = "In {year} of {future}{place}, {commodity} stands furthest above its stated price: {price} against {offer} "
    none = "In {year} of {future}{place}, no shadow price stands above the price stated"
    rows = top[by].rename(columns={"path": "future"}).assign(
        text=[f"{text if is_over else none}{unit if is_over else ''}." for is_over in over],
        place=[place(run, region) for region in top["region"]], commodity=top["commodity"],
        price=top["price"].map(words.amount), offer=top["stated"].map(words.amount))
    return Says(rows.reset_index(drop=True), run.first, "No supplier states a price to compare with.")
