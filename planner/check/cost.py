"""Check of every cost item, their sum and the objective."""

from __future__ import annotations

import math

from planner.check.amounts import Amounts
from planner.check.capacity import Capacity
from planner.check.case import Case
from planner.check.horizon import Node
from planner.check.plan import Decision, capital_charges, curve_cost
from planner.figure import Figure

Key = tuple[str, str, Node]
ITEMS = {
    "variable", "fixed", "freight", "lane_fixed", "tariff", "purchase", "delivery", "sales", "sales_delivery",
    "disposal", "holding", "collection", "substitution", "shortage", "penalty", "final_value", "capital",
}


class Costs:
    """Yearly cost and contribution to the objective by item, part and node."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.yearly: dict[Key, float] = {}
        self.discounted: dict[Key, float] = {}

    def enter(self, item: str, part: str, node: Node, yearly: float, discounted: float | None = None) -> None:
        """Enter money per year; it counts with the node's weight unless its contribution is given."""
        key = (item, part, node)
        contribution = yearly * node.weight if discounted is None else discounted
        self.yearly[key] = self.yearly.get(key, 0.0) + yearly
        self.discounted[key] = self.discounted.get(key, 0.0) + contribution

    def priced(self, item: str, part: str, node: Node, price: Figure | float, amount: float) -> None:
        """Enter a price times an amount."""
        number = price.at(node.middle) if isinstance(price, Figure) else price
        if number and amount:
            self.enter(item, part, node, self.case.money * number * amount)


def recompute_costs(
    case: Case,
    amounts: Amounts,
    capacity: Capacity,
    decisions: list[Decision],
    violations: dict[tuple[str, Node], float],
) -> Costs:
    """Every cost of the run from the amounts of its tables."""
    costs = Costs(case)
    _enter_facilities(costs, amounts, capacity)
    _enter_lanes(costs, amounts)
    _enter_markets(costs, amounts)
    _enter_stocks(costs, amounts)
    _enter_users(costs, amounts)
    for (name, node), violation in violations.items():
        elastic = case.at(node).requirements[name].elastic
        if elastic is not None:
            costs.priced("penalty", name, node, elastic.price, violation)
    for decision in decisions:
        for node, yearly, discounted in capital_charges(case, decision):
            costs.enter("capital", decision.project, node, yearly, discounted)
    return costs


def check_costs(case: Case, costs: Costs, objective: float) -> None:
    """The table of costs says what the amounts cost, and its sum is the objective."""
    yearly: dict[Key, float] = {}
    discounted: dict[Key, float] = {}
    columns = ("item", "part", "yearly", "discounted")
    for node, item, part, per_year, contribution in case.tables["costs"].by_node(*columns):
        if item not in ITEMS:
            case.unknown("costs", case.where(node, item, part))
        key = (item, _lane(case, part), node)
        yearly[key] = yearly.get(key, 0.0) + per_year
        discounted[key] = discounted.get(key, 0.0) + contribution
    for key in dict.fromkeys([*costs.discounted, *discounted]):
        item, part, node = key
        where = case.where(node, part)
        wanted, found = costs.discounted.get(key, 0.0), discounted.get(key, 0.0)
        case.ledger.equal(f"cost.{item}", where, wanted, found)
        # What is left at the end is worth money once, not per year.
        if item != "final_value":
            stated = yearly.get(key, 0.0)
            case.ledger.equal(f"cost.{item}", f"{where} per year", costs.yearly.get(key, 0.0), stated)
    _check_objective(case, list(costs.discounted.values()), list(discounted.values()), objective)


def _check_objective(case: Case, recomputed: list[float], stated: list[float], objective: float) -> None:
    """Total recomputed, total of the table and reported objective are one number."""
    total, size = math.fsum(recomputed), math.fsum(map(abs, recomputed))
    case.ledger.equal("objective.costs", "sum of the table of costs", total, math.fsum(stated), size)
    sign = -1.0 if case.base.objective.sense == "maximise" else 1.0
    case.ledger.equal("objective.reported", "reported objective", sign * total, objective, size)


def _lane(case: Case, part: str) -> str:
    """A movement's costs are put down to its lane entry, under whichever of both names."""
    return part if part in case.base.lanes else case.lane_of.get(part, part)


def _enter_facilities(costs: Costs, amounts: Amounts, capacity: Capacity) -> None:
    case = costs.case
    for (name, process, node), activity in amounts.activity.items():
        instance = case.at(node)
        general = instance.processes[process].variable_cost
        price = instance.facilities[name].variable_costs.get(process, general)
        costs.priced("variable", name, node, price, activity)
    for (asset, node), online in capacity.online.items():
        facility = case.at(node).facilities.get(asset)
        if facility is not None:
            costs.priced("fixed", asset, node, facility.fixed_cost, online)
    for (commodity, _, node), amount in amounts.disposed.items():
        disposal = case.at(node).commodities[commodity].disposal
        if isinstance(disposal, Figure):
            costs.priced("disposal", commodity, node, disposal, amount)


def _enter_lanes(costs: Costs, amounts: Amounts) -> None:
    case = costs.case
    for (movement, node), sent in amounts.sent.items():
        name, lane = movement.lane, case.at(node).lanes[movement.lane]
        if not lane.curve:
            costs.priced("freight", name, node, lane.freight, sent)
        if lane.customs_value is not None:
            costs.priced("tariff", name, node, lane.tariff.at(node.middle) * lane.customs_value.at(node.middle), sent)
        used = float(round(amounts.used.get((movement, node), 0.0)))
        fixed = lane.fixed_cost.at(node.middle)
        if used and fixed:
            costs.enter("lane_fixed", name, node, fixed * used)
    for movement in case.movements:
        if not case.base.lanes[movement.lane].curve:
            continue
        for node in case.horizon.nodes:
            cost = curve_cost(case.at(node).lanes[movement.lane].curve, amounts.sent.get((movement, node), 0.0))
            if cost:
                costs.enter("freight", movement.lane, node, cost)


def _enter_markets(costs: Costs, amounts: Amounts) -> None:
    case = costs.case
    for (name, number, region, node), amount in amounts.purchases.items():
        supplier = case.at(node).suppliers[name]
        price = supplier.steps[number - 1].price.at(node.middle)
        costs.priced("purchase", name, node, price, amount)
        costs.priced("delivery", name, node, supplier.delivery_costs.get(region, 0.0), amount)
        tariff = supplier.tariffs.get(region)
        if tariff is not None:
            costs.priced("tariff", name, node, tariff.at(node.middle) * price, amount)
    for (name, number, region, node), amount in amounts.sales.items():
        outlet = case.at(node).outlets[name]
        costs.priced("sales", name, node, -outlet.steps[number - 1].price.at(node.middle), amount)
        costs.priced("sales_delivery", name, node, outlet.delivery_costs.get(region, 0.0), amount)


def _enter_stocks(costs: Costs, amounts: Amounts) -> None:
    case = costs.case
    leaves = set(case.horizon.leaves)
    for (name, node), stock in amounts.stock.items():
        stockpile = case.at(node).stockpiles[name]
        costs.priced("holding", name, node, stockpile.holding_cost, stock)
        worth = case.money * stockpile.final_value.at(node.middle) * stock
        if node in leaves and worth:
            costs.enter("final_value", name, node, -worth, -worth * node.probability * node.factor)


def _enter_users(costs: Costs, amounts: Amounts) -> None:
    case = costs.case
    for (name, node), collected in amounts.collected.items():
        costs.priced("collection", name, node, case.at(node).returns[name].cost, collected)
    for (name, node), substituted in amounts.substituted.items():
        substitution = case.at(node).demands[name].substitution
        if substitution is not None:
            costs.priced("substitution", name, node, substitution.cost, substituted)
    for (name, number, node), short in amounts.short.items():
        costs.priced("shortage", name, node, case.at(node).demands[name].shortage[number - 1].cost, short)
