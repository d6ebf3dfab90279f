"""Check of demands, substitution, stocks and returns."""

from __future__ import annotations

import math

from planner.check.amounts import Amounts
from planner.check.case import Case
from planner.check.controls import in_force
from planner.check.horizon import TINY, Node, overlap
from planner.check.rules import matches
from planner.language.instance import Demand, Returns, Stockpile, Substitution


def check_demands(case: Case, amounts: Amounts) -> None:
    """Every demand is met by deliveries, substitution and shortage within their bounds."""
    stated = set(case.tables["demand"].by_node("demand", "measure"))
    for node in case.horizon.nodes:
        for name, demand in case.at(node).demands.items():
            if (node, name, "required") not in stated:
                case.ledger.fault("demand.missing", case.where(node, name), "a row `required`", "nothing")
            _check_demand(case, amounts, node, name, demand)
            if demand.substitution is not None:
                _check_substitution(case, amounts, node, name, demand.substitution)


def _check_demand(case: Case, amounts: Amounts, node: Node, name: str, demand: Demand) -> None:
    required, where = demand.amount.at(node.middle), case.where(node, name)
    served = math.fsum(e * amounts.delivered.get((name, k, node), 0.0) for k, e in demand.accepts.items())
    met = served + amounts.substituted.get((name, node), 0.0)
    for number, tranche in enumerate(demand.shortage, 1):
        short = amounts.short.get((name, number, node), 0.0)
        met += short
        case.ledger.at_most("demand.tranche", f"{where} tranche {number}", tranche.share * required, short, required)
    case.ledger.equal("demand.met", where, required, met)


def _check_substitution(case: Case, amounts: Amounts, node: Node, name: str, substitution: Substitution) -> None:
    """Adoption grows at a limited rate, is kept for good, and never exceeds its largest share."""
    required, where = case.at(node).demands[name].amount.at(node.middle), case.where(node, name)
    found, before, kept = amounts.substituted.get((name, node), 0.0), 0.0, 0.0
    if node.parent is not None:
        before = amounts.substituted.get((name, node.parent), 0.0)
        earlier = case.at(node.parent).demands[name].amount.at(node.parent.middle)
        kept = min(1.0, required / earlier) if earlier > 0 else 0.0
    growth = substitution.growth.at(node.middle) * required * node.length
    case.ledger.at_most("substitution.growth", where, before + growth, found, required)
    case.ledger.at_least("substitution.kept", where, kept * before, found, required)
    case.ledger.at_most("substitution.most", where, substitution.most.at(node.middle) * required, found, required)


def check_stocks(case: Case, amounts: Amounts) -> None:
    """Stocks follow from the parent's, within capacity, limits and the rule of release."""
    stated = {(name, node): value for node, name, value in case.tables["stocks"].by_node("stockpile", "before")}
    for node in case.horizon.nodes:
        for name, stockpile in case.at(node).stockpiles.items():
            where = case.where(node, name)
            if (name, node) not in stated:
                case.ledger.fault("stock.missing", where, "a row", "nothing")
                continue
            before = stockpile.initial.at(node.middle)
            if node.parent is not None:
                before = amounts.stock.get((name, node.parent), 0.0)
            case.ledger.equal("stock.before", where, before, stated[name, node])
            _check_stock(case, amounts, node, name, stockpile, before)


def _check_stock(
    case: Case, amounts: Amounts, node: Node, name: str, stockpile: Stockpile, before: float
) -> None:
    ledger, where = case.ledger, case.where(node, name)
    fill, release, stock = (part[name, node] for part in (amounts.fill, amounts.release, amounts.stock))
    kept = (1 - stockpile.decay) ** node.length * before
    scale = kept + node.length * (abs(fill) + abs(release))
    ledger.equal("stock.dynamics", where, kept + node.length * (fill - release), stock, scale)
    ledger.at_least("stock.least", where, stockpile.least.at(node.middle), stock)
    if stockpile.capacity is not None:
        ledger.at_most("stock.capacity", where, stockpile.capacity.at(node.middle), stock)
    if stockpile.fill_limit is not None:
        ledger.at_most("stock.fill_limit", where, stockpile.fill_limit.at(node.middle), fill)
    if stockpile.release_limit is not None:
        ledger.at_most("stock.release_limit", where, stockpile.release_limit.at(node.middle), release)
    if stockpile.release == "emergency" and not in_force(case.measures[node], stockpile.emergency, node):
        ledger.at_most("stock.emergency", where, 0.0, release)


def check_returns(case: Case, amounts: Amounts) -> None:
    """No more is collected than comes back a lifetime after its delivery."""
    rows = case.tables["returns"].by_node("returns", "returning")
    stated = {(name, node): returning for node, name, returning in rows}
    for node in case.horizon.nodes:
        for name, part in case.at(node).returns.items():
            returning, where = part.history.at(node.middle), case.where(node, name)
            returning += _coming_back(case, amounts, node, part)
            collected = amounts.collected.get((name, node), 0.0)
            case.ledger.at_most("returns.collected", where, part.rate.at(node.middle) * returning, collected)
            if (name, node) in stated:
                case.ledger.equal("returns.returning", where, returning, stated[name, node])
            elif returning > TINY:
                case.ledger.fault("returns.missing", where, "a row", "nothing")


def _coming_back(case: Case, amounts: Amounts, node: Node, part: Returns) -> float:
    """Material returning in a node's period from the deliveries of its path, per year."""
    demands = [name for name in case.base.demands if matches(name, part.demands)]
    total = 0.0
    for before in case.horizon.path[node]:
        share = sum(
            share * overlap(before.start + lag, before.end + lag, node.start, node.end)
            for lag, share in part.lifetime.items()
        )
        if share <= 0:
            continue
        delivered = math.fsum(
            quantity * amounts.delivered.get((name, commodity, before), 0.0)
            for name in demands
            for commodity, quantity in part.delivered.items()
        )
        total += share / node.length * delivered
    return total
