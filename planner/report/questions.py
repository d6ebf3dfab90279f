"""The reader's questions in order, and the views that answer each."""

from __future__ import annotations

from planner.report.certainty import certainty
from planner.report.material import material
from planner.report.money import money
from planner.report.opened import Opened
from planner.report.origin import origin
from planner.report.plan import plan
from planner.report.safety import safety
from planner.report.scarcity import scarcity
from planner.report.view import View

QUESTIONS = {
    "plan": "What should we do?",
    "money": "What does it cost, and who pays?",
    "safety": "Are we safe?",
    "material": "How does material flow?",
    "scarcity": "What is scarce?",
    "certainty": "How sure are we?",
    "origin": "Where do the numbers come from?",
}


def all_views(run: Opened) -> tuple[View, ...]:
    """Every view that has something to show, in the order of the questions."""
    answers = (plan(run), money(run), safety(run), material(run), scarcity(run), certainty(run), origin(run))
    return tuple(view for views in answers for view in views if not view.table.empty)
