"""The reference's requirements: what each kind demands, in the plainest words.

Those on one node are stated with the node's other rows; those on many nodes when all of them are there.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from planner.language.instance import Instance
from planner.language.requirements import (
    Concentration,
    Cover,
    OfMaterial,
    OfUsers,
    Recover,
    Rule,
    Sharing,
    SupplierCount,
    Survive,
)
from tests.reference_model.origin import Origin
from tests.reference_model.program import Terms
from tests.reference_model.tree import MOMENT, Node, matches

OfSupply = Concentration | SupplierCount


@dataclass
class Supply:
    """One way in which a commodity comes into a region: who supplies it, and from where if from another region."""

    country: str
    name: str
    origin: str | None
    terms: Terms
    made_of: frozenset[str] | None = None  # Inputs of the process, if it is made there.


def meant(commodity: str, stage: str | None, part: OfMaterial) -> bool:
    """Whether a rule on materials is about a commodity, by its name or its stage."""
    return matches(commodity, part.commodities) or (stage is not None and matches(stage, part.stages))


class Security(Origin):
    """Adds all requirements but served and dependence."""

    def __init__(self, instances: Mapping[str, Instance]) -> None:
        super().__init__(instances)
        self.supplies: dict[tuple[str, str], list[Supply]] = {}
        self.spare: dict[str, Terms] = {}
        self.penalties: list[tuple[int, float]] = []

    def holds(self, part: Rule, node: Node) -> bool:
        """Whether a rule holds in a node; a shock's name stands for its windows."""
        early = part.start is not None and node.start < part.start - MOMENT
        late = part.end is not None and node.start >= part.end - MOMENT
        names = [*node.futures, *([node.source] if node.is_window else [])]
        return not early and not late and any(matches(name, part.futures) for name in names)

    def country(self, region: str) -> str:
        """The country of a region, or an exporter by itself."""
        place = self.trunk.regions.get(region)
        return place.country if place is not None and place.country else region

    def users(self, part: OfUsers) -> list[str]:
        """Demands in a rule's scope."""
        demands = self.trunk.demands.items()
        return [d for d, x in demands if matches(x.region, part.regions) and matches(x.user_class, part.classes)]

    def short(self, demand: str, node: Node, factor: float = 1.0) -> Terms:
        """What a demand goes without."""
        tranches = range(len(self.trunk.demands[demand].shortage))
        return [(factor, self.column["short", demand, i, node]) for i in tranches]

    def missed(self, node: Node, name: str, key: object, part: Rule) -> Terms:
        """The amount by which an elastic requirement is missed."""
        if part.elastic is None:
            return []
        slack = self.program.add("missed", name, key, node)
        self.pay(node, self.money * part.elastic.penalty.at(node.middle), slack)
        return [(-1, slack)]

    # Rules on one node

    def secure(self, node: Node, name: str, part: Rule) -> None:
        """A rule as it holds in a node."""
        if isinstance(part, Survive | Recover):
            self.after_onset(node, name, part)
        elif isinstance(part, Sharing):
            self.sharing(node, name, part)
        elif isinstance(part, Concentration | SupplierCount):
            for key, places, sources in self.sources(part):
                if isinstance(part, Concentration):
                    self.concentration(node, name, key, part, places, sources)
                else:
                    self.multiplicity(node, name, key, part, places, list(sources))
        elif isinstance(part, Cover):
            regions = [r for r in self.trunk.regions if matches(r, part.regions)]
            for place in [regions] if part.pooled else [[region] for region in regions]:
                self.cover(node, name, part, place)

    def after_onset(self, node: Node, name: str, part: Survive | Recover) -> None:
        """Each demand is served for so long after the onset of a shock, or from so long on."""
        if not node.is_window or node.source != part.shock:
            return
        onset = next(other.start for other in node.path if other.is_window)
        if (node.start < onset + part.years - MOMENT) == isinstance(part, Survive):
            for key in self.users(part):
                allowed = (1 - part.target.at(node.middle)) * self.data(node).demands[key].amount.at(node.middle)
                self.program.row([*self.short(key, node), *self.missed(node, name, key, part)], most=allowed)

    def sharing(self, node: Node, name: str, part: Sharing) -> None:
        """No two regions' unserved shares of a class differ by more."""
        needs: dict[tuple[str, str], float] = defaultdict(float)
        lacks: dict[tuple[str, str], Terms] = defaultdict(list)
        for key in self.users(part):
            demand = self.data(node).demands[key]
            needs[demand.user_class, demand.region] += demand.amount.at(node.middle)
            lacks[demand.user_class, demand.region] += self.short(key, node)
        for (users, region), need in needs.items():
            others = [(u, r) for u, r in needs if u == users and r != region]
            slack = self.missed(node, name, (users, region), part) if others else []
            for other in others:
                ratio = need / needs[other]
                terms = [*lacks[users, region], *slack, *[(-ratio * v, c) for v, c in lacks[other]]]
                self.program.row(terms, most=part.max_gap.at(node.middle) * need)

    def recycled(self, own: set[str]) -> set[str]:
        """Those goods and all that can be had in no other way than from them."""
        ways: dict[str, list[set[str]]] = defaultdict(list)
        for process in self.trunk.processes.values():
            for commodity in process.outputs:
                ways[commodity].append(set(process.inputs))
        for part in [*self.trunk.suppliers.values(), *self.trunk.returns.values()]:
            ways[part.commodity].append(set())
        known = set(own)
        while more := {k for k, found in ways.items() if k not in known and all(i & known for i in found)}:
            known |= more
        return known

    def fresh(self, places: list[tuple[str, str]], commodity: str) -> list[Supply]:
        """What is supplied of a commodity in some places that is not made of their own goods nor moved among them."""
        known = self.recycled({k for k, _ in places})
        return [
            supply
            for k, region in places
            if k == commodity
            for supply in self.supplies.get((k, region), [])
            if (k, supply.origin) not in places and not (supply.made_of and supply.made_of & known)
        ]

    def net_use(self, node: Node, name: object, places: list[tuple[str, str]], more: list[str]) -> Terms:
        """For each commodity a variable below what is used and below what is supplied anew (and `more`)."""
        result: Terms = []
        for commodity in dict.fromkeys(k for k, _ in places):
            here = [place for place in places if place[0] == commodity]
            column = self.program.add("net use", name, commodity, node)
            used = [term for place in here for term in self.terms["use"][place]]
            new = [term for supply in self.fresh(places, commodity) for term in supply.terms]
            new += [term for word in more for place in here for term in self.terms[word][place]]
            for terms in (used, new):
                self.program.row([(1, column), *[(-value, c) for value, c in terms]], most=0)
            result.append((1, column))
        return result

    def sources(self, part: OfSupply) -> Iterator[tuple[object, list[tuple[str, str]], dict[str, Terms]]]:
        """For every row of a rule on supply: its places, and what each source supplies."""
        pools: dict[object, list[tuple[str, str]]] = defaultdict(list)
        for commodity, material in self.trunk.commodities.items():
            for region in self.trunk.regions:
                if meant(commodity, material.stage, part) and matches(region, part.regions):
                    words = {"stage": material.stage or commodity, "commodity": commodity, "region": region}
                    pools[tuple(words[word] for word in sorted(part.by))].append((commodity, region))
        for key, places in pools.items():
            found: dict[str, Terms] = defaultdict(list)
            for commodity in dict.fromkeys(k for k, _ in places):
                for source, terms in self.by_source(part, places, commodity).items():
                    found[source] += terms
            if found:
                yield key, places, found

    def by_source(self, part: OfSupply, places: list[tuple[str, str]], commodity: str) -> dict[str, Terms]:
        """What each source supplies of a commodity."""
        single = isinstance(part, SupplierCount) and part.independent == "facility"
        found: dict[str, Terms] = defaultdict(list)
        for supply in self.fresh(places, commodity):
            found[supply.name if single else supply.country] += supply.terms
        return found

    def concentration(
        self, node: Node, name: str, key: object, part: Concentration, places: list[tuple[str, str]],
        sources: dict[str, Terms],
    ) -> None:  # fmt: skip
        """Every choice of so many countries, one by one; or squares from below by tangents."""
        inside = {self.country(r) for r in self.trunk.regions if matches(r, part.regions)}
        counted = [c for c in sources if part.among == "all" or c not in inside]
        everything = self.net_use(node, (name, key), places, [])
        slack = self.missed(node, name, key, part)
        if part.largest is not None and part.share is not None:
            share = part.share.at(node.middle)
            for chosen in subsets(counted, min(part.largest, len(counted))):
                terms = [term for c in chosen for term in sources[c]]
                self.program.row([*terms, *[(-share * v, c) for v, c in everything], *slack], most=0)
            return
        assert part.hhi is not None
        squares: Terms = []
        for country in counted:
            square = self.program.add("square", name, key, country, node)
            squares.append((1, square))
            for j in range(part.tangents):
                at = (2 * j + 1) / (2 * part.tangents)
                terms = [(-2 * at * v, c) for v, c in sources[country]] + [(at * at * v, c) for v, c in everything]
                self.program.row([(1, square), *terms], least=0)
        limit = part.hhi.at(node.middle)
        self.program.row([*squares, *[(-limit * v, c) for v, c in everything], *slack], most=0)

    def multiplicity(
        self, node: Node, name: str, key: object, part: SupplierCount, places: list[tuple[str, str]], sources: list[str]
    ) -> None:
        """So many sources supply the minimum, of what is used and their own, but for what is missed."""
        least, chosen, lacking = part.least.at(node.middle), [], self.missed(node, name, key, part)
        supplied: dict[str, Terms] = {source: [] for source in sources}
        for commodity in dict.fromkeys(k for k, _ in places):
            used = [term for place in places if place[0] == commodity for term in self.terms["use"][place]]
            for source, terms in self.by_source(part, places, commodity).items():
                amount = self.program.add("supplied", name, key, source, commodity, node)
                supplied[source].append((1, amount))
                for most in (terms, used, self.own(part, places, commodity, source)):
                    if most is not None:
                        self.program.row([(1, amount), *[(-value, c) for value, c in most]], most=0)
        for source, terms in supplied.items():
            counts = self.program.add("counts", name, key, source, node, upper=1, integer=True)
            lacks = self.program.add("lacks", name, key, source, node)
            self.program.row([*terms, (1, lacks), (-least, counts)], least=0)
            chosen.append((1.0, counts))
            lacking.append((1, lacks))
        self.program.row(chosen, least=part.count)
        self.program.row(lacking, most=0)

    def own(self, part: SupplierCount, places: list[tuple[str, str]], commodity: str, source: str) -> Terms | None:
        """What a source outside has that cannot have come from these places; None if nothing there can have."""
        inside = {region for k, region in places if k == commodity}
        arriving = {
            (supply.origin, to): supply
            for (k, to), found in self.supplies.items() if k == commodity
            for supply in found if supply.origin is not None
        }  # fmt: skip
        reached: set[str] = set()
        while more := {to for origin, to in arriving if origin in inside | reached} - inside - reached:
            reached |= more
        single = part.independent == "facility"
        fresh = [s for s in self.fresh(places, commodity) if source == (s.name if single else s.country)]
        homes = {s.origin for s in fresh if s.origin is not None}
        if not homes & reached:
            return None
        terms: Terms = [term for supply in fresh if supply.origin is None for term in supply.terms]
        known = self.recycled({k for k, _ in places})
        for home in homes:
            terms += self.terms["collected"][commodity, str(home)]
            for supply in self.supplies.get((commodity, str(home)), []):
                is_made_again = supply.made_of is not None and bool(supply.made_of & known)
                if supply.origin not in inside | reached and not is_made_again:
                    terms += supply.terms
        return terms

    def cover(self, node: Node, name: str, part: Cover, regions: list[str]) -> None:
        """What stock there is, and what can be made of it with spare capacity, against the need of some days."""
        data, years = self.data(node), part.days.at(node.middle) / 365
        label = tuple(regions)
        balance: dict[str, Terms] = defaultdict(list)
        users = [key for key in self.users(part) if data.demands[key].region in regions]
        for key, pile in data.stockpiles.items() if users else ():
            if pile.region in regions and matches(key, part.stockpiles):
                most = years * pile.release_limit.at(node.middle) if pile.release_limit else math.inf
                drawn = self.program.add("drawn in need", name, label, key, node, upper=most)
                self.program.row([(1, drawn), (-1, self.column["stock", key, node])], most=0)
                balance[pile.commodity].append((1, drawn))
        for key, facility in data.facilities.items() if users else ():
            used: Terms = []
            for recipe, process in data.processes.items():
                if facility.region in regions and matches(recipe, facility.processes) and process.inputs:
                    run = self.program.add("run in need", name, label, key, recipe, node)
                    used.append((process.use, run))
                    for commodity, amount in process.outputs.items():
                        balance[commodity].append((amount, run))
                    for commodity, amount in process.inputs.items():
                        balance[commodity].append((-amount, run))
            self.program.row([*used, *[(-years * v, c) for v, c in self.spare[key]]], most=0)
        for key in users:
            demand, moment = data.demands[key], node.end + years / 2
            given: Terms = []
            for commodity, effectiveness in demand.accepts.items():
                gift = self.program.add("given in need", name, label, key, commodity, node)
                balance[commodity].append((-1, gift))
                given.append((effectiveness, gift))
            if demand.substitution is not None:
                given.append((years, self.column["substituted", key, node]))
            slack = [(-value, column) for value, column in self.missed(node, name, (label, key), part)]
            self.program.row([*given, *slack], least=years * demand.amount.at(moment))
        for terms in balance.values():
            self.program.row(terms, least=0)

    # Rules on many nodes


def subsets(names: list[str], size: int) -> Iterator[tuple[str, ...]]:
    """All choices of so many names."""
    if size == 0:
        yield ()
        return
    for index, name in enumerate(names):
        for rest in subsets(names[index + 1 :], size - 1):
            yield (name, *rest)
