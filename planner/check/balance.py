"""Check of the balance of every commodity in every region and node."""

from __future__ import annotations

from planner.check.amounts import Amounts
from planner.check.case import Case
from planner.check.horizon import Node

BalanceKey = tuple[str, str, Node]  # Commodity, region and node.


class NetInflow:
    """Net inflow of each place, and its gross flow."""

    def __init__(self) -> None:
        self.surplus: dict[BalanceKey, float] = {}
        self.size: dict[BalanceKey, float] = {}

    def enter(self, commodity: str, region: str, node: Node, amount: float) -> None:
        """Enter what comes into a place; negative what leaves it."""
        place = (commodity, region, node)
        self.surplus[place] = self.surplus.get(place, 0.0) + amount
        self.size[place] = self.size.get(place, 0.0) + abs(amount)


def check_balances(case: Case, amounts: Amounts) -> None:
    """Material balance: inflow equals outflow at every place."""
    balance = NetInflow()
    _enter_activities(case, amounts, balance)
    _enter_trade(case, amounts, balance)
    _enter_stocks_and_demand(case, amounts, balance)
    for (commodity, region, node), surplus in balance.surplus.items():
        scale = balance.size[commodity, region, node]
        case.ledger.equal("balance", case.where(node, commodity, "in", region), 0.0, surplus, scale)


def _enter_activities(case: Case, amounts: Amounts, balance: NetInflow) -> None:
    for (name, process, node), activity in amounts.activity.items():
        recipe, region = case.at(node).processes[process], case.base.facilities[name].region
        for commodity, quantity in recipe.outputs.items():
            balance.enter(commodity, region, node, quantity * activity)
        for commodity, quantity in recipe.inputs.items():
            balance.enter(commodity, region, node, -quantity * activity)


def _enter_trade(case: Case, amounts: Amounts, balance: NetInflow) -> None:
    for (movement, node), sent in amounts.sent.items():
        balance.enter(movement.commodity, movement.origin, node, -sent)
        arrived = sent * (1 - case.at(node).lanes[movement.lane].loss)
        balance.enter(movement.commodity, movement.destination, node, arrived)
    for (name, _, region, node), amount in amounts.purchases.items():
        balance.enter(case.base.suppliers[name].commodity, region, node, amount)
    for (name, _, region, node), amount in amounts.sales.items():
        balance.enter(case.base.outlets[name].commodity, region, node, -amount)
    for (commodity, region, node), amount in amounts.disposed.items():
        balance.enter(commodity, region, node, -amount)


def _enter_stocks_and_demand(case: Case, amounts: Amounts, balance: NetInflow) -> None:
    for (name, node), fill in amounts.fill.items():
        stockpile = case.base.stockpiles[name]
        balance.enter(stockpile.commodity, stockpile.region, node, -fill)
        balance.enter(stockpile.commodity, stockpile.region, node, amounts.release[name, node])
    for (name, commodity, node), amount in amounts.delivered.items():
        balance.enter(commodity, case.base.demands[name].region, node, -amount)
    for (name, node), amount in amounts.collected.items():
        part = case.base.returns[name]
        balance.enter(part.commodity, part.region, node, amount)
