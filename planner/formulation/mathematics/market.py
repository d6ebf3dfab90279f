"""Markets: purchases from suppliers, sales to outlets, quotas on what an exporter lets out.

Index s: suppliers and o: outlets with steps i; r: regions; l: movements.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
import pyomo.environ as pyo

from planner.common.arrays import Array
from planner.common.caching import cached
from planner.common.patterns import fits_any, matching
from planner.formulation.declarations import (
    Chapter,
    Constraint,
    Data,
    Link,
    Numbers,
    OfFigures,
    PerNode,
    Term,
    Variable,
)
from planner.formulation.mathematics.control import (
    covers,
    limited_by,
    numbered,
    passing_shares,
    price_multiple,
    price_multiples,
    quota,
    quota_of,
    supplier_passes,
)
from planner.formulation.mathematics.node_data import OfSituation
from planner.formulation.network import Network, Purchase, Sale
from planner.language.controls import Quota
from planner.language.figure import Figure
from planner.language.instance import Supplier
from planner.tree.nodes import Node


def at_region(figures: dict[str, Figure], region: str, node: Node, default: float = 0.0) -> float:
    figure = figures.get(region)
    return figure.at(node.middle) if figure is not None else default


def _step(network: Network, key: Purchase, node: Node) -> tuple[float, float]:
    """Price and amount of a supplier's step at a node."""
    step = network.instance(node).suppliers[key[0]].steps[key[1] - 1]
    return step.price.at(node.middle), step.amount.at(node.middle) if step.amount is not None else math.inf


def price_paid(network: Network, key: Purchase, node: Node) -> float:
    """Price of a supplier's step for a region at a node, with what controls do to it."""
    return _step(network, key, node)[0] * price_multiple(network, key[0], key[2], node)


def _purchase_bounds(network: Network, amounts: PerNode, node: Node) -> Numbers:
    return limited_by(passing_shares(network, node)[numbered(network)[0]], amounts(node))


def _amounts(network: Network, node: Node) -> list[float]:
    return [_step(network, key, node)[1] for key in network.purchases]


def _dearer(network: Network, costs: PerNode, node: Node) -> Numbers:
    r"""Costs in proportion to prices, with what controls do to prices.

    .. math:: multiple_{s,r,n}
    """
    return np.asarray(price_multiples(network, node)[numbered(network)[0]] * np.asarray(costs(node), dtype=float))


def _step_prices(network: Network, node: Node) -> list[float]:
    r"""Price of every step of a supplier.

    .. math:: price_{s,i,n}
    """
    return [network.price * _step(network, key, node)[0] for key in network.purchases]


def _step_tariffs(network: Network, node: Node) -> list[float]:
    r"""Tariff on every step of a supplier, a share of its price.

    .. math:: tariff_{s,r,n}\, price_{s,i,n}
    """
    suppliers = network.instance(node).suppliers
    return [
        network.price * _step(network, key, node)[0] * at_region(suppliers[key[0]].tariffs, key[2], node)
        for key in network.purchases
    ]


def _delivery(network: Network, node: Node) -> list[float]:
    r"""Cost of bringing purchases to a region.

    .. math:: delivery\_cost_{s,r,n}
    """
    suppliers = network.instance(node).suppliers
    return [network.price * at_region(suppliers[s].delivery_costs, r, node) for s, _, r in network.purchases]


def _sale_step(network: Network, key: Sale, node: Node) -> tuple[float, float]:
    step = network.instance(node).outlets[key[0]].steps[key[1] - 1]
    return step.price.at(node.middle), step.amount.at(node.middle) if step.amount is not None else math.inf


def _sale_revenue(network: Network, node: Node) -> list[float]:
    r"""Revenue of every step of an outlet, a negative cost.

    .. math:: -price_{o,i,n}
    """
    return [-network.price * _sale_step(network, key, node)[0] for key in network.sales]


def _sale_delivery(network: Network, node: Node) -> list[float]:
    r"""Cost of bringing sales to an outlet.

    .. math:: delivery\_cost_{o,r,n}
    """
    outlets = network.instance(node).outlets
    return [network.price * at_region(outlets[o].delivery_costs, r, node) for o, _, r in network.sales]


def chapter(network: Network) -> Chapter:
    return Chapter(
        variables=_variables(network),
        links=(_reserve_link(network),),
        data=_data(network),
        constraints=(
            Constraint("supply_step", _shared_steps(network), supply_step),
            Constraint("supply_region", _region_limited(network), supply_region),
            Constraint("quota", _quotas(network), quota_rule),
            Constraint("reserve", tuple(_reserves(network)), reserve),
            Constraint("market_depth", _shared_sales(network), market_depth),
            Constraint("least_sales", _pledged(network), least_sales),
        ),
    )


def _variables(network: Network) -> tuple[Variable, ...]:
    kept, of, at = tuple(_reserves(network)), partial(OfFigures, network), partial(OfSituation, network)
    bought = [(s, r) for s, _, r in network.purchases]
    sold = [(o, r) for o, _, r in network.sales]
    return (
        Variable("purchased", network.purchases, "quantity bought",
                 upper=at(partial(_purchase_bounds, network, of(partial(_amounts, network)))),
                 costs={"purchase": at(partial(_dearer, network, of(partial(_step_prices, network)))),
                        "tariff": at(partial(_dearer, network, of(partial(_step_tariffs, network)))),
                        "delivery": of(partial(_delivery, network))}, parts=bought,
                 reads=("suppliers.steps", "suppliers.tariffs", "suppliers.delivery_costs")),
        Variable("sold", network.sales, "quantity sold",
                 upper=of(lambda n: [_sale_step(network, key, n)[1] for key in network.sales]),
                 costs={"sales": of(partial(_sale_revenue, network)),
                        "sales_delivery": of(partial(_sale_delivery, network))},
                 parts=sold, reads=("outlets.steps", "outlets.delivery_costs")),
        Variable("remaining", kept, "reserve left at the end of the period", "quantity"),
    )


def _reserves(network: Network) -> list[tuple[str, int]]:
    return [
        (name, i) for name, supplier in network.base.suppliers.items()
        for i, step in enumerate(supplier.steps, 1) if step.reserve is not None
    ]


def _reserve_link(network: Network) -> Link:
    keys = tuple(_reserves(network))

    def terms(node: Node) -> list[Term]:
        if node.parent is None:
            return []
        return [Term(i, node.parent, "remaining", key, 1.0) for i, key in enumerate(keys)]

    def constants(node: Node) -> list[float]:
        if node.parent is not None:
            return [0.0] * len(keys)
        figures = [network.instance(node).suppliers[s].steps[i - 1].reserve for s, i in keys]
        return [f.at(node.middle) if f is not None else 0.0 for f in figures]

    return Link("remaining_before", keys, "reserve left before the period", terms, constants, "quantity",
                of_figures=True, reads=("suppliers.steps",))


def _shared_steps(network: Network) -> tuple[tuple[str, int], ...]:
    """Steps whose amount several regions share; with one region the bound on the purchase says it all."""
    return tuple(
        (name, i) for name, supplier in network.base.suppliers.items() for i, _ in enumerate(supplier.steps, 1)
        if _has_amount(network, "suppliers", name, i) and len(matching(supplier.regions, network.base.regions)) > 1
    )


def _has_amount(network: Network, section: str, name: str, step: int) -> bool:
    """Whether a step of a supplier or an outlet is limited in some future."""
    return network.ever(section, name, lambda part: part.steps[step - 1].amount is not None)


def _shared_sales(network: Network) -> tuple[tuple[str, int], ...]:
    return tuple(
        (name, i) for name, outlet in network.base.outlets.items() for i, _ in enumerate(outlet.steps, 1)
        if _has_amount(network, "outlets", name, i) and len(matching(outlet.regions, network.base.regions)) > 1
    )


def _region_limited(network: Network) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, region) for name, supplier in network.base.suppliers.items()
        for region in matching(supplier.regions, network.base.regions)
        if network.ever("suppliers", name, partial(_limits, region))
    )


def _limits(region: str, supplier: Supplier) -> bool:
    return region in supplier.region_limits


def _pledged(network: Network) -> tuple[tuple[str], ...]:
    """Outlets that must be sold to in some future."""
    return tuple((name,) for name in network.base.outlets
                 if network.ever("outlets", name, lambda part: any(part.least.numbers())))


@cached
def _quotas(network: Network) -> tuple[tuple[str], ...]:
    """The quotas that some node knows."""
    used = {m.name for measures in network.all_measures.values() for m in measures}
    return tuple((name,) for name, c in network.base.controls.items() if isinstance(c, Quota) and name in used)


def _data(network: Network) -> tuple[Data, ...]:
    steps, sales, regions = _shared_steps(network), _shared_sales(network), _region_limited(network)
    of = partial(OfFigures, network)
    pledged = _pledged(network)

    def region_limits(node: Node) -> Array:
        suppliers = network.instance(node).suppliers
        passes = np.array([supplier_passes(network, s, r, node) for s, r in regions], dtype=float)
        return limited_by(passes, [at_region(suppliers[s].region_limits, r, node, math.inf) for s, r in regions])

    def pledges(node: Node) -> list[float]:
        return [network.instance(node).outlets[name].least.at(node.middle) for (name,) in pledged]

    return (
        Data("step_amount", steps, "most sold at a step",
             of(lambda n: [_step(network, (*k, ""), n)[1] for k in steps]), reads=("suppliers.steps",)),
        Data("region_limit", regions, "most delivered to a region",
             OfSituation(network, region_limits), reads=("suppliers.region_limits",)),
        Data("step_depth", sales, "depth of a market's step",
             of(lambda n: [_sale_step(network, (*k, ""), n)[1] for k in sales]), reads=("outlets.steps",)),
        Data("least_sold", pledged, "least sold to an outlet", of(pledges), reads=("outlets.least",)),
        Data("quota_amount", _quotas(network), "most an exporter lets out",
             OfSituation(network, lambda n: [quota(network, name, n) for (name,) in _quotas(network)]),
             reads=("controls.amount",)),
    )


def _regions(block: Any, supplier: str) -> list[str]:
    network: Network = block.network
    return matching(network.base.suppliers[supplier].regions, network.base.regions)


def supply_step(block: Any, supplier: str, i: int) -> Any:
    r"""\sum_r purchased_{s,i,r,n} \le amount_{s,i,n}"""
    return sum(block.purchased[supplier, i, r] for r in _regions(block, supplier)) <= block.step_amount[supplier, i]


def supply_region(block: Any, supplier: str, region: str) -> Any:
    r"""\sum_i purchased_{s,i,r,n} \le passes_{s,r,n}\, region\_limit_{s,r,n}"""
    steps = range(1, len(block.network.base.suppliers[supplier].steps) + 1)
    return sum(block.purchased[supplier, i, region] for i in steps) <= block.region_limit[supplier, region]


def reserve(block: Any, supplier: str, i: int) -> Any:
    r"""remaining_{s,i,n} = remaining_{s,i,a(n)} - length_n \sum_r purchased_{s,i,r,n}
    \quad remaining_{s,i,a(n)} = reserve_{s,i} \text{ in the first period}"""
    bought = sum(block.purchased[supplier, i, r] for r in _regions(block, supplier))
    return block.remaining[supplier, i] == block.remaining_before[supplier, i] - block.structure.length * bought


def market_depth(block: Any, outlet: str, i: int) -> Any:
    r"""\sum_r sold_{o,i,r,n} \le amount_{o,i,n}"""
    sold = sum(block.sold[key] for key in block.network.sales if key[:2] == (outlet, i))
    return sold <= block.step_depth[outlet, i]


def least_sales(block: Any, outlet: str) -> Any:
    r"""\sum_{i,r} sold_{o,i,r,n} \ge least_{o,n}"""
    return sum(block.sold[key] for key in block.network.sales if key[0] == outlet) >= block.least_sold[outlet]


def quota_rule(block: Any, name: str) -> Any:
    r"""\sum_{s \in exporter} purchased_{s,n} + \sum_{l \text{ from exporter}} flow_{l,n} \le quota_n"""
    network: Network = block.network
    control = quota_of(network.base, name)

    def is_under(origin: str | None, commodity: str, destination: str) -> bool:
        is_aimed = origin == control.exporter != destination and fits_any(control.destinations, destination)
        return is_aimed and covers(network.base, control, commodity)

    suppliers = network.base.suppliers
    bought = [
        block.purchased[key] for key in network.purchases
        if is_under(suppliers[key[0]].origin, suppliers[key[0]].commodity, key[2])
    ]
    sent = [block.flow[m] for m in network.movements if is_under(m.origin, m.commodity, m.destination)]
    return sum(bought) + sum(sent) <= block.quota_amount[name] if bought or sent else pyo.Constraint.Skip
