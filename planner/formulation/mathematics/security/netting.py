"""Net use: what of a commodity is both supplied anew and used, in every row of a rule on shares that asks for it.

Index q: rows of requirements; k: their commodities; r: their regions; a, p: assets and processes; d: demands; n: nodes.
"""

from __future__ import annotations

from typing import Any

from planner.formulation.declarations import Chapter, Constraint, Key, Variable
from planner.formulation.mathematics.security import dependence, net, supply
from planner.formulation.mathematics.security.scope import total
from planner.formulation.network import CommodityRegion, Network


def places_of(network: Network, row: Key) -> tuple[CommodityRegion, ...]:
    """The balances that a row pools."""
    turned = dependence.turned(network)
    return turned[row] if row in turned else supply.rows(network)[row]


def chapter(network: Network) -> Chapter:
    rows = {row: places_of(network, row) for row in (*dependence.turned(network), *supply.shared(network))}
    every = net.keys(rows)
    return Chapter(
        variables=(Variable("net_use", every, "what is both supplied anew and used"),),
        constraints=(Constraint("net_used", every, net_used), Constraint("net_supplied", every, net_supplied)),
    )


def net_used(block: Any, *key: str) -> Any:
    r"""net\_use_{q,k,n} \le \sum_{a,p,r} input_{p,k}\, activity_{a,p,n} + \sum_d delivered_{d,k,n}"""
    places = places_of(block.network, key[:-1])
    return block.net_use[key] <= total(block, net.used(block.network, block.instance, places, key[-1]))


def net_supplied(block: Any, *key: str) -> Any:
    r"""net\_use_{q,k,n} \le \sum_{a,p \text{ not of } q} output_{p,k}\, activity_{a,p,n} + \sum purchased
    + \sum_{l \text{ from outside}} (1 - loss_l)\, flow_{l,n} \; (\text{dependence: } + released + collected)"""
    network, places = block.network, places_of(block.network, key[:-1])
    found = net.first(network, block.instance, places, key[-1])
    if key[:-1] in dependence.turned(network):
        found += net.kept(network, places, key[-1])
    return block.net_use[key] <= total(block, found)
