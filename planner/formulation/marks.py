"""Origin: which levels the goods of a place can have, and which of them somebody can tell apart.

A *test* refuses goods: every exporter whose controls touch some classes of users only is one, and refuses what was
bought from its suppliers or has been in its region. The *level* of a good is the set of tests that refuse it. Goods
keep their level on lanes and in stock, through any number of regions; a process ends it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import chain, combinations

from planner.common.caching import cached
from planner.common.patterns import fits_any
from planner.formulation.mathematics.control import covers, touches
from planner.formulation.network import CommodityRegion, Delivery, Movement, Network
from planner.language.controls import OfPassage

Level = tuple[str, ...]  # The tests that refuse a good, by name; nothing refuses what is clean.
CLEAN: Level = ()


def name_of(level: Level) -> str:
    """Name of a level in columns and tables."""
    return f"from {' and '.join(level)}" if level else "clean"


@dataclass(frozen=True)
class Origin:
    """Marks of origin: per place the tests that can be reached, and the levels that can be there.

    The sets are those of all futures and shocks together. A level is restricted to the tests that can be reached.
    """

    network: Network
    denied: dict[Delivery, tuple[str, ...]]  # The exporters that some control lets deny a user a commodity.
    reached: dict[CommodityRegion, frozenset[str]]
    levels: dict[CommodityRegion, tuple[Level, ...]]

    def sent(self, movement: Movement) -> tuple[Level, ...]:
        """The levels a movement must tell apart, worst last; none where they cannot be told apart afterwards."""
        tests = self.reached.get((movement.commodity, movement.destination), frozenset())
        return self._seen((movement.commodity, movement.origin), tests)

    def given(self, delivery: Delivery) -> tuple[Level, ...]:
        """The levels to distinguish in the goods a user is given; none where no control denies him anything."""
        demand, commodity = delivery
        place = (commodity, self.network.base.demands[demand].region)
        return self._seen(place, frozenset(self.denied.get(delivery, ())))

    def stored(self, stockpile: str) -> tuple[Level, ...]:
        """The levels that lie apart in a stockpile."""
        pile = self.network.base.stockpiles[stockpile]
        return self.levels.get((pile.commodity, pile.region), ())

    def _seen(self, place: CommodityRegion, tests: frozenset[str]) -> tuple[Level, ...]:
        """The levels of a place as far as some tests tell them apart."""
        return _ordered(_cut(level, tests) for level in self.levels.get(place, ())) if tests else ()

    def at(self, place: CommodityRegion) -> frozenset[str]:
        """The tests that refuse all goods in a place, because it is in an exporter's region."""
        return self.reached.get(place, frozenset()) & {place[1]}

    def bought(self, place: CommodityRegion, origin: str | None) -> Level:
        """The level of what a place buys from a supplier."""
        return _cut((*self.at(place), *([origin] if origin else [])), self.reached[place])

    def arriving(self, place: CommodityRegion, level: Level) -> Level:
        """The level in a place of what arrives there at a level."""
        return _cut((*level, *self.at(place)), self.reached[place])

    def accepted(self, place: CommodityRegion, tests: Iterable[str], level: Level) -> set[Level]:
        """The levels of a place that may go where some tests tell no more than a level."""
        return {mine for mine in self.levels[place] if set(_cut(mine, tests)) <= set(level)}

    def families(self, place: CommodityRegion) -> list[tuple[Level, ...]]:
        """The sets of levels that hold with each level all that fewer tests refuse; not that of all levels."""
        levels = self.levels[place]
        chosen = chain.from_iterable(combinations(levels, size) for size in range(1, len(levels)))
        return [
            family for family in chosen
            if all(better in family for level in family for better in levels if set(better) <= set(level))
        ]


def _cut(level: Iterable[str], tests: Iterable[str]) -> Level:
    return tuple(sorted({*level} & {*tests}))


def _ordered(levels: Iterable[Level]) -> tuple[Level, ...]:
    return tuple(sorted(set(levels), key=lambda level: (len(level), level)))


@cached
def origin(network: Network) -> Origin:
    """Marks of origin that a network must track; none where no control is of classes of users."""
    used = {measure.name for measures in network.all_measures.values() for measure in measures}
    denied = _denied(network, used)
    reached = _reached(network, denied)
    return Origin(network, denied, reached, _levels(network, reached))


def is_felt(network: Network, name: str) -> bool:
    """Whether a control of classes denies some user something that can reach him."""
    denied, demands = _denied(network, {name}), network.base.demands
    levels = _levels(network, _reached(network, denied))
    return any(any(levels[commodity, demands[demand].region]) for demand, commodity in denied)


def _denied(network: Network, names: Collection[str]) -> dict[Delivery, tuple[str, ...]]:
    """The exporters that controls of classes, in some future or shock, let deny each user each commodity."""
    found: dict[Delivery, set[str]] = {}
    for instance in network.variants:
        for name, control in instance.controls.items():
            if name not in names or not isinstance(control, OfPassage) or not control.is_by_class:
                continue
            for delivery in network.deliveries:
                demand, commodity = network.base.demands[delivery[0]], delivery[1]
                if (
                    demand.region != control.exporter and fits_any(control.destinations, demand.region)
                    and touches(control, demand.user_class) and covers(instance, control, commodity)
                ):
                    found.setdefault(delivery, set()).add(control.exporter)
    return {delivery: tuple(sorted(exporters)) for delivery, exporters in found.items()}


def _reached(network: Network, denied: dict[Delivery, tuple[str, ...]]) -> dict[CommodityRegion, frozenset[str]]:
    """The tests that goods of every place can still meet: of users there, or wherever lanes lead."""
    found: dict[CommodityRegion, frozenset[str]] = {}
    for (demand, commodity), exporters in denied.items():
        place = (commodity, network.base.demands[demand].region)
        found[place] = found.get(place, frozenset()) | frozenset(exporters)
    open_places = list(found)
    while open_places:
        place = open_places.pop()
        for movement in network.balance[place].arriving:
            before = (movement.commodity, movement.origin)
            tests = found.get(before, frozenset())
            if not found[place] <= tests:
                found[before] = tests | found[place]
                open_places.append(before)
    return found


def _levels(
    network: Network, reached: dict[CommodityRegion, frozenset[str]]
) -> dict[CommodityRegion, tuple[Level, ...]]:
    """The levels that goods of every place can have: what is made, collected, bought or stored there, or sent there."""
    home = {place: _cut([place[1]], tests) for place, tests in reached.items()}
    found = {place: _first(network, place, home[place], tests) for place, tests in reached.items()}
    open_places = list(found)
    while open_places:
        place = open_places.pop()
        for movement in network.balance[place].leaving:
            after = (movement.commodity, movement.destination)
            if after in found:
                arriving = {_cut((*level, *home[after]), reached[after]) for level in found[place]}
                if not arriving <= found[after]:
                    found[after] |= arriving
                    open_places.append(after)
    return {place: _ordered(levels) for place, levels in found.items()}


def _first(network: Network, place: CommodityRegion, home: Level, tests: frozenset[str]) -> set[Level]:
    balance, suppliers = network.balance[place], network.base.suppliers
    found = {_cut((*home, suppliers[s].origin or ""), tests) for s, _, _ in balance.bought}
    return found | ({home} if balance.made_by or balance.returned or balance.stored else set())
