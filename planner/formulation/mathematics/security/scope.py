"""Scope: where a requirement holds, and what it is about."""

from __future__ import annotations

from typing import Any

from planner.common.patterns import fits_any
from planner.formulation.network import Network
from planner.language.instance import Instance
from planner.language.requirements import OfMaterial, OfUsers, Rule

Entry = tuple[str, Any, float]  # family, key, coefficient


def named(network: Network, *kinds: type[Rule]) -> list[str]:
    """The requirements of these kinds."""
    return [name for name, part in network.base.requirements.items() if isinstance(part, kinds)]


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
    """What a demand goes short of."""
    return [("short", (demand, i), 1.0) for i in range(1, len(network.base.demands[demand].shortage) + 1)]


def total(block: Any, entries: list[Entry]) -> Any:
    """The sum of entries as an expression of a block."""
    return sum(coefficient * getattr(block, family)[key] for family, key, coefficient in entries)
