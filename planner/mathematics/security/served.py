"""Served shares: everywhere, for some time after the onset of a shock, or some time after it.

Index q: requirements; r: regions; d: demands; i: shortage tranches; n: nodes.
"""

from __future__ import annotations

import math
from typing import Any

from planner.mathematics.security.scope import demands_of, named, total, unserved
from planner.mathematics.situation import OfSituation, applies
from planner.network import Network
from planner.program import Chapter, Constraint, Data, Key
from planner.requirement import Recover, Served, Survive
from planner.tree import Node

KINDS: dict[str, type[Served | Survive | Recover]] = {"served": Served, "survive": Survive, "recover": Recover}


def keys(network: Network, kind: str) -> tuple[Key, ...]:
    """(requirement, region, demand) for every demand in the scope of a requirement of the kind."""
    found = []
    for name in named(network, KINDS[kind]):
        part = network.base.requirements[name]
        assert isinstance(part, Served | Survive | Recover)
        found += [(name, network.base.demands[d].region, d) for d in demands_of(network, part)]
    return tuple(found)


def allowed_short(network: Network, key: Key, node: Node) -> float:
    """Shortage the requirement allows; the whole demand, or no limit at all, where it does not hold."""
    part = network.instance(node).requirements[key[0]]
    amount = network.instance(node).demands[key[2]].amount.at(node.middle)
    assert isinstance(part, Served | Survive | Recover)
    if not applies(part, node):
        return amount if isinstance(part, Served) else math.inf
    return (1 - part.target.at(node.middle)) * amount


def chapter(network: Network) -> Chapter:
    every = tuple(key for kind in KINDS for key in keys(network, kind))
    return Chapter(
        data=(Data("allowed_short", every, "shortage allowed",
                   OfSituation(network, lambda n: [allowed_short(network, k, n) for k in every])),),
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
