"""Check of facilities, lanes, suppliers, outlets and shared limits in every node."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TypeVar

from planner.check.amounts import Amounts
from planner.check.capacity import Capacity
from planner.check.case import Case
from planner.check.controls import concerns
from planner.check.horizon import TINY, Node
from planner.check.rules import Movement, matches
from planner.language.instance import Limit

K = TypeVar("K")


def accumulate(sums: dict[K, float], key: K, amount: float) -> None:
    """Add to a sum that may not have begun."""
    sums[key] = sums.get(key, 0.0) + amount


def check_operation(case: Case, amounts: Amounts, capacity: Capacity) -> None:
    """Everything that bounds activities and movements in a node."""
    _check_facilities(case, amounts, capacity)
    _check_lanes(case, amounts, capacity)
    _check_suppliers(case, amounts)
    _check_reserves(case, amounts)
    _check_quotas(case, amounts)
    _check_outlets(case, amounts)
    for name in case.base.limits:
        for node, total in _limited(case, name, amounts).items():
            _check_limit(case, name, node, total)


def _check_facilities(case: Case, amounts: Amounts, capacity: Capacity) -> None:
    use: dict[tuple[str, Node], float] = {}
    for (name, process, node), activity in amounts.activity.items():
        accumulate(use, (name, node), case.at(node).processes[process].use * activity)
    for node in case.horizon.nodes:
        for name, facility in case.at(node).facilities.items():
            where = case.where(node, name)
            used, available = use.get((name, node), 0.0), capacity.available[name, node]
            case.ledger.at_most("capacity.exceeded", where, available, used)
            least = facility.minimum_load.at(node.middle) * available
            case.ledger.at_least("capacity.minimum_load", where, least, used)
            if (name, node) in capacity.stated_use:
                case.ledger.equal("capacity.used", where, used, capacity.stated_use[name, node])


def _check_lanes(case: Case, amounts: Amounts, capacity: Capacity) -> None:
    for (movement, node), sent in amounts.sent.items():
        lane, where = case.at(node).lanes[movement.lane], case.where(node, movement.key)
        available = capacity.available.get((movement.key, node), math.inf)
        case.ledger.at_most("lane.capacity", where, available, sent)
        if case.lane_passes(movement, node) <= TINY:
            case.ledger.at_most("lane.control", where, 0.0, sent)
        if lane.curve:
            case.ledger.at_most("lane.curve", where, lane.curve[-1].size, sent)
        if any(lane.fixed_cost.numbers()):
            _check_used(case, movement, node, sent, amounts.used.get((movement, node), 0.0), available)
    known = {movement.key: movement for movement in case.movements}
    for (asset, node), stated in capacity.stated_use.items():
        if asset not in case.base.facilities:
            movement = known[asset]
            case.ledger.equal("capacity.used", case.where(node, asset), amounts.sent.get((movement, node), 0.0), stated)


def _check_used(case: Case, movement: Movement, node: Node, sent: float, used: float, available: float) -> None:
    """A movement with a fixed cost counts as used when anything moves; `used` is 0 or 1."""
    where = case.where(node, movement.key)
    case.ledger.equal("lane.used", where, float(min(1, round(used))), used)
    scale = available if available < math.inf else sent
    if round(used) != 1:
        case.ledger.at_most("lane.used", f"{where}, unused", 0.0, sent, scale)


def _check_suppliers(case: Case, amounts: Amounts) -> None:
    steps: dict[tuple[str, int, Node], float] = {}
    regions: dict[tuple[str, str, Node], float] = {}
    for (name, number, region, node), amount in amounts.purchases.items():
        accumulate(steps, (name, number, node), amount)
        accumulate(regions, (name, region, node), amount)
        passes = case.supplier_passes(case.at(node).suppliers[name], region, node)
        limit = case.at(node).suppliers[name].steps[number - 1].amount
        where = case.where(node, name, "step", number, "to", region)
        if passes <= TINY:
            case.ledger.at_most("supplier.control", where, 0.0, amount)
        elif limit is not None:
            kind = "supplier.control" if passes < 1 else "supplier.step"
            case.ledger.at_most(kind, where, passes * limit.at(node.middle), amount)
    for (name, number, node), amount in steps.items():
        limit = case.at(node).suppliers[name].steps[number - 1].amount
        if limit is not None:
            case.ledger.at_most("supplier.step", case.where(node, name, "step", number), limit.at(node.middle), amount)
    for (name, region, node), amount in regions.items():
        limit = case.at(node).suppliers[name].region_limits.get(region)
        if limit is not None:
            passes = case.supplier_passes(case.at(node).suppliers[name], region, node)
            where = case.where(node, name, "to", region)
            case.ledger.at_most("supplier.region", where, passes * limit.at(node.middle), amount)


def _check_reserves(case: Case, amounts: Amounts) -> None:
    """Purchases along every path of the future stay within the reserve."""
    bought: dict[tuple[str, int, Node], float] = {}
    for (name, number, _, node), amount in amounts.purchases.items():
        accumulate(bought, (name, number, node), amount * node.length)
    for name, supplier in case.base.suppliers.items():
        for number, step in enumerate(supplier.steps, 1):
            if step.reserve is None:
                continue
            for leaf in case.horizon.leaves:
                path = case.horizon.path[leaf]
                # A reserve has one value: that of the first period.
                reserve = case.at(path[0]).suppliers[name].steps[number - 1].reserve or step.reserve
                total = math.fsum(bought.get((name, number, node), 0.0) for node in path)
                where = case.where(leaf, name, "step", number, "until the end")
                case.ledger.at_most("supplier.reserve", where, reserve.at(path[0].middle), total)


def _check_quotas(case: Case, amounts: Amounts) -> None:
    """An exporter's total sales to the destinations of a quota stay within it."""
    sold: dict[Node, list[tuple[str | None, str, str, float]]] = {}
    for (name, _, region, node), amount in amounts.purchases.items():
        supplier = case.base.suppliers[name]
        sold.setdefault(node, []).append((supplier.origin, supplier.commodity, region, amount))
    for (movement, node), sent in amounts.sent.items():
        sale = (movement.origin, movement.commodity, movement.destination, sent)
        sold.setdefault(node, []).append(sale)
    for node, sales in sold.items():
        commodities = case.at(node).commodities
        quotas = {m.name: quota for m in case.measures[node] if (quota := m.quota_in(node)) is not None}
        for name, quota in quotas.items():
            total = math.fsum(
                amount for exporter, commodity, region, amount in sales
                if exporter == quota.exporter != region and matches(region, quota.destinations)
                and concerns(quota, commodity, commodities[commodity])
            )
            case.ledger.at_most("supplier.quota", case.where(node, name), quota.amount.at(node.middle), total)


def _check_outlets(case: Case, amounts: Amounts) -> None:
    steps: dict[tuple[str, int, Node], float] = {}
    totals: dict[tuple[str, Node], float] = {}
    for (name, number, _, node), amount in amounts.sales.items():
        accumulate(steps, (name, number, node), amount)
        accumulate(totals, (name, node), amount)
    for (name, number, node), amount in steps.items():
        depth = case.at(node).outlets[name].steps[number - 1].amount
        if depth is not None:
            case.ledger.at_most("outlet.depth", case.where(node, name, "step", number), depth.at(node.middle), amount)
    for node in case.horizon.nodes:
        for name, outlet in case.at(node).outlets.items():
            least, total = outlet.least.at(node.middle), totals.get((name, node), 0.0)
            case.ledger.at_least("outlet.least", case.where(node, name), least, total)


def _limited(case: Case, name: str, amounts: Amounts) -> Mapping[Node, float]:
    """Sum of everything that a limit names, by node."""
    limit: Limit = case.base.limits[name]
    totals = dict.fromkeys(case.horizon.nodes, 0.0)
    for (supplier, _, _, node), amount in amounts.purchases.items():
        totals[node] += amount if matches(supplier, limit.suppliers) else 0.0
    for (outlet, _, _, node), amount in amounts.sales.items():
        totals[node] += amount if matches(outlet, limit.outlets) else 0.0
    for (movement, node), amount in amounts.sent.items():
        totals[node] += amount if matches(movement.lane, limit.lanes) else 0.0
    for (facility, process, node), amount in amounts.activity.items():
        totals[node] += amount if matches(f"{facility}/{process}", limit.activities) else 0.0
    return totals


def _check_limit(case: Case, name: str, node: Node, total: float) -> None:
    limit = case.at(node).limits[name]
    if limit.least is not None:
        case.ledger.at_least("limit.least", case.where(node, name), limit.least.at(node.middle), total)
    if limit.most is not None:
        case.ledger.at_most("limit.most", case.where(node, name), limit.most.at(node.middle), total)
