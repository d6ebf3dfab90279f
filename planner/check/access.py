"""Check of who may be given an exporter's material: controls of some classes of users, whatever way it took."""

from __future__ import annotations

import math
from collections.abc import Iterator

from planner.check.amounts import Amounts
from planner.check.case import Case
from planner.check.controls import class_share, concerns, touches
from planner.check.horizon import TINY, Node
from planner.check.rules import Movement, matches

Place = tuple[str, str, str]  # Exporter, commodity, region.
Spot = tuple[str, str, Node]  # Commodity, region, node.


class Uses:
    """What is bought from each exporter, and what leaves each place other than to users."""

    def __init__(self, case: Case, amounts: Amounts) -> None:
        self.bought: dict[tuple[str, Spot], float] = {}
        self.left: dict[Spot, float] = {}
        self.sent: dict[Spot, dict[Movement, float]] = {}
        for (name, _, region, node), amount in amounts.purchases.items():
            supplier = case.base.suppliers[name]
            if supplier.origin is not None:
                self._buy(supplier.origin, (supplier.commodity, region, node), amount)
        for (movement, node), sent in amounts.sent.items():
            arrived = sent * (1 - case.at(node).lanes[movement.lane].loss)
            self._buy(movement.origin, (movement.commodity, movement.destination, node), arrived)
            spot = (movement.commodity, movement.origin, node)
            self.sent.setdefault(spot, {})[movement] = sent
        for (facility, process, node), activity in amounts.activity.items():
            region = case.base.facilities[facility].region
            for commodity, quantity in case.at(node).processes[process].inputs.items():
                self._leave((commodity, region, node), quantity * activity)
        for (name, _, region, node), amount in amounts.sales.items():
            self._leave((case.base.outlets[name].commodity, region, node), amount)
        for (commodity, region, node), amount in amounts.disposed.items():
            self._leave((commodity, region, node), amount)

    def _buy(self, exporter: str, spot: Spot, amount: float) -> None:
        self.bought[exporter, spot] = self.bought.get((exporter, spot), 0.0) + amount

    def _leave(self, spot: Spot, amount: float) -> None:
        self.left[spot] = self.left.get(spot, 0.0) + amount


def places(case: Case) -> list[Place]:
    """Where some class may be denied what an exporter delivers, whether or not the control is ever in force."""
    base = case.base
    reached = {
        (supplier.origin, supplier.commodity, region)
        for supplier in base.suppliers.values() for region in base.regions if matches(region, supplier.regions)
    } | {(movement.origin, movement.commodity, movement.destination) for movement in case.movements}
    found: dict[Place, None] = {}
    for control in base.controls.values():
        if not (control.classes or control.exempt):
            continue
        for demand in base.demands.values():
            region = demand.region
            if not (touches(control, demand.user_class) and matches(region, control.destinations)):
                continue
            for commodity in demand.accepts:
                if region == control.exporter or not concerns(control, commodity, base.commodities[commodity]):
                    continue
                sources = [m.origin for m in case.movements if (m.commodity, m.destination) == (commodity, region)]
                for source in (region, *sources):
                    if source != control.exporter and (control.exporter, commodity, source) in reached:
                        found[control.exporter, commodity, source] = None
    return list(found)


def check_access(case: Case, amounts: Amounts) -> None:
    """An exporter's material that reaches a place is used, passed on, kept, or given to users it may be given to."""
    columns = ("exporter", "commodity", "region", "bought", "kept", "drawn", "held")
    stated = {
        ((exporter, commodity, region), node): numbers
        for node, exporter, commodity, region, *numbers in case.tables["access"].by_node(*columns)
    }
    uses = Uses(case, amounts)
    for place in places(case):
        for node in case.horizon.nodes:
            row = stated.get((place, node))
            if row is None:
                case.ledger.fault("access.missing", case.where(node, *place), "a row", "nothing")
                continue
            before = stated.get((place, node.parent), [0.0] * 4)[3] if node.parent is not None else 0.0
            _check_row(case, amounts, uses, (place, node), row, before)
    known = set(places(case))
    for place, node in stated:
        if place not in known:
            case.unknown("access", case.where(node, *place))


def _check_row(
    case: Case, amounts: Amounts, uses: Uses, spot: tuple[Place, Node], row: list[float], before: float
) -> None:
    (exporter, commodity, region), node = spot
    ledger, where = case.ledger, case.where(node, exporter, commodity, "in", region)
    stated, kept, drawn, held = row
    bought = uses.bought.get((exporter, (commodity, region, node)), 0.0)
    ledger.equal("access.bought", where, bought, stated)
    allowed = [uses.left.get((commodity, region, node), 0.0), kept, *_allowed(case, amounts, spot)]
    for movement, sent in uses.sent.get((commodity, region, node), {}).items():
        if not _is_denied(case, (exporter, commodity, movement.destination), node):
            allowed.append(sent)
    ledger.at_most("access.denied", where, math.fsum(allowed), bought + drawn)
    piles = {
        name: pile for name, pile in case.at(node).stockpiles.items()
        if (pile.commodity, pile.region) == (commodity, region)
    }
    for kind, amount, bounds in (
        ("kept", kept, amounts.fill), ("drawn", drawn, amounts.release), ("held", held, amounts.stock)
    ):
        most = math.fsum(bounds.get((name, node), 0.0) for name in piles)
        ledger.at_most(f"access.{kind}", where, most, amount)
    decay = min((pile.decay for pile in piles.values()), default=0.0)
    wanted = (1 - decay) ** node.length * before + node.length * (kept - drawn)
    ledger.equal("access.balance", where, wanted, held, before + node.length * (kept + drawn))


def _is_denied(case: Case, place: Place, node: Node) -> bool:
    """Whether users of some class in a region may not have all they are given from the exporter."""
    exporter, commodity, region = place
    part = case.at(node).commodities[commodity]
    return region != exporter and any(
        class_share(case.measures[node], exporter, commodity, part, region, demand.user_class) < 1
        for demand in case.base.demands.values() if demand.region == region and commodity in demand.accepts
    )


def _allowed(case: Case, amounts: Amounts, spot: tuple[Place, Node]) -> Iterator[float]:
    """Most of the exporter's material that each demand of the place may be given."""
    (exporter, commodity, region), node = spot
    part = case.at(node).commodities[commodity]
    for name, demand in case.base.demands.items():
        delivered = amounts.delivered.get((name, commodity, node), 0.0)
        if demand.region == region and delivered > TINY:
            measures = case.measures[node]
            share = class_share(measures, exporter, commodity, part, region, demand.user_class)
            yield share * delivered
