"""Check of rules on where material comes from: dependence, concentration, number of sources."""

from __future__ import annotations

import math
from typing import TypeVar

from planner.check.amounts import Amounts
from planner.check.balance import BalanceKey
from planner.check.case import Case
from planner.check.horizon import TINY, Node
from planner.check.rules import Movement, matches
from planner.check.security.row import Book, Test, applies
from planner.language.requirements import Concentration, Dependence, OfMaterial, OfSupply, SupplierCount

T = TypeVar("T")


class Flows:
    """Use of every commodity in every region, and what comes from each exporter."""

    def __init__(self, case: Case, amounts: Amounts, book: Book) -> None:
        self.case, self.amounts, self.book = case, amounts, book
        self.use: dict[BalanceKey, float] = {}
        self.bought: dict[tuple[str, BalanceKey], float] = {}
        self.made: dict[BalanceKey, dict[tuple[str, str], float]] = {}
        self.kept: dict[BalanceKey, float] = {}
        self.again: dict[frozenset[str], set[str]] = {}
        self.turned: dict[tuple[tuple[str, str], ...], bool] = {}
        self.purchased: dict[BalanceKey, dict[str, float]] = {}
        self.arrived: dict[BalanceKey, dict[Movement, float]] = {}
        for (facility, process, node), activity in amounts.activity.items():
            region, recipe = case.base.facilities[facility].region, case.at(node).processes[process]
            for commodity, quantity in recipe.inputs.items():
                _add(self.use, (commodity, region, node), quantity * activity)
            for commodity, quantity in recipe.outputs.items():
                _add(self.made.setdefault((commodity, region, node), {}), (facility, process), quantity * activity)
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
        self.collected: dict[BalanceKey, float] = {}
        for (name, node), amount in amounts.collected.items():
            part = case.base.returns[name]
            _add(self.collected, (part.commodity, part.region, node), amount)
            _add(self.kept, (part.commodity, part.region, node), amount)
        for (name, node), amount in amounts.release.items():
            pile = case.base.stockpiles[name]
            _add(self.kept, (pile.commodity, pile.region, node), amount)

    def dependence(self, name: str, base: Dependence) -> None:
        """One test per combination of the `by` keys; the exporter's own region does not depend on itself."""
        pools: dict[tuple[str, ...], list[tuple[str, str]]] = {}
        for commodity, region in self._places(base):
            if region != base.exporter:
                words = {"commodity": commodity, "region": region}
                pools.setdefault(tuple(words[word] for word in sorted(base.by)), []).append((commodity, region))
        for node in self._nodes(base):
            part = self.case.rule(name, node, Dependence)
            share = part.share.at(node.middle)
            for scope, places in pools.items():
                use = self._net_use(places, node, with_stock=True)
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
                region = places[0][1] if "region" in base.by else "*"
                found = (
                    self._concentration(name, places, node, region) if isinstance(base, Concentration)
                    else self._multiplicity(name, places, node, region)
                )
                if found is not None:
                    self.book.compare(name, scope, node, found)

    def _country(self, region: str) -> str:
        place = self.case.base.regions.get(region)
        return place.country if place is not None and place.country is not None else region

    def _again(self, places: list[tuple[str, str]]) -> set[str]:
        """Processes that take the goods of these places, or what is made of nothing but them."""
        goods = frozenset(k for k, _ in places)
        if goods not in self.again:
            self.again[goods] = self._made_of(set(goods))
        return self.again[goods]

    def _made_of(self, own: set[str]) -> set[str]:
        base = self.case.base
        open_ways = {s.commodity for s in base.suppliers.values()} | {q.commodity for q in base.returns.values()}
        for _ in base.commodities:
            for k in base.commodities:
                inputs = [set(p.inputs) for p in base.processes.values() if k in p.outputs]
                if k not in open_ways and inputs and not any(own.isdisjoint(i) for i in inputs):
                    own.add(k)
        return {name for name, p in base.processes.items() if not own.isdisjoint(p.inputs)}

    def _sources(
        self, part: OfSupply, places: list[tuple[str, str]], node: Node, only: str | None = None
    ) -> dict[str, float]:
        """Supply of each source; goods moved between the places, or made of their goods, are not counted again."""
        single, again = isinstance(part, SupplierCount) and part.independent == "facility", self._again(places)
        found: dict[str, float] = {}
        for commodity, region in places:
            place = (commodity, region, node)
            if only not in (None, commodity):
                continue
            for (facility, process), amount in self.made.get(place, {}).items():
                if process not in again:
                    _add(found, facility if single else self._country(region), amount)
            for supplier, amount in self.purchased.get(place, {}).items():
                origin = self.case.base.suppliers[supplier].origin or region
                _add(found, supplier if single else self._country(origin), amount)
            for movement, amount in self.arrived.get(place, {}).items():
                if (commodity, movement.origin) not in places:
                    _add(found, movement.lane if single else self._country(movement.origin), amount)
        return found

    def _net_use(self, places: list[tuple[str, str]], node: Node, with_stock: bool = False) -> float:
        """Use covered by new supply; with stock, by new supply or releases from stock."""
        whole = OfSupply(commodities=["*"])
        total = 0.0
        for k in dict.fromkeys(k for k, _ in places):
            here = [(k, region, node) for commodity, region in places if commodity == k]
            use = math.fsum(self.use.get(place, 0.0) for place in here)
            supplied = math.fsum(self._sources(whole, places, node, k).values())
            if with_stock and not self._is_turned(places):
                supplied = math.inf
            elif with_stock:
                supplied += math.fsum(self.kept.get(place, 0.0) for place in here)
            total += min(use, supplied)
        return total

    def _is_turned(self, places: list[tuple[str, str]]) -> bool:
        """Whether something of these places can be made there of their own goods."""
        if tuple(places) not in self.turned:
            base, again = self.case.base, self._again(places)
            self.turned[tuple(places)] = any(
                (k, base.facilities[facility].region) in places
                for facility, process in self.case.permitted if process in again
                for k in base.processes[process].outputs
            )
        return self.turned[tuple(places)]

    def _own(self, part: SupplierCount, source: str, places: list[tuple[str, str]], k: str, node: Node) -> float:
        """Goods that are surely an outside source's own, where goods from these places can get to it."""
        moves = [m for m in self.case.movements if m.commodity == k]
        inside = {region for commodity, region in places if commodity == k}
        reached: set[str] = set()
        for _ in self.case.base.regions:
            reached |= {m.destination for m in moves if m.origin in inside | reached} - inside
        homes = {
            m.origin for m in moves if m.destination in inside and m.origin not in inside
            and source == (m.lane if part.independent == "facility" else self._country(m.origin))
        }
        if not homes & reached:
            return math.inf
        sent = {m: amount for r in inside for m, amount in self.arrived.get((k, r, node), {}).items()}
        total = self._sources(part, places, node, k).get(source, 0.0) - math.fsum(
            amount for m, amount in sent.items()
            if m.origin not in inside
            and source == (m.lane if part.independent == "facility" else self._country(m.origin))
        )
        again = self._again(places)
        for region in homes:
            place = (k, region, node)
            total += math.fsum(v for (_, process), v in self.made.get(place, {}).items() if process not in again)
            total += math.fsum(self.purchased.get(place, {}).values()) + self.collected.get(place, 0.0)
            total += math.fsum(
                v for m, v in self.arrived.get(place, {}).items() if m.origin not in inside | reached
            )
        return total

    def _concentration(self, name: str, places: list[tuple[str, str]], node: Node, region: str) -> Test | None:
        part = self.case.rule(name, node, Concentration)
        amounts = self._sources(part, places, node)
        inside = {self._country(r) for r in self.case.base.regions if matches(r, part.regions)}
        total = self._net_use(places, node)
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

    def _multiplicity(self, name: str, places: list[tuple[str, str]], node: Node, region: str) -> Test | None:
        part = self.case.rule(name, node, SupplierCount)
        amounts: dict[str, float] = {}
        for k in dict.fromkeys(k for k, _ in places):
            use = math.fsum(self.use.get((k, r, node), 0.0) for commodity, r in places if commodity == k)
            for source, amount in self._sources(part, places, node, k).items():
                _add(amounts, source, min(amount, use, self._own(part, source, places, k, node)))
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
