"""Net amounts: goods count for a rule on shares once, and only as far as they are both supplied and used.

What comes back from abroad, or is made of the rule's own goods, is no new supply; what is thrown away, sold or sent on
is no use. Index q: rows of requirements; k: their commodities; r: their regions; a, p: assets and processes; n: nodes.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from planner.mathematics.security.scope import Entry, total
from planner.network import Network
from planner.program import Chapter, Constraint, Key, Variable
from planner.schema import Instance

Place = tuple[str, str]  # commodity, region
Rows = dict[Key, tuple[Place, ...]]


@lru_cache(maxsize=4096)
def turning_back(network: Network, commodities: frozenset[str]) -> frozenset[str]:
    """The processes that take these commodities, or what is to be had from them alone."""
    base, derived, size = network.base, set(commodities), -1
    elsewhere = {s.commodity for s in base.suppliers.values()} | {q.commodity for q in base.returns.values()}
    while len(derived) > size:
        size = len(derived)
        makers = {k: [p for p in base.processes.values() if k in p.outputs] for k in base.commodities}
        derived |= {
            k for k, made_by in makers.items()
            if k not in elsewhere and made_by and all(derived & set(p.inputs) for p in made_by)
        }
    return frozenset(name for name, p in base.processes.items() if derived & set(p.inputs))


def commodities_of(places: tuple[Place, ...]) -> frozenset[str]:
    return frozenset(k for k, _ in places)


def made(network: Network, instance: Instance, places: tuple[Place, ...], place: Place) -> list[Entry]:
    """What is made at a place, but of the goods of these places."""
    again = turning_back(network, commodities_of(places))
    return [
        ("activity", (a, p), instance.processes[p].outputs[place[0]])
        for a, p in network.balance[place].made_by if p not in again
    ]


def used(network: Network, instance: Instance, places: tuple[Place, ...], commodity: str) -> list[Entry]:
    """Use of a commodity: inputs of processes, and what users are given."""
    found: list[Entry] = []
    for place in (p for p in places if p[0] == commodity):
        balance = network.balance[place]
        found += [("activity", (a, p), instance.processes[p].inputs[commodity]) for a, p in balance.used_by]
        found += [("delivered", key, 1.0) for key in balance.delivered]
    return found


def first(network: Network, instance: Instance, places: tuple[Place, ...], commodity: str) -> list[Entry]:
    """Supply of a commodity that is new to these places: made there, bought, or arriving from elsewhere."""
    found: list[Entry] = []
    for place in (p for p in places if p[0] == commodity):
        balance = network.balance[place]
        found += made(network, instance, places, place)
        found += [("purchased", key, 1.0) for key in balance.bought]
        found += [
            ("flow", m, 1 - instance.lanes[m.lane].loss) for m in balance.arriving
            if (commodity, m.origin) not in places
        ]
    return found


def kept(network: Network, places: tuple[Place, ...], commodity: str) -> list[Entry]:
    """What of a commodity comes out of stock or is collected."""
    found: list[Entry] = []
    for place in (p for p in places if p[0] == commodity):
        found += [("released", (w,), 1.0) for w in network.balance[place].stored]
        found += [("collected", (name,), 1.0) for name in network.balance[place].returned]
    return found


def keys(rows: Rows) -> tuple[Key, ...]:
    """(row, commodity)."""
    return tuple((*row, k) for row, places in rows.items() for k in dict.fromkeys(k for k, _ in places))


def chapter(rows: Rows, stocks: frozenset[Key]) -> Chapter:
    """Net use of every commodity of some rows; of those in `stocks` what is drawn from stock is used as well."""

    def net_used(block: Any, *key: str) -> Any:
        r"""net\_use_{q,k,n} \le \sum_{a,p,r} input_{p,k}\, activity_{a,p,n} + \sum_d delivered_{d,k,n}"""
        places = rows[key[:-1]]
        return block.net_use[key] <= total(block, used(block.network, block.instance, places, key[-1]))

    def net_supplied(block: Any, *key: str) -> Any:
        r"""net\_use_{q,k,n} \le \sum_{a,p \text{ not of } q} output_{p,k}\, activity_{a,p,n} + \sum purchased
        + \sum_{l \text{ from outside}} (1 - loss_l)\, flow_{l,n} \; (+ \sum released + \sum collected)"""
        places = rows[key[:-1]]
        found = first(block.network, block.instance, places, key[-1])
        if key[:-1] in stocks:
            found += kept(block.network, places, key[-1])
        return block.net_use[key] <= total(block, found)

    every = keys(rows)
    return Chapter(
        variables=(Variable("net_use", every, "what is both supplied anew and used"),),
        constraints=(Constraint("net_used", every, net_used), Constraint("net_supplied", every, net_supplied)),
    )
