"""What rules that couple nodes or scenarios demand, and what a plan achieves."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from planner.formulation.declarations import Key
from planner.formulation.mathematics.node_data import applies
from planner.formulation.mathematics.security import budget, chance, expected, leverage
from planner.formulation.mathematics.security.scope import unserved
from planner.language.requirements import Chance, Regret, Tail
from planner.program.coupling import beside_values
from planner.results.rows import NOTHING
from planner.results.scenarios import mass
from planner.results.solution import Solution
from planner.tree.nodes import Node, Scenario


class Coupled(NamedTuple):
    """A row: its node if it has one, what is missed, and what a unit of money at it counts for."""

    node: Node | None
    scope: str
    target: float
    achieved: float
    target_unit: str
    role: str
    missed: float
    worth: float = 1.0
    room: float | None = None


def _missed(solution: Solution, key: Key) -> float:
    return beside_values(solution.program, solution.outcome.values, "missed_overall")[key]


def _short(solution: Solution, node: Node, demands: tuple[str, ...] | list[str]) -> float:
    """Unserved demand at a node [quantity/year]."""
    short = solution.values(node, "short")
    return math.fsum(short[key] for d in demands for _, key, _ in unserved(solution.network, d))


def _expected_unserved(solution: Solution, key: Key) -> Coupled:
    network, demands = solution.network, expected.pools(solution.network)[key]
    part = network.base.requirements[key[0]]
    short = math.fsum(
        n.probability * n.length * _short(solution, n, demands)
        for n in solution.nodes if applies(part, n)
    )
    needed = expected.required(network, part, demands)  # type: ignore[arg-type]
    target = expected.allowed(network, key[0], demands) / needed if needed else 0.0
    scope = f"region={key[1]};class={key[2]}"
    return Coupled(None, scope, target, short / needed if needed else 0.0, "share", "quantity", _missed(solution, key))


def _tail(solution: Solution, key: Key) -> Coupled:
    network, (name,) = solution.network, key
    instance, moment = expected.first(network)
    part = instance.requirements[name]
    assert isinstance(part, Tail)
    demands = expected.members(network, name)
    scenarios = network.tree.scenarios
    if part.of == "cost":
        totals = beside_values(solution.program, solution.outcome.values, "total")
        losses = [totals[s.name,] for s in scenarios]
        worst = tail_mean(part.tail, [s.probability for s in scenarios], losses)
        assert part.most is not None
        most = part.most.at(moment)
        return Coupled(None, "", most, worst, "money", "money", _missed(solution, key), room=most - worst)
    losses = [_lost(solution, part, s, demands) for s in scenarios]
    worst, needed = tail_mean(part.tail, [s.probability for s in scenarios], losses), expected.required(
        network, part, demands)
    assert part.share is not None
    achieved, share = worst / needed if needed else 0.0, part.share.at(moment)
    missed = _missed(solution, key)
    return Coupled(None, "", share, achieved, "share", "quantity", missed, room=share * needed - worst)


def _lost(solution: Solution, part: Tail, scenario: Scenario, demands: list[str]) -> float:
    nodes = solution.nodes
    return math.fsum(
        share * nodes[i].length * _short(solution, nodes[i], demands)
        for i, share in scenario.shares.items() if applies(part, nodes[i])
    )


def tail_mean(tail: float, chances: list[float], losses: list[float]) -> float:
    """Mean of the worst share of the probability."""
    left, total = tail, 0.0
    for chance_, loss in sorted(zip(chances, losses, strict=True), key=lambda pair: -pair[1]):
        taken = min(left, chance_)
        total += taken * loss
        left -= taken
    return total / tail


def _regret(solution: Solution, key: Key) -> Coupled:
    instance, moment = expected.first(solution.network)
    part = instance.requirements[key[0]]
    assert isinstance(part, Regret)
    total = beside_values(solution.program, solution.outcome.values, "total")[key[1],]
    achieved = total - solution.program.alone[key[1]]
    scope = f"scenario={key[1]}"
    return Coupled(None, scope, part.most.at(moment), achieved, "money", "money", _missed(solution, key))


def _leverage(solution: Solution, key: Key) -> Coupled:
    network, node = solution.network, leverage.windows(solution.network)[key][0]
    loss = math.fsum(cost * solution.values(n, "short")[k] for n, k, cost in leverage.loss(network, key))
    most = leverage.most(network, key)
    return Coupled(node, f"window={key[1]}", most, loss, "money", "money", _missed(solution, key))


def _budget(solution: Solution, key: Key) -> Coupled:
    network = solution.network
    committed = math.fsum(
        c * solution.values(None, family)[column]
        for n in budget.rows(network)[key] for j in budget.projects_of(network, key[0])
        for family, column, c in budget.money(network, key[0], j, n) if column in solution.values(None, family)
    )
    node = next(n for n in solution.nodes if n.key == key[1])
    missed = _missed(solution, budget.pool(network, key))
    return Coupled(node, "", budget.most(network, key), committed, "money", "money", missed)


def _chance_served(solution: Solution, key: Key) -> Coupled:
    network, node = solution.network, chance.places(solution.network)[key[0], key[3]]
    amount, allowed = chance.needed(network, key)
    short = _short(solution, node, [key[2]])
    target, achieved = 1 - allowed / amount if amount else 1.0, 1 - short / amount if amount else 1.0
    scope = f"region={key[1]};demand={key[2]}"
    missed, worth = _missed(solution, key), mass(solution, node)
    return Coupled(node, scope, target, achieved, "share", "quantity/year", missed, worth)


def _chance(solution: Solution, key: Key) -> Coupled:
    network, part = solution.network, solution.network.base.requirements[key[0]]
    assert isinstance(part, Chance)
    missed = beside_values(solution.program, solution.outcome.values, "missed_overall")
    failing = set()
    for row in chance.keys(network):
        if row[0] == key[0]:
            node = chance.places(network)[row[0], row[3]]
            amount, allowed = chance.needed(network, row)
            if _short(solution, node, [row[2]]) > allowed + missed[row] + max(NOTHING, 1e-7 * amount):
                failing.add(node.index)
    served = math.fsum(s.probability for s in network.tree.scenarios if not failing & s.shares.keys())
    room = served - part.probability
    return Coupled(None, "", part.probability, served, "probability", "probability", 0.0, room=room)


COUPLED: dict[str, Callable[[Solution, Key], Coupled]] = {
    "expected_unserved": _expected_unserved, "tail": _tail, "regret_limit": _regret, "leverage": _leverage,
    "budget": _budget, "chance_served": _chance_served, "chance": _chance,
}
