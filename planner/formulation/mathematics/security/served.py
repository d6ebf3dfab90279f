"""Served shares: everywhere, for some time after the onset of a shock, or some time after it.

Index q: requirements; r: regions; d: demands; i: shortage tranches; n: nodes.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from planner.common.arrays import Array
from planner.formulation.declarations import Chapter, Constraint, Data, Key, OfFigures
from planner.formulation.mathematics.node_data import OfSituation, applies
from planner.formulation.mathematics.security.scope import demands_of, named, total, unserved
from planner.formulation.network import Network
from planner.language.requirements import Recover, Served, Survive
from planner.tree.nodes import Node

KINDS: dict[str, type[Served | Survive | Recover]] = {"served": Served, "survive": Survive, "recover": Recover}


def keys(network: Network, kind: str) -> tuple[Key, ...]:
    """(requirement, region, demand) for every demand in the scope of a requirement of the kind."""
    found = []
    for name in named(network, KINDS[kind]):
        part = network.base.requirements[name]
        assert isinstance(part, Served | Survive | Recover)
        found += [(name, network.base.demands[d].region, d) for d in demands_of(network, part)]
    return tuple(found)


def _allowed(network: Network, every: tuple[Key, ...], node: Node) -> list[float]:
    """Shortage the requirements allow where they hold."""
    parts, demands = network.instance(node).requirements, network.instance(node).demands
    found = []
    for name, _, demand in every:
        part = parts[name]
        assert isinstance(part, Served | Survive | Recover)
        found.append((1 - part.target.at(node.middle)) * demands[demand].amount.at(node.middle))
    return found


def _elsewhere(network: Network, every: tuple[Key, ...], node: Node) -> list[float]:
    """The same where they do not hold: the whole demand, or no limit at all."""
    parts, demands = network.instance(node).requirements, network.instance(node).demands
    return [demands[d].amount.at(node.middle) if isinstance(parts[q], Served) else math.inf for q, _, d in every]


def chapter(network: Network) -> Chapter:
    every = tuple(key for kind in KINDS for key in keys(network, kind))
    allowed, elsewhere = (OfFigures(network, partial(f, network, every)) for f in (_allowed, _elsewhere))

    def short(node: Node) -> Array:
        parts = network.instance(node).requirements
        return np.where([applies(parts[q], node) for q, _, _ in every], allowed(node), elsewhere(node))

    return Chapter(
        data=(Data("allowed_short", every, "shortage allowed", OfSituation(network, short)),),
        constraints=tuple(Constraint(kind, keys(network, kind), RULES[kind]) for kind in KINDS),
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


RULES = {"served": served, "survive": survive, "recover": recover}
