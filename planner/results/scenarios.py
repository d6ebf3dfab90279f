"""The scenarios table: what each scenario costs and how much it weighs in the objective."""

from __future__ import annotations

import pandas as pd

from planner.common.caching import cached
from planner.language.instance import Risk
from planner.results.costs import costs
from planner.results.solution import Solution
from planner.tables.frames import table
from planner.tables.schemas import RUN
from planner.tree.nodes import Node, Scenario


def scenarios(solution: Solution) -> pd.DataFrame:
    """Total discounted cost of every scenario, its probability, and its weight in the objective."""
    network, alone = solution.network, solution.program.alone
    listed, totals, weights = network.tree.scenarios, scenario_costs(solution), weights_of(solution)
    rows = (
        {"scenario": s.name, "future": s.future, "onset": s.onset, "probability": s.probability, "low": s.low,
         "high": s.high, "cost": totals[s.name], "weight": weights[s.name], "alone": alone.get(s.name),
         "unit": network.base.units.money}
        for s in listed
    )
    return table(RUN["scenarios"], rows)


def mass(solution: Solution, node: Node) -> float:
    """Weight of a yearly cost at a node in the problem whose duals are known [year].

    Under a measure of risk the scenarios have the weights it gives them; a pure measure breaks ties by expected
    cost, and the duals are of that.
    """
    return _masses(solution)[node.index]


@cached
def _masses(solution: Solution) -> list[float]:
    risk = solution.network.base.objective.risk
    if risk is None or risk.weight == 1:
        return [node.weight for node in solution.nodes]
    weights = weights_of(solution)
    listed = solution.network.tree.scenarios
    return [
        sum(weights[s.name] * s.shares.get(node.index, 0.0) for s in listed) * node.length * node.factor
        for node in solution.nodes
    ]


@cached
def weights_of(solution: Solution) -> dict[str, float]:
    """Probability mass that the objective gives each scenario under the plan."""
    network = solution.network
    totals = scenario_costs(solution)
    return _weights(network.tree.scenarios, totals, dict(solution.program.alone), network.base.objective.risk)


def scenario_costs(solution: Solution) -> dict[str, float]:
    """Total of each scenario: sum over nodes of share_s(n) / probability(n) * discounted cost."""
    nodes = solution.nodes
    spent = costs(solution).groupby("node")["discounted"].sum().to_dict()
    return {
        s.name: float(
            sum(share / nodes[i].probability * spent.get(nodes[i].key, 0.0) for i, share in s.shares.items())
        )
        for s in solution.network.tree.scenarios
    }


def _weights(
    listed: tuple[Scenario, ...], totals: dict[str, float], alone: dict[str, float], risk: Risk | None
) -> dict[str, float]:
    """Probability mass that the objective gives each scenario under this plan."""
    plain = {s.name: s.probability for s in listed}
    if risk is None:
        return plain
    excess = {name: total - alone.get(name, 0.0) for name, total in totals.items()}
    worst_first = sorted(listed, key=lambda s: -excess[s.name])
    floors = {s.name: s.low if risk.measure == "intervals" else 0.0 for s in listed}
    tops = {s.name: _top(s, risk) for s in listed}
    given, left = dict(floors), 1 - sum(floors.values())
    for scenario in worst_first:
        more = min(left, tops[scenario.name] - floors[scenario.name])
        given[scenario.name] += more
        left -= more
    return {name: (1 - risk.weight) * plain[name] + risk.weight * given[name] for name in plain}


def _top(scenario: Scenario, risk: Risk) -> float:
    """Most weight the measure can give a scenario."""
    if risk.measure == "cvar":
        return scenario.probability / risk.tail
    return scenario.high if risk.measure == "intervals" else 1.0
