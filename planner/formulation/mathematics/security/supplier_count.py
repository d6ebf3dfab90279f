"""Number of suppliers: a least number of independent sources, each above a minimum.

Index q: rows; c: sources; n: nodes. `counts` is a yes or no; what is missed is the shortfall of those that count.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from planner.common.words import number
from planner.formulation.declarations import Chapter, Constraint, Data, Key, Link, Term, Variable
from planner.formulation.mathematics.node_data import OfSituation, applies
from planner.formulation.mathematics.security import net, supply
from planner.formulation.mathematics.security.kind import NOTHING, Ease, EmptyScope, NodeKind, PlanValues, Reading
from planner.formulation.mathematics.security.scope import at_base, at_node, stated
from planner.formulation.network import Network
from planner.language.instance import Units
from planner.language.requirements import SupplierCount
from planner.language.units import unit
from planner.tree.nodes import Node


def part_of(network: Network, row: Key) -> SupplierCount:
    return at_base(network, row[0], SupplierCount)


def keys(network: Network) -> tuple[Key, ...]:
    """The rows of all such requirements."""
    names = stated(network, SupplierCount)
    return tuple(row for row in supply.rows(network) if row[0] in names)


def least(network: Network, row: Key, node: Node) -> float:
    """Least supply of a source that counts [quantity/year]."""
    return at_node(network, row[0], node, SupplierCount).least.at(node.middle)


def chapter(network: Network) -> Chapter:
    every, names = keys(network), stated(network, SupplierCount)
    single = tuple(key for key in supply.keys(network) if key[0] in names)

    def minimum(node: Node) -> list[Term]:
        return [Term(i, node.index, "counts", key, least(network, key[:-1], node)) for i, key in enumerate(single)]

    def wanted(node: Node) -> list[float]:
        return [float(part_of(network, r).count) if applies(part_of(network, r), node) else 0.0 for r in every]

    def room(node: Node) -> list[float]:
        return [0.0 if applies(part_of(network, r), node) else math.inf for r in every]

    return Chapter(
        variables=(
            Variable("counts", single, "source counts", "share", upper=lambda _: [1.0] * len(single), integer=True,
                     reads=()),
            Variable("shortfall", single, "what a source that counts lacks of the minimum"),
        ),
        links=(
            Link("minimum", single, "least supply of a source if it counts", minimum, lambda _: [0.0] * len(single),
                 of_figures=True, reads=("requirements.least",)),
        ),
        data=(
            Data("sources_wanted", every, "number of sources that must count",
                 OfSituation(network, wanted), "sources", reads=()),
            Data("sources_room", every, "0 where the requirement holds, else no limit",
                 OfSituation(network, room), reads=()),
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


class SupplierCountKind(NodeKind[SupplierCount]):
    part, families = SupplierCount, ("sources",)
    eases = (Ease("count", -1, "sources", 1.0, is_whole=True), Ease("least", -1, "quantity/year", 0.0))
    chapters = (supply.chapter, chapter)

    def keys(self, network: Network) -> tuple[Key, ...]:
        return keys(network)

    def asks(self, part: SupplierCount, moment: float, units: Units) -> str:
        return f"for {part.count} sources of at least {number(part.least.at(moment))} {unit(units, 'quantity/year')}"

    def idle(self, network: Network, name: str, part: SupplierCount) -> Iterator[EmptyScope]:
        yield from supply.unsupplied(network, name)
        for row, places in supply.rows(network).items():
            found = supply.entries(network, network.base, row, places) if row[0] == name else {}
            if found and len(found) < part.count:
                message = f"{name} asks for {part.count} sources, but there can be only {len(found)}:"
                yield EmptyScope(f"{message} {', '.join(found)}", "count", code="too-few")

    def reading(self, plan: PlanValues, node: Node, key: Key) -> Reading:
        part, minimum = part_of(plan.network, key), least(plan.network, key, node)
        supplied = _supplied(plan, node, key)
        enough = sum(v > NOTHING and v >= minimum * (1 - 1e-6) for v in supplied)
        room = sorted(supplied, reverse=True)[part.count - 1] - minimum
        return Reading(supply.scope(key), float(part.count), float(enough), "sources", room=room)


def _supplied(plan: PlanValues, node: Node, row: Key) -> list[float]:
    """Supply of each source of a row that is used and is the source's own [quantity/year]."""
    network, instance = plan.network, plan.instance(node)
    pool, found = supply.rows(network)[row], dict[str, float]()
    for *_, source, k in (key for key in supply.parts(network) if key[:-2] == row):
        limits = [supply.entries(network, instance, row, pool, k)[source], net.used(network, instance, pool, k)]
        own = supply.own(network, instance, row, source, k)
        limits += [own] if own is not None else []
        found[source] = found.get(source, 0.0) + min(supply.amount(plan, node, entries) for entries in limits)
    return list(found.values())
