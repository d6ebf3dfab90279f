"""Check of who is given what an exporter denies: goods are followed, from the tables, on every way they take.

A good carries the mark of every exporter from whose supplier it was bought or in whose region it has been; a process
ends them. The table `origin` states the marks each amount may carry. What enters a place with few marks must
suffice for all that leaves it with few.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import chain, combinations

from planner.check.amounts import Amounts
from planner.check.case import Case
from planner.check.controls import class_share, concerns, measures_of, of_classes, touches
from planner.check.horizon import TINY, Node
from planner.check.rules import matches

Marks = frozenset[str]
CommodityRegion = tuple[str, str]  # Commodity, region.
Item = tuple[str, str, str, str, str]  # Measure, name, commodity, region, where to.
Use = tuple[Marks, Marks, float]  # The marks it may carry, those that matter to some use, and the amount.
NONE: Marks = frozenset()


def subsets(marks: Iterable[str]) -> Iterator[Marks]:
    known = sorted(marks)
    return map(frozenset, chain.from_iterable(combinations(known, size) for size in range(len(known) + 1)))


class Trace:
    """The marks of everything the tables say."""

    def __init__(self, case: Case, amounts: Amounts) -> None:
        self.case, self.amounts, self.base = case, amounts, case.base
        self.stated: dict[tuple[Item, Node], dict[Marks, float]] = {}
        self.stock: dict[tuple[str, Node], dict[Marks, float]] = {}

    @cached_property
    def denied(self) -> dict[tuple[str, str], Marks]:
        """The exporters that may deny a demand a commodity, in any future or shock that may come."""
        found: dict[tuple[str, str], Marks] = {}
        used = {m.name for node in self.case.horizon.nodes for m in measures_of(self.case.at(node), node)}
        for instance in self.case.instances.values():
            for name, control in instance.controls.items():
                if not of_classes(control) or name not in used:
                    continue
                for key, demand in self.base.demands.items():
                    meant = touches(control, demand.user_class) and matches(demand.region, control.destinations)
                    for k in demand.accepts if meant and demand.region != control.exporter else ():
                        if concerns(control, k, instance.commodities[k]):
                            found[key, k] = found.get((key, k), NONE) | {control.exporter}
        return found

    @cached_property
    def told(self) -> dict[CommodityRegion, Marks]:
        """The marks that somebody tells who goods of a place can still reach."""
        found: dict[CommodityRegion, Marks] = {}
        for (key, k), marks in self.denied.items():
            spot = (k, self.base.demands[key].region)
            found[spot] = found.get(spot, NONE) | marks
        for _ in self.base.regions:  # No way is longer.
            for m in self.case.movements:
                after = found.get((m.commodity, m.destination), NONE)
                if after:
                    found[m.commodity, m.origin] = found.get((m.commodity, m.origin), NONE) | after
        return found

    def comes(self, spot: CommodityRegion) -> Marks:
        """The marks that goods in a place can carry."""
        return self._comes.get(spot, NONE)

    @cached_property
    def _comes(self) -> dict[CommodityRegion, Marks]:
        return {spot: NONE.union(*marks) for spot, marks in self._borne.items()}

    @cached_property
    def _borne(self) -> dict[CommodityRegion, set[Marks]]:
        found: dict[CommodityRegion, set[Marks]] = {}
        for supplier in self.base.suppliers.values():
            for region in self.base.regions:
                if matches(region, supplier.regions):
                    marks = frozenset([supplier.origin or "", region])
                    found.setdefault((supplier.commodity, region), set()).add(marks)
        for spot in self.told:
            found.setdefault(spot, set()).add(frozenset([spot[1]]))
        for _ in self.base.regions:
            for m in self.case.movements:
                for marks in list(found.get((m.commodity, m.origin), [])):
                    found.setdefault((m.commodity, m.destination), set()).add(marks | {m.origin, m.destination})
        return found

    def told_of(self, item: Item) -> Marks:
        """The marks that somebody tells of an amount."""
        measure, name, k, region, to = item
        if measure == "delivered":
            return self.denied.get((name, k), NONE)
        return self.told.get((k, to if measure == "sent" else region), NONE)

    def wholes(self) -> Iterator[tuple[Item, Node, float]]:
        """Every amount that may have to be split."""
        for (m, node), sent in self.amounts.sent.items():
            yield ("sent", *m), node, sent
        for measure, sums in (("fill", self.amounts.fill), ("release", self.amounts.release)):
            for (name, node), amount in sums.items():
                pile = self.base.stockpiles[name]
                yield (measure, name, pile.commodity, pile.region, ""), node, amount
        for (name, k, node), amount in self.amounts.delivered.items():
            yield ("delivered", name, k, self.base.demands[name].region, ""), node, amount

    # Reading

    def read(self) -> None:
        """The table; its rows add up to the amounts that it splits."""
        for node, *item, level, amount in self.case.tables["origin"].by_node(
            "measure", "name", "commodity", "region", "to", "level", "amount"
        ):
            key: Item = (item[0], item[1], item[2], item[3], item[4])
            names = {_name(marks): marks for marks in subsets(self.told_of(key))} if self.told_of(key) else {}
            if level not in names:
                self.case.unknown("origin", self.case.where(node, *item, level))
                continue
            self.stated.setdefault((key, node), {})[names[level]] = amount
        known = set()
        for key, node, whole in self.wholes():
            if self.told_of(key):
                known.add((key, node))
                parts = sum(self.stated.get((key, node), {}).values())
                self.case.ledger.equal("origin.whole", self.case.where(node, *key), whole, parts, whole)
        for key, node in self.stated.keys() - known:
            self.case.unknown("origin", self.case.where(node, *key))

    # Rules

    def keep(self) -> None:
        """Stock with some marks was put in with them; opening stock has those of its place."""
        for name, pile in self.base.stockpiles.items():
            told = self.told.get((pile.commodity, pile.region), NONE)
            for node in self.case.horizon.nodes if told else ():
                now = self.case.at(node).stockpiles[name]
                left = (1 - now.decay) ** node.length
                home = told & {pile.region}
                before = self.stock[name, node.parent] if node.parent else {home: now.initial.at(node.middle)}
                filled, released = (
                    self.stated.get(((measure, name, pile.commodity, pile.region, ""), node), {})
                    for measure in ("fill", "release")
                )
                found, size = {}, sum(before.values()) + node.length * sum((*filled.values(), *released.values()))
                for marks in {*before, *filled, *released}:
                    change = node.length * (filled.get(marks, 0.0) - released.get(marks, 0.0))
                    found[marks] = left * before.get(marks, 0.0) + change
                    where = self.case.where(node, name, _name(marks))
                    self.case.ledger.at_least("origin.stock", where, 0.0, found[marks], size)
                self.stock[name, node] = found

    def follow(self) -> None:
        """In every place, any uses together find enough goods without the marks they refuse."""
        entering, leaving = self._entering(), self._leaving()
        for (spot, node), uses in leaving.items():
            goods = entering.get((spot, node), {})
            total = sum(goods.values())
            choosy = [use for use in uses if not use[1] <= use[0]]
            for size in range(1, len(choosy) + 1):
                for chosen in combinations(choosy, size):
                    enough = sum(v for marks, v in goods.items() if any(marks & told <= may for may, told, _ in chosen))
                    wanted = sum(amount for *_, amount in chosen)
                    where = self.case.where(node, *spot, ", ".join(_name(may) for may, *_ in chosen))
                    self.case.ledger.at_most("origin.better", where, enough, wanted, total)

    def _entering(self) -> dict[tuple[CommodityRegion, Node], dict[Marks, float]]:
        found: dict[tuple[CommodityRegion, Node], dict[Marks, float]] = {}

        def enter(k: str, region: str, node: Node, marks: Iterable[str], amount: float) -> None:
            told = self.told.get((k, region), NONE)
            if told:
                goods, seen = found.setdefault(((k, region), node), {}), told & {*marks, region}
                goods[seen] = goods.get(seen, 0.0) + amount

        for (facility, process, node), activity in self.amounts.activity.items():
            for k, output in self.case.at(node).processes[process].outputs.items():
                enter(k, self.base.facilities[facility].region, node, NONE, output * activity)
        for (name, node), amount in self.amounts.collected.items():
            enter(self.base.returns[name].commodity, self.base.returns[name].region, node, NONE, amount)
        for (name, _, region, node), amount in self.amounts.purchases.items():
            supplier = self.base.suppliers[name]
            enter(supplier.commodity, region, node, [supplier.origin or ""], amount)
        for ((measure, name, k, region, to), node), parts in self.stated.items():
            for marks, amount in parts.items():
                if measure == "sent":
                    enter(k, to, node, {*marks, region}, amount * (1 - self.case.at(node).lanes[name].loss))
                elif measure == "release":
                    enter(k, region, node, marks, amount)
        return found

    def _leaving(self) -> dict[tuple[CommodityRegion, Node], list[Use]]:
        found: dict[tuple[CommodityRegion, Node], dict[tuple[Marks, Marks], float]] = {}
        for (item, node), parts in self.stated.items():
            measure, _, k, region, _ = item
            for marks, amount in parts.items() if measure != "release" else ():
                uses, use = found.setdefault(((k, region), node), {}), (marks, self.told_of(item))
                uses[use] = uses.get(use, 0.0) + amount
        return {place: [(*use, amount) for use, amount in uses.items()] for place, uses in found.items()}

    def deny(self) -> None:
        """A user's goods with an exporter's mark stay within the amount that the exporter lets him have."""
        for (name, k, node), whole in self.amounts.delivered.items():
            demand = self.base.demands[name]
            parts = self.stated.get((("delivered", name, k, demand.region, ""), node), {})
            for exporter in sorted(self.denied.get((name, k), NONE)) if whole > TINY else ():
                part = self.case.at(node).commodities[k]
                measures = self.case.measures[node]
                share = class_share(measures, exporter, k, part, demand.region, demand.user_class)
                marked = sum(amount for marks, amount in parts.items() if exporter in marks)
                where = self.case.where(node, name, k, "from", exporter)
                self.case.ledger.at_most("origin.denied", where, share * whole, marked, whole)


def _name(marks: Marks) -> str:
    return "from " + " and ".join(sorted(marks)) if marks else "clean"


def check_origin(case: Case, amounts: Amounts) -> Trace:
    """No user receives goods denied to him, by any route; returns the known marks of all goods."""
    trace = Trace(case, amounts)
    trace.read()
    trace.keep()
    trace.follow()
    trace.deny()
    return trace
