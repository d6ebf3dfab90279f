"""The reference's objective: the expected cost of all scenarios, and how much more the bad ones weigh."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping

from tests.reference_model.futures import Scenario
from tests.reference_model.plan import Plan
from tests.reference_model.program import Terms


def weigh(plan: Plan, alone: Mapping[str, float]) -> None:
    """Set the costs of all variables; `alone`: for regret, the least cost of each future by itself."""
    program, risk = plan.program, plan.trunk.objective.risk
    weight = 0.0 if risk is None else risk.weight
    for node, costs in plan.costs.items():
        for column, cost in costs.items():
            program.cost[column] += (1 - weight) * node.probability * cost
    if risk is None:
        return
    measure = program.add("measure", lower=-math.inf)
    program.cost[measure] = weight
    totals = [(scenario, total(plan, scenario)) for scenario in plan.tree.scenarios]
    if risk.measure in ("worst", "regret"):
        for scenario, cost in totals:
            least = -alone[scenario.future] if risk.measure == "regret" else 0.0
            program.row([(1, measure), (-1, cost)], least=least)
    elif risk.measure == "cvar":
        excesses: Terms = []
        threshold = program.add("threshold", lower=-math.inf)
        for scenario, cost in totals:
            excess = program.add("excess", scenario.name)
            program.row([(1, excess), (1, threshold), (-1, cost)], least=0)
            excesses.append((-scenario.probability / risk.tail, excess))
        program.row([(1, measure), (-1, threshold), *excesses], 0, 0)
    else:
        worst_probabilities(plan, measure, totals)


def worst_probabilities(plan: Plan, measure: int, totals: list[tuple[Scenario, int]]) -> None:
    """The most that the expected cost can be under probabilities within their ranges, by duality.

    Every scenario counts with its cost above a level at its highest, below it at its lowest probability; the
    least such sum over all levels is the largest expectation.
    """
    program = plan.program
    level = program.add("level", lower=-math.inf)
    terms: Terms = [(1, measure), (-1, level)]
    for scenario, cost in totals:
        above, below = program.add("above", scenario.name), program.add("below", scenario.name)
        program.row([(1, above), (-1, below), (1, level), (-1, cost)], 0, 0)
        terms += [(-scenario.high, above), (scenario.low, below)]
    program.row(terms, 0, 0)


def total(plan: Plan, scenario: Scenario) -> int:
    """A variable for what a scenario costs in all."""
    terms: dict[int, float] = defaultdict(float)
    for node, share in scenario.shares.items():
        for column, cost in plan.costs[node].items():
            terms[column] += share * cost
    column = plan.program.add("total", scenario.name, lower=-math.inf)
    plan.program.row([(1, column), *[(-cost, other) for other, cost in terms.items() if cost]], 0, 0)
    return column
