"""Multiplicity: at least so many independent sources, each above a minimum.

Index q: rows; c: sources; n: nodes. `counts` is a yes or no; what is missed is the shortfall of those that count.
"""

from __future__ import annotations

import math
from typing import Any

from planner.formulation.declarations import Chapter, Constraint, Data, Key, Link, Term, Variable
from planner.formulation.mathematics.node_data import OfSituation, applies
from planner.formulation.mathematics.security import supply
from planner.formulation.mathematics.security.scope import named
from planner.formulation.network import Network
from planner.language.requirements import Sources
from planner.tree.nodes import Node


def part_of(network: Network, row: Key) -> Sources:
    part = network.base.requirements[row[0]]
    assert isinstance(part, Sources)
    return part


def keys(network: Network) -> tuple[Key, ...]:
    """The rows of all such requirements."""
    names = set(named(network, Sources))
    return tuple(row for row in supply.rows(network) if row[0] in names)


def least(network: Network, row: Key, node: Node) -> float:
    """Least supply of a source that counts [quantity/year]."""
    part = network.instance(node).requirements[row[0]]
    assert isinstance(part, Sources)
    return part.least.at(node.middle)


def chapter(network: Network) -> Chapter:
    every, names = keys(network), set(named(network, Sources))
    single = tuple(key for key in supply.keys(network) if key[0] in names)

    def minimum(node: Node) -> list[Term]:
        return [Term(i, node.index, "counts", key, least(network, key[:-1], node)) for i, key in enumerate(single)]

    def wanted(node: Node) -> list[float]:
        return [float(part_of(network, r).count) if applies(part_of(network, r), node) else 0.0 for r in every]

    def room(node: Node) -> list[float]:
        return [0.0 if applies(part_of(network, r), node) else math.inf for r in every]

    return Chapter(
        variables=(
            Variable("counts", single, "source counts", "share", upper=lambda _: [1.0] * len(single), integer=True),
            Variable("shortfall", single, "what a source that counts lacks of the minimum"),
        ),
        links=(
            Link("minimum", single, "least supply of a source if it counts", minimum, lambda _: [0.0] * len(single),
                 of_figures=True),
        ),
        data=(
            Data("sources_wanted", every, "number of sources that must count",
                 OfSituation(network, wanted), "sources"),
            Data("sources_room", every, "0 where the requirement holds, else no limit",
                 OfSituation(network, room)),
        ),
        constraints=(
            Constraint("enough_sources", every, enough_sources),
            Constraint("source_counts", single, source_counts),
            Constraint("sources", every, sources),
        ),
    )


def enough_sources(block: Any, *row: str) -> Any:
    r"""\sum_c counts_{q,c,n} \ge count_q"""
    return sum(block.counts[key] for key in _sources(block, row)) >= block.sources_wanted[row]


def source_counts(block: Any, *key: str) -> Any:
    r"""from\_source_{q,c,n} + shortfall_{q,c,n} \ge least_{q,n}\, counts_{q,c,n}"""
    return block.from_source[key] + block.shortfall[key] >= block.minimum[key]


def sources(block: Any, *row: str) -> Any:
    r"""\sum_c shortfall_{q,c,n} \le missed_{q,n}"""
    return sum(block.shortfall[key] for key in _sources(block, row)) - block.missed[row] <= block.sources_room[row]


def _sources(block: Any, row: Key) -> list[Key]:
    network: Network = block.network
    return [(*row, source) for source in supply.entries(network, network.base, row, supply.rows(network)[row])]
