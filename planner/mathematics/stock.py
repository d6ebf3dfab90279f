"""Stock: what is stored, carried from the parent node.  Index w: stockpiles; n: nodes; a(n): parent."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from planner.figure import Figure
from planner.mathematics.control import in_force
from planner.mathematics.situation import OfSituation
from planner.names import fits_any
from planner.network import Network
from planner.program import Chapter, Constraint, Key, Link, OfFigures, Term, Variable
from planner.tree import Node


def _at(figure: Figure | None, node: Node) -> float:
    return figure.at(node.middle) if figure is not None else math.inf


def _most_released(network: Network, name: str, node: Node) -> float:
    stockpile = network.instance(node).stockpiles[name]
    if stockpile.release == "emergency" and not any(
        fits_any(stockpile.emergency, measure.name) or fits_any(stockpile.emergency, measure.name.partition("@")[0])
        for measure in in_force(network, node)
    ):
        return 0.0
    return _at(stockpile.release_limit, node)


def _stock_costs(network: Network, part: str, node: Node) -> list[float]:
    """Holding cost per year, or the worth of what is left at a leaf (a credit, once, not per year)."""
    stockpiles = network.instance(node).stockpiles.values()
    if part == "holding_cost":
        return [network.price * w.holding_cost.at(node.middle) for w in stockpiles]
    is_leaf = network.tree.is_leaf(node)
    return [-network.price * w.final_value.at(node.middle) / node.length if is_leaf else 0.0 for w in stockpiles]


def _resumed_costs(network: Network, node: Node) -> list[float]:
    """What stock costs that a shock used up: where the world goes on with stock that is no longer there."""
    return [-cost if node.resumed else 0.0 for cost in _stock_costs(network, "final_value", node)]


def _resumed(keys: tuple[Key, ...], node: Node) -> list[Term]:
    return [Term(i, twin, "stock", key, share) for twin, share in node.resumed for i, key in enumerate(keys)]


def chapter(network: Network) -> Chapter:
    names = tuple(network.base.stockpiles)
    of = partial(OfFigures, network)
    keys = tuple((name,) for name in names)
    parts = [(name, w.region) for name, w in network.base.stockpiles.items()]

    def bounds(field: str, node: Node) -> list[float]:
        stockpiles = network.instance(node).stockpiles
        return [_at(getattr(stockpiles[name], field), node) for name in names]

    def carried(node: Node) -> list[Term]:
        if node.parent is None:
            return []
        stockpiles = network.instance(node).stockpiles
        kept = [(1 - stockpiles[name].decay) ** node.length for name in names]
        return [Term(i, node.parent, "stock", key, kept[i]) for i, key in enumerate(keys)]

    def opening(node: Node) -> list[float]:
        if node.parent is not None:
            return [0.0] * len(names)
        stockpiles = network.instance(node).stockpiles
        return [
            (1 - stockpiles[name].decay) ** node.length * stockpiles[name].initial.at(node.middle) for name in names
        ]

    return Chapter(
        variables=(
            Variable("filled", keys, "put into stock", upper=of(partial(bounds, "fill_limit"))),
            Variable("released", keys, "taken out of stock",
                     upper=OfSituation(network, lambda n: [_most_released(network, name, n) for name in names])),
            Variable("stock", keys, "stock at the end of the period", "quantity",
                     lower=of(partial(bounds, "least")), upper=of(partial(bounds, "capacity")),
                     costs={"holding": of(partial(_stock_costs, network, "holding_cost")),
                            "final_value": OfSituation(network, partial(_stock_costs, network, "final_value"))},
                     parts=parts),
        ),
        links=(
            Link("carried", keys, "stock left of the parent's after decay", carried, opening, "quantity",
                 of_figures=True),
            Link("resumed", keys, "stock with which the world goes on after a shock", partial(_resumed, keys),
                 lambda _: [0.0] * len(keys), "quantity",
                 costs={"final_value": partial(_resumed_costs, network)}, parts=parts),
        ),
        constraints=(Constraint("stock_balance", keys, stock_balance),),
    )


def stock_balance(block: Any, name: str) -> Any:
    r"""stock_{w,n} = (1 - decay_w)^{length_n} stock_{w,a(n)} + length_n (filled_{w,n} - released_{w,n})"""
    change = block.structure.length * (block.filled[name] - block.released[name])
    return block.stock[name] == block.carried[name] + change
