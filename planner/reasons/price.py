"""What a repair costs: the best plan of the repaired instance, and what the repair itself gives at its price.

Stock has the price of its commodity in the first period, needs that are dropped that of going short. Capacity, room and
lead times have no price in an instance beyond that of its projects: a repair that gives them says so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from planner.assemble import Program
from planner.reasons.levers import Lever
from planner.schema import Options
from planner.solver import Outcome, solve

LARGE = 50_000  # Nonzeros from which the cost of the relaxation stands for that of the plan.
UNPRICED = {"facilities", "lanes", "projects"}


def repaired_cost(
    program: Program, turned: Sequence[tuple[Lever, float]], options: Options
) -> tuple[float, bool]:
    """Cost of the repaired instance's best plan [money] (of its relaxation where it is large).

    With it what levers give by being turned so far; False if some of that has no price and is not in it.
    """
    outcome = solve(program, options, relax=program.matrix.nnz > LARGE)
    if not outcome.has_plan:
        return math.nan, False
    gifts = [gift(program, outcome, lever, amount) for lever, amount in turned]
    return outcome.objective + sum(g for g in gifts if math.isfinite(g)), all(math.isfinite(g) for g in gifts)


def gift(program: Program, outcome: Outcome, lever: Lever, amount: float) -> float:
    """What a lever gives for nothing when it is turned [money]; not a number where that has no price."""
    section, *_, field = lever.path.split(".")
    if section in UNPRICED or (section, field) == ("stockpiles", "capacity"):
        return math.nan
    if section == "stockpiles" and field != "least":
        return amount * _price(program, outcome, *lever.stock)
    if section == "demands":
        return amount * _loss(program, lever.path.split(".")[1])
    return 0.0  # What else may give way is no good: the plan pays for what it then does.


def _price(program: Program, outcome: Outcome, commodity: str, region: str) -> float:
    """Price of a unit of a commodity in the first period [money]."""
    for row, (node, family, key) in enumerate(program.rows):
        if family == "balance" and node is not None and node.parent is None and key == (commodity, region):
            return float(outcome.prices[row]) / node.weight * node.factor if node.weight else math.nan
    return math.nan


def _loss(program: Program, demand: str) -> float:
    """What users lose by a unit less in every year, by the first tranche of their shortage [money]."""
    network, total = program.network, 0.0
    for node in network.tree.nodes:
        tranches = network.instance(node).demands[demand].shortage
        if not tranches:
            return math.nan
        total += node.weight * tranches[0].cost.at(node.middle) * network.price
    return total
