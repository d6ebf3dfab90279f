"""One row per run of a sweep: the value of every input, every key figure, which plan it is and what leads it."""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import Any

import pandas as pd

from planner.common import words
from planner.common.caching import cached
from planner.reports.studies.answered import Answered
from planner.workflows.sweep.sensitivity import ranking

INPUT, FIGURE, PROJECT = "input ", "figure ", "project "  # How columns of the wide table begin.
BASE = 0  # The run of the instance as it stands.
FIRST = "objective"
OTHER, NO_PLAN = "another plan", "no plan"
BUILT, NOT_BUILT = "built", "not built"
MOST_RUNS, MOST_FIGURES, MOST_INPUTS, MOST_PROJECTS, MOST_PLANS = 2000, 60, 24, 40, 8


@cached
def wide(study: Answered) -> pd.DataFrame:
    """All runs, at most MOST_RUNS of them, evenly from first to last and the instance as it stands."""
    runs = study.tables["runs"].set_index("run")[["seed", "status"]]
    values = _pivot(study.tables["inputs"], "factor", inputs(study), INPUT)
    for name in values.columns:
        values[name] = as_numbers(values[name])
    found = _pivot(study.tables["figures"], "figure", figures(study), FIGURE)
    built = study.tables["projects"]
    kinds = plans(study)
    dearest = built[built["built"] == 1].sort_values("capital_cost", ascending=False, kind="stable")
    lead = dearest.drop_duplicates("run").set_index("run")["title"].rename("lead")
    contested = built[built["project"].isin(disputed(study))]
    states = contested.assign(state=contested["built"].map({1: BUILT, 0: NOT_BUILT}))
    flags = _pivot(states, "project", disputed(study), PROJECT, "state")
    table = runs.join([values, found, kinds, lead, flags]).reset_index(names="run")
    has_plan = table["plan"].notna()
    table = table.assign(plan=table["plan"].fillna(NO_PLAN),
                         lead=table["lead"].fillna("nothing is built").where(has_plan, NO_PLAN))
    step = -(-len(table) // MOST_RUNS)
    return table[(table.index % step == 0) | (table["run"] == BASE)].reset_index(drop=True)


def _pivot(table: pd.DataFrame, key: str, names: Sequence[str], prefix: str, value: str = "value") -> pd.DataFrame:
    kept = table[table[key].isin(names)]
    found = kept.pivot_table(index="run", columns=key, values=value, sort=False, aggfunc="first")
    return found.reindex(columns=list(names)).add_prefix(prefix)


def as_numbers(column: pd.Series[Any]) -> pd.Series[Any]:
    """A column of text as numbers where all of it are numbers: inputs may be words or numbers."""
    numbers = pd.to_numeric(column, errors="coerce")
    return numbers if bool((numbers.notna() | column.isna() | (column == "")).all()) else column


def figures(study: Answered) -> list[str]:
    """Key figures that vary, the objective first."""
    table = study.tables["figures"]
    widths = table.groupby("figure", sort=False)["value"].agg(lambda values: values.max() - values.min())
    varying = [str(name) for name in widths.index[widths > 0] if name not in ("bound", "gap")]
    return sorted(varying, key=lambda name: name != FIRST)[:MOST_FIGURES]


def weights(study: Answered) -> pd.DataFrame:
    """Rows of the sensitivity table with the measure by which factors are ranked, heaviest first."""
    return ranking(study.tables["sensitivity"])


@cached
def inputs(study: Answered) -> tuple[str, ...]:
    """Factors, the one that moves the objective most first."""
    ranked = weights(study)
    own = ranked[ranked["figure"] == next(iter(figures(study)), FIRST)]["factor"]
    every = dict.fromkeys([*own, *ranked["factor"], *study.tables["inputs"]["factor"]])
    return tuple(list(every)[:MOST_INPUTS])


def disputed(study: Answered) -> list[str]:
    """Projects built in some runs only, the most disputed first."""
    table = study.tables["no_regret"]
    some = table[table["verdict"] == "depends"].assign(doubt=lambda t: (t["share"] - 0.5).abs())
    return list(some.sort_values("doubt", kind="stable")["project"])[:MOST_PROJECTS]


@cached
def built_sets(study: Answered) -> pd.Series[Any]:
    """Which projects each run builds."""
    table = study.tables["projects"]
    built = table[table["built"] == 1].groupby("run")["project"].agg(frozenset).to_dict()
    runs = study.tables["runs"]
    numbers = sorted(runs.loc[runs["objective"].notna(), "run"])
    return pd.Series([built.get(number, frozenset()) for number in numbers], index=pd.Index(numbers, name="run"))


def plans(study: Answered) -> pd.Series[Any]:
    """Every run's plan by letter, the most frequent being A."""
    sets = built_sets(study)
    frequent = sets.value_counts().index[:MOST_PLANS]
    letters = {plan: f"plan {letter}" for plan, letter in zip(frequent, string.ascii_uppercase, strict=False)}
    return sets.map(lambda plan: letters.get(plan, OTHER)).rename("plan")


# Names in words


def figure_words(study: Answered, name: str) -> str:
    """A key figure with its unit."""
    table = study.tables["figures"]
    unit = str(table.loc[table["figure"] == name, "unit"].iloc[0]) if (table["figure"] == name).any() else ""
    return named_figure(name) + (f" [{unit}]" if unit else "")


def named_figure(name: str) -> str:
    """A key figure in words: `served.embargo.ev` is the share served of ev in embargo."""
    family, *rest = name.split(".", 2)
    if family == "cost" and rest:
        return f"cost of {words.plain('.'.join(rest))}, discounted"
    if family in ("served", "worst_served") and len(rest) == 2:
        which = "share served" if family == "served" else "share served to the worst demand in its worst year"
        return f"{which}, {rest[1]} in {rest[0]}"
    return words.plain(name)


def input_words(study: Answered, name: str) -> str:
    """An input with what its values are: factors on figures, amounts added to them, or the figures themselves."""
    vary = study.study.get("vary", {})
    part = vary.get(name)
    if part is None:
        return name
    first, more = str(part["path"][0]), len(part["path"]) - 1
    path, _, sign = first.partition(" ")
    meaning = {"*=": "factor on ", "+=": "added to ", "-=": "taken from "}.get(sign.strip(), "")
    return f"{name}: {meaning}{path}" + (f" and {more} more" if more else "")
