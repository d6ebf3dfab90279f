"""Stock: what is stored, carried from the parent node.  Index w: stockpiles; n: nodes; a(n): parent."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planner.common.arrays import Array
from planner.common.caching import cached
from planner.common.patterns import fits_any
from planner.formulation.declarations import Chapter, Constraint, Key, Link, OfFigures, PerNode, Term, Variable
from planner.formulation.mathematics.control import in_force
from planner.formulation.mathematics.node_data import OfSituation
from planner.formulation.network import Network
from planner.language.figure import Figure
from planner.tree.nodes import Node


def _at(figure: Figure | None, node: Node) -> float:
    return figure.at(node.middle) if figure is not None else math.inf


@cached
def _opened(network: Network, source: str, measure: str) -> NDArray[np.bool_]:
    """Which stockpiles a measure opens, by the figures of a future or shock."""
    names = (measure, measure.partition("@")[0])
    piles = network.instances[source].stockpiles.values()
    return np.array([any(fits_any(pile.emergency, name) for name in names) for pile in piles], dtype=bool)


def _most_released(network: Network, limits: PerNode, node: Node) -> Array:
    """Largest release from each stockpile; zero for emergency stockpiles outside an emergency."""
    piles = network.instance(node).stockpiles.values()
    is_open = np.array([pile.release != "emergency" for pile in piles], dtype=bool)
    for measure in in_force(network, node):
        is_open |= _opened(network, node.source, measure.name)
    return np.where(is_open, limits(node), 0.0)


def _holding_costs(network: Network, node: Node) -> list[float]:
    r"""Cost of holding stock.

    .. math:: holding\_cost_{w,n}
    """
    return [network.price * w.holding_cost.at(node.middle) for w in network.instance(node).stockpiles.values()]


def _final_costs(network: Network, node: Node) -> list[float]:
    """Credit for a unit of stock that is left when its branch ends: once, so divided by the length of the period."""
    stockpiles = network.instance(node).stockpiles.values()
    return [-network.price * w.final_value.at(node.middle) / node.length for w in stockpiles]


def _resumed(keys: tuple[Key, ...], node: Node) -> list[Term]:
    return [Term(i, twin, "stock", key, share) for twin, share in node.resumed for i, key in enumerate(keys)]


def _carried(network: Network, keys: tuple[Key, ...], node: Node) -> list[Term]:
    """Stock of the parent that is left after decay."""
    if node.parent is None:
        return []
    stockpiles = network.instance(node).stockpiles
    return [
        Term(i, node.parent, "stock", key, (1 - stockpiles[key[0]].decay) ** node.length) for i, key in enumerate(keys)
    ]


def _opening(network: Network, node: Node) -> list[float]:
    """Opening stock that is left after decay, in the first period."""
    stockpiles = network.instance(node).stockpiles.values()
    if node.parent is not None:
        return [0.0] * len(stockpiles)
    return [(1 - w.decay) ** node.length * w.initial.at(node.middle) for w in stockpiles]


def _left(network: Network, final: OfFigures, node: Node) -> Array:
    r"""Credit for stock when its branch ends.

    .. math:: -\frac{final\_value_{w,n}}{length_n} \text{ at leaves}
    """
    return network.tree.is_leaf(node) * final(node)


def _used_up(final: OfFigures, node: Node) -> Array:
    r"""The credit of stock with which a branch resumes after a shock, taken back: its own leaves count it.

    .. math:: \frac{final\_value_{w,n}}{length_n} \text{ at the end of a window}
    """
    return -bool(node.resumed) * final(node)


def chapter(network: Network) -> Chapter:
    names = tuple(network.base.stockpiles)
    of = partial(OfFigures, network)
    final = of(partial(_final_costs, network))
    keys = tuple((name,) for name in names)
    parts = [(name, w.region) for name, w in network.base.stockpiles.items()]

    def bounds(field: str, node: Node) -> list[float]:
        stockpiles = network.instance(node).stockpiles
        return [_at(getattr(stockpiles[name], field), node) for name in names]

    most_released = partial(_most_released, network, of(partial(bounds, "release_limit")))
    return Chapter(
        variables=(
            Variable("filled", keys, "put into stock", upper=of(partial(bounds, "fill_limit")),
                     reads=("stockpiles.fill_limit",)),
            Variable("released", keys, "taken out of stock", upper=OfSituation(network, most_released),
                     reads=("stockpiles.release_limit",)),
            Variable("stock", keys, "stock at the end of the period", "quantity",
                     lower=of(partial(bounds, "least")), upper=of(partial(bounds, "capacity")),
                     costs={"holding": of(partial(_holding_costs, network)),
                            "final_value": OfSituation(network, partial(_left, network, final))},
                     parts=parts,
                     reads=("stockpiles.least", "stockpiles.capacity", "stockpiles.holding_cost",
                            "stockpiles.final_value")),
        ),
        links=(
            Link("carried", keys, "stock left of the parent's after decay", partial(_carried, network, keys),
                 partial(_opening, network), "quantity", of_figures=True, reads=("stockpiles.initial",)),
            Link("resumed", keys, "stock with which the world goes on after a shock", partial(_resumed, keys),
                 lambda _: [0.0] * len(keys), "quantity",
                 costs={"final_value": partial(_used_up, final)}, parts=parts, reads=("stockpiles.final_value",)),
        ),
        constraints=(Constraint("stock_balance", keys, stock_balance),),
    )


def stock_balance(block: Any, name: str) -> Any:
    r"""stock_{w,n} = (1 - decay_w)^{length_n} stock_{w,a(n)} + length_n (filled_{w,n} - released_{w,n})
    \quad stock_{w,a(n)} = initial_w \text{ in the first period}"""
    change = block.structure.length * (block.filled[name] - block.released[name])
    return block.stock[name] == block.carried[name] + change
