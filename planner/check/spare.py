"""Check of waste: no decision of the cheapest plan has a cost and no size."""

from __future__ import annotations

import math
from collections.abc import Iterable

from planner.check.capital import Decision, capital_charges
from planner.check.case import Case
from planner.check.cost import Costs

NOTHING = 1e-12  # A size that is no more, in the units of the instance, is none.


def check_spare(case: Case, costs: Costs, decisions: Iterable[Decision]) -> None:
    """A decision without size has no charge: else the plan without it would do the same and be cheaper.

    Decisions that others require are left out, and so is an objective that does not look at every scenario.
    """
    risk = case.base.objective.risk
    if risk is not None and risk.weight == 1:
        return
    required = {name for project in case.base.projects.values() for name in project.requires}
    turnover = math.fsum(map(abs, costs.discounted.values()))
    for decision in decisions:
        is_none = decision.size <= NOTHING and decision.project not in required
        charged = _charged(case, decision) if is_none else 0.0
        case.ledger.at_most("plan.spare", f"{decision.place} cost of no size", 0.0, charged, turnover)


def _charged(case: Case, decision: Decision) -> float:
    return math.fsum(node.probability * certain for node, _, certain in capital_charges(case, decision))
