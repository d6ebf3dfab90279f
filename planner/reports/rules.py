"""Section on requirements: where each binds, the saving from easing it, and the effect of the loss of a plant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt
import pandas as pd

from planner.common import words
from planner.formulation.mathematics.model import has_whole_numbers
from planner.formulation.network import build_network
from planner.reports import chart
from planner.reports.says import Says
from planner.reports.told import told
from planner.reports.view import View, most

if TYPE_CHECKING:
    from planner.reports.run import Run

SECTION = "safety"
ROOM, BINDING, MISSED = "met with room", "met, no room", "missed at a price"
STATES = {ROOM: chart.HEAT[5], BINDING: chart.HEAT[3], MISSED: chart.BAD}
PREPARED, UNPREPARED = "served by this plan", "served had nothing been prepared"
MOST_LOSSES = 24


def rules(run: Run) -> tuple[View, View, View]:
    """Requirements, where they bind, losses."""
    return _requirements(run), _binding(run), _outages(run)


# Requirements


def _stated(run: Run) -> pd.DataFrame:
    """The requirements with the state of every row; a rule on the plan as a whole has no year."""
    table = run.tables["requirements"]
    states = [_state(row) for row in table.to_dict("records")]
    rank = {state: i for i, state in enumerate(STATES)}
    return table.assign(state=states, rank=[rank[state] for state in states],
                        when=[words.year(year) if pd.notna(year) else "whole" for year in table["year"]])


def _state(row: dict[Any, Any]) -> str:
    if row["violation"] > 1e-6:
        return MISSED
    return BINDING if row["slack"] <= 1e-6 or row["shadow_price"] > 1e-9 else ROOM


def _requirements(run: Run) -> View:
    table = _stated(run)
    tips = {"requirement": "requirement", "when": "year", "state": "worst state", "n": "rows"}
    states = list(STATES)
    drawn = chart.base(height=alt.Step(30)).transform_aggregate(
        worst="max(rank)", n="count()", groupby=["requirement", "when"],
    ).transform_calculate(
        state=f"datum.worst == 2 ? '{MISSED}' : datum.worst == 1 ? '{BINDING}' : '{ROOM}'",
    ).mark_rect(cornerRadius=3, stroke=chart.PAPER, strokeWidth=2).encode(
        x=alt.X("when:O", axis=alt.Axis(title=None, labelAngle=0, labelOverlap=True)),
        y=alt.Y("requirement:N", sort=None, axis=alt.Axis(title=None, labelLimit=150)),
        color=alt.Color("state:N", scale=chart.colours(states, list(STATES.values())), sort=states),
        tooltip=chart.tips(tips))
    return View(
        "requirements", SECTION, "Requirements: met, binding or missed", _met(run, table), table,
        {"requirement": "requirement", "scope": "scope", "year": "year", "target": "target", "achieved": "achieved",
         "target_unit": "unit of both", "slack": "slack", "violation": "missed by", "unit": "unit",
         "shadow_price": "shadow price", "price_unit": "price unit", "state": "state"}, ("future",), drawn,
        note="A cell is the worst row of its year. Shadow price: cost saved per unit by which the requirement were"
        " eased. Whole: a rule on the plan as a whole.",
    )


def _met(run: Run, table: pd.DataFrame) -> Says:
    def tell(part: pd.DataFrame, future: str, _: str) -> str:
        missed = part[part["state"] == MISSED]
        if missed.empty:
            return f"Every requirement is met everywhere in {future}."
        names = words.listed(list(dict.fromkeys(missed["requirement"])))
        return f"{len(missed):,} of {len(part):,} rows of {future} are missed at a price: {names}."

    return told(run, table, tell, "No requirement holds here.", ("path",))


def _binding(run: Run) -> View:
    """One row per requirement: how often it binds, the least room, and where easing it would save most."""
    table = _stated(run)
    rows = [_summed(run, name, part) for name, part in table.groupby("requirement", sort=False)]
    found = pd.DataFrame(rows, columns=[
        "requirement", "title", "kind", "rows", "binding", "missed", "slack", "unit", "shadow_price", "price_unit",
        "scope", "future", "year"])  # fmt: skip
    binding = found[(found["binding"] > 0) | (found["missed"] > 0)]
    said = _unbound(run) if binding.empty else ""
    if len(binding):
        top = most(binding, "shadow_price")
        said = f"{len(binding)} of {words.count(len(found), 'requirement')} bind somewhere."
        if top["shadow_price"] > 0:
            moment = f" in {words.year(top['year'])} of {top['future']}" if pd.notna(top["year"]) else ""
            said += (f" Highest shadow price: {words.plain(top['requirement'])}{moment},"
                     f" {words.amount(top['shadow_price'])} {top['price_unit']}.")
    return View(
        "binding", SECTION, "Where each requirement binds, and the saving from easing it", said, found,
        {"requirement": "requirement", "title": "title", "rows": "rows", "binding": "without room",
         "missed": "missed", "slack": "least room", "unit": "unit", "shadow_price": "highest shadow price",
         "price_unit": "unit of it", "future": "there: future", "year": "year", "scope": "scope"},
        drawing="table", extra={"open": True},
        note="Least room among rows that have room. Shadow price: cost saved per unit by which the requirement were"
        " eased where it is highest, integers fixed.",
    )


def _unbound(run: Run) -> str:
    """Said where no row binds: without a whole-number decision no other plan could be better without the rows."""
    if has_whole_numbers(build_network(run.instances)):
        return "No requirement binds with the decisions fixed."
    return "No requirement binds: the plan would be the same without them."


def _summed(run: Run, name: Any, part: pd.DataFrame) -> tuple[Any, ...]:
    top, known = most(part.fillna({"shadow_price": 0.0}), "shadow_price"), run.instance.requirements.get(str(name))
    rooms = part.loc[part["slack"] > 1e-6, "slack"]
    return (name, (known.title if known else None) or "", top["kind"], len(part), int((part["state"] == BINDING).sum()),
            int((part["state"] == MISSED).sum()), float(rooms.min()) if len(rooms) else 0.0, top["unit"],
            top["shadow_price"], top["price_unit"], top["scope"], top["future"], top["year"])


# Losses


def _outages(run: Run) -> View:
    """The worst losses, each in its worst period: what is served with and without what the plan prepared."""
    table = run.tables.get("outages", pd.DataFrame())
    if table.empty:
        return View("outages", SECTION, "", "", table, {})
    table = table.sort_values("rank", kind="stable").reset_index(drop=True)
    matters = (table[["served", "served_unprepared"]].min(axis=1) < table["target"] - 1e-6)
    worst = matters & ~table[matters].duplicated(["requirement", "lost"]).reindex(table.index, fill_value=True)
    table = table.assign(drawn=worst & (worst.cumsum() <= MOST_LOSSES), named=[
        " and ".join(_title(run, name) for name in lost.split(" and ")) for lost in table["lost"]])
    table["label"] = [f"{row['named']} · {words.year(row['year'])}" for row in table.to_dict("records")]
    money, unit = str(table["money_unit"].iloc[0]), str(table["unit"].iloc[0])
    told = chart.tips({
        "named": "lost", "year": "from", "future": "future", "target": "target", "served": PREPARED,
        "served_unprepared": UNPREPARED, "worst_demand": "worst demand", "worst_served": "it is served", "fix":
        "stock that would have answered", "fix_cost": f"its cost [{money}]"}, target=".1%", served=".2%",
        served_unprepared=".2%", worst_served=".2%", fix_cost=",.6~g")
    row = alt.Y("label:N", sort=None, axis=alt.Axis(title=None, labelLimit=alt.ExprRef("width < 330 ? 150 : 300")))
    axis = alt.Axis(title="share of the demand in its scope that is served", format="%", tickCount=5)
    scale = alt.Scale(zero=False)
    each = chart.base().encode(y=row, tooltip=told)
    fold = each.transform_fold(["served_unprepared", "served"], as_=["how", "share"]).transform_calculate(
        how=f"datum.how == 'served' ? '{PREPARED}' : '{UNPREPARED}'")
    tints = chart.colours([UNPREPARED, PREPARED], [chart.SERIES[1], chart.SERIES[0]])
    drawn = alt.layer(
        each.mark_rule(color=chart.CALM, strokeWidth=3).encode(
            x=alt.X("served_unprepared:Q", axis=axis, scale=scale), x2="served:Q"),
        fold.mark_point(filled=True, size=70, opacity=1).encode(
            x=alt.X("share:Q", axis=axis, scale=scale), color=alt.Color("how:N", scale=tints)),
        each.mark_tick(color=chart.INK, thickness=2, height=14).encode(
            x=alt.X("target:Q", axis=axis, scale=scale)),
    ).properties(width="container", height=alt.Step(22))
    return View(
        "outages", SECTION, "Effect of the loss of a single plant or country, worst first", _borne(table, unit, money),
        table, {"rank": "rank", "requirement": "requirement", "named": "lost", "future": "future", "year": "from",
                "target": "target", "served": PREPARED, "served_unprepared": UNPREPARED, "lacking_unprepared":
                f"would lack [{unit}/year]", "fix": "cheapest stock that would have answered",
                "fix_cost": f"its cost [{money}]"}, (), drawn if worst.any() else None,
        drawing="chart" if worst.any() else "table", extra={"only": "drawn"},
        note=f"Drawn: what users would feel had nothing been prepared, each in its worst period, at most {MOST_LOSSES}."
        " All losses are in the table. Black line: the target.",
    )


def _title(run: Run, name: str) -> str:
    part = run.instance.facilities.get(name)
    return (part.title if part else None) or name


def _borne(table: pd.DataFrame, unit: str, money: str) -> str:
    fails = int((table["served"] < table["target"] - 1e-6).sum())
    first = table.iloc[0]
    head = f"The plan withstands all {len(table):,} losses tried" if not fails else \
        f"{fails:,} of {len(table):,} losses tried leave users below the target"
    worst = f"the worst is {first['named']} from {words.year(first['year'])}"
    if not first["fix"]:
        return f"{head}; {worst}."
    cost = f"{words.amount(float(first['fix_cost']))} {money}"
    return f"{head}; {worst}, for which {first['fix']} had to lie ready ({cost})."
