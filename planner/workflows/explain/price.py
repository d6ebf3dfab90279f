"""Cost of a repair: the best plan of the repaired instance, and the repair's own gift at its price.

Stock has the price of its commodity in the first period; dropped needs have the penalty of a shortage. Capacity, room
and lead times have no price in an instance except that of its projects: a repair that gives them says so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from planner.workflows.explain.relaxable import Lever
from planner.workflows.explain.trial_instances import FeasibleTrial

UNPRICED = {"facilities", "lanes", "projects"}


def repaired_cost(held: FeasibleTrial, turned: Sequence[tuple[Lever, float]]) -> tuple[float, bool]:
    """Cost of the repaired instance's best plan [money] (of its relaxation where it is large).

    With it what levers give by being turned so far; False if some of that has no price and is not in it.
    """
    gifts = [gift(held, lever, amount) for lever, amount in turned]
    return held.cost + sum(g for g in gifts if math.isfinite(g)), all(math.isfinite(g) for g in gifts)


def gift(held: FeasibleTrial, lever: Lever, amount: float) -> float:
    """Value of what a lever gives free when it is turned [money]; not a number if that has no price."""
    section, field = lever.path.split(".")[0], lever.path.rpartition(".")[2]
    if section in UNPRICED or (section, field) == ("stockpiles", "capacity"):
        return math.nan
    if section == "stockpiles" and field != "least":
        return amount * _price(held, *lever.stock)
    if section == "demands":
        return amount * _loss(held, lever.path.removeprefix("demands.").removesuffix(".amount"))
    return 0.0  # What else may give way is no good: the plan pays for what it then does.


def _price(held: FeasibleTrial, commodity: str, region: str) -> float:
    """Price of a unit of a commodity in the first period [money]."""
    for row, (node, family, key) in enumerate(held.program.rows):
        if family == "balance" and node is not None and node.parent is None and key == (commodity, region):
            return float(held.prices[row]) / node.weight * node.factor if node.weight else math.nan
    return math.nan


def _loss(held: FeasibleTrial, demand: str) -> float:
    """Users' loss from a unit less in every year, by the first tranche of their shortage [money]."""
    network, total = held.program.network, 0.0
    for node in network.tree.nodes:
        tranches = network.instance(node).demands[demand].shortage
        if not tranches:
            return math.nan
        total += node.weight * tranches[0].cost.at(node.middle) * network.price
    return total
