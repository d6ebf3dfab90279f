"""The reference's rules of what users of some classes may have from an exporter, and of quotas.

What comes from an exporter is followed through a place's balance: it goes to users up to their share, to anyone
else without limit, or lies in the stockpiles there.
"""

from __future__ import annotations

from collections.abc import Mapping

from planner.schema import Control, Instance
from tests.reference_control import applies, measures, of_classes, passes_to_class, touches
from tests.reference_plan import Plan
from tests.reference_program import Terms
from tests.reference_tree import Node, matches


class Access(Plan):
    """Adds the rows of classes and quotas to the investment part."""

    def __init__(self, instances: Mapping[str, Instance]) -> None:
        super().__init__(instances)
        self.terms: dict[str, dict[tuple[str, str], Terms]] = {}
        self.imports: dict[tuple[str, str, str], Terms] = {}
        self.exports: dict[tuple[str, str, str], Terms] = {}
        self.departures: dict[tuple[str, str, str], Terms] = {}
        controls = [control for control in self.trunk.controls.values() if of_classes(control)]
        self.places = [
            (exporter, commodity, region)
            for commodity in self.trunk.commodities
            for region in self.trunk.regions
            for exporter in dict.fromkeys(control.exporter for control in controls)
            if exporter != region
            and any(
                self.touches_place(c, exporter, commodity, to)
                for c in controls
                for to in [region, *self.next_regions(commodity, region)]
            )
            and self.can_bring(exporter, commodity, region)
        ]

    def next_regions(self, commodity: str, region: str) -> list[str]:
        """Where a commodity can be sent from a region."""
        ways = [way for lane in self.trunk.lanes for way in self.movements(self.nodes[0], lane)]
        return [to for _, what, origin, to in ways if (what, origin) == (commodity, region)]

    def touches_place(self, control: Control, exporter: str, commodity: str, region: str) -> bool:
        """Whether a control of classes touches someone who takes the commodity there."""
        users = [
            demand
            for demand in self.trunk.demands.values()
            if demand.region == region and commodity in demand.accepts and touches(control, demand.user_class)
        ]
        return bool(users) and applies(control, self.trunk, exporter, commodity, region)

    def can_bring(self, exporter: str, commodity: str, region: str) -> bool:
        """Whether a supplier or a lane brings the commodity there from the exporter."""
        sold = any(
            supplier.origin == exporter and supplier.commodity == commodity and matches(region, supplier.regions)
            for supplier in self.trunk.suppliers.values()
        )
        first = self.nodes[0]
        return sold or any(
            movement[1:] == (commodity, exporter, region)
            for lane in self.trunk.lanes
            for movement in self.movements(first, lane)
        )

    def access(self, node: Node) -> None:
        """Per place: what is bought or drawn is used by those who may, or kept."""
        data, program = self.data(node), self.program
        for exporter, commodity, region in self.places:
            place = (commodity, region)
            kept, drawn, held = (
                program.add(word, exporter, commodity, region, node) for word in ("kept", "drawn", "held")
            )
            out: Terms = [*self.terms["inputs"][place], *self.terms["outflow"][place], (1, kept)]
            for (material, origin, to), terms in self.departures.items():
                if (material, origin) == place and not self.is_denied(node, exporter, commodity, to):
                    out += terms
            for name, demand in data.demands.items():
                if demand.region == region and commodity in demand.accepts:
                    share = passes_to_class(data, node, exporter, commodity, region, demand.user_class)
                    out.append((share, self.column["delivered", name, commodity, node]))
            bought = self.imports[exporter, commodity, region]
            program.row([*bought, (1, drawn), *[(-value, column) for value, column in out]], most=0)
            for word, column in (("fill", kept), ("release", drawn), ("stock", held)):
                program.row([(1, column), *[(-value, other) for value, other in self.terms[word][place]]], most=0)
            piles = [pile for pile in data.stockpiles.values() if (pile.commodity, pile.region) == place]
            left = (1 - min((pile.decay for pile in piles), default=0.0)) ** node.length
            before: Terms = []
            if node.parent is not None:
                before = [(-left, self.column["held", exporter, commodity, region, node.parent])]
            program.row([(1, held), (-node.length, kept), (node.length, drawn), *before], 0, 0)

    def is_denied(self, node: Node, exporter: str, commodity: str, region: str) -> bool:
        """Whether some users in a region may have only a share from the exporter."""
        data = self.data(node)
        return region != exporter and any(
            passes_to_class(data, node, exporter, commodity, region, demand.user_class) < 1
            for demand in data.demands.values()
            if demand.region == region and commodity in demand.accepts
        )

    def quotas(self, node: Node) -> None:
        """The most that an exporter sells to all destinations of a quota together."""
        data = self.data(node)
        windows = [m for m in measures(data, node) if m.control.kind == "quota" and m.start <= node.middle < m.end]
        for control in {measure.name: measure.control for measure in windows}.values():
            assert control.amount is not None
            terms = [
                term
                for (exporter, commodity, to), rates in self.exports.items()
                if applies(control, data, exporter, commodity, to)
                for term in rates
            ]
            self.program.row(terms, most=control.amount.at(node.middle))
