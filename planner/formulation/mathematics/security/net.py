"""Net amounts: goods count for a rule on shares once, and only as far as they are both supplied and used.

What comes back from abroad, or is made of the rule's own goods, is no new supply; what is thrown away, sold or sent on
is no use.
"""

from __future__ import annotations

from planner.common.caching import cached
from planner.formulation.declarations import Key
from planner.formulation.mathematics.security.scope import Entry
from planner.formulation.network import CommodityRegion, Network
from planner.language.instance import Instance

PooledBalances = dict[Key, tuple[CommodityRegion, ...]]


@cached
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


def commodities_of(places: tuple[CommodityRegion, ...]) -> frozenset[str]:
    return frozenset(k for k, _ in places)


def made(
    network: Network, instance: Instance, places: tuple[CommodityRegion, ...], place: CommodityRegion
) -> list[Entry]:
    """Production at a place by processes that do not use the goods of these places."""
    again = turning_back(network, commodities_of(places))
    return [
        ("activity", (a, p), instance.processes[p].outputs[place[0]])
        for a, p in network.balance[place].made_by if p not in again
    ]


def used(network: Network, instance: Instance, places: tuple[CommodityRegion, ...], commodity: str) -> list[Entry]:
    """Use of a commodity: inputs of processes, and what users are given."""
    found: list[Entry] = []
    for place in (p for p in places if p[0] == commodity):
        balance = network.balance[place]
        found += [("activity", (a, p), instance.processes[p].inputs[commodity]) for a, p in balance.used_by]
        found += [("delivered", key, 1.0) for key in balance.delivered]
    return found


def first(network: Network, instance: Instance, places: tuple[CommodityRegion, ...], commodity: str) -> list[Entry]:
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


def kept(network: Network, places: tuple[CommodityRegion, ...], commodity: str) -> list[Entry]:
    """Amount of a commodity that is released from stock or collected."""
    found: list[Entry] = []
    for place in (p for p in places if p[0] == commodity):
        found += [("released", (w,), 1.0) for w in network.balance[place].stored]
        found += [("collected", (name,), 1.0) for name in network.balance[place].returned]
    return found


def keys(rows: PooledBalances) -> tuple[Key, ...]:
    """(row, commodity)."""
    return tuple((*row, k) for row, places in rows.items() for k in dict.fromkeys(k for k, _ in places))
