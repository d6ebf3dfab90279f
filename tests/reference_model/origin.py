"""The reference's rules of what users of some classes may have from an exporter, and of quotas.

Every commodity that somebody may be denied becomes as many as there are sets of marks: a good bears the marks of all
exporters it was bought from or whose region it has left. Whatever enters or leaves a place is cut into these parts, and
in any place goods may be given a further mark, by a variable of their own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from itertools import combinations

from planner.language.controls import Quota
from planner.language.instance import Instance
from tests.reference_model.control import applies, measures, of_classes, passes_to_class
from tests.reference_model.plan import Plan
from tests.reference_model.program import Terms
from tests.reference_model.tree import MOMENT, Node, matches

Marks = frozenset[str]
Parts = dict[Marks, int]


class Origin(Plan):
    """Adds the rows of classes and quotas to the investment part."""

    def __init__(self, instances: Mapping[str, Instance]) -> None:
        super().__init__(instances)
        self.terms: dict[str, dict[tuple[str, str], Terms]] = {}
        self.imports: dict[tuple[str, str, str], Terms] = {}
        self.exports: dict[tuple[str, str, str], Terms] = {}
        self.goods: dict[tuple[str, Marks], Terms] = {}  # What enters a region of one commodity, less what leaves it.

    def exporters(self, commodity: str) -> list[str]:
        """Who may deny a commodity to some classes of users, in whatever future."""
        found = {
            control.exporter
            for data in self.instances.values()
            for control in data.controls.values()
            for region in data.regions
            if of_classes(control) and applies(control, data, control.exporter, commodity, region)
        }
        return sorted(found)

    def origins(self, node: Node) -> None:
        """Every balance of such a commodity once more for each set of marks."""
        for commodity in self.trunk.commodities:
            exporters = self.exporters(commodity)
            if exporters:
                marks = [frozenset(c) for n in range(len(exporters) + 1) for c in combinations(exporters, n)]
                self.goods = defaultdict(list)
                self.unmarked(node, commodity, marks[-1])
                self.moved_with_marks(node, commodity, marks)
                self.stored_with_marks(node, commodity, marks)
                self.given_with_marks(node, commodity, marks)
                self.marked_further(node, commodity, marks)

    def parts(self, node: Node, marks: list[Marks], *whole: object) -> Parts:
        """A variable for each set of marks; together they are the whole."""
        found = {m: self.program.add("marked", *whole, *sorted(m), node) for m in marks}
        self.program.row([(-1, self.column[*whole, node]), *[(1, part) for part in found.values()]], 0, 0)
        return found

    def unmarked(self, node: Node, commodity: str, every: Marks) -> None:
        """What is made, collected or bought: it bears no mark but that of the exporter it is bought from."""
        data, none = self.data(node), frozenset[str]()
        for name, facility in data.facilities.items():
            for key, process in data.processes.items():
                if matches(key, facility.processes) and commodity in process.outputs:
                    made = (process.outputs[commodity], self.column["activity", name, key, node])
                    self.goods[facility.region, none].append(made)
        for name, part in data.returns.items():
            if part.commodity == commodity:
                self.goods[part.region, none].append((1, self.column["collected", name, node]))
        for name, supplier in data.suppliers.items():
            if supplier.commodity == commodity:
                mark = frozenset([supplier.origin or ""]) & every
                for region in (region for region in data.regions if matches(region, supplier.regions)):
                    for number in range(len(supplier.steps)):
                        self.goods[region, mark].append((1, self.column["bought", name, number, region, node]))

    def moved_with_marks(self, node: Node, commodity: str, marks: list[Marks]) -> None:
        """What leaves an exporter's region bears its mark from then on."""
        for name, lane in self.data(node).lanes.items():
            for key, what, origin, to in self.movements(node, name):
                if what == commodity:
                    for m, part in self.parts(node, marks, "sent", key).items():
                        self.goods[origin, m].append((-1, part))
                        self.goods[to, (m | {origin}) & marks[-1]].append((1 - lane.loss, part))

    def stored_with_marks(self, node: Node, commodity: str, marks: list[Marks]) -> None:
        """Goods keep their marks in stock; the first stock has none."""
        for name, pile in self.data(node).stockpiles.items():
            if pile.commodity != commodity:
                continue
            fill, release, stock = (self.parts(node, marks, word, name) for word in ("fill", "release", "stock"))
            left = (1 - pile.decay) ** node.length
            for m in marks:
                self.goods[pile.region, m] += [(-1, fill[m]), (1, release[m])]
                terms: Terms = [(1, stock[m]), (-node.length, fill[m]), (node.length, release[m])]
                if node.parent is not None:
                    terms.append((-left, self.column["marked", "stock", name, *sorted(m), node.parent]))
                first = 0.0 if m or node.parent is not None else left * pile.initial.at(node.middle)
                self.program.row(terms, first, first)

    def given_with_marks(self, node: Node, commodity: str, marks: list[Marks]) -> None:
        """Of what users are given a share at most may bear the mark of who denies it to them; others take anything."""
        data = self.data(node)
        for name, demand in data.demands.items():
            if commodity in demand.accepts:
                given = self.parts(node, marks, "delivered", name, commodity)
                for m, part in given.items():
                    self.goods[demand.region, m].append((-1, part))
                for exporter in sorted(marks[-1]):
                    share = passes_to_class(data, node, exporter, commodity, demand.region, demand.user_class)
                    whole = self.column["delivered", name, commodity, node]
                    self.program.row([(-share, whole), *[(1, p) for m, p in given.items() if exporter in m]], most=0)
        for region in data.regions:
            place = (commodity, region)
            whole = self.terms["inputs"].get(place, []) + self.terms["outflow"].get(place, [])
            others = {m: self.program.add("taken", commodity, region, *sorted(m), node) for m in marks}
            self.program.row([*[(-value, c) for value, c in whole], *[(1, c) for c in others.values()]], 0, 0)
            for m, column in others.items():
                self.goods[region, m].append((-1, column))

    def marked_further(self, node: Node, commodity: str, marks: list[Marks]) -> None:
        """Goods may be given one more mark; then each part of a balance holds."""
        for region in self.data(node).regions:
            for m in marks:
                for mark in marks[-1] - m:
                    column = self.program.add("mark", commodity, region, mark, *sorted(m), node)
                    self.goods[region, m].append((-1, column))
                    self.goods[region, m | {mark}].append((1, column))
            for m in marks:
                self.program.row(self.goods[region, m], 0, 0)

    def quotas(self, node: Node) -> None:
        """The most that an exporter sells to all destinations of a quota together."""
        data = self.data(node)
        middle = node.middle + MOMENT
        windows = [m for m in measures(data, node) if m.start <= middle < m.end]
        for control in {m.name: m.control for m in windows if isinstance(m.control, Quota)}.values():
            terms = [
                term
                for (exporter, commodity, to), rates in self.exports.items()
                if applies(control, data, exporter, commodity, to)
                for term in rates
            ]
            self.program.row(terms, most=control.amount.at(node.middle))
