"""Risk: how the totals of all scenarios weigh in the objective.

Index s: scenarios (a future, with a shock or without); n: nodes. All measures are of one and the same total, the
discounted cost of a scenario with its capital. Sources: Rockafellar and Uryasev, Optimization of conditional
value-at-risk, Journal of Risk 2 (2000) for the linear form of CVaR; linear duality for intervals.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planner.formulation.declarations import Chapter, Constraint, Data, Variable
from planner.formulation.mathematics.scenario_totals import Totals, free, spent
from planner.formulation.network import Network
from planner.language.instance import Risk


def chapter(network: Network, risk: Risk, alone: Mapping[str, float]) -> Chapter:
    """The block that turns node costs into the objective. `alone`: cost of the best plan for each scenario alone."""
    rule = RULES[risk.measure]
    totals, scenarios = TOTALS.chapter(network), network.tree.scenarios
    names = tuple((s.name,) for s in scenarios)
    return Chapter(
        variables=(*totals.variables, *_variables(risk, network)),
        links=totals.links,
        data=(Data("alone", names, "cost of the best plan for a scenario alone",
                   lambda _: [alone.get(s.name, 0.0) for s in scenarios], "money"),),
        constraints=(*totals.constraints, Constraint(rule.__name__, names, rule)),
    )


def _variables(risk: Risk, network: Network) -> tuple[Variable, ...]:
    """The measure's variables; their costs are what it adds to the objective."""
    scenarios = network.tree.scenarios
    names = tuple((s.name,) for s in scenarios)
    one: tuple[tuple[str], ...] = (("all",),)
    if risk.measure == "cvar":
        return (
            Variable("threshold", one, "total beyond which a scenario belongs to the tail", "money", lower=free(1),
                     costs={"risk": lambda _: [1.0]}),
            Variable("beyond", names, "what a scenario costs beyond the threshold", "money",
                     costs={"risk": lambda _: [s.probability / risk.tail for s in scenarios]}),
        )
    if risk.measure == "intervals":
        return (
            Variable("level", one, "price of probability", "money", lower=free(1), costs={"risk": lambda _: [1.0]}),
            Variable("above", names, "worth of more probability", "money",
                     costs={"risk": lambda _: [s.high for s in scenarios]}),
            Variable("below", names, "worth of less probability", "money",
                     costs={"risk": lambda _: [-s.low for s in scenarios]}),
        )
    return (
        Variable("worst", one, "largest total or regret", "money", lower=free(1), costs={"risk": lambda _: [1.0]}),
    )


# --- rules -------------------------------------------------------------------------------------------


def node_total(block: Any, node: str) -> Any:
    r"""node\_cost_n = length_n\, factor_n \sum yearly_n\, x_n"""
    return block.node_cost[node] == block.node_expense[node]


def scenario_total(block: Any, name: str) -> Any:
    r"""scenario\_cost_s = \sum_n share_{s,n}\, node\_cost_n + capital_s"""
    return block.scenario_cost[name] == spent(block, name, block.node_cost) + block.scenario_capital[name]


TOTALS = Totals("node_cost", "scenario_cost", "node_expense", "scenario_capital", (node_total, scenario_total))


def cvar(block: Any, name: str) -> Any:
    r"""beyond_s \ge scenario\_cost_s - threshold, \text{ cost } threshold + \sum_s p_s / tail\, beyond_s"""
    return block.beyond[name] >= block.scenario_cost[name] - block.threshold["all"]


def worst(block: Any, name: str) -> Any:
    r"""worst \ge scenario\_cost_s"""
    return block.worst["all"] >= block.scenario_cost[name]


def regret(block: Any, name: str) -> Any:
    r"""worst \ge scenario\_cost_s - alone_s"""
    return block.worst["all"] >= block.scenario_cost[name] - block.alone[name]


def intervals(block: Any, name: str) -> Any:
    r"""level + above_s - below_s \ge scenario\_cost_s, \text{ cost } level + \sum_s (high_s above_s - low_s below_s)"""
    return block.level["all"] + block.above[name] - block.below[name] >= block.scenario_cost[name]


RULES = {"cvar": cvar, "worst": worst, "regret": regret, "intervals": intervals}
