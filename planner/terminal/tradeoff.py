"""Screens of trade-offs: the frontier, and what near plans have in common."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from planner.common.words import amount, number, percent, share, total
from planner.terminal.run import frame
from planner.workflows.tradeoff.measure import MEASURES

if TYPE_CHECKING:
    from planner.workflows.tradeoff.answer import TradeoffAnswer


def show_frontier(found: TradeoffAnswer, requirement: str, console: Console) -> None:
    """Level, cost and what one more point of a share, or one more of any other figure, costs."""
    rows, money = found.tables["frontier"].to_dict("records"), found.instance.units.money
    measure = rows[0]["measure"]
    is_share = MEASURES[measure][1] == 1
    end = "" if found.status == "complete" else f" ({found.status}: some points are missing)"
    console.print(Text(f"Minimum cost for each level of {requirement}{end}", style="bold"))
    table = frame([(measure, "right"), (f"cost {money}", "right"), ("proven to", "right"), ("more", "right"),
                   (f"per point of {measure}" if is_share else f"per unit of {measure}", "right"),
                   ("projects", "right")])  # fmt: skip
    for row, before in zip(rows, [None, *rows], strict=False):
        more = row["cost"] - before["cost"] if before else 0.0
        width = (100 if is_share else 1) * abs(row["level"] - before["level"]) if before else 0.0
        level = percent(row["level"], 2) if is_share else number(row["level"])
        table.add_row(level, total(row["cost"]), total(row["bound"]),
                      amount(more) if before else "", amount(more / width) if width > 0 else "",
                      str(row["projects"]))  # fmt: skip
    console.print(table)
    console.print(Text.assemble("Tables in ", (f"{found.folder}/", "bold")))


def show_alternatives(found: TradeoffAnswer, within: float, console: Console) -> None:
    """Verdicts by project, the plans found, and the range of capital by country."""
    money, projects = found.instance.units.money, found.tables["projects"]
    counts = projects["verdict"].value_counts()
    said = ", ".join(f"{counts.get(v, 0)} {v}" for v in ("must", "optional", "never", "open"))
    end = "" if found.status == "complete" else f" ({found.status}: some answers are missing)"
    console.print(Text(f"Plans within {share(within)} of the least cost: {said}{end}", style="bold"))
    table = frame([("project", "left"), ("region", "left"), ("verdict", "left"), (f"without {money}", "right"),
                   (f"with {money}", "right")])  # fmt: skip
    for row in projects.to_dict("records"):
        table.add_row(Text(row["title"]), row["region"], row["verdict"], _money(row["cost_without"]),
                      _money(row["cost_with"]))  # fmt: skip
    console.print(table)
    plans = frame([("plan", "left"), (f"cost {money}", "right"), ("more", "right"), ("projects", "right"),
                   ("differs from the nearest in", "right")])  # fmt: skip
    for row in found.tables["alternatives"].to_dict("records"):
        plans.add_row(row["plan"], total(row["cost"]), percent(row["extra"], 2), str(row["projects"]),
                      f"{row['distance']:g}")  # fmt: skip
    console.print(plans)
    console.print(Text.assemble("Tables in ", (f"{found.folder}/", "bold")))


def _money(value: float) -> str:
    return total(value) if math.isfinite(value) else "impossible"
