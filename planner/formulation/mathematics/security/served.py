"""Served shares: everywhere, for some time after the onset of a shock, or some time after it.

Index q: requirements; r: regions; d: demands; i: shortage tranches; n: nodes.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any, TypeVar

import numpy as np

from planner.common.arrays import Array
from planner.formulation.declarations import Chapter, Constraint, Data, Key, OfFigures
from planner.formulation.mathematics.node_data import OfSituation, applies
from planner.formulation.mathematics.security.kind import Ease, NodeKind, PlanValues, Reading, served_share
from planner.formulation.mathematics.security.scope import at_node, demands_of, of_kind, stated, total, unserved
from planner.formulation.network import Network
from planner.language.instance import Units
from planner.language.requirements import OfService, Recover, Served, Survive
from planner.tree.nodes import Node


def keys(network: Network, kind: type[OfService]) -> tuple[Key, ...]:
    """(requirement, region, demand) for every demand in the scope of a requirement of the kind."""
    demands = network.base.demands
    return tuple(
        (name, demands[d].region, d) for name, part in stated(network, kind).items() for d in demands_of(network, part)
    )


def _allowed(network: Network, every: tuple[Key, ...], node: Node) -> list[float]:
    """Shortage the requirements allow where they hold."""
    parts, demands = network.instance(node).requirements, network.instance(node).demands
    return [
        (1 - of_kind(parts, name, OfService).target.at(node.middle)) * demands[demand].amount.at(node.middle)
        for name, _, demand in every
    ]


def _elsewhere(network: Network, every: tuple[Key, ...], node: Node) -> list[float]:
    """The same where they do not hold: the whole demand, or no limit at all."""
    parts, demands = network.instance(node).requirements, network.instance(node).demands
    return [demands[d].amount.at(node.middle) if isinstance(parts[q], Served) else math.inf for q, _, d in every]


def chapter(network: Network) -> Chapter:
    every = tuple(key for kind in RULES for key in keys(network, kind))
    allowed, elsewhere = (OfFigures(network, partial(f, network, every)) for f in (_allowed, _elsewhere))

    def short(node: Node) -> Array:
        parts = network.instance(node).requirements
        return np.where([applies(parts[q], node) for q, _, _ in every], allowed(node), elsewhere(node))

    return Chapter(
        data=(Data("allowed_short", every, "shortage allowed", OfSituation(network, short),
                   reads=("demands.amount", "requirements.target")),),
        constraints=tuple(Constraint(rule.__name__, keys(network, kind), rule) for kind, rule in RULES.items()),
    )


def served(block: Any, name: str, region: str, demand: str) -> Any:
    r"""\sum_i short_{d,i,n} \le (1 - target_{q,n})\, amount_{d,n} + missed_{q,d,n}"""
    short = total(block, unserved(block.network, demand))
    return short <= block.allowed_short[name, region, demand] + block.missed[name, region, demand]


def survive(block: Any, name: str, region: str, demand: str) -> Any:
    r"""\sum_i short_{d,i,n} \le (1 - target_{q,n})\, amount_{d,n} + missed_{q,d,n}
    \quad \forall n \text{ in a window of the shock}: start_n < onset_n + years_q"""
    return served(block, name, region, demand)


def recover(block: Any, name: str, region: str, demand: str) -> Any:
    r"""\sum_i short_{d,i,n} \le (1 - target_{q,n})\, amount_{d,n} + missed_{q,d,n}
    \quad \forall n \text{ in a window of the shock}: start_n \ge onset_n + years_q"""
    return served(block, name, region, demand)


RULES: dict[type[OfService], Any] = {Served: served, Survive: survive, Recover: recover}
S = TypeVar("S", bound=OfService)


def short_of(plan: PlanValues, node: Node, demands: tuple[str, ...] | list[str]) -> float:
    """Unserved demand at a node [quantity/year]."""
    short = plan.values(node, "short")
    return math.fsum(short[key] for d in demands for _, key, _ in unserved(plan.network, d))


class ServiceKind(NodeKind[S]):
    """A least served share, wherever its subclass says."""

    eases = (Ease("target", -1, "share", 0.0),)
    chapters = (chapter,)

    def keys(self, network: Network) -> tuple[Key, ...]:
        return keys(network, self.part)

    def asks(self, part: S, moment: float, units: Units) -> str:
        return served_share(part.target, moment)

    def reading(self, plan: PlanValues, node: Node, key: Key) -> Reading | None:
        part = at_node(plan.network, key[0], node, self.part)
        if not applies(part, node):
            return None
        amount, short = plan.instance(node).demands[key[2]].amount.at(node.middle), short_of(plan, node, [key[2]])
        achieved = 1 - short / amount if amount else 1.0
        return Reading(f"region={key[1]};demand={key[2]}", part.target.at(node.middle), achieved)


class ServedKind(ServiceKind[Served]):
    part, families = Served, ("served",)


class SurviveKind(ServiceKind[Survive]):
    part, families = Survive, ("survive",)


class RecoverKind(ServiceKind[Recover]):
    part, families = Recover, ("recover",)
