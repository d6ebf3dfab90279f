"""The network: an instance spelled out into sets and adjacency, before any mathematics.

Patterns become names, lanes become movements, and each balance knows what flows in and out of it. All
tuples are sorted by name or kept in document order, so the same instance always gives the same model.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from planner.common.caching import CacheOwner, cached
from planner.common.identity import distinct, numbered
from planner.common.patterns import matching
from planner.language.figure import MOMENT
from planner.language.instance import Control, Instance, Lane, Project
from planner.language.units import price_factor
from planner.tree.builder import build_tree
from planner.tree.nodes import Node, Tree


class Movement(NamedTuple):
    """One commodity on one lane between two regions."""

    lane: str
    commodity: str
    origin: str
    destination: str

    @property
    def asset(self) -> str:
        """Name under which its capacity is known."""
        return "/".join(self)


Activity = tuple[str, str]  # facility, process
Purchase = tuple[str, int, str]  # supplier, step from 1, region
Sale = tuple[str, int, str]  # outlet, step from 1, region
CommodityRegion = tuple[str, str]  # commodity, region
Delivery = tuple[str, str]  # demand, commodity
Shortage = tuple[str, int]  # demand, tranche from 1


class Measure(NamedTuple):
    """A control with the window in which it is in force."""

    name: str
    control: Control
    start: float
    end: float  # Infinite when it stays.
    phase_out: float

    def is_within(self, moment: float) -> bool:
        """Whether a moment lies within the window."""
        return self.start <= moment + MOMENT < self.end


@dataclass(frozen=True, eq=False)
class Network(CacheOwner):
    """An instance spelled out. `instances` holds the variant of every future and shock; the sets are the trunk's."""

    instances: Mapping[str, Instance]
    tree: Tree

    @cached_property
    def base(self) -> Instance:
        return next(iter(self.instances.values()))

    def instance(self, node: Node) -> Instance:
        """The variant whose figures hold at a node."""
        return self.instances[node.source]

    @cached_property
    def variants(self) -> list[Instance]:
        """The different variants, the trunk's first; several futures may share one."""
        return distinct(self.instances.values())

    @cached_property
    def _variant_numbers(self) -> dict[str, int]:
        return dict(zip(self.instances, numbered(self.instances.values()), strict=True))

    def variant(self, node: Node) -> int:
        """The number, among `variants`, of the one whose figures hold at a node."""
        return self._variant_numbers[node.source]

    def ever(self, section: str, name: str, holds: Callable[[Any], bool]) -> bool:
        """Whether something holds of a part of the instance in some future or shock: a rule that the trunk does not
        state must be there for those that do."""
        return any(holds(variant[name]) for variant in _section(self, section))

    def measures(self, node: Node) -> tuple[Measure, ...]:
        """The measures that hold at a node or did or will, each with its window."""
        return self.all_measures[node.source, node.onset]

    @cached_property
    def all_measures(self) -> dict[tuple[str, float | None], tuple[Measure, ...]]:
        places = {(node.source, node.onset) for node in self.tree.nodes}
        return {place: tuple(measures_of(self.instances, *place)) for place in places}

    @cached_property
    def price(self) -> float:
        """Money per (price unit * quantity)."""
        return price_factor(self.base.units)

    @cached_property
    def activities(self) -> tuple[Activity, ...]:
        return tuple(
            (name, process)
            for name, facility in self.base.facilities.items()
            for process in matching(facility.processes, self.base.processes)
        )

    @cached_property
    def activities_of(self) -> dict[str, list[Activity]]:
        """The activities of every facility."""
        found: dict[str, list[Activity]] = {name: [] for name in self.base.facilities}
        for activity in self.activities:
            found[activity[0]].append(activity)
        return found

    @cached_property
    def movements(self) -> tuple[Movement, ...]:
        return tuple(m for name, lane in self.base.lanes.items() for m in movements_of(self.base, name, lane))

    @cached_property
    def movement_of_asset(self) -> dict[str, Movement]:
        return {m.asset: m for m in self.movements}

    @cached_property
    def built_lanes(self) -> dict[str, str]:
        """Lane entry named by a project -> asset name of its only movement."""
        named = {p.lane for p in self.base.projects.values() if p.lane is not None}
        return {m.lane: m.asset for m in self.movements if m.lane in named}

    @cached_property
    def assets(self) -> tuple[str, ...]:
        """Everything whose capacity projects may change: facilities, and movements of built lanes."""
        return (*self.base.facilities, *self.built_lanes.values())

    def asset_of(self, project: Project) -> str:
        if project.facility is not None:
            return project.facility
        assert project.lane is not None
        return self.built_lanes[project.lane]

    @cached_property
    def required(self) -> frozenset[str]:
        """The projects that others require."""
        return frozenset(name for project in self.base.projects.values() for name in project.requires)

    @cached_property
    def projects_of(self) -> dict[str, list[str]]:
        projects: dict[str, list[str]] = {asset: [] for asset in self.assets}
        for name, project in self.base.projects.items():
            projects[self.asset_of(project)].append(name)
        return projects

    def region_of(self, asset: str) -> str:
        facility = self.base.facilities.get(asset)
        return facility.region if facility is not None else self.movement_of_asset[asset].origin

    def stage_of(self, asset: str) -> str:
        facility = self.base.facilities.get(asset)
        return (facility.stage or "") if facility is not None else "lane"

    @cached_property
    def purchases(self) -> tuple[Purchase, ...]:
        return tuple(
            (name, step, region)
            for name, supplier in self.base.suppliers.items()
            for step in range(1, len(supplier.steps) + 1)
            for region in matching(supplier.regions, self.base.regions)
        )

    @cached_property
    def sales(self) -> tuple[Sale, ...]:
        return tuple(
            (name, step, region)
            for name, outlet in self.base.outlets.items()
            for step in range(1, len(outlet.steps) + 1)
            for region in matching(outlet.regions, self.base.regions)
        )

    @cached_property
    def deliveries(self) -> tuple[Delivery, ...]:
        return tuple((name, k) for name, demand in self.base.demands.items() for k in demand.accepts)

    @cached_property
    def shortages(self) -> tuple[Shortage, ...]:
        return tuple(
            (name, i + 1) for name, demand in self.base.demands.items() for i in range(len(demand.shortage))
        )

    @cached_property
    def balance(self) -> dict[CommodityRegion, Balance]:
        """Inflows and outflows of each commodity's balance in each region; places without any are absent."""
        return balances(self)

    @cached_property
    def disposals(self) -> tuple[CommodityRegion, ...]:
        commodities = self.base.commodities
        return tuple(p for p in self.balance if commodities[p[0]].disposal != "forbidden")


@cached
def _section(network: Network, name: str) -> list[Any]:
    """The different variants of a section that futures may change, the trunk's first."""
    return distinct(getattr(instance, name) for instance in network.instances.values())


@dataclass(frozen=True)
class Balance:
    """The movements and activities of one commodity in one region."""

    made_by: list[Activity]
    used_by: list[Activity]
    arriving: list[Movement]
    leaving: list[Movement]
    bought: list[Purchase]
    sold: list[Sale]
    stored: list[str]
    returned: list[str]
    delivered: list[Delivery]


def measures_of(instances: Mapping[str, Instance], source: str, onset: float | None) -> Iterator[Measure]:
    """The controls a future names; in a shock also those of the shock, from its onset until its end."""
    instance = instances[source]
    shock = instance.shocks[source] if onset is not None else None
    future = source if shock is None else shock.comes_from or next(iter(instance.futures))
    for name in matching(instance.futures[future].controls, instance.controls):
        control = instance.controls[name]
        start = control.start if control.start is not None else instance.time.start
        yield Measure(name, control, start, control.end if control.end is not None else math.inf, control.phase_out)
    if shock is not None and onset is not None:
        for name in matching(shock.controls, instance.controls):
            yield Measure(name, instance.controls[name], onset, onset + shock.length, 0.0)


def movements_of(instance: Instance, name: str, lane: Lane) -> list[Movement]:
    """The movements one lane entry permits: every commodity, every pair of different regions."""
    return [
        Movement(name, commodity, origin, destination)
        for commodity in matching(lane.commodities, instance.commodities)
        for origin in matching(lane.origins, instance.regions)
        for destination in matching(lane.destinations, instance.regions)
        if origin != destination
    ]


def balances(network: Network) -> dict[CommodityRegion, Balance]:
    """Adjacency of every balance that anything touches, commodities and regions in document order."""
    instance = network.base
    found: dict[CommodityRegion, Balance] = {}

    def at(commodity: str, region: str) -> Balance:
        return found.setdefault((commodity, region), Balance([], [], [], [], [], [], [], [], []))

    for activity in network.activities:
        process, region = instance.processes[activity[1]], instance.facilities[activity[0]].region
        for commodity in process.outputs:
            at(commodity, region).made_by.append(activity)
        for commodity in process.inputs:
            at(commodity, region).used_by.append(activity)
    for movement in network.movements:
        at(movement.commodity, movement.origin).leaving.append(movement)
        at(movement.commodity, movement.destination).arriving.append(movement)
    for purchase in network.purchases:
        at(instance.suppliers[purchase[0]].commodity, purchase[2]).bought.append(purchase)
    for sale in network.sales:
        at(instance.outlets[sale[0]].commodity, sale[2]).sold.append(sale)
    for name, stockpile in instance.stockpiles.items():
        at(stockpile.commodity, stockpile.region).stored.append(name)
    for name, returns in instance.returns.items():
        at(returns.commodity, returns.region).returned.append(name)
    for delivery in network.deliveries:
        at(delivery[1], instance.demands[delivery[0]].region).delivered.append(delivery)
    order = [(k, r) for k in instance.commodities for r in instance.regions]
    return {place: found[place] for place in order if place in found}


def build_network(instances: Mapping[str, Instance]) -> Network:
    """The network of an instance given its variant for every future, the trunk first."""
    trunk = next(iter(instances.values()))
    return Network(instances, build_tree(trunk))
