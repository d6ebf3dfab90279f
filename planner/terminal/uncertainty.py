"""Screens for questions of uncertainty: what a plan costs in other futures, what knowing is worth, what passes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd
from rich.console import Console
from rich.text import Text

from planner.common.words import amount, percent, total
from planner.results.summary import signed
from planner.terminal.run import frame

if TYPE_CHECKING:
    from planner.workflows.evaluate import PlanEvaluation
    from planner.workflows.value_of_information import Values


def show_values(found: Values, console: Console) -> None:
    """Questions asked and their costs, then the conclusions."""
    money = found.instance.units.money
    console.print(Text(found.instance.title or found.instance.name, style="bold"))
    word = "value" if found.instance.objective.sense == "maximise" else "cost"
    asked = frame([("question", "left"), ("meaning", "left"), (f"{word} {money}", "right"), ("bound", "right")])
    for row in found.costs.to_dict("records"):
        asked.add_row(row["question"], row["meaning"], _money(row["objective"]), _money(row["bound"]))
    console.print(asked)
    console.print()
    follows = frame([("value", "left"), ("", "left"), (money, "right"), ("share of cost", "right"),
                     ("between", "right")])
    for row in found.values.to_dict("records"):
        is_known = math.isfinite(row["amount"])
        ends = f"{amount(row['least'])} and {amount(row['most'])}" if is_known else ""
        share = percent(row["share"], 2) if is_known else ""
        follows.add_row(row["value"], row["meaning"], _money(row["amount"]), share, ends)
    console.print(follows)
    console.print(Text.assemble("Proven between the two ends. Tables in ", (f"{found.folder}/", "bold")))


def _money(value: float) -> str:
    return total(value) if math.isfinite(value) else "no plan"


def show_evaluation(found: PlanEvaluation, console: Console) -> None:
    """Expected and worst cost of the plan in these futures, next to the planned costs for equal futures."""
    instance, made_for, here = found.run.instance, found.made_for, found.run.tables["scenarios"]
    console.print(Text("\nCost of the plan in these futures", style="bold"))
    table = frame([("", "left"), ("futures", "right"), ("expected", "right"), ("best", "right"), ("worst", "right")])
    for label, scenarios in (*((("made for", made_for),) if found.alike else ()), ("evaluated on", here)):
        costs = [float(cost) for cost in scenarios["cost"]]
        expected = sum(cost * float(p) for cost, p in zip(costs, scenarios["probability"], strict=True))
        ends = [signed(instance, cost) for cost in (expected, min(costs), max(costs))]
        table.add_row(label, str(len(costs)), *map(total, ends))
    console.print(table)
    if not found.alike:
        console.print(Text("Costs in other futures cannot be compared with these: they have other needs. "
                           "Evaluate another plan in these futures to compare the two."))


def show_controls(rows: pd.DataFrame, console: Console) -> None:
    """Share that passes by future, one line per course over the periods."""
    if rows.empty:
        console.print("No control is ever in force.")
        return
    for future, part in rows.groupby("future", sort=False):
        console.print(Text(str(future), style="bold"))
        table = frame([("", "left"), ("of", "left"), ("to", "left"), ("users", "left"), ("share or factor", "left")])
        for row in part.to_dict("records"):
            origin = f"{row['measure']} {row['exporter']}".strip()
            table.add_row(origin, Text(row["items"]), Text(row["destinations"]), row["class"], row["course"])
        console.print(table)
