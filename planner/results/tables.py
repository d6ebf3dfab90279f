"""The tables a run writes: one row per fact, the unit stated.

Every function takes a solution and returns one table. Amounts are rates per year unless the unit says
otherwise; node-indexed tables carry node, future (owner), period and year (start of the period).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd

from planner.formulation.declarations import Key
from planner.formulation.marks import name_of
from planner.formulation.mathematics.market import price_paid
from planner.formulation.mathematics.node_data import applies
from planner.formulation.mathematics.origin import splits
from planner.language.units import unit
from planner.results.chosen import chosen
from planner.results.costs import costs
from planner.results.investments import capacity, plan, retirements
from planner.results.reporting import element_balance, prices, shares
from planner.results.requirements import requirements
from planner.results.rows import NOTHING, TableRow, at
from planner.results.scenarios import scenarios
from planner.results.solution import Solution
from planner.tables.frames import table
from planner.tables.schemas import RUN
from planner.tree.nodes import Node


def nodes(solution: Solution) -> pd.DataFrame:
    def rows() -> Iterable[TableRow]:
        for node in solution.nodes:
            parent = solution.network.tree.parent(node)
            yield at(node) | {
                "parent": parent.key if parent else "", "length": node.length, "probability": node.probability,
                "factor": node.factor, "weight": node.weight, "futures": ";".join(node.futures), "group": node.group,
                "source": node.source, "onset": node.onset,
            }

    return table(RUN["nodes"], rows())


def _amounts(
    solution: Solution, family: str, name: str, describe: Callable[[Any, Node], TableRow], column: str = "amount",
) -> pd.DataFrame:
    """One row per key and node with an amount that is not nothing."""
    label = unit(solution.network.base.units, "quantity/year")
    rows = (
        {**describe(key, node), **at(node), column: value, "unit": label}
        for node in solution.nodes for key, value in solution.of(node, family) if value > NOTHING
    )
    return table(RUN[name], rows)


def activity(solution: Solution) -> pd.DataFrame:
    network = solution.network

    def describe(key: Any, _: Node) -> TableRow:
        return {"facility": key[0], "process": key[1], "region": network.region_of(key[0]),
                "stage": network.stage_of(key[0])}

    return _amounts(solution, "activity", "activity", describe, "activity")


def flows(solution: Solution) -> pd.DataFrame:
    lanes = solution.network.base.lanes
    label = unit(solution.network.base.units, "quantity/year")

    def rows() -> Iterable[TableRow]:
        for node in solution.nodes:
            used = solution.values(node, "lane_used")
            for key, sent in solution.of(node, "flow"):
                if sent > NOTHING:
                    lane, commodity, origin, destination = key
                    loss = solution.instance(node).lanes[lane].loss if lane in lanes else 0.0
                    yield {"lane": lane, "commodity": commodity, "origin": origin, "destination": destination,
                           **at(node), "sent": sent, "arrived": sent * (1 - loss), "used": used.get(key, 1.0),
                           "unit": label}

    return table(RUN["flows"], rows())


def purchases(solution: Solution) -> pd.DataFrame:
    def describe(key: Any, node: Node) -> TableRow:
        supplier = solution.instance(node).suppliers[key[0]]
        return {"supplier": key[0], "commodity": supplier.commodity, "origin": supplier.origin or "",
                "region": key[2], "step": key[1], "price": price_paid(solution.network, key, node)}

    return _amounts(solution, "purchased", "purchases", describe)


def sales(solution: Solution) -> pd.DataFrame:
    def describe(key: Any, node: Node) -> TableRow:
        outlet = solution.instance(node).outlets[key[0]]
        return {"outlet": key[0], "commodity": outlet.commodity, "region": key[2], "step": key[1],
                "price": outlet.steps[key[1] - 1].price.at(node.middle)}

    return _amounts(solution, "sold", "sales", describe)


def stocks(solution: Solution) -> pd.DataFrame:
    network, label = solution.network, unit(solution.network.base.units, "quantity")

    def rows() -> Iterable[TableRow]:
        for node in solution.nodes:
            parent = network.tree.parent(node)
            before = solution.values(parent, "stock") if parent else {}
            filled, released = solution.values(node, "filled"), solution.values(node, "released")
            for key, stock in solution.of(node, "stock"):
                part = solution.instance(node).stockpiles[key[0]]
                yield {"stockpile": key[0], "commodity": part.commodity, "region": part.region,
                       "owner": part.owner or "", **at(node),
                       "before": before[key] if parent else part.initial.at(node.middle),
                       "fill": filled[key], "release": released[key], "stock": stock, "unit": label}

    return table(RUN["stocks"], rows())


def demand(solution: Solution) -> pd.DataFrame:
    """Need and supply of users: required, delivered by commodity, substituted, short by tranche.

    The `chosen` part of a shortage was avoidable: goods for it were there, but were stored, sold or thrown away.
    """
    label = unit(solution.network.base.units, "quantity/year")

    def rows() -> Iterable[TableRow]:
        for node in solution.nodes:
            delivered, short = solution.values(node, "delivered"), solution.values(node, "short")
            substituted, by_choice = solution.values(node, "substituted"), chosen(solution, node)
            for name, part in solution.instance(node).demands.items():
                facts = [
                    ("required", "", part.amount.at(node.middle)),
                    *(("delivered", k, delivered[name, k]) for k in part.accepts),
                    ("substituted", "", substituted.get((name,), 0.0)),
                    *(("short", str(i), short[name, i]) for i in range(1, len(part.shortage) + 1)),
                    *([("chosen", "", by_choice[name])] if by_choice[name] > NOTHING else []),
                ]
                for measure, item, amount in facts:
                    yield {"demand": name, "region": part.region, "class": part.user_class, **at(node),
                           "measure": measure, "item": item, "amount": amount, "unit": label}

    return table(RUN["demand"], rows())


def returns(solution: Solution) -> pd.DataFrame:
    label = unit(solution.network.base.units, "quantity/year")

    def rows() -> Iterable[TableRow]:
        for node in solution.nodes:
            collected = solution.values(node, "collected")
            for key, returning in solution.of(node, "returning"):
                part = solution.instance(node).returns[key[0]]
                yield {"returns": key[0], "commodity": part.commodity, "region": part.region, **at(node),
                       "returning": returning, "collected": collected[key], "unit": label}

    return table(RUN["returns"], rows())


def disposal(solution: Solution) -> pd.DataFrame:
    def describe(key: Any, _: Node) -> TableRow:
        return {"commodity": key[0], "region": key[1]}

    return _amounts(solution, "disposed", "disposal", describe)


def origin(solution: Solution) -> pd.DataFrame:
    """Amounts tracked by origin: by level, where some users are denied an exporter's goods.

    A plan in which no denial binds may split an amount in many ways; this is one of them.
    """
    label, piles = unit(solution.network.base.units, "quantity/year"), solution.network.base.stockpiles
    demands = solution.network.base.demands

    def place(family: str, key: Key) -> TableRow:
        if family == "flow":
            return dict(zip(("name", "commodity", "region", "to"), key, strict=True))
        if family == "delivered":
            return {"name": key[0], "commodity": key[1], "region": demands[key[0]].region, "to": ""}
        return {"name": key[0], "commodity": piles[key[0]].commodity, "region": piles[key[0]].region, "to": ""}

    def rows() -> Iterable[TableRow]:
        for node in solution.nodes:
            for (family, *key), levels in splits(solution.network).items():
                if family == "stock":
                    continue  # It follows from what is put in and taken out.
                rest, parts = solution.values(node, family)[tuple(key)], solution.values(node, "at_level")
                for level in levels if rest > NOTHING else ():  # What the solver leaves of nothing has no origin.
                    name = name_of(level)
                    amount = rest if level == levels[-1] else min(rest, parts[family, *key, name])
                    rest -= amount
                    if amount > NOTHING:
                        yield {"measure": MEASURES[family], **place(family, tuple(key)), "level": name, **at(node),
                               "amount": amount, "unit": label}

    return table(RUN["origin"], rows())


MEASURES = {"flow": "sent", "filled": "fill", "released": "release", "delivered": "delivered"}


def cover(solution: Solution) -> pd.DataFrame:
    """Cover of the need: amounts drawn from stock, made by spare capacity, and given to users."""
    network, label = solution.network, solution.network.base.units.quantity
    families = {"cover_drawn": "drawn", "cover_run": "run", "cover_given": "given"}

    def rows() -> Iterable[TableRow]:
        for node in solution.nodes:
            for family, measure in families.items():
                for (name, place, what, *item), amount in solution.of(node, family):
                    if amount > NOTHING and applies(network.base.requirements[name], node):
                        yield {"requirement": name, "place": place, "measure": measure, "name": what,
                               "item": item[0] if item else "", **at(node), "amount": amount, "unit": label}

    return table(RUN["cover"], rows())


TABLES: dict[str, Callable[[Solution], pd.DataFrame]] = {
    "nodes": nodes, "plan": plan, "retirements": retirements, "capacity": capacity, "activity": activity,
    "flows": flows, "purchases": purchases, "sales": sales, "stocks": stocks, "demand": demand, "returns": returns,
    "disposal": disposal, "element_balance": element_balance, "shares": shares, "requirements": requirements,
    "costs": costs, "prices": prices, "origin": origin, "cover": cover,
    "scenarios": scenarios,
}


def all_tables(solution: Solution) -> dict[str, pd.DataFrame]:
    """Every table of a run by name, in the declared order."""
    return {name: TABLES[name](solution) for name in RUN if name in TABLES}
