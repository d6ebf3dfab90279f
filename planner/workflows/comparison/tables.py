"""Differences in the results: each table reduced to one value per key, and the values side by side."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from planner.tables.frames import after, before, conformed, looked_up, table
from planner.tables.schemas import SCHEMAS
from planner.workflows.comparison.source import SUMMARY, ComparedRun

Tables = Mapping[str, pd.DataFrame]
NOTHING = 1e-9  # Differences below, relative to the values, are rounding of the solver.


class ComparedValues(NamedTuple):
    """A way to see a run: the tables it needs, and its values with what tells them apart and their unit.

    `absent` is what a value that a run does not have counts for: 0 of an amount, nothing of a share of demand, and
    nothing where it may have it in another unit.
    """

    needs: tuple[str, ...]
    values: Callable[[Tables], pd.DataFrame]
    absent: float = math.nan


def side_by_side(name: str, sources: Sequence[ComparedRun]) -> pd.DataFrame:
    """A table of comparison by its name: a row per key and run other than the baseline.

    What one of the two does not have is empty in its column; `relative` is the difference divided by the size of the
    baseline. Runs without the tables needed are left out.
    """
    view = VIEWS[name]
    known = {s.label: s for s in sources if all(need in s.tables for need in view.needs)}
    declared = SCHEMAS["compare"][name]
    names = list(declared.names[: declared.names.index("run")])
    if sources[0].label not in known:
        return table(declared, [])
    first = _values(view, known.pop(sources[0].label)).rename(columns={"value": "baseline"})
    parts = []
    for label, source in known.items():
        other = _values(view, source)
        both = first.merge(other, on=names, how="outer", sort=False)
        is_alike = source.units == sources[0].units
        parts.append(_ordered(both, first, names).assign(run=label, alike=is_alike))
    if not parts:
        return table(declared, [])
    found = pd.concat(parts, ignore_index=True)
    absent = pd.Series(view.absent, found.index).where(found["alike"] | (found["unit"] == "share"))
    difference = found["value"].fillna(absent) - found["baseline"].fillna(absent)
    size = found["baseline"].abs()
    relative = (difference / size.where(size > 0)).where(difference != 0, 0.0)
    return conformed(declared, found.drop(columns="alike").assign(difference=difference, relative=relative))


def _values(view: ComparedValues, source: ComparedRun) -> pd.DataFrame:
    """The values of a view in columns made anew: those that grouping leaves without rows cannot be joined."""
    found = view.values(source.tables)
    return pd.DataFrame({name: pd.Series(found[name].tolist(), dtype=found[name].dtype) for name in found.columns})


def _ordered(both: pd.DataFrame, first: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """In the order of the baseline, what is new after it."""
    order = {key: i for i, key in enumerate(first[names].itertuples(index=False, name=None))}
    places = [order.get(key, len(order)) for key in both[names].itertuples(index=False, name=None)]
    return both.iloc[pd.Series(places).argsort(kind="stable")]


def changed(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows in which something differs by more than rounding."""
    scale = 1 + frame[["baseline", "value"]].abs().max(axis=1).fillna(0.0)
    is_small = frame["difference"].abs() <= NOTHING * scale
    return frame[~is_small & frame[["baseline", "value"]].notna().any(axis=1)]


def _summary(tables: Tables, *prefixes: str) -> pd.DataFrame:
    """Numbers of the summary whose key begins with a prefix; without prefixes those that belong to no family."""
    summary = tables[SUMMARY]
    value = pd.to_numeric(summary["value"], errors="coerce")
    family = before(summary["key"], ".")
    wanted = family.isin(prefixes) if prefixes else ~summary["key"].str.contains(".", regex=False)
    wanted &= value.notna() & (summary["key"] != "solver_nodes")
    return pd.DataFrame({"key": summary["key"], "value": value, "unit": summary["unit"]})[wanted]


def _figures(tables: Tables) -> pd.DataFrame:
    return _summary(tables).rename(columns={"key": "figure"})


def _costs(tables: Tables) -> pd.DataFrame:
    found = _summary(tables, "cost")
    return found.assign(item=found["key"].str.removeprefix("cost."))[["item", "value", "unit"]]


def _served(tables: Tables) -> pd.DataFrame:
    found = _summary(tables, "served", "worst_served")
    measure = before(found["key"], ".").map({"served": "over the horizon", "worst_served": "worst demand and year"})
    return found.assign(scope=after(found["key"], "."), measure=measure)[["scope", "measure", "value", "unit"]]


def _weighed(tables: Tables, name: str) -> pd.DataFrame:
    """A table with the expected years that a row stands for."""
    nodes = tables["nodes"].set_index("node")
    years = nodes["probability"] * nodes["length"]
    return tables[name].assign(years=looked_up(tables[name]["node"], years.to_dict()))


def _shares(tables: Tables) -> pd.DataFrame:
    """Expected share of each country in what a stage is supplied with over the horizon."""
    rows = _weighed(tables, "shares")
    amounts = (rows["amount"] * rows["years"]).groupby([rows["stage"], rows["country"]], sort=False).sum()
    share = amounts / amounts.groupby(level="stage").transform("sum")
    return share.rename("value").reset_index().assign(unit="share")


def _requirements(tables: Tables) -> pd.DataFrame:
    """By how much each requirement is expected to be missed, in how many rows, and its highest shadow price."""
    rows = _weighed(tables, "requirements")
    parts = [
        _of_requirement(rows, "missed, expected over the horizon", rows["violation"] * rows["years"], "sum",
                        rows["unit"].str.removesuffix("/year")),
        _of_requirement(rows, "rows missed", (rows["violation"] > 1e-6).astype(float), "sum", "rows"),
        _of_requirement(rows, "highest shadow price", rows["shadow_price"].fillna(0.0), "max", rows["price_unit"]),
    ]
    return pd.concat(parts, ignore_index=True)


def _of_requirement(
    rows: pd.DataFrame, measure: str, values: pd.Series[float], how: str, units: pd.Series[str] | str
) -> pd.DataFrame:
    found = rows.assign(value=values, unit=units).groupby("requirement", sort=False)
    return found.agg(value=("value", how), unit=("unit", "first")).reset_index().assign(measure=measure)


def _prices(tables: Tables) -> pd.DataFrame:
    """Mean shadow price of each commodity and region where it has one, weighted by chance and time."""
    rows = _weighed(tables, "prices")
    keys = [rows["commodity"], rows["region"], rows["unit"]]
    mean = (rows["price"] * rows["years"]).groupby(keys, sort=False).sum() / rows["years"].groupby(keys).sum()
    return mean.rename("value").reset_index()


VIEWS: dict[str, ComparedValues] = {
    "figures": ComparedValues((SUMMARY,), _figures),
    "costs": ComparedValues((SUMMARY,), _costs, 0.0),
    "served": ComparedValues((SUMMARY,), _served),
    "shares": ComparedValues(("shares", "nodes"), _shares, 0.0),
    "requirements": ComparedValues(("requirements", "nodes"), _requirements),
    "prices": ComparedValues(("prices", "nodes"), _prices),
}
