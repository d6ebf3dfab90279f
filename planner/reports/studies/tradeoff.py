"""Sections on the cost of security and on near-optimal plans, from `planner frontier` and `alternatives`."""

from __future__ import annotations

import math

import altair as alt
import pandas as pd

from planner.common import words
from planner.reports import chart
from planner.reports.studies.answered import Answered
from planner.reports.view import View, most
from planner.tables.frames import looked_up

FRONTIER, ALTERNATIVES = "frontier", "alternatives"
VERDICTS = {"must": chart.SERIES[0], "optional": chart.SERIES[1], "never": chart.CALM, "open": chart.MUTED}
MEANING = {"must": "every plan within the budget builds it", "optional": "some do, some do not",
           "never": "none does", "open": "not proven either way"}


# The frontier


def frontier(answer: Answered) -> tuple[View, ...]:
    return _curve(answer), _by_point(answer)


def _curve(answer: Answered) -> View:
    table = answer.tables["frontier"].sort_values("level", kind="stable").reset_index(drop=True)
    unit, rule = str(table["unit"].iloc[0]), words.plain(answer.manifest["given"]["requirement"])
    step = table["level"].diff()
    per_point = (table["cost"].diff() / (100 * step)).where(step > 0)
    table = table.assign(per_point=per_point, label=[words.count(n, "project") for n in table["projects"]])
    x = alt.X("level:Q", axis=alt.Axis(title=f"level of {rule}", format=".0%", tickCount=6),
              scale=alt.Scale(zero=False, padding=14))
    y = alt.Y("cost:Q", axis=alt.Axis(title=f"cost [{unit}]", tickCount=5), scale=alt.Scale(zero=False, padding=14))
    told = chart.tips({"level": "level", "cost": f"cost [{unit}]", "bound": "proven bound", "projects": "projects",
                       "capital_cost": f"capital [{unit}]", "per_point": f"{unit} per point of level"},
                      level=".2%", cost=",.6~g", bound=",.6~g", capital_cost=",.6~g", per_point=",.4~g")
    line = chart.base(height=320).mark_line(color=chart.SERIES[0], strokeWidth=2.2).encode(x=x, y=y, order="level:Q")
    dots = chart.base().mark_point(filled=True, size=80, opacity=1, color=chart.SERIES[0]).encode(
        x=x, y=y, tooltip=told)
    text = chart.base().mark_text(align="right", dx=-8, dy=-8, fontSize=11).encode(x=x, y=y, text="label:N")
    return View(
        "frontier", FRONTIER, f"Least cost of every level of {rule}", _steepest(table, unit), table,
        {"point": "point", "level": "level", "cost": f"cost [{unit}]", "bound": "proven bound", "per_point":
         f"{unit} per percentage point", "projects": "projects", "capital_cost": f"capital [{unit}]"}, (),
        alt.layer(line, dots, text).properties(width="container", height=320),
        note="Each point is the cheapest plan that reaches its level; nothing cheaper does, to the solver's gap.",
    )


def _steepest(table: pd.DataFrame, unit: str) -> str:
    """From end to end, and where a further point costs most."""
    if len(table) < 2:
        level = words.share(float(table["level"].iloc[0]))
        return f"The cheapest plan reaches {level} already; there is nothing to pay for."
    first, last = table.iloc[0], table.iloc[-1]
    more = words.amount(float(last["cost"] - first["cost"]))
    said = f"From {words.share(float(first['level']))} to {words.share(float(last['level']))} costs {more} {unit} more"
    rates = table["per_point"].dropna()
    if len(rates) < 2:
        return f"{said}."
    ends = [words.amount(float(rate)) for rate in (rates.iloc[0], rates.iloc[-1])]
    return f"{said}; a percentage point costs {ends[0]} {unit} at first, {ends[1]} at last."


def _by_point(answer: Answered) -> View:
    plans = answer.tables["plans"]
    levels = answer.tables["frontier"].set_index("point")["level"]
    level = plans["point"].map(levels)
    table = plans.assign(level=level, across=[f"{number + 1}: {words.share(value)}" for number, value in zip(
        plans["point"], level, strict=True)])
    return _grid(table, "frontier_plans", FRONTIER, "Which projects each level needs", "across", "level")


def _grid(table: pd.DataFrame, name: str, section: str, title: str, across: str, heading: str) -> View:
    """Projects down, plans across: the year of decision in each cell; what all plans share comes first."""
    table = table.assign(title=table["title"].where(table["title"] != "", table["project"]))
    counts = table.groupby("project")[across].nunique()
    columns = list(dict.fromkeys(table[across]))
    table = table.assign(plans=looked_up(table["project"], counts.to_dict())).sort_values(
        ["plans", "decided"], ascending=[False, True], kind="stable")
    years = table.groupby([across, "project"])["decided"].transform(
        lambda decided: ", ".join(dict.fromkeys(map(words.year, decided))))
    table = table.assign(label=years.where(~table.duplicated([across, "project"]), "")).reset_index(drop=True)
    everywhere = alt.condition(alt.datum.plans == len(columns), alt.value(chart.HEAT[5]), alt.value(chart.HEAT[3]))
    cell = chart.base().encode(
        y=alt.Y("title:N", sort=None, axis=alt.Axis(title=None, labelLimit=alt.ExprRef("width < 330 ? 110 : 230"))),
        x=alt.X(f"{across}:N", sort=columns, axis=alt.Axis(
            title=None, orient="top", labelAngle=-40 if len(columns) > 3 else 0, labelLimit=130)),
        tooltip=chart.tips({"title": "project", across: heading, "decided": "decide", "size": "size",
                            "size_unit": "unit", "capital_cost": "capital", "money_unit": "money"},
                           size=",.6~g", capital_cost=",.6~g"))
    drawn = alt.layer(cell.mark_rect(cornerRadius=3, stroke=chart.PAPER, strokeWidth=2).encode(color=everywhere),
                      cell.mark_text(color="var(--on-light)", fontSize=10).encode(text="label:N"))
    shared = int((counts == len(columns)).sum())
    said = f"{shared} of {words.count(len(counts), 'project')} stand in all {len(columns)} plans."
    return View(
        name, section, f"{title}: year of decision", said if len(columns) > 1 else "There is one plan.", table,
        {across: heading, "title": "project", "region": "region", "stage": "stage", "decided": "decide",
         "size": "size", "size_unit": "unit", "capital_cost": "capital", "money_unit": "money"}, (),
        drawn.properties(width="container", height=alt.Step(22)), note="Green: in all of these plans.",
    )


# Alternatives


def alternatives(answer: Answered) -> tuple[View, ...]:
    plans = answer.tables["plans"]
    return (_verdicts(answer), _others(answer),
            _grid(plans, "alternative_plans", ALTERNATIVES, "Plans in full", "plan", "plan"), _countries(answer))


def _within(answer: Answered) -> str:
    return words.share(float(answer.manifest["given"]["slack"]))


def _verdicts(answer: Answered) -> View:
    declared = answer.tables["projects"]
    unit = "".join(declared["unit"].iloc[:1])
    table = declared.replace([math.inf, -math.inf], math.nan)  # Infinite where it is impossible.
    best = answer.tables["alternatives"].set_index("plan")["cost"]["best"]
    table["loss_without"], table["loss_with"] = table["cost_without"] - best, table["cost_with"] - best
    table["label"] = [_price(row, unit) for row in table.to_dict("records")]
    rank = {verdict: i for i, verdict in enumerate(VERDICTS)}
    table = table.assign(rank=looked_up(table["verdict"], rank)).sort_values(
        ["rank", "loss_without"], ascending=[True, False], kind="stable").reset_index(drop=True)
    row = alt.Y("title:N", sort=None, axis=alt.Axis(title=None, labelLimit=alt.ExprRef("width < 330 ? 120 : 230")))
    told = {"title": "project", "verdict": "verdict", "cost_without": f"cost without it [{unit}]",
            "cost_with": f"cost with it [{unit}]"}
    known = {verdict: colour for verdict, colour in VERDICTS.items() if verdict in set(table["verdict"])}
    boxes = chart.base().mark_rect(cornerRadius=3).encode(
        y=row, x=alt.value(0), x2=alt.value(12),
        color=alt.Color("verdict:N", scale=chart.colours(list(known), list(known.values()))),
        tooltip=chart.tips(told, cost_without=",.6~g", cost_with=",.6~g"))
    text = chart.base().mark_text(align="left", dx=20).encode(y=row, x=alt.value(0), text="label:N")
    counts = table["verdict"].value_counts()
    said = words.listed([f"{int(counts[v])} {v}" for v in VERDICTS if v in counts])
    return View(
        "verdicts", ALTERNATIVES, "Which projects a plan of about this cost must hold",
        f"Within {_within(answer)} of the least cost: {said}.", table,
        {"title": "project", "region": "region", "stage": "stage", "verdict": "verdict",
         "cost_without": f"cost without it [{unit}]", "cost_with": f"cost with it [{unit}]",
         "loss_without": "dearer without it by", "loss_with": "dearer with it by", "unit": "unit"}, (),
        alt.layer(boxes, text).properties(width="container", height=alt.Step(24)),
        note=". ".join(f"{v.capitalize()}: {MEANING[v]}" for v in VERDICTS if v in counts) + ".",
    )


def _price(row: dict[object, object], unit: str) -> str:
    """Cost of departing from the best plan in this decision."""
    loss = row["loss_without"] if row["in_best"] else row["loss_with"]
    word = "without it" if row["in_best"] else "with it"
    if not isinstance(loss, float) or pd.isna(loss):
        return f"{row['verdict']}: no plan {word}"
    return f"{row['verdict']}: {words.amount(abs(loss))} {unit} {'dearer' if loss >= 0 else 'cheaper'} {word}"


def _others(answer: Answered) -> View:
    table = answer.tables["alternatives"]
    unit = str(table["unit"].iloc[0])
    row = alt.Y("plan:N", sort=None, axis=alt.Axis(title=None, labelLimit=170))
    bars = chart.base().mark_bar(color=chart.SERIES[0]).encode(
        y=row, x=alt.X("extra:Q", axis=alt.Axis(title="dearer than the best plan", format="%", tickCount=4)),
        tooltip=chart.tips({"plan": "plan", "cost": f"cost [{unit}]", "extra": "dearer by", "distance":
                            "projects that differ from the nearest other plan", "projects": "projects"},
                           cost=",.6~g", extra=".2%", distance=",.3~g", projects=",.3~g"))
    own = table[table["plan"] != "best"]
    said = "No other plan was found."
    if not own.empty:
        top = most(own, "distance")
        said = f"The {words.count(len(own), 'plan')} found hold the same projects as the best; sizes and dates differ."
        if top["distance"] > 0:
            said = (f"The plan that differs most is {top['plan']}: in {words.amount(float(top['distance']))} projects"
                    f" from the nearest other, {words.share(float(top['extra']))} dearer than the best.")
    return View(
        "alternatives", ALTERNATIVES, "Plans of about the same cost", said, table,
        {"plan": "plan", "cost": f"cost [{unit}]", "extra": "dearer than the best (share)", "distance":
         "projects that differ from the nearest other plan", "projects": "projects"}, (),
        bars.properties(width="container", height=alt.Step(24)),
    )


def _countries(answer: Answered) -> View:
    table = answer.tables["countries"]
    unit = str(table["unit"].iloc[0]) if len(table) else ""
    row = alt.Y("country:N", sort=None, axis=alt.Axis(title=None, labelLimit=150))
    axis = alt.Axis(title=f"capital charged [{unit}]", tickCount=4)
    told = chart.tips({"country": "country", "least": "least", "best": "best plan", "most": "most"},
                      least=",.6~g", best=",.6~g", most=",.6~g")
    spans = chart.base().mark_bar(height=10, color=chart.CALM).encode(
        y=row, x=alt.X("least:Q", axis=axis), x2="most:Q", tooltip=told)
    dots = chart.base().mark_point(filled=True, size=80, opacity=1, color=chart.SERIES[0]).encode(
        y=row, x=alt.X("best:Q", axis=axis), tooltip=told)
    said = ""
    if {"least", "most"} <= set(table.columns) and len(table):
        top = most(table.assign(width=table["most"] - table["least"]).fillna({"width": 0.0}), "width")
        said = (f"Freest: {top['country']}, between {words.amount(float(top['least']))} and"
                f" {words.amount(float(top['most']))} {unit} of capital.")
    return View(
        "countries", ALTERNATIVES, f"How much capital each country can have within {_within(answer)} of the least cost",
        said, table, {"country": "country", "least": f"least [{unit}]", "best": f"best plan [{unit}]",
                      "most": f"most [{unit}]"}, (),
        alt.layer(spans, dots).properties(width="container", height=alt.Step(26)),
        note="Bar: from the least to the most. Dot: the best plan. Capital as the objective charges it.",
    )
