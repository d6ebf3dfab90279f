"""Rules on all scenarios together: expected unserved demand, the tail of the scenarios, regret.

Index q: requirements; s: scenarios; n: nodes; d: demands; p: probability. Source of the linear form of the tail:
Rockafellar and Uryasev, Optimization of conditional value-at-risk, Journal of Risk 2 (2000).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

from planner.common.caching import cached
from planner.common.patterns import fits_any
from planner.formulation.declarations import Chapter, Constraint, Data, Key, Link, Term, Variable
from planner.formulation.mathematics import scenario_totals
from planner.formulation.mathematics.node_data import applies
from planner.formulation.mathematics.security.scope import demands_of, named, unserved
from planner.formulation.network import Network
from planner.language.instance import Instance
from planner.language.requirements import ExpectedUnserved, OfUsers, Regret, Rule, Tail
from planner.tree.nodes import Node, Scenario


@cached
def pools(network: Network) -> dict[Key, tuple[str, ...]]:
    """The demands each row of expected_unserved pools, by (requirement, region or '*', class or '*')."""
    found: dict[Key, list[str]] = {}
    for name in named(network, ExpectedUnserved):
        part = network.base.requirements[name]
        assert isinstance(part, ExpectedUnserved)
        for d in demands_of(network, part):
            demand = network.base.demands[d]
            region, users = ("region", demand.region), ("class", demand.user_class)
            row = (name, *(value if word in part.by else "*" for word, value in (region, users)))
            found.setdefault(row, []).append(d)
    return {row: tuple(demands) for row, demands in found.items()}


def tails(network: Network, of: str) -> tuple[Key, ...]:
    """The tail requirements of unserved demand or of cost."""
    parts = network.base.requirements
    return tuple((name,) for name in named(network, Tail) if getattr(parts[name], "of", None) == of)


def regrets(network: Network) -> tuple[Key, ...]:
    """(requirement, scenario) of every regret that is limited."""
    found = []
    for name in named(network, Regret):
        part = network.base.requirements[name]
        found += [(name, s.name) for s in network.tree.scenarios if _concerns(part, s)]
    return tuple(found)


def _concerns(part: Rule, scenario: Scenario) -> bool:
    return fits_any(part.futures, scenario.future) or fits_any(part.futures, scenario.name)


def needs_totals(network: Network) -> bool:
    """Whether some rule is about the cost of scenarios."""
    return bool(regrets(network) or tails(network, "cost"))


def required(network: Network, part: OfUsers, demands: tuple[str, ...] | list[str]) -> float:
    """Expected demand over the scope [quantity]."""
    return math.fsum(
        n.probability * n.length * network.instance(n).demands[d].amount.at(n.middle)
        for n in network.tree.nodes if applies(part, n) for d in demands
    )


def first(network: Network) -> tuple[Instance, float]:
    """The instance and moment at which figures of rules on the plan as a whole are read."""
    node = network.tree.nodes[0]
    return network.instance(node), node.middle


def allowed(network: Network, name: str, demands: tuple[str, ...] | list[str]) -> float:
    """Expected, or tail's mean, unserved demand that is allowed [quantity]; of a tail of cost money."""
    instance, moment = first(network)
    part = instance.requirements[name]
    assert isinstance(part, ExpectedUnserved | Tail)
    if isinstance(part, Tail) and part.most is not None:
        return part.most.at(moment)
    assert part.share is not None
    return part.share.at(moment) * required(network, part, demands)


def _mean_short(network: Network, _: Node) -> list[Term]:
    """Expected unserved demand of every row."""
    return [
        Term(i, n.index, family, key, c * n.probability * n.length)
        for i, (row, demands) in enumerate(pools(network).items()) for n in network.tree.nodes
        if n.probability > 0 and applies(network.base.requirements[row[0]], n)
        for d in demands for family, key, c in unserved(network, d)
    ]


def _scenario_short(network: Network, losses: tuple[Key, ...], _: Node) -> list[Term]:
    """Unserved demand of a scenario, by (requirement, scenario)."""
    tree = network.tree
    return [
        Term(i, n.index, family, key, c * share * n.length)
        for i, (name, s) in enumerate(losses) for index, share in tree.scenario(s).shares.items()
        if applies(network.base.requirements[name], n := tree.nodes[index])
        for d in members(network, name) for family, key, c in unserved(network, d)
    ]


def chapter(network: Network, alone: Mapping[str, float]) -> Chapter:
    """The block; it has the cost of every node and scenario where rules are about them."""
    totals = TOTALS.chapter(network) if needs_totals(network) else Chapter()
    rows, unserved_tails = tuple(pools(network)), tails(network, "unserved")
    scenarios, every = network.tree.scenarios, (*tails(network, "unserved"), *tails(network, "cost"))
    beyond = tuple((*q, s.name) for q in every for s in scenarios)
    losses = tuple(key for key in beyond if key[:1] in unserved_tails)
    regretted = regrets(network)

    def limits(_: Node) -> list[float]:
        return [allowed(network, row[0], demands) for row, demands in pools(network).items()]

    def tail_limits(_: Node) -> list[float]:
        return [allowed(network, name, members(network, name)) for (name,) in every]

    return Chapter(
        variables=(
            Variable("tail_threshold", every, "loss beyond which a scenario belongs to the tail", "quantity",
                     lower=scenario_totals.free(len(every))),
            Variable("tail_beyond", beyond, "loss of a scenario beyond the threshold", "quantity"),
            *totals.variables,
        ),
        links=(
            Link("mean_short", rows, "expected unserved demand", partial(_mean_short, network),
                 lambda _: [0.0] * len(rows), "quantity"),
            Link("scenario_short", losses, "unserved demand of a scenario", partial(_scenario_short, network, losses),
                 lambda _: [0.0] * len(losses), "quantity"),
            *totals.links,
        ),
        data=(
            Data("unserved_allowed", rows, "expected unserved demand allowed", limits, "quantity"),
            Data("tail_allowed", every, "mean loss of the tail allowed", tail_limits, "quantity"),
            Data("regret_allowed", regretted, "cost that keeps regret within its limit",
                 lambda _: [_regret_limit(network, alone, key) for key in regretted], "money"),
        ),
        constraints=(
            Constraint("expected_unserved", rows, expected_unserved),
            *totals.constraints,
            Constraint("tail_loss", beyond, tail_loss),
            Constraint("tail", every, tail),
            Constraint("regret_limit", regretted, regret_limit),
        ),
    )


def members(network: Network, name: str) -> list[str]:
    part = network.base.requirements[name]
    assert isinstance(part, OfUsers)
    return demands_of(network, part)


def _regret_limit(network: Network, alone: Mapping[str, float], key: Key) -> float:
    instance, moment = first(network)
    part = instance.requirements[key[0]]
    assert isinstance(part, Regret)
    return part.most.at(moment) + alone[key[1]]


# --- rules -------------------------------------------------------------------------------------------


def expected_unserved(block: Any, *row: str) -> Any:
    r"""\sum_n p_n\, length_n \sum_{d,i} short_{d,i,n} \le
    share_q \sum_n p_n\, length_n \sum_d amount_{d,n} + missed_q"""
    return block.mean_short[row] <= block.unserved_allowed[row] + block.missed_overall[row]


def tail_loss(block: Any, name: str, scenario: str) -> Any:
    r"""beyond_{q,s} \ge loss_{q,s} - threshold_q; \quad loss_{q,s} = \sum_n share_{s,n}\, length_n \sum_{d,i}
    short_{d,i,n} \text{ or the total cost of } s"""
    part = block.network.base.requirements[name]
    loss = block.total[scenario] if part.of == "cost" else block.scenario_short[name, scenario]
    return block.tail_beyond[name, scenario] >= loss - block.tail_threshold[name]


def tail(block: Any, name: str) -> Any:
    r"""threshold_q + \sum_s p_s / tail_q\, beyond_{q,s} \le allowed_q + missed_q"""
    network: Network = block.network
    share = network.base.requirements[name].tail  # type: ignore[union-attr]
    beyond = sum(s.probability / share * block.tail_beyond[name, s.name] for s in network.tree.scenarios)
    return block.tail_threshold[name] + beyond <= block.tail_allowed[name] + block.missed_overall[name]


def spent(block: Any, node: str) -> Any:
    r"""spent_n = length_n\, factor_n \sum yearly_n\, x_n"""
    return block.spent[node] == block.node_spending[node]


def total(block: Any, name: str) -> Any:
    r"""total_s = \sum_n share_{s,n}\, spent_n + capital_s"""
    parts = scenario_totals.spent(block, name, block.spent)
    return block.total[name] == parts + block.capital_spending[name]


TOTALS = scenario_totals.Totals("spent", "total", "node_spending", "capital_spending", (spent, total))


def regret_limit(block: Any, name: str, scenario: str) -> Any:
    r"""total_s \le alone_s + most_q + missed_{q,s}"""
    return block.total[scenario] <= block.regret_allowed[name, scenario] + block.missed_overall[name, scenario]
