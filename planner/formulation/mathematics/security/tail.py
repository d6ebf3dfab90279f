"""The tail of the scenarios: the mean of the worst share of the probability, of unserved demand or of cost.

Index q: requirements; s: scenarios; n: nodes; d: demands; p: probability. Source of the linear form:
Rockafellar and Uryasev, Optimization of conditional value-at-risk, Journal of Risk 2 (2000).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from planner.formulation.declarations import Chapter, Constraint, Data, Key, Link, Term, Variable
from planner.formulation.mathematics.node_data import applies
from planner.formulation.mathematics.scenario_totals import free
from planner.formulation.mathematics.security import totals
from planner.formulation.mathematics.security.kind import Ease, OverallKind, PlanValues, Reading, most_money, most_share
from planner.formulation.mathematics.security.scope import (
    at_base,
    at_start,
    demands_of,
    of_kind,
    required,
    stated,
    unserved,
)
from planner.formulation.mathematics.security.served import short_of
from planner.formulation.network import Network
from planner.language.instance import Units
from planner.language.requirements import Tail
from planner.tree.nodes import Scenario


def tails(network: Network, of: str) -> tuple[Key, ...]:
    """The requirements on the tail of unserved demand or of cost."""
    return tuple((name,) for name, part in stated(network, Tail).items() if part.of == of)


def allowed(network: Network, name: str) -> float:
    """The mean loss of the tail that is allowed: unserved demand [quantity] or cost [money]."""
    instance, moment = at_start(network)
    part = of_kind(instance.requirements, name, Tail)
    if part.of == "cost":
        return part.limit.at(moment)
    return part.limit.at(moment) * required(network, part, demands_of(network, part))


def _scenario_short(network: Network, losses: tuple[Key, ...]) -> list[Term]:
    """Unserved demand of a scenario, by (requirement, scenario)."""
    tree = network.tree
    return [
        Term(i, n.index, family, key, c * share * n.length)
        for i, (name, s) in enumerate(losses) for part in [at_base(network, name, Tail)]
        for index, share in tree.scenario(s).shares.items() if applies(part, n := tree.nodes[index])
        for d in demands_of(network, part) for family, key, c in unserved(network, d)
    ]


def chapter(network: Network, alone: Mapping[str, float]) -> Chapter:
    unserved_tails, scenarios = tails(network, "unserved"), network.tree.scenarios
    every = (*unserved_tails, *tails(network, "cost"))
    beyond = tuple((*q, s.name) for q in every for s in scenarios)
    losses = tuple(key for key in beyond if key[:1] in unserved_tails)
    return Chapter(
        variables=(
            Variable("tail_threshold", every, "loss beyond which a scenario belongs to the tail", "quantity",
                     lower=free(len(every))),
            Variable("tail_beyond", beyond, "loss of a scenario beyond the threshold", "quantity"),
        ),
        links=(Link("scenario_short", losses, "unserved demand of a scenario",
                    lambda _: _scenario_short(network, losses), lambda _: [0.0] * len(losses), "quantity"),),
        data=(Data("tail_allowed", every, "mean loss of the tail allowed",
                   lambda _: [allowed(network, name) for (name,) in every], "quantity"),),
        constraints=(Constraint("tail_loss", beyond, tail_loss), Constraint("tail", every, tail)),
    )


def tail_loss(block: Any, name: str, scenario: str) -> Any:
    r"""beyond_{q,s} \ge loss_{q,s} - threshold_q; \quad loss_{q,s} = \sum_n share_{s,n}\, length_n \sum_{d,i}
    short_{d,i,n} \text{ or the total cost of } s"""
    part = at_base(block.network, name, Tail)
    loss = block.total[scenario] if part.of == "cost" else block.scenario_short[name, scenario]
    return block.tail_beyond[name, scenario] >= loss - block.tail_threshold[name]


def tail(block: Any, name: str) -> Any:
    r"""threshold_q + \sum_s p_s / tail_q\, beyond_{q,s} \le allowed_q + missed_q"""
    network: Network = block.network
    share = at_base(network, name, Tail).tail
    beyond = sum(s.probability / share * block.tail_beyond[name, s.name] for s in network.tree.scenarios)
    return block.tail_threshold[name] + beyond <= block.tail_allowed[name] + block.missed_overall[name]


class TailKind(OverallKind[Tail]):
    part, families = Tail, ("tail",)
    eases = (Ease("share", 1, "share", 1.0), Ease("most", 1, "money", math.inf))
    chapters = (chapter, totals.chapter)

    def keys(self, network: Network) -> tuple[Key, ...]:
        return (*tails(network, "unserved"), *tails(network, "cost"))

    def role(self, part: Tail) -> str:
        return "money" if part.of == "cost" else "quantity"

    def asks(self, part: Tail, moment: float, units: Units) -> str:
        return most_money(part.limit, moment, units) if part.of == "cost" else most_share(part.limit, moment)

    def reading(self, plan: PlanValues, family: str, key: Key) -> Reading:
        network, (name,) = plan.network, key
        part, most = at_base(network, name, Tail), allowed(network, name)
        chances = [s.probability for s in network.tree.scenarios]
        if part.of == "cost":
            cost = plan.overall("total")
            worst = _mean(part.tail, chances, [cost[s.name,] for s in network.tree.scenarios])
            return Reading("", most, worst, "money", "money", room=most - worst, pool=key)
        worst = _mean(part.tail, chances, [_lost(plan, part, s) for s in network.tree.scenarios])
        needed = required(network, part, demands_of(network, part))
        share, achieved = (amount / needed if needed else 0.0 for amount in (most, worst))
        return Reading("", share, achieved, role="quantity", room=most - worst, pool=key)


def _lost(plan: PlanValues, part: Tail, scenario: Scenario) -> float:
    """Unserved demand of a scenario [quantity]."""
    nodes, demands = plan.nodes, demands_of(plan.network, part)
    return math.fsum(
        share * nodes[i].length * short_of(plan, nodes[i], demands)
        for i, share in scenario.shares.items() if applies(part, nodes[i])
    )


def _mean(tail: float, chances: list[float], losses: list[float]) -> float:
    """Mean of the worst share of the probability."""
    left, total = tail, 0.0
    for chance, loss in sorted(zip(chances, losses, strict=True), key=lambda pair: -pair[1]):
        taken = min(left, chance)
        total += taken * loss
        left -= taken
    return total / tail
