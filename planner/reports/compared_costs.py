"""The objectives of compared runs, and what is proven of their difference."""

from __future__ import annotations

import pandas as pd

from planner.common import words
from planner.reports.view import View

PROVEN = {"difference": "difference", "least": "proven: at least", "most": "at most", "unit": "unit"}


def doubt_of(proof: pd.DataFrame) -> str:
    """Note on differences from the first run when it is not proven which of the two is better."""
    is_open = ~proof["told"].astype(bool) & ~proof["equal"].astype(bool) & proof["difference"].notna()
    unsure = proof.loc[is_open, "run"]
    return f" No findings: it cannot be told whether {words.listed(list(unsure))} costs more." if len(unsure) else ""


def proven_difference(table: pd.DataFrame, first: str) -> View:
    said = [
        f"{row['run']}: {_signed(row['difference'])} {row['unit']}, proven between {_signed(row['least'])} and"
        f" {_signed(row['most'])}" + ("" if row["told"] or row["equal"] else " (which is larger cannot be told)")
        for row in table.to_dict("records") if pd.notna(row["difference"])
    ]
    proven = "Every solve proves its objective to a gap. A difference is proven where its whole interval has one sign."
    notes = dict.fromkeys([proven, *(note for note in table["note"] if note)])
    return View(
        "proof", "cost", f"The objective against {first}, and what is proven of the difference",
        f"{'; '.join(said)}." if said else "", table, {"run": "run", **PROVEN, "told": "told"}, drawing="table",
        note=" ".join(notes), extra={"open": True},
    )


def cost_on_a_fixed_plan(table: pd.DataFrame) -> View:
    said = [f"{_signed(row['difference'])} {row['unit']} with the plan of {row['plan']} in {row['run']}"
            for row in table.to_dict("records") if pd.notna(row["difference"])]
    return View(
        "same_plan", "cost", "Cost of the change on a fixed plan",
        f"{words.listed(said)}." if said else "Neither plan can be carried out in the other's instance.", table,
        {"run": "run", "plan": "plan of", "baseline": "in the first run's instance", "value": "here", **PROVEN,
         "reason": "not carried out"}, drawing="table",
        note="Decisions are held, operation is the best there is: what differs is the change alone.",
        extra={"open": True},
    )


def _signed(value: float) -> str:
    return "any" if pd.isna(value) else words.signed(float(value))
