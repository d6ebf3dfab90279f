"""A run in the form of the Integrated Assessment Modeling Consortium, long: a row per variable, region and year.

Every future, and every window of a shock with its past, is a scenario. Amounts are of a year; a year is the start
of a period. Regions add up to World, but for prices.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from planner.common.errors import InputError, Problem
from planner.language.units import unit
from planner.reports.run import Run
from planner.results.write import guarded

COLUMNS = ["Model", "Scenario", "Region", "Variable", "Unit", "Year", "Value"]
WORLD = "World"
# Cells that pandas, and with it pyam, reads as missing: the name of Namibia among them.
MISSING = frozenset(
    "#N/A,#N/A N/A,#NA,-1.#IND,-1.#QNAN,-NaN,-nan,1.#IND,1.#QNAN,<NA>,N/A,NA,NULL,NaN,None,n/a,nan,null".split(",")  # noqa: SIM905
)


def write(run: Run, target: Path) -> None:
    guarded(iamc(run)).to_csv(target, index=False, lineterminator="\n")


def iamc(run: Run) -> pd.DataFrame:
    """The long table. InputError when a period does not start with a calendar year."""
    years = run.tables["nodes"]["year"]
    if (years % 1 != 0).any():
        message = "the IAMC form has whole years, and periods of this run start within a year"
        raise InputError([Problem("not-yearly", message)])
    found = pd.concat(list(_variables(run)), ignore_index=True)
    summed = found.groupby(["node", "region", "variable", "unit"], sort=False, as_index=False)["value"].sum()
    keys = ["node", "variable", "unit"]
    together = summed.groupby(keys, sort=False, as_index=False)["value"].sum().assign(region=WORLD)
    together = together[~together["variable"].str.startswith("Price|")]
    passing = pd.DataFrame(
        [(future, node) for future, path in run.paths.items() for node in path], columns=["scenario", "node"])
    wide = passing.merge(pd.concat([together, summed[summed["region"] != ""]]), on="node")
    wide = wide.merge(run.tables["nodes"][["node", "year"]], on="node").assign(model=f"planner {run.instance.name}")
    wide["year"] = wide["year"].astype("int64")
    titles = {name: part.title for name, part in run.instance.regions.items()}
    wide["region"] = [_readable("region", name, titles.get(name)) for name in wide["region"]]
    wide["scenario"] = [_readable("scenario", name, None) for name in wide["scenario"]]
    names = [name.lower() for name in COLUMNS]
    return wide[names].sort_values(names[:-1], kind="stable").set_axis(COLUMNS, axis=1).reset_index(drop=True)


def _readable(word: str, name: str, title: str | None) -> str:
    """A name as it stands; its title, or a word before it, where it would be read as missing."""
    if name not in MISSING:
        return name
    return title if title and title not in MISSING else f"{word} {name}"


def _variables(run: Run) -> Iterator[pd.DataFrame]:
    tables, units = run.tables, run.instance.units
    rate = unit(units, "quantity/year")
    capacity = tables["capacity"][tables["capacity"]["kind"] == "facility"]
    for part in ("existing", "added", "online", "used"):
        yield _named(capacity, ("Capacity", part.capitalize(), "stage"), part, rate)
    demand = tables["demand"]
    for measure in demand["measure"].unique():
        rows = demand[demand["measure"] == measure]
        yield _named(rows, ("Demand", str(measure).capitalize(), "class"), "amount", rate)
    yield _named(tables["costs"], ("Cost", "item"), "yearly", f"{units.money}/year")
    yield _named(tables["stocks"], ("Stock", "commodity"), "stock", units.quantity)
    yield _named(tables["purchases"], ("Purchases", "commodity"), "amount", rate)
    yield _named(tables["sales"], ("Sales", "commodity"), "amount", rate)
    yield _named(tables["element_balance"], ("Element", "element", "measure"), "amount", rate)
    yield _named(tables["prices"], ("Price", "commodity"), "price", units.price)


def _named(table: pd.DataFrame, parts: tuple[str, ...], value: str, label: str) -> pd.DataFrame:
    """Rows of one table; a part of the variable's name that is a column stands for its values."""
    words = [table[part].str.replace("|", "/") if part in table else pd.Series(part, table.index) for part in parts]
    name = words[0]
    for word in words[1:]:
        name = name + "|" + word
    return pd.DataFrame({"node": table["node"], "region": table["region"], "variable": name, "unit": label,
                         "value": table[value]})
