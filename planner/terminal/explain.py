"""Screens of the command explain: how far money could reach, and what a project is worth."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
from rich.console import Console
from rich.text import Text

from planner.common.words import amount, percent, signed, total
from planner.terminal.run import frame
from planner.workflows.explain.project import Worth

MOST = 30


def show_bounds(found: pd.DataFrame, console: Console) -> None:
    """Requirements that cannot be reached at any price, one by one."""
    if found.empty:
        console.print("The instance has no requirement on supply.")
        return
    known = found["is_least"].astype(bool)
    out = found[known & ~found["reachable"].astype(bool)]
    total = found.groupby("requirement", sort=False)["reachable"].agg(["sum", "count"])
    console.print(Text("Best level of each requirement, without regard to cost and other requirements", style="bold"))
    for name, reached, count in total.itertuples():
        console.print(Text(f"{name}: reachable in {int(reached)} of {int(count)} nodes"))
    if not known.all():
        console.print(Text(f"The time limit left {int((~known).sum())} more unknown.", style="bold"))
    if out.empty:
        if known.all():
            console.print(Text(_together(found), style="bold"))
        return
    shown = frame([("requirement", "left"), ("node", "left"), ("target", "right"), ("best", "right"),
                   ("lacking", "right"), ("unit", "left")])
    for row in out.head(MOST).to_dict("records"):
        best = percent(row["best"]) if math.isfinite(row["best"]) else "-"
        target = percent(row["target"], 0) if math.isfinite(row["target"]) else "-"
        node = Text(str(row["node"] or "all"))
        shown.add_row(Text(row["requirement"]), node, target, best, amount(row["lacking"]), row["unit"])
    console.print(Text("Impossible at any cost, even with fractions of projects:", style="bold"))
    console.print(shown)
    if len(out) > MOST:
        console.print(f"and {len(out) - MOST} more")


def _together(found: pd.DataFrame) -> str:
    """Whether what can be reached one by one can be reached at once."""
    short = found[found["lacking_together"] > found["lacking"] + 1e-6 * (1 + found["lacking_together"].max())]
    if short.empty:
        return "All can be reached together, with fractions of projects and without regard to cost."
    worst = short.nlargest(1, "lacking_together").to_dict("records")[0]
    where = f" in {worst['node']}" if worst["node"] else ""
    return (f"Each can be reached, but not all together: {worst['requirement']} then lacks"
            f" {amount(worst['lacking_together'])} {worst['unit']}{where}.")


def worth_figures(found: Worth) -> dict[str, Any]:
    """The answer for programs."""
    return {
        "project": found.project, "in_plan": found.is_in, "decided": found.decided, "size": found.size,
        "size_unit": found.unit, "cost": found.cost, "cost_of_opposite": found.opposite,
        "bound_of_opposite": found.bound,
        "difference": found.difference, "difference_least": found.proof.least, "difference_most": found.proof.most,
        "told": found.proof.is_told, "capital": found.capital, "charged": found.charged,
        "break_even_capital": found.break_even, "money_unit": found.money, "rows": found.rows.to_dict("records"),
    }


def show_worth(found: Worth, console: Console) -> None:
    """Why a project is in or out, in a few lines."""
    state = f"in the plan ({found.decided}, {amount(found.size)} {found.unit})" if found.is_in else "not in the plan"
    console.print(Text(f"{found.project} is {state}.", style="bold"))
    other = "Without it" if found.is_in else "With it"
    if found.opposite is None:
        console.print(f"{other} no plan exists.")
    else:
        ends = f"{signed(found.proof.least, total)} and {signed(found.proof.most, total)}"
        more = f"{signed(found.difference, total)} {found.money}, proven between {ends}"
        console.print(f"{other} the best plan found costs {more}.")
        if not found.proof.is_told:
            console.print("Whether it pays is not proven: use a smaller --gap for the run and here.")
    if found.charged:
        turns = "up to" if found.is_in else "only below"
        low, high = found.break_even_range
        console.print(
            f"Its overnight capital cost is {amount(found.capital)} {found.money}; it pays {turns}"
            f" about {amount(found.break_even)} {found.money} (proven between {amount(low)} and {amount(high)})."
        )
    if not found.rows.empty:
        console.print("Its value by constraint (discounted):")
        for row in found.rows.head(10).to_dict("records"):
            console.print(Text(f"  {amount(row['worth'])} {row['unit']}  {row['row']}"))
