"""Concentration of supply: the largest countries' share, or the sum of squared shares.

Index q: rows; c: countries; j: tangents; n: nodes. The sum of the m largest is exact by the dual of choosing them:
the least of m * level + sum of what exceeds the level (Ogryczak and Tamir, Information Processing Letters 85, 2003).
A squared share times supply, from^2 / supply, is convex in both, so its tangents at fixed shares bound it from below
for any supply; with J tangents at (j - 1/2) / J it exceeds them by at most supply / (2 J)^2.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from planner.common.patterns import fits_any
from planner.formulation.declarations import Chapter, Constraint, Data, Key, Link, Term, Variable
from planner.formulation.mathematics.node_data import OfSituation, applies
from planner.formulation.mathematics.security import supply
from planner.formulation.mathematics.security.kind import (
    NOTHING,
    Ease,
    EmptyScope,
    NodeKind,
    PlanValues,
    Reading,
    most_share,
)
from planner.formulation.mathematics.security.scope import at_base, at_node, country, stated
from planner.formulation.network import Network
from planner.language.instance import Units
from planner.language.requirements import Concentration
from planner.tree.nodes import Node


def part_of(network: Network, row: Key) -> Concentration:
    return at_base(network, row[0], Concentration)


def keys(network: Network) -> tuple[Key, ...]:
    """The rows of all concentration requirements."""
    names = stated(network, Concentration)
    return tuple(row for row in supply.rows(network) if row[0] in names)


def countries(network: Network, row: Key) -> list[str]:
    """The countries that count in a row."""
    part, instance = part_of(network, row), network.base
    inside = {country(instance, r) for r in instance.regions if fits_any(part.regions, r)}
    found = supply.entries(network, instance, row, supply.rows(network)[row])
    return [c for c in found if part.among == "all" or c not in inside]


def tangents(part: Concentration, amount: float, total: float) -> float:
    """The highest tangent to a squared share, times supply."""
    shares = [(j - 0.5) / part.tangents for j in range(1, part.tangents + 1)]
    return max(0.0, *(2 * s * amount - s**2 * total for s in shares))


def limit(network: Network, row: Key, node: Node) -> float:
    """Largest share, or largest sum of squared shares, at a node."""
    return at_node(network, row[0], node, Concentration).limit.at(node.middle)


def chapter(network: Network) -> Chapter:
    every = keys(network)
    largest = tuple(row for row in every if part_of(network, row).largest is not None)
    squared = tuple(row for row in every if part_of(network, row).hhi is not None)
    of_largest = tuple((*row, c) for row in largest for c in countries(network, row))
    of_squared = tuple((*row, c) for row in squared for c in countries(network, row))
    lines = tuple((*key, j) for key in of_squared for j in range(1, part_of(network, key).tangents + 1))

    def allowed(node: Node) -> list[Term]:
        return [Term(i, node.index, "supply", row, limit(network, row, node)) for i, row in enumerate(every)]

    def room(node: Node) -> list[float]:
        return [0.0 if applies(part_of(network, row), node) else math.inf for row in every]

    return Chapter(
        variables=(
            Variable("level", largest, "what the least of the largest countries supplies"),
            Variable("above", of_largest, "what a country supplies beyond the level"),
            Variable("squared", of_squared, "squared share of a country, times supply"),
        ),
        links=(Link("concentration_allowed", every, "largest share of supply", allowed, lambda _: [0.0] * len(every),
                    of_figures=True, reads=("requirements.share", "requirements.hhi")),),
        data=(Data("concentration_room", every, "0 where the requirement holds, else no limit",
                   OfSituation(network, room), reads=()),),
        constraints=(
            Constraint("concentration", largest, concentration),
            Constraint("above_level", of_largest, above_level),
            Constraint("hhi", squared, hhi),
            Constraint("tangent", lines, tangent),
        ),
    )


def concentration(block: Any, *row: str) -> Any:
    r"""m_q\, level_{q,n} + \sum_c above_{q,c,n} \le share_{q,n}\, supply_{q,n} + missed_{q,n}"""
    network: Network = block.network
    most = part_of(network, row).largest * block.level[row]
    beyond = sum(block.above[(*row, c)] for c in countries(network, row))
    return most + beyond - block.concentration_allowed[row] - block.missed[row] <= block.concentration_room[row]


def above_level(block: Any, *key: str) -> Any:
    r"""above_{q,c,n} \ge from\_source_{q,c,n} - level_{q,n}"""
    return block.above[key] >= block.from_source[key] - block.level[key[:-1]]


def hhi(block: Any, *row: str) -> Any:
    r"""\sum_c squared_{q,c,n} \le hhi_{q,n}\, supply_{q,n} + missed_{q,n}"""
    squares = sum(block.squared[(*row, c)] for c in countries(block.network, row))
    return squares - block.concentration_allowed[row] - block.missed[row] <= block.concentration_room[row]


def tangent(block: Any, *key: Any) -> Any:
    r"""squared_{q,c,n} \ge 2 s_j\, from\_source_{q,c,n} - s_j^2\, supply_{q,n}, \quad s_j = (j - 1/2) / J_q"""
    source, row, j = key[:-1], key[:-2], key[-1]
    share = (j - 0.5) / part_of(block.network, row).tangents
    return block.squared[source] >= 2 * share * block.from_source[source] - share**2 * block.supply[row]


class ConcentrationKind(NodeKind[Concentration]):
    part, families = Concentration, ("concentration", "hhi")
    eases = (Ease("share", 1, "share", 1.0), Ease("hhi", 1, "share", 1.0))
    chapters = (supply.chapter, chapter)

    def keys(self, network: Network) -> tuple[Key, ...]:
        return keys(network)

    def asks(self, part: Concentration, moment: float, units: Units) -> str:
        return most_share(part.limit, moment)

    def idle(self, network: Network, name: str, part: Concentration) -> Iterator[EmptyScope]:
        yield from supply.unsupplied(network, name)

    def reading(self, plan: PlanValues, node: Node, key: Key) -> Reading:
        network, part = plan.network, part_of(plan.network, key)
        supplied, total = plan.values(node, "from_source"), supply.net_use(plan, node, supply.rows(network)[key])
        most, amounts = limit(network, key, node), [supplied[(*key, c)] for c in countries(network, key)]
        if part.largest is not None:
            measured = achieved = sum(sorted(amounts, reverse=True)[: part.largest])
        else:
            measured = sum(tangents(part, amount, total) for amount in amounts)
            achieved = sum(amount * amount for amount in amounts) / total if total > NOTHING else 0.0
        share = achieved / total if total > NOTHING else 0.0
        return Reading(supply.scope(key), most, share, room=most * total - measured)
