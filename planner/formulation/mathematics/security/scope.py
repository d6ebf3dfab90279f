"""Scope: where a requirement holds, and what it is about."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from planner.common.patterns import fits_any
from planner.formulation.mathematics.node_data import applies
from planner.formulation.network import Network
from planner.language.instance import Instance
from planner.language.requirements import OfMaterial, OfUsers, Rule
from planner.tree.nodes import Node

Entry = tuple[str, Any, float]  # family, key, coefficient
R = TypeVar("R", bound=Rule)


def stated(network: Network, kind: type[R]) -> dict[str, R]:
    """The requirements of a kind, by name."""
    return {name: part for name, part in network.base.requirements.items() if isinstance(part, kind)}


def of_kind(parts: Mapping[str, Rule], name: str, kind: type[R]) -> R:
    """The requirement of that name, known to be of a kind. Raises TypeError where it is of another."""
    part = parts[name]
    if not isinstance(part, kind):
        raise TypeError(f"{name} is no {kind.__name__}")
    return part


def at_base(network: Network, name: str, kind: type[R]) -> R:
    """A requirement as the instance states it before anything happens."""
    return of_kind(network.base.requirements, name, kind)


def at_node(network: Network, name: str, node: Node, kind: type[R]) -> R:
    """A requirement by the figures of a node."""
    return of_kind(network.instance(node).requirements, name, kind)


def at_start(network: Network) -> tuple[Instance, float]:
    """The instance and moment at which figures of rules on the plan as a whole are read."""
    node = network.tree.nodes[0]
    return network.instance(node), node.middle


def demands_of(network: Network, part: OfUsers) -> list[str]:
    """The demands in the scope of a rule on users."""
    return [
        name for name, demand in network.base.demands.items()
        if fits_any(part.regions, demand.region) and fits_any(part.classes, demand.user_class)
    ]


def is_meant(instance: Instance, part: OfMaterial, commodity: str) -> bool:
    """Whether a rule on materials is about a commodity."""
    stage = instance.commodities[commodity].stage
    return fits_any(part.commodities, commodity) or (stage is not None and fits_any(part.stages, stage))


def country(instance: Instance, region: str) -> str:
    """The country of a region; an exporter that is no region is its own."""
    place = instance.regions.get(region)
    return (place.country if place is not None else None) or region


def unserved(network: Network, demand: str) -> list[Entry]:
    """Shortage of a demand."""
    return [("short", (demand, i), 1.0) for i in range(1, len(network.base.demands[demand].shortage) + 1)]


def total(block: Any, entries: list[Entry]) -> Any:
    """The sum of entries as an expression of a block."""
    return sum(coefficient * getattr(block, family)[key] for family, key, coefficient in entries)


def required(network: Network, part: OfUsers, demands: Sequence[str]) -> float:
    """Expected demand over the nodes in which a rule holds [quantity]."""
    return math.fsum(
        n.probability * n.length * network.instance(n).demands[d].amount.at(n.middle)
        for n in network.tree.nodes if applies(part, n) for d in demands
    )
