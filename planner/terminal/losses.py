"""The screen of losses tried on a plan: the worst of each thing that can be lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from planner.common.words import amount, percent, year
from planner.terminal.run import frame

if TYPE_CHECKING:
    from planner.workflows.loss_ranking import Losses

MOST = 20
NOTHING = 1e-6  # Share of the need below which a loss counts as zero.


def show_losses(found: Losses, console: Console) -> None:
    """Each thing with its worst period, the worst first."""
    units, rows = found.instance.units, found.table
    harmful = rows[rows["short"] > NOTHING * rows["required"]]
    worst = harmful.drop_duplicates(["loss", "lost"])
    console.print(Text(found.instance.title or found.instance.name, style="bold"))
    things = len(rows.drop_duplicates(["loss", "lost"]))
    console.print(f"{len(rows):,} losses of {things:,} assets tested; {len(worst):,} of the assets harm users.")
    shown = frame([("lost", "left"), ("kind", "left"), ("from", "right"), ("future", "left"), ("served", "right"),
                   ("undisturbed", "right"), (f"short {units.quantity}/yr", "right"),
                   (f"loss {units.money}/yr", "right"), ("worst demand", "left")])  # fmt: skip
    for row in worst.head(MOST).to_dict("records"):
        shown.add_row(
            Text(row["title"]), row["loss"], year(row["year"]), Text(row["future"]), percent(row["served"]),
            percent(row["served_undisturbed"]), amount(row["short"]), amount(row["users_loss"]),
            Text(f"{row['worst_demand']} {percent(row['worst_served'], 0)}"),
        )
    if len(worst):
        console.print(Text("\nWorst period of each, ranked by the added loss of users", style="bold"))
        console.print(shown)
    if len(worst) > MOST:
        console.print(f"and {len(worst) - MOST} more")
    console.print(Text.assemble("Table in ", (f"{found.folder}/losses.csv", "bold")))
