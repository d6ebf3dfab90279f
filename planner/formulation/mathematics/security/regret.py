"""Regret: what the plan costs in a scenario above the best plan for that scenario alone.

Index q: requirements; s: scenarios.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from planner.common.patterns import fits_any
from planner.formulation.declarations import Chapter, Constraint, Data, Key
from planner.formulation.mathematics.security import totals
from planner.formulation.mathematics.security.kind import Ease, EmptyScope, OverallKind, PlanValues, Reading, most_money
from planner.formulation.mathematics.security.scope import at_start, of_kind, stated
from planner.formulation.network import Network
from planner.language.instance import Units
from planner.language.requirements import Regret


def keys(network: Network) -> tuple[Key, ...]:
    """(requirement, scenario) of every regret that is limited."""
    return tuple(
        (name, s.name) for name, part in stated(network, Regret).items() for s in network.tree.scenarios
        if fits_any(part.futures, s.future) or fits_any(part.futures, s.name)
    )


def most(network: Network, name: str) -> float:
    """Largest regret [money]."""
    instance, moment = at_start(network)
    return of_kind(instance.requirements, name, Regret).most.at(moment)


def chapter(network: Network, alone: Mapping[str, float]) -> Chapter:
    regretted = keys(network)

    def limits(_: object) -> list[float]:
        return [most(network, name) + alone[scenario] for name, scenario in regretted]

    return Chapter(
        data=(Data("regret_allowed", regretted, "cost that keeps regret within its limit", limits, "money"),),
        constraints=(Constraint("regret_limit", regretted, regret_limit),),
    )


def regret_limit(block: Any, name: str, scenario: str) -> Any:
    r"""total_s \le alone_s + most_q + missed_{q,s}"""
    return block.total[scenario] <= block.regret_allowed[name, scenario] + block.missed_overall[name, scenario]


class RegretKind(OverallKind[Regret]):
    part, families = Regret, ("regret_limit",)
    eases = (Ease("most", 1, "money", math.inf),)
    lacks = "money"
    chapters = (totals.chapter, chapter)

    def keys(self, network: Network) -> tuple[Key, ...]:
        return keys(network)

    def asks(self, part: Regret, moment: float, units: Units) -> str:
        return most_money(part.most, moment, units)

    def idle(self, network: Network, name: str, part: Regret) -> Iterator[EmptyScope]:
        if network.base.shocks:
            message = "regret is measured over futures; an unforeseen shock has no best plan of its own"
            yield EmptyScope(message, hint="limit a tail of cost, or leave the shocks out", code="incoherent")

    def reading(self, plan: PlanValues, family: str, key: Key) -> Reading:
        regret = plan.overall("total")[key[1],] - plan.alone[key[1]]
        return Reading(f"scenario={key[1]}", most(plan.network, key[0]), regret, "money", "money", pool=key)
