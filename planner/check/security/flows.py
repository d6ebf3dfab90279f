"""Check of rules on where material comes from: dependence, concentration, number of sources."""

from __future__ import annotations

import math
from typing import TypeVar

from planner.check.amounts import Amounts
from planner.check.case import Case
from planner.check.horizon import TINY, Node
from planner.check.rules import Movement, matches
from planner.check.security.row import Book, Test, applies
from planner.requirement import Concentration, Dependence, OfMaterial, OfSupply, Sources

Place = tuple[str, str, Node]
T = TypeVar("T")


class Flows:
    """Use of every commodity in every region, and what comes from each exporter."""

    def __init__(self, case: Case, amounts: Amounts, book: Book) -> None:
        self.case, self.amounts, self.book = case, amounts, book
        self.use: dict[Place, float] = {}
        self.bought: dict[tuple[str, Place], float] = {}
        self.made: dict[Place, dict[str, float]] = {}
        self.purchased: dict[Place, dict[str, float]] = {}
        self.arrived: dict[Place, dict[Movement, float]] = {}
        for (facility, process, node), activity in amounts.activity.items():
            region, recipe = case.base.facilities[facility].region, case.at(node).processes[process]
            for commodity, quantity in recipe.inputs.items():
                _add(self.use, (commodity, region, node), quantity * activity)
            for commodity, quantity in recipe.outputs.items():
                _add(self.made.setdefault((commodity, region, node), {}), facility, quantity * activity)
        for (demand, commodity, node), delivered in amounts.delivered.items():
            _add(self.use, (commodity, case.base.demands[demand].region, node), delivered)
        for (name, _, region, node), amount in amounts.purchases.items():
            supplier = case.at(node).suppliers[name]
            place = (supplier.commodity, region, node)
            _add(self.purchased.setdefault(place, {}), name, amount)
            if supplier.origin is not None:
                _add(self.bought, (supplier.origin, place), amount)
        for (movement, node), sent in amounts.sent.items():
            arrived = sent * (1 - case.at(node).lanes[movement.lane].loss)
            place = (movement.commodity, movement.destination, node)
            _add(self.arrived.setdefault(place, {}), movement, arrived)
            _add(self.bought, (movement.origin, place), arrived)

    def dependence(self, name: str, base: Dependence) -> None:
        """One test per combination of the `by` keys; the exporter's own region does not depend on itself."""
        pools: dict[tuple[str, ...], list[tuple[str, str]]] = {}
        for commodity, region in self._places(base):
            if region != base.exporter:
                words = {"commodity": commodity, "region": region}
                pools.setdefault(tuple(words[word] for word in sorted(base.by)), []).append((commodity, region))
        for node in self._nodes(base):
            part = self.case.at(node).requirements[name]
            assert isinstance(part, Dependence)
            share = part.share.at(node.middle)
            for scope, places in pools.items():
                use = math.fsum(self.use.get((*place, node), 0.0) for place in places)
                bought = math.fsum(self.bought.get((base.exporter, (*place, node)), 0.0) for place in places)
                achieved = bought / use if use > TINY else math.nan
                region = places[0][1] if "region" in base.by else "*"
                self.book.compare(name, scope, node, Test(share * use, bought, share, achieved, region))

    def _nodes(self, part: OfMaterial) -> list[Node]:
        return [node for node in self.case.horizon.nodes if applies(part, node)]

    def _places(self, part: OfMaterial) -> list[tuple[str, str]]:
        """The commodities and regions a rule is about."""
        base = self.case.base
        return [
            (commodity, region) for commodity, material in base.commodities.items() for region in base.regions
            if _is_meant(commodity, material.stage, part) and matches(region, part.regions)
        ]

    def supply(self, name: str, base: OfSupply) -> None:
        """One test per combination of the `by` keys."""
        pools: dict[tuple[str, ...], list[tuple[str, str]]] = {}
        for commodity, region in self._places(base):
            words = {"commodity": commodity, "region": region,
                     "stage": self.case.base.commodities[commodity].stage or commodity}
            pools.setdefault(tuple(words[word] for word in sorted(base.by)), []).append((commodity, region))
        for node in self._nodes(base):
            for scope, places in pools.items():
                amounts = self._sources(base, places, node)
                region = places[0][1] if "region" in base.by else "*"
                test = self._concentration if isinstance(base, Concentration) else self._multiplicity
                found = test(name, amounts, node, region)
                if found is not None:
                    self.book.compare(name, scope, node, found)

    def _country(self, region: str) -> str:
        place = self.case.base.regions.get(region)
        return place.country if place is not None and place.country is not None else region

    def _sources(self, part: OfSupply, places: list[tuple[str, str]], node: Node) -> dict[str, float]:
        """What each source supplies; what moves between the places is not counted again."""
        single = isinstance(part, Sources) and part.independent == "facility"
        found: dict[str, float] = {}
        for commodity, region in places:
            place = (commodity, region, node)
            for facility, amount in self.made.get(place, {}).items():
                _add(found, facility if single else self._country(region), amount)
            for supplier, amount in self.purchased.get(place, {}).items():
                origin = self.case.base.suppliers[supplier].origin or region
                _add(found, supplier if single else self._country(origin), amount)
            for movement, amount in self.arrived.get(place, {}).items():
                if (commodity, movement.origin) not in places:
                    _add(found, movement.lane if single else self._country(movement.origin), amount)
        return found

    def _concentration(self, name: str, amounts: dict[str, float], node: Node, region: str) -> Test | None:
        part = self.case.at(node).requirements[name]
        assert isinstance(part, Concentration)
        inside = {self._country(r) for r in self.case.base.regions if matches(r, part.regions)}
        total = math.fsum(amounts.values())
        counted = [v for c, v in amounts.items() if part.among == "all" or c not in inside]
        if part.largest is not None and part.share is not None:
            limit = part.share.at(node.middle)
            amount = achieved = math.fsum(sorted(counted, reverse=True)[: part.largest])
        else:
            assert part.hhi is not None
            limit, points = part.hhi.at(node.middle), [(j + 0.5) / part.tangents for j in range(part.tangents)]
            amount = math.fsum(max(0.0, *(2 * s * v - s * s * total for s in points)) for v in counted)
            achieved = math.fsum(v * v for v in counted) / total if total > TINY else 0.0
        share = achieved / total if total > TINY else math.nan
        return Test(limit * total, amount, limit, share, region)

    def _multiplicity(self, name: str, amounts: dict[str, float], node: Node, region: str) -> Test | None:
        part = self.case.at(node).requirements[name]
        assert isinstance(part, Sources)
        least = part.least.at(node.middle)
        largest = sorted([*amounts.values(), *[0.0] * part.count], reverse=True)[: part.count]
        lacking = math.fsum(max(0.0, least - amount) for amount in largest)
        enough = float(sum(amount > TINY and amount >= least * (1 - 1e-6) for amount in amounts.values()))
        room = largest[-1] - least
        return Test(0.0, lacking, float(part.count), enough, region, target_role="sources", room=room)


def _is_meant(commodity: str, stage: str | None, part: OfMaterial) -> bool:
    return matches(commodity, part.commodities) or (stage is not None and matches(stage, part.stages))


def _add(sums: dict[T, float], key: T, amount: float) -> None:
    sums[key] = sums.get(key, 0.0) + amount
