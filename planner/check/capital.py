"""Capital cost of a decision: overnight, as a yearly charge or at once, and by technology bans on the work."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from planner.check.case import Case
from planner.check.horizon import Node, service_share
from planner.check.work import progress
from planner.language.instance import Point


@dataclass(frozen=True)
class Decision:
    """A project decided in a group of nodes that share their decisions."""

    project: str
    group: str
    nodes: tuple[Node, ...]
    size: float
    modules: float | None

    @property
    def place(self) -> str:
        """Words that say which decision this is."""
        return f"{self.project} in {self.group}"


def overnight_cost(case: Case, decision: Decision, node: Node) -> float:
    """Cost of a decision at the prices of its period, in money."""
    capital = case.at(node).projects[decision.project].capital
    if capital.curve:
        return curve_cost(capital.curve, decision.size)
    variable = case.money * capital.variable.at(node.middle) * decision.size
    return capital.fixed.at(node.middle) + variable


def curve_cost(points: list[Point], size: float) -> float:
    """Cost at a size on a piecewise-linear curve; beyond its ends that of the nearest point."""
    for left, right in pairwise(points):
        if size <= right.size and right.size > left.size:
            share = max(0.0, (size - left.size) / (right.size - left.size))
            return left.cost + share * (right.cost - left.cost)
    return points[-1].cost


def capital_charges(case: Case, decision: Decision) -> Iterator[tuple[Node, float, float]]:
    """Cost of a decision in each node: (node, yearly, contribution to the objective if the node is certain)."""
    lump_sum = case.base.time.capital_charge == "lump_sum"
    charge = overnight_cost if lump_sum else annuity
    charges = {node: charge(case, decision, node) for node in decision.nodes}
    for node, path in case.horizon.path.items():
        for decided in path:
            if decided not in charges:
                continue
            work = progress(case, decision.project, decided, node)
            if lump_sum:
                # The cost itself when it is decided, and what dearer work adds while it is done.
                money = charges[decided] * ((node is decided) + work.added)
                if money:
                    yield node, money, money * node.factor
                continue
            project = case.at(decided).projects[decision.project]
            in_service = service_share(project, work.commissioned, node)
            yearly = charges[decided] * in_service * (1 + work.dearer)
            if yearly:
                yield node, yearly, yearly * node.length * node.factor


def annuity(case: Case, decision: Decision, node: Node) -> float:
    """Yearly charge that repays the overnight cost over the project's life."""
    instance = case.at(node)
    project, time = instance.projects[decision.project], case.base.time
    cost = overnight_cost(case, decision, node)
    rate = time.discount_rate if project.cost_of_capital is None else project.cost_of_capital
    if rate == 0:
        return cost / project.life
    if time.interest_during_construction and project.lead_time > 0:
        cost *= math.expm1(project.lead_time * math.log1p(rate)) / (project.lead_time * math.log1p(rate))
    return cost * rate / -math.expm1(-project.life * math.log1p(rate))
