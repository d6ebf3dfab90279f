"""Section "What depends on the assumptions?": spread and sensitivities of key figures, and each against each input."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from planner.common import words
from planner.reports import chart
from planner.reports.says import Says, says_of
from planner.reports.studies.answered import Answered
from planner.reports.studies.wide import (
    BASE,
    FIGURE,
    INPUT,
    figure_words,
    figures,
    input_words,
    inputs,
    named_figure,
    weights,
    wide,
)
from planner.reports.view import Drawing, View
from planner.tables.frames import short
from planner.workflows.sweep.tables import rank_correlation

SECTION = "sensitivity"
AXES = {"x": ("input", INPUT), "y": ("figure", FIGURE)}
FEW = 4  # Up to this number, each run is described in words.
LOWER, HIGHER, MISSING = "lower value", "higher value", "no plan"
MEASURES = {
    "change": "change against the instance as it stands", "rank_correlation": "rank correlation, -1 to 1",
    "no_plan": "no plan", "unknown": "the run failed", "effect": "mean at this value less the mean of all",
    "rank_regression": "effect on the rank, -1 to 1, the others held",
    "total_order": "share of the variance, alone or with others", "first_order": "share of the variance, alone",
    "mu_star": "mean size of the effect over the whole range", "mu": "mean effect over the whole range",
    "sigma": "spread of the effect",
}
DRAWN = ("change", "no_plan", "unknown", "effect", "rank_regression", "rank_correlation", "total_order", "first_order",
         "mu_star")


def sensitivity(study: Answered) -> tuple[View, ...]:
    return _spread(study), _tornado(study), _scatter(study)


def _follows(study: Answered, texts: Mapping[Any, str], *keys: str) -> Says:
    """Sentences that follow the chosen key figure, or that and the input."""
    first = {"figure": next(iter(figures(study)), ""), "input": next(iter(inputs(study)), "")}
    return says_of(texts, keys or ("figure",), first)


# The spread of a key figure


def _spread(study: Answered) -> View:
    table = wide(study)
    bars = chart.base(height=220).transform_filter("isValid(datum.y)").mark_bar(color=chart.SERIES[0]).encode(
        x=alt.X("y:Q", bin=alt.Bin(maxbins=30), axis=alt.Axis(title="switch:figure", tickCount=6)),
        y=alt.Y("count():Q", axis=alt.Axis(title="runs", tickCount=4, tickMinStep=1, format="d")),
        tooltip=[alt.Tooltip("count():Q", title="runs"), alt.Tooltip("y:Q", bin=True, title="from")])
    base = chart.base().transform_filter(f"datum.run == {BASE}").mark_rule(
        color=chart.SERIES[1], strokeWidth=2.5).encode(x=alt.X("y:Q"))
    return View(
        "spread", SECTION, "Spread of the chosen key figure over the runs", _follows(study, _ranges(study)), table,
        {"run": "run", "y": "figure", "status": "status"}, ("figure",), alt.layer(bars, base),
        note="The line: the instance as it stands." + _left_out(study),
        extra={"fields": {"y": AXES["y"]}},
    )


def _left_out(study: Answered) -> str:
    whole, kept = len(study.tables["runs"]), len(wide(study))
    return f" {kept:,} of {whole:,} runs are drawn; all are in the tables of the study." if kept < whole else ""


def _ranges(study: Answered) -> dict[str, str]:
    """For every key figure how far it goes, from all runs."""
    table, said = study.tables["figures"], {}
    for name in figures(study):
        own = table[table["figure"] == name]
        low, lower, upper, high = (words.amount(float(q)) for q in np.quantile(own["value"], [0, 0.25, 0.75, 1]))
        unit, base = own["unit"].iloc[0], own.loc[own["run"] == BASE, "value"]
        stands = f", against {words.amount(float(base.iloc[0]))} as it stands" if len(base) else ""
        said[name] = _capital(f"{named_figure(name)}: {low} to {high} {unit}".rstrip() + stands
                              + f"; half of {words.count(len(own), 'run')} lie between {lower} and {upper}.")
    return said


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


# What moves it


def _tornado(study: Answered) -> View:
    table = _effects(study)
    columns = {"figure": "key figure", "factor": "input", "said": "measure", "at": "at the value", "value": "effect",
               "low": "low (95 %)", "high": "high (95 %)", "unit_of_value": "unit", "used": "used",
               "of": "of runs, blocks or trajectories"}
    kinds = set(table["method"])
    is_exact = bool(kinds & {"one_way", "grid"})
    drawn = _both_ways(sorted(set(table["place"]))) if is_exact else _with_intervals(sorted(set(table["said"])))
    note = "Each input alone, the others as the instance has them." if "one_way" in kinds else \
        "The mean of all runs at each value, less the mean of all." if "grid" in kinds else \
        "Lines: 95 % confidence. A line across zero may be chance."
    if bool((table["used"] < table["of"]).any()):
        note += " Runs without a plan are left out; key figure has_plan says what decides that."
    return View(
        "tornado", SECTION, "Sensitivity of the chosen key figure", _follows(study, _strongest(study)), table, columns,
        ("figure",), drawn, note=note,
    )


def _effects(study: Answered) -> pd.DataFrame:
    """Sensitivities of the key figures that are shown, heaviest input first."""
    table = study.tables["sensitivity"]
    table = table[table["figure"].isin(figures(study))].copy()
    ranked = weights(study).groupby(["figure", "factor"])["weight"].max()
    order = [float(ranked.get((f, x), 0.0)) for f, x in zip(table["figure"], table["factor"], strict=True)]
    table = table.assign(weight=order, said=table["measure"].map(MEASURES), drawn=table["measure"].isin(DRAWN) &
                         ((table["method"] != "grid") | (table["measure"] == "effect")))
    table = table.sort_values(["weight", "value"], ascending=[False, True], kind="stable").reset_index(drop=True)
    own = table["measure"].isin(["change", "effect", "mu_star", "mu", "sigma"])
    widest = table["value"].abs().where(own).groupby(table["figure"]).transform("max").fillna(1.0)
    place = table[table["drawn"]].groupby(["figure", "factor"]).cumcount().reindex(table.index, fill_value=0)
    return table.assign(
        place=place, unit_of_value=table["unit"].where(own, ""), side=_sides(table),
        length=table["value"].fillna(1.1 * widest),
        label=[short(at) if pd.notna(value) else f"{short(at)}: {said}"
               for at, value, said in zip(table["at"], table["value"], table["said"], strict=True)],
    )  # fmt: skip


def _sides(table: pd.DataFrame) -> list[str]:
    """Whether a row has no plan, or is at the lower end of what was tried of its input; text counts as higher."""
    at = pd.to_numeric(table["at"], errors="coerce")
    lowest = at.groupby([table["figure"], table["factor"]]).transform("min")
    return [MISSING if pd.isna(value) else LOWER if is_low else HIGHER
            for value, is_low in zip(table["value"], at == lowest, strict=True)]


def _both_ways(places: list[int]) -> Drawing:
    row = alt.Y("factor:N", sort=None, axis=alt.Axis(title=None, labelLimit=180))
    side = alt.YOffset("place:N", sort=places)
    scale = chart.colours([LOWER, HIGHER, MISSING], [chart.SERIES[6], chart.SERIES[0], chart.SERIES[5]])
    told = chart.tips({"factor": "input", "label": "at the value", "value": "change", "unit": "unit"}, value="+,.6~g")
    axis = alt.Axis(title="switch:figure", tickCount=5, format="+~s")
    bars = chart.base().mark_bar().encode(
        y=row, yOffset=side, x=alt.X("length:Q", axis=axis, stack=None, scale=alt.Scale(padding=40, nice=False)),
        color=alt.Color("side:N", scale=scale), tooltip=told)
    text = chart.base().mark_text(
        fontSize=11, align=alt.ExprRef("datum.value < 0 ? 'right' : 'left'"),
        dx=alt.ExprRef("datum.value < 0 ? -4 : 4")).encode(
        y=row, yOffset=side, x="length:Q", text="label:N")
    return alt.layer(bars, text).transform_filter("datum.drawn").properties(
        width="container", height=alt.Step(36))


def _with_intervals(measures: list[str]) -> Drawing:
    row = alt.Y("factor:N", sort=None, axis=alt.Axis(title=None, labelLimit=180))
    shown = [m for m in measures if m in {MEASURES[name] for name in DRAWN}]
    told = chart.tips({"factor": "input", "said": "measure", "value": "value", "low": "low", "high": "high"},
                      value=".3f", low=".3f", high=".3f")
    each = chart.base().transform_filter("datum.drawn").encode(
        y=row, yOffset=alt.YOffset("said:N", sort=shown),
        color=alt.Color("said:N", scale=chart.colours(shown, [chart.SERIES[0], chart.SERIES[1]][: len(shown)])))
    span = each.mark_rule(strokeWidth=2).encode(
        x=alt.X("low:Q", axis=alt.Axis(title=shown[0] if len(shown) == 1 else None, tickCount=5)), x2="high:Q")
    dots = each.mark_point(filled=True, size=70, opacity=1).encode(x=alt.X("value:Q"), tooltip=told)
    zero = chart.base().mark_rule(color=chart.SOFT, strokeDash=[3, 3]).encode(x=alt.datum(0))
    return alt.layer(zero, span, dots).properties(width="container", height=alt.Step(16 + 14 * len(shown)))


def _strongest(study: Answered) -> dict[str, str]:
    """For every key figure which input matters most, by the measure that belongs to the design."""
    ranked, said = weights(study), {}
    for name in figures(study):
        own = ranked[ranked["figure"] == name]
        if not own.empty:
            said[name] = _capital(_sentence(named_figure(name), own))
    return said


def _sentence(figure: str, ranked: pd.DataFrame) -> str:
    top = ranked.iloc[0]
    factor, measure, value = top["factor"], top["measure"], float(top["value"])
    if measure in ("no_plan", "unknown"):
        lost = ranked.loc[ranked["value"].isna(), ["factor", "at"]].itertuples(index=False)
        return f"{figure} is not known where a run has no plan: {words.listed([f'{f} {short(at)}' for f, at in lost])}."
    if measure == "effect":
        own = ranked[ranked["factor"] == factor]["value"]
        span = words.amount(float(own.max() - own.min()))
        return f"{figure} moves most with {factor}: by {span} {top['unit']} on average."
    if measure == "change":
        ends = ranked[ranked["factor"] == factor].sort_values("value")
        signs = ["+" if value > 0 else "" for value in ends["value"]]
        parts = [f"{sign}{words.amount(float(change))} at {at}"
                 for sign, change, at in zip(signs, ends["value"], ends["at"].map(short), strict=True)]
        return f"{figure} moves most with {factor}: {words.listed(parts)} ({top['unit'] or 'count'})."
    if measure == "mu_star":
        return f"{figure} moves most with {factor}: by {words.amount(value)} {top['unit']} over its whole range."
    unsure = [str(r["factor"]) for r in ranked.to_dict("records") if r["low"] <= 0 <= r["high"]]
    doubt = f" No clear effect of {words.listed(unsure[:4])}." if unsure and len(unsure) < len(ranked) else ""
    span = f"{value:.2f}, 95 % between {top['low']:.2f} and {top['high']:.2f}"
    if top["low"] <= 0 <= top["high"]:
        return f"no input has a clear effect on {figure}; the strongest is {factor} ({span})."
    how = "goes most with" if measure.startswith("rank_") else "varies most with"
    return f"{figure} {how} {factor} ({MEASURES[measure].split(',')[0]} {span}).{doubt}"


# Against each input


def _scatter(study: Answered) -> View:
    table = wide(study)
    told = [alt.Tooltip("run:N", title="run"), alt.Tooltip("x:N", title="switch:input"),
            alt.Tooltip("y:Q", title="switch:figure", format=",.6~g"), alt.Tooltip("plan:N", title="plan")]
    y = alt.Y("y:Q", axis=alt.Axis(title="switch:figure", tickCount=5), scale=alt.Scale(zero=False))
    dots = chart.base(height=300).transform_filter("isValid(datum.x) && isValid(datum.y)").mark_point(
        filled=True, size=46, opacity=0.65, color=chart.SERIES[0]).encode(
        x=alt.X("x:Q", axis=alt.Axis(title="switch:input", tickCount=6, labelAngle=0), scale=alt.Scale(zero=False)),
        y=y, tooltip=told)
    base = chart.base().transform_filter(f"datum.run == {BASE}").mark_rule(
        color=chart.SERIES[1], strokeWidth=1.5, strokeDash=[5, 4]).encode(y=y)
    return View(
        "scatter", SECTION, "The chosen key figure against the chosen input, a dot per run",
        _follows(study, _courses(study), "figure", "input"), table,
        {"run": "run", "x": "input", "y": "figure", "plan": "plan"}, ("figure", "input"), alt.layer(dots, base),
        note="Dashed: the instance as it stands." + _left_out(study),
        extra={"fields": AXES},
    )


def _courses(study: Answered) -> dict[tuple[str, str], str]:
    """For every key figure and input whether one rises with the other."""
    table, said = wide(study), {}
    for figure in figures(study):
        for factor in inputs(study):
            both = table[[INPUT + factor, FIGURE + figure]].dropna()
            if 0 < len(both) <= FEW:
                said[figure, factor] = _steps(named_figure(figure), factor, both)
            elif len(both) and pd.api.types.is_numeric_dtype(both[INPUT + factor]):
                found = rank_correlation(both[INPUT + factor].to_numpy(), both[FIGURE + figure].to_numpy())
                said[figure, factor] = _course(named_figure(figure), factor, found, len(both))
    return said


def _steps(figure: str, factor: str, both: pd.DataFrame) -> str:
    """Every value tried, where they are few."""
    each = [f"{words.amount(float(y))} at {x:.4g}" if isinstance(x, float) else f"{words.amount(float(y))} at {x}"
            for x, y in both.sort_values(both.columns[0]).itertuples(index=False)]
    return _capital(f"{figure} by {factor}: {words.listed(each)}.")


def _course(figure: str, factor: str, correlation: float | None, runs: int) -> str:
    if correlation is None:
        return f"Nothing to tell of {figure} and {factor}: one of them does not vary in these runs."
    how = "hardly changes" if abs(correlation) < 0.2 else "rises" if correlation > 0 else "falls"
    return _capital(f"{figure} {how} as {factor} rises (rank correlation {correlation:+.2f} over {runs} runs).")


def switches(study: Answered) -> dict[str, list[tuple[str, str, bool]]]:
    """The key figures and inputs to choose from."""
    known: list[Any] = list(inputs(study))
    return {
        "figure": [(name, figure_words(study, name), i == 0) for i, name in enumerate(figures(study))],
        "input": [(name, input_words(study, name), i == 0) for i, name in enumerate(known)],
    }
