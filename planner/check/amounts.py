"""The operation that the tables state, each row held against what the instance permits."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from planner.check.case import Case
from planner.check.horizon import Node
from planner.check.rules import Movement, matches

Sums = dict[tuple[str, str, Node], float]


@dataclass
class Amounts:
    """Rates per year by what they belong to and node; stocks are quantities."""

    activity: Sums = field(default_factory=dict)
    sent: dict[tuple[Movement, Node], float] = field(default_factory=dict)
    used: dict[tuple[Movement, Node], float] = field(default_factory=dict)
    purchases: dict[tuple[str, int, str, Node], float] = field(default_factory=dict)
    sales: dict[tuple[str, int, str, Node], float] = field(default_factory=dict)
    fill: dict[tuple[str, Node], float] = field(default_factory=dict)
    release: dict[tuple[str, Node], float] = field(default_factory=dict)
    stock: dict[tuple[str, Node], float] = field(default_factory=dict)
    delivered: Sums = field(default_factory=dict)
    substituted: dict[tuple[str, Node], float] = field(default_factory=dict)
    short: dict[tuple[str, int, Node], float] = field(default_factory=dict)
    chosen: dict[tuple[str, Node], float] = field(default_factory=dict)
    collected: dict[tuple[str, Node], float] = field(default_factory=dict)
    disposed: Sums = field(default_factory=dict)


def read_amounts(case: Case) -> Amounts:
    """All amounts of the operation; rows that the instance does not permit are findings and left out."""
    amounts = Amounts()
    readers: tuple[Callable[[Case, Amounts], None], ...] = (
        _read_activity, _read_flows, _read_purchases, _read_sales, _read_stocks, _read_demand, _read_returns,
        _read_disposal,
    )
    for reader in readers:
        reader(case, amounts)
    return amounts


def _read_activity(case: Case, amounts: Amounts) -> None:
    rows = case.tables["activity"].by_node("facility", "process", "activity", "region", "stage")
    for node, name, process, amount, region, stage in rows:
        if (name, process) not in case.permitted:
            case.unknown("activity", case.where(node, name, process))
            continue
        facility = case.base.facilities[name]
        case.described("activity", case.where(node, name), (facility.region, facility.stage), (region, stage))
        amounts.activity[name, process, node] = amounts.activity.get((name, process, node), 0.0) + amount


def _read_flows(case: Case, amounts: Amounts) -> None:
    permitted = set(case.movements)
    rows = case.tables["flows"].by_node("lane", "commodity", "origin", "destination", "sent", "arrived", "used")
    for node, *names, sent, arrived, used in rows:
        movement = Movement(*names)
        if movement not in permitted:
            case.unknown("flows", case.where(node, movement.key))
            continue
        lane = case.at(node).lanes[movement.lane]
        case.ledger.equal("lane.arrived", case.where(node, movement.key), sent * (1 - lane.loss), arrived)
        key = (movement, node)
        amounts.sent[key] = amounts.sent.get(key, 0.0) + sent
        if not math.isnan(used):
            amounts.used[key] = max(amounts.used.get(key, 0.0), used)
            if not any(lane.fixed_cost.numbers()):
                case.ledger.equal("lane.used", case.where(node, movement.key), 1.0, used)


def _read_purchases(case: Case, amounts: Amounts) -> None:
    suppliers = case.base.suppliers
    permitted = {
        (name, str(number), region)
        for name, supplier in suppliers.items()
        for number in range(1, len(supplier.steps) + 1)
        for region in case.base.regions
        if matches(region, supplier.regions)
    }
    rows = case.tables["purchases"].by_node("supplier", "step", "region", "amount", "price", "commodity", "origin")
    for node, name, step, region, amount, price, commodity, origin in rows:
        if (name, step, region) not in permitted:
            case.unknown("purchases", case.where(node, name, step, region))
            continue
        where = case.where(node, name, "step", step)
        case.described("purchases", where, (suppliers[name].commodity, suppliers[name].origin), (commodity, origin))
        case.ledger.equal("supplier.price", where, case.supply_price(name, int(step), region, node), price)
        key = (name, int(step), region, node)
        amounts.purchases[key] = amounts.purchases.get(key, 0.0) + amount


def _read_sales(case: Case, amounts: Amounts) -> None:
    outlets = case.base.outlets
    permitted = {
        (name, str(number), region)
        for name, outlet in outlets.items()
        for number in range(1, len(outlet.steps) + 1)
        for region in case.base.regions
        if matches(region, outlet.regions)
    }
    rows = case.tables["sales"].by_node("outlet", "step", "region", "amount", "price", "commodity")
    for node, name, step, region, amount, price, commodity in rows:
        if (name, step, region) not in permitted:
            case.unknown("sales", case.where(node, name, step, region))
            continue
        where = case.where(node, name, "step", step)
        case.described("sales", where, (outlets[name].commodity,), (commodity,))
        stated = case.at(node).outlets[name].steps[int(step) - 1].price.at(node.middle)
        case.ledger.equal("outlet.price", where, stated, price)
        key = (name, int(step), region, node)
        amounts.sales[key] = amounts.sales.get(key, 0.0) + amount


def _read_stocks(case: Case, amounts: Amounts) -> None:
    rows = case.tables["stocks"].by_node("stockpile", "fill", "release", "stock", "commodity", "region", "owner")
    for node, name, fill, release, stock, *words in rows:
        stockpile = case.base.stockpiles.get(name)
        if stockpile is None:
            case.unknown("stocks", case.where(node, name))
            continue
        expected = (stockpile.commodity, stockpile.region, stockpile.owner)
        case.described("stocks", case.where(node, name), expected, (words[0], words[1], words[2]))
        amounts.fill[name, node], amounts.release[name, node], amounts.stock[name, node] = fill, release, stock


def _read_demand(case: Case, amounts: Amounts) -> None:
    rows = case.tables["demand"].by_node("demand", "measure", "item", "amount", "region", "class")
    for node, name, measure, item, amount, region, user_class in rows:
        demand = case.base.demands.get(name)
        where = case.where(node, name, measure, item)
        if demand is None:
            case.unknown("demand", where)
            continue
        case.described("demand", where, (demand.region, demand.user_class), (region, user_class))
        tranches = [str(number + 1) for number in range(len(demand.shortage))]
        if measure == "required" and not item:
            case.ledger.equal("demand.required", where, case.at(node).demands[name].amount.at(node.middle), amount)
        elif measure == "delivered" and item in demand.accepts:
            amounts.delivered[name, item, node] = amounts.delivered.get((name, item, node), 0.0) + amount
        elif measure == "substituted" and not item and (demand.substitution is not None or amount == 0):
            amounts.substituted[name, node] = amounts.substituted.get((name, node), 0.0) + amount
        elif measure == "short" and item in tranches:
            key = (name, int(item), node)
            amounts.short[key] = amounts.short.get(key, 0.0) + amount
        elif measure == "chosen" and not item:
            amounts.chosen[name, node] = amount
        else:
            case.unknown("demand", where)


def _read_returns(case: Case, amounts: Amounts) -> None:
    rows = case.tables["returns"].by_node("returns", "collected", "commodity", "region")
    for node, name, collected, commodity, region in rows:
        part = case.base.returns.get(name)
        if part is None:
            case.unknown("returns", case.where(node, name))
            continue
        case.described("returns", case.where(node, name), (part.commodity, part.region), (commodity, region))
        amounts.collected[name, node] = amounts.collected.get((name, node), 0.0) + collected


def _read_disposal(case: Case, amounts: Amounts) -> None:
    for node, commodity, region, amount in case.tables["disposal"].by_node("commodity", "region", "amount"):
        if commodity not in case.base.commodities or region not in case.base.regions:
            case.unknown("disposal", case.where(node, commodity, region))
            continue
        if case.base.commodities[commodity].disposal == "forbidden":
            case.ledger.at_most("disposal.forbidden", case.where(node, commodity, region), 0.0, amount)
        key = (commodity, region, node)
        amounts.disposed[key] = amounts.disposed.get(key, 0.0) + amount
