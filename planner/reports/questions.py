"""The reader's questions in order, and the views that answer each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.reports.certainty import certainty
from planner.reports.material import material
from planner.reports.money import money
from planner.reports.origin import origin
from planner.reports.plan import plan
from planner.reports.safety import safety
from planner.reports.scarcity import scarcity
from planner.reports.view import View

if TYPE_CHECKING:
    from planner.reports.run import Run

QUESTIONS = {
    "plan": "What should we do?",
    "money": "What does it cost, and who pays?",
    "safety": "Are we safe?",
    "material": "How does material flow?",
    "scarcity": "What is scarce?",
    "certainty": "How sure are we?",
    "origin": "Where do the numbers come from?",
}

SPANS = {
    "plan": 7, "capacity": 5, "capital": 5, "cost_by_year": 7, "cost_by_item": 5, "cost_by_region": 6,
    "cost_by_future": 6, "served": 6, "windows": 6, "shares": 6, "exporter_share": 6, "requirements": 6, "elements": 6,
    "prices": 6, "proof": 6, "check": 6,
}


def absent(run: Run) -> dict[str, list[str]]:
    """Data that a run lacks, with the way to get it, by question."""
    safety_lacks = []
    if not run.instance.shocks:
        safety_lacks.append("No embargo of unknown date is in this run: a shock in the instance (shocks: ..., with"
                            " its hazard) may begin in any year.")
    if "outages" not in run.tables:
        safety_lacks.append("No loss of a single plant or country was tested: a requirement of kind outage in the"
                            " instance tests and ranks every one.")
    return {
        "safety": safety_lacks,
        "certainty": [
            "Sensitivity and no-regret projects need many runs: planner sweep with a study, then planner report on"
            " its folder. The cost of security and plans of nearly the same cost: planner frontier and alternatives.",
            "Calibration: the instance states no observations of its first year that results could be compared with.",
        ],
    }


def all_views(run: Run) -> tuple[View, ...]:
    """Every view that has something to show, in the order of the questions."""
    answers = (plan(run), money(run), safety(run), material(run), scarcity(run), certainty(run), origin(run))
    return tuple(view for views in answers for view in views if not view.table.empty)
