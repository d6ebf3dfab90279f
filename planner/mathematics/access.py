"""Access: which users may be given what comes from an exporter that denies it to some classes of them.

Within a region the exporter's material is kept apart, in stock as well, by the attribution that is best for the
users: nobody of a touched class needs more of it than allowed if the rest can use it up. What comes by way of
another region has lost its origin; it is not passed on to regions in which users are denied it.
Index x: exporters; k: commodities; r: regions; d: demands; n: nodes.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from planner.mathematics.control import by_class, class_passing, covers, touches
from planner.mathematics.security import from_exporter
from planner.names import fits_any
from planner.network import Network
from planner.program import Chapter, Constraint, Link, Term, Variable
from planner.schema import Control
from planner.tree import Node

Place = tuple[str, str, str]  # exporter, commodity, region


@lru_cache(maxsize=8)
def places(network: Network) -> tuple[Place, ...]:
    """Where an exporter's material arrives that a control denies to users there, or where it can be sent on to."""
    controls = [c for c in network.base.controls.values() if by_class(c)]
    found = {(c.exporter, *place) for c in controls for place in touched(network, c)}
    exporters = dict.fromkeys(c.exporter for c in controls)
    return tuple((x, *place) for place in network.balance for x in exporters if (x, *place) in found)


def touched(network: Network, control: Control) -> list[tuple[str, str]]:
    """The balances that what a control denies reaches from its exporter, and from where denied users can be reached."""
    return [
        (commodity, region) for commodity, region in network.balance
        if region != control.exporter and _is_reached(network, control.exporter, commodity, region)
        and any(_concerns(network, control, commodity, r) for r in _onward(network, commodity, region))
    ]


def _onward(network: Network, commodity: str, region: str) -> list[str]:
    """A region and those it can send a commodity to."""
    return [region, *(m.destination for m in network.balance[commodity, region].leaving)]


def _is_reached(network: Network, exporter: str, commodity: str, region: str) -> bool:
    balance, suppliers = network.balance[commodity, region], network.base.suppliers
    return any(suppliers[key[0]].origin == exporter for key in balance.bought) or any(
        m.origin == exporter for m in balance.arriving
    )


def _concerns(network: Network, control: Control, commodity: str, region: str) -> bool:
    """Whether a control denies a commodity to users in a region."""
    if region == control.exporter or not fits_any(control.destinations, region):
        return False
    users = [network.base.demands[d].user_class for d, _ in network.balance[commodity, region].delivered]
    return covers(network.base, control, commodity) and any(touches(control, user) for user in users)


def shares(network: Network, node: Node) -> dict[str, float]:
    """Share of an exporter's material in what each class is given, where below 1; part of a node's structure."""
    found = {}
    reached = {(x, k, r) for x, k, region in places(network) for r in _onward(network, k, region)}
    for exporter, commodity, region in sorted(reached):
        for name, _ in network.balance[commodity, region].delivered:
            share = class_passing(network, exporter, commodity, region, network.base.demands[name].user_class, node)
            if share < 1:
                found[label((exporter, commodity, region), name)] = share
    return found


def label(place: Place, demand: str) -> str:
    return json.dumps([*place, demand])


def decay(network: Network, place: Place, node: Node) -> float:
    """The smallest decay among the stockpiles of a place."""
    stockpiles = network.instance(node).stockpiles
    return min((stockpiles[w].decay for w in network.balance[place[1:]].stored), default=0.0)


def chapter(network: Network) -> Chapter:
    keys = places(network)

    def carried(node: Node) -> list[Term]:
        if node.parent is None:
            return []
        return [
            Term(i, node.parent, "held", key, (1 - decay(network, key, node)) ** node.length)
            for i, key in enumerate(keys)
        ]

    return Chapter(
        variables=(
            Variable("kept", keys, "exporter's material put into stock"),
            Variable("drawn", keys, "exporter's material taken out of stock"),
            Variable("held", keys, "exporter's material in stock at the end of the period", "quantity"),
        ),
        links=(Link("held_before", keys, "exporter's material left in stock after decay", carried,
                    lambda _: [0.0] * len(keys), "quantity", of_figures=True),),
        constraints=(
            Constraint("access", keys, access),
            Constraint("kept_in_fill", keys, kept_in_fill),
            Constraint("drawn_in_release", keys, drawn_in_release),
            Constraint("held_in_stock", keys, held_in_stock),
            Constraint("held_balance", keys, held_balance),
        ),
    )


def access(block: Any, *place: str) -> Any:
    r"""purchased_{x,k,r,n} + arrivals_{x,k,r,n} + drawn_n \le \sum_{a,p} input_{p,k}\, activity_{a,p,n} +
    \sum_{l \text{ to where nobody is denied it}} flow_{l,n} + sold + disposed + kept_n
    + \sum_d share_{x,k,r,d,n}\, delivered_{d,k,n}"""
    exporter, commodity, region = place
    network = block.network
    balance, processes = network.balance[commodity, region], block.instance.processes
    denied = {tuple(json.loads(name)[:3]) for name in block.structure.access}
    others = (
        sum(processes[p].inputs[commodity] * block.activity[a, p] for a, p in balance.used_by)
        + sum(block.flow[m] for m in balance.leaving if (exporter, commodity, m.destination) not in denied)
        + sum(block.sold[key] for key in balance.sold)
        + sum(block.disposed[p] for p in network.disposals if p == (commodity, region))
    )
    shares = block.structure.access
    users = sum(
        share * block.delivered[key] for key in balance.delivered
        if (share := shares.get(label((exporter, commodity, region), key[0]), 1.0)) > 0
    )
    enters = from_exporter(block, exporter, (commodity, region)) + block.drawn[place]
    return enters <= others + block.kept[place] + users


def _stored(block: Any, place: tuple[str, ...], family: str) -> Any:
    return sum(getattr(block, family)[w] for w in block.network.balance[place[1], place[2]].stored)


def kept_in_fill(block: Any, *place: str) -> Any:
    r"""kept_{x,k,r,n} \le \sum_w filled_{w,n}"""
    return block.kept[place] <= _stored(block, place, "filled")


def drawn_in_release(block: Any, *place: str) -> Any:
    r"""drawn_{x,k,r,n} \le \sum_w released_{w,n}"""
    return block.drawn[place] <= _stored(block, place, "released")


def held_in_stock(block: Any, *place: str) -> Any:
    r"""held_{x,k,r,n} \le \sum_w stock_{w,n}"""
    return block.held[place] <= _stored(block, place, "stock")


def held_balance(block: Any, *place: str) -> Any:
    r"""held_n = (1 - decay)^{length_n} held_{a(n)} + length_n (kept_n - drawn_n)"""
    change = block.structure.length * (block.kept[place] - block.drawn[place])
    return block.held[place] == block.held_before[place] + change
