"""Check of every cost item, their sum and the objective."""

from __future__ import annotations

import math

from planner.check.amounts import Amounts
from planner.check.capacity import Capacity
from planner.check.capital import Decision, capital_charges, curve_cost
from planner.check.case import Case
from planner.check.horizon import Node
from planner.check.work import targets
from planner.language.figure import Figure
from planner.language.requirements import Budget, Chance, Leverage, Regret, Tail

CostKey = tuple[str, str, str, Node]
Violations = dict[tuple[str, str, Node | None], float]
ITEMS = {
    "variable", "fixed", "freight", "lane_fixed", "tariff", "purchase", "delivery", "sales", "sales_delivery",
    "disposal", "holding", "collection", "substitution", "shortage", "penalty", "final_value", "capital",
}


class Costs:
    """Yearly cost and contribution to the objective by item, part, region and node.

    `certain` is what a node contributes where it comes for certain; what it is expected to cost is its
    probability's share of it.
    """

    def __init__(self, case: Case) -> None:
        self.case = case
        self.yearly: dict[CostKey, float] = {}
        self.discounted: dict[CostKey, float] = {}
        self.certain: dict[Node, float] = {}
        self.overall = 0.0  # Penalties of rules on the plan as a whole.

    def enter(
        self, item: str, part: str, region: str, node: Node, yearly: float, certain: float | None = None
    ) -> None:
        """Enter money per year; it counts with the length and factor of the node unless its worth is given."""
        key = (item, part, region, node)
        worth = yearly * node.length * node.factor if certain is None else certain
        self.yearly[key] = self.yearly.get(key, 0.0) + yearly
        self.discounted[key] = self.discounted.get(key, 0.0) + node.probability * worth
        self.certain[node] = self.certain.get(node, 0.0) + worth

    def priced(self, item: str, part: str, region: str, node: Node, price: Figure | float, amount: float) -> None:
        """Enter a price times an amount."""
        number = price.at(node.middle) if isinstance(price, Figure) else price
        if number and amount:
            self.enter(item, part, region, node, self.case.money * number * amount)


def recompute_costs(
    case: Case,
    amounts: Amounts,
    capacity: Capacity,
    decisions: list[Decision],
    violations: Violations,
) -> Costs:
    """Every cost of the run from the amounts of its tables."""
    costs = Costs(case)
    _enter_facilities(costs, amounts, capacity)
    _enter_lanes(costs, amounts)
    _enter_markets(costs, amounts)
    _enter_stocks(costs, amounts)
    _enter_users(costs, amounts)
    _enter_penalties(costs, violations)
    regions = asset_regions(case)
    assets = targets(case)
    for decision in decisions:
        region = regions.get(assets[decision.project], "")
        for node, yearly, certain in capital_charges(case, decision):
            costs.enter("capital", decision.project, region, node, yearly, certain)
    return costs


def _enter_penalties(costs: Costs, violations: Violations) -> None:
    """Penalties arise at the node of the miss; for rules on the plan as a whole, when the horizon begins."""
    case = costs.case
    for (name, region, node), violation in violations.items():
        first = node if node is not None else case.horizon.nodes[0]
        part = case.at(first).requirements[name]
        if part.elastic is None or not violation:
            continue
        is_money = isinstance(part, Budget | Regret | Leverage) or (isinstance(part, Tail) and part.of == "cost")
        is_chance = isinstance(part, Chance) and node is not None
        if node is not None and not is_money and not is_chance:
            costs.priced("penalty", name, region, node, part.elastic.penalty, violation)
            continue
        read = first if is_chance else case.horizon.nodes[0]
        elastic = case.at(read).requirements[name].elastic
        assert elastic is not None
        money = elastic.penalty.at(read.middle) * violation * (1.0 if is_money else case.money)
        money *= read.weight if is_chance else 1.0
        costs.overall += money
        for begin in case.horizon.nodes:
            if begin.index == 0:  # Every scenario spends the whole of the first period in such nodes.
                share = begin.length / case.horizon.nodes[0].length
                costs.enter("penalty", name, "*", begin, share * money / (begin.length * begin.factor), share * money)


def asset_regions(case: Case) -> dict[str, str]:
    """Region of an asset's costs: that of a facility, and that where a lane begins."""
    regions = {movement.key: movement.origin for movement in case.movements}
    return regions | {name: facility.region for name, facility in case.base.facilities.items()}


def check_costs(case: Case, costs: Costs) -> None:
    """The table of costs says what the amounts cost, and its sum is the expected cost."""
    yearly: dict[CostKey, float] = {}
    discounted: dict[CostKey, float] = {}
    columns = ("item", "part", "region", "yearly", "discounted")
    for node, item, part, region, per_year, contribution in case.tables["costs"].by_node(*columns):
        if item not in ITEMS:
            case.unknown("costs", case.where(node, item, part))
        key = (item, _lane(case, part), region, node)
        yearly[key] = yearly.get(key, 0.0) + per_year
        discounted[key] = discounted.get(key, 0.0) + contribution
    for key in dict.fromkeys([*costs.discounted, *discounted]):
        item, part, region, node = key
        where = case.where(node, part, region)
        wanted, found = costs.discounted.get(key, 0.0), discounted.get(key, 0.0)
        one = case.money  # A unit of amount at a price of 1: as exact as amounts are, so are costs.
        case.ledger.equal(f"cost.{item}", where, wanted, found, one)
        per_year = costs.yearly.get(key, 0.0)
        case.ledger.equal(f"cost.{item}", f"{where} per year", per_year, yearly.get(key, 0.0), one)
    recomputed = costs.discounted.values()
    size = math.fsum(map(abs, recomputed))
    total = math.fsum(discounted.values())
    case.ledger.equal("objective.costs", "sum of the table of costs", math.fsum(recomputed), total, size)


def _lane(case: Case, part: str) -> str:
    """A movement's costs are assigned to its lane entry, under either of both names."""
    return part if part in case.base.lanes else case.lane_of.get(part, part)


def _enter_facilities(costs: Costs, amounts: Amounts, capacity: Capacity) -> None:
    case = costs.case
    for (name, process, node), activity in amounts.activity.items():
        instance = case.at(node)
        general = instance.processes[process].variable_cost
        price = instance.facilities[name].variable_costs.get(process, general)
        costs.priced("variable", name, instance.facilities[name].region, node, price, activity)
    for (asset, node), online in capacity.online.items():
        facility = case.at(node).facilities.get(asset)
        if facility is not None:
            costs.priced("fixed", asset, facility.region, node, facility.fixed_cost, online)
    for (commodity, region, node), amount in amounts.disposed.items():
        disposal = case.at(node).commodities[commodity].disposal
        if isinstance(disposal, Figure):
            costs.priced("disposal", commodity, region, node, disposal, amount)


def _enter_lanes(costs: Costs, amounts: Amounts) -> None:
    case = costs.case
    for (movement, node), sent in amounts.sent.items():
        name, lane = movement.lane, case.at(node).lanes[movement.lane]
        if not lane.curve:
            costs.priced("freight", name, movement.origin, node, lane.freight, sent)
        if lane.customs_value is not None:
            duty = lane.tariff.at(node.middle) * lane.customs_value.at(node.middle)
            costs.priced("tariff", name, movement.origin, node, duty, sent)
        used = float(round(amounts.used.get((movement, node), 0.0)))
        fixed = lane.fixed_cost.at(node.middle)
        if used and fixed:
            costs.enter("lane_fixed", name, movement.origin, node, fixed * used)
    for movement in case.movements:
        if not case.base.lanes[movement.lane].curve:
            continue
        for node in case.horizon.nodes:
            cost = curve_cost(case.at(node).lanes[movement.lane].curve, amounts.sent.get((movement, node), 0.0))
            if cost:
                costs.enter("freight", movement.lane, movement.origin, node, cost)


def _enter_markets(costs: Costs, amounts: Amounts) -> None:
    case = costs.case
    for (name, number, region, node), amount in amounts.purchases.items():
        supplier = case.at(node).suppliers[name]
        price = case.supply_price(name, number, region, node)
        costs.priced("purchase", name, region, node, price, amount)
        costs.priced("delivery", name, region, node, supplier.delivery_costs.get(region, 0.0), amount)
        tariff = supplier.tariffs.get(region)
        if tariff is not None:
            costs.priced("tariff", name, region, node, tariff.at(node.middle) * price, amount)
    for (name, number, region, node), amount in amounts.sales.items():
        outlet = case.at(node).outlets[name]
        costs.priced("sales", name, region, node, -outlet.steps[number - 1].price.at(node.middle), amount)
        costs.priced("sales_delivery", name, region, node, outlet.delivery_costs.get(region, 0.0), amount)


def _enter_stocks(costs: Costs, amounts: Amounts) -> None:
    case = costs.case
    leaves = set(case.horizon.leaves)
    for (name, node), stock in amounts.stock.items():
        stockpile = case.at(node).stockpiles[name]
        costs.priced("holding", name, stockpile.region, node, stockpile.holding_cost, stock)
        worth = case.money * stockpile.final_value.at(node.middle) * stock
        if node in leaves and worth:
            # What is left is worth money once: spread over the period, so that the node's weight counts it once.
            costs.enter("final_value", name, stockpile.region, node, -worth / node.length)
    for window in case.horizon.windows:
        # What the window took out of stock, or put in, is there or is not when the world goes on.
        last = window.nodes[-1]
        for name, stockpile in case.at(last).stockpiles.items():
            there = math.fsum(share * amounts.stock.get((name, node), 0.0) for node, share in window.resumed)
            worth = case.money * stockpile.final_value.at(last.middle) * there
            if worth:
                costs.enter("final_value", name, stockpile.region, last, worth / last.length)


def _enter_users(costs: Costs, amounts: Amounts) -> None:
    case = costs.case
    for (name, node), collected in amounts.collected.items():
        part = case.at(node).returns[name]
        costs.priced("collection", name, part.region, node, part.cost, collected)
    for (name, node), substituted in amounts.substituted.items():
        demand = case.at(node).demands[name]
        if demand.substitution is not None:
            costs.priced("substitution", name, demand.region, node, demand.substitution.cost, substituted)
    for (name, number, node), short in amounts.short.items():
        demand = case.at(node).demands[name]
        costs.priced("shortage", name, demand.region, node, demand.shortage[number - 1].cost, short)
