"""Supply by source: by country or by facility, of the commodities of a requirement.

Index q: requirements with the keys of their row; c: sources; n: nodes. Shared by concentration and supplier_count.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from planner.common.caching import cached
from planner.common.patterns import fits_any
from planner.formulation.declarations import Chapter, Constraint, Key, Variable
from planner.formulation.mathematics.security import net
from planner.formulation.mathematics.security.kind import EmptyScope, PlanValues
from planner.formulation.mathematics.security.scope import Entry, country, is_meant, stated, total
from planner.formulation.network import CommodityRegion, Network
from planner.language.instance import Instance
from planner.language.requirements import Concentration, OfSupply, SupplierCount
from planner.tree.nodes import Node


@cached
def rows(network: Network) -> dict[Key, tuple[CommodityRegion, ...]]:
    """The balances each row pools, by (requirement, region or '*', stage or '*', commodity or '*')."""
    found: dict[Key, list[CommodityRegion]] = defaultdict(list)
    for name, part in stated(network, OfSupply).items():
        for k, r in network.balance:
            if is_meant(network.base, part, k) and fits_any(part.regions, r):
                stage = network.base.commodities[k].stage or k
                words = {"region": r, "stage": stage, "commodity": k}
                key = (name, *(words[word] if word in part.by else "*" for word in words))
                found[key].append((k, r))
    return {key: tuple(places) for key, places in found.items() if entries(network, network.base, key, tuple(places))}


def entries(
    network: Network, instance: Instance, row: Key, pool: tuple[CommodityRegion, ...], only: str | None = None
) -> dict[str, list[Entry]]:
    """Supply of each source, of one commodity or all: made (not of the row's own goods), bought, or arriving.

    What moves within the pool of places is not counted again.
    """
    part = network.base.requirements[row[0]]
    single = isinstance(part, SupplierCount) and part.independent == "facility"
    found: dict[str, list[Entry]] = defaultdict(list)
    for commodity, region in (p for p in pool if only in (None, p[0])):
        balance = network.balance[commodity, region]
        for entry in net.made(network, instance, pool, (commodity, region)):
            found[entry[1][0] if single else country(instance, region)].append(entry)
        for key in balance.bought:
            origin = instance.suppliers[key[0]].origin or region
            found[key[0] if single else country(instance, origin)].append(("purchased", key, 1.0))
        for m in balance.arriving:
            if (commodity, m.origin) not in pool:
                source = m.lane if single else country(instance, m.origin)
                found[source].append(("flow", m, 1 - instance.lanes[m.lane].loss))
    return dict(found)


def keys(network: Network) -> tuple[Key, ...]:
    """(row, source) for every source of every row."""
    return tuple(
        (*row, source) for row, places in rows(network).items()
        for source in entries(network, network.base, row, places)
    )


@cached
def parts(network: Network) -> tuple[Key, ...]:
    """(row, source, commodity) of all rows that ask how much each source supplies at least."""
    return tuple(
        (*key, k) for key in keys(network) if isinstance(network.base.requirements[key[0]], SupplierCount)
        for k in dict.fromkeys(k for k, _ in rows(network)[key[:-1]])
        if key[-1] in entries(network, network.base, key[:-1], rows(network)[key[:-1]], k)
    )


def homes(network: Network, row: Key, source: str, commodity: str) -> list[CommodityRegion]:
    """Places outside the pool from which a source sends goods in, if goods of the pool can get there; else none.

    The pool's own part in it is unknown, so such a source counts only with goods that are surely its own.
    """
    pool, part = rows(network)[row], network.base.requirements[row[0]]
    single = isinstance(part, SupplierCount) and part.independent == "facility"
    origins = {
        m.origin for place in pool if place[0] == commodity for m in network.balance[place].arriving
        if (commodity, m.origin) not in pool
        and source == (m.lane if single else country(network.base, m.origin))
    }
    found = [(commodity, origin) for origin in network.base.regions if origin in origins]
    return found if any(place in led_to(network, pool, commodity) for place in found) else []


@cached
def led_to(network: Network, pool: tuple[CommodityRegion, ...], commodity: str) -> frozenset[CommodityRegion]:
    """The places outside a pool to which lanes lead from it, over however many regions."""
    found, open_places = set[CommodityRegion](), [place for place in pool if place[0] == commodity]
    while open_places:
        for m in network.balance[open_places.pop()].leaving:
            after = (commodity, m.destination)
            if after not in found and after not in pool:
                found.add(after)
                open_places.append(after)
    return frozenset(found)


def own(network: Network, instance: Instance, row: Key, source: str, commodity: str) -> list[Entry] | None:
    """Goods that are surely a source's own: bought where the pool is, or made, bought, collected or arriving at
    its home from where no goods of the pool can be; None where all it supplies is its own."""
    pool = rows(network)[row]
    places = homes(network, row, source, commodity)
    if not places:
        return None
    reached, found = led_to(network, pool, commodity), list[Entry]()
    bought = entries(network, instance, row, pool, commodity)[source]
    found += [entry for entry in bought if entry[0] != "flow"]
    for place in places:
        balance = network.balance[place]
        found += net.made(network, instance, pool, place)
        found += [("purchased", key, 1.0) for key in balance.bought]
        found += [("collected", (name,), 1.0) for name in balance.returned]
        found += [
            ("flow", m, 1 - instance.lanes[m.lane].loss) for m in balance.arriving
            if (commodity, m.origin) not in reached and (commodity, m.origin) not in pool
        ]
    return found


def chapter(network: Network) -> Chapter:
    of_rows, of_sources, of_parts = shared(network), keys(network), parts(network)
    limited = tuple(key for key in of_parts if own(network, network.base, key[:-2], key[-2], key[-1]) is not None)
    return Chapter(
        variables=(
            Variable("supply", of_rows, "net supply of what a requirement is about"),
            Variable("from_source", of_sources, "what one source supplies of it"),
            Variable("from_part", of_parts, "what one source supplies of one commodity, as far as it is used"),
        ),
        constraints=(
            Constraint("source_supply", of_sources, source_supply),
            Constraint("total_supply", of_rows, total_supply),
            Constraint("part_supplied", of_parts, part_supplied),
            Constraint("part_used", of_parts, part_used),
            Constraint("part_own", limited, part_own),
        ),
    )


def shared(network: Network) -> tuple[Key, ...]:
    """The rows that limit shares of supply."""
    return tuple(row for row in rows(network) if isinstance(network.base.requirements[row[0]], Concentration))


def source_supply(block: Any, *key: str) -> Any:
    r"""from\_source_{q,c,n} = \sum_{a,p \in c, \text{ not of } q} output_{p,k}\, activity_{a,p,n} + \sum_{c} purchased
    + \sum_{l \text{ from outside}} (1 - loss_l)\, flow_{l,n}, \text{ or } \sum_k from\_part_{q,c,k,n}"""
    network: Network = block.network
    if isinstance(network.base.requirements[key[0]], SupplierCount):
        return block.from_source[key] == sum(block.from_part[p] for p in parts(network) if p[:-1] == key)
    found = entries(network, block.instance, key[:-1], rows(network)[key[:-1]])
    return block.from_source[key] == total(block, found[key[-1]])


def total_supply(block: Any, *row: str) -> Any:
    r"""supply_{q,n} = \sum_k net\_use_{q,k,n}"""
    return block.supply[row] == sum(block.net_use[key] for key in net.keys({row: rows(block.network)[row]}))


def part_supplied(block: Any, *key: str) -> Any:
    r"""from\_part_{q,c,k,n} \le \sum_{a,p \in c} output_{p,k}\, activity_{a,p,n} + \sum_c purchased
    + \sum_{l \text{ from outside}} (1 - loss_l)\, flow_{l,n}"""
    row, network = key[:-2], block.network
    found = entries(network, block.instance, row, rows(network)[row], key[-1])
    return block.from_part[key] <= total(block, found[key[-2]])


def part_used(block: Any, *key: str) -> Any:
    r"""from\_part_{q,c,k,n} \le \sum_{a,p,r} input_{p,k}\, activity_{a,p,n} + \sum_d delivered_{d,k,n}"""
    network: Network = block.network
    return block.from_part[key] <= total(block, net.used(network, block.instance, rows(network)[key[:-2]], key[-1]))


def part_own(block: Any, *key: str) -> Any:
    r"""from\_part_{q,c,k,n} \le purchased_{c,n} + \sum_{\text{home of } c} (output\, activity + purchased + collected
    + (1 - loss)\, flow \text{ from where no goods of } q \text{ come})"""
    found = own(block.network, block.instance, key[:-2], key[-2], key[-1])
    assert found is not None
    return block.from_part[key] <= total(block, found)


# What a plan achieves


def scope(key: Key) -> str:
    return f"region={key[1]};stage={key[2]};commodity={key[3]}"


def unsupplied(network: Network, name: str) -> Iterator[EmptyScope]:
    """A rule on supply that nothing supplies."""
    if not any(row[0] == name for row in rows(network)):
        yield EmptyScope(f"nothing supplies what {name} is about in its regions")


def amount(plan: PlanValues, node: Node, found: list[Entry]) -> float:
    """The sum of entries in a plan [quantity/year]."""
    return math.fsum(coefficient * plan.values(node, family)[key] for family, key, coefficient in found)


def net_use(plan: PlanValues, node: Node, places: tuple[CommodityRegion, ...], with_stock: bool = False) -> float:
    """Amount both newly supplied and used, over the commodities of some places [quantity/year]."""
    network, instance = plan.network, plan.instance(node)
    found = 0.0
    for k in dict.fromkeys(k for k, _ in places):
        supplied = net.first(network, instance, places, k) + (net.kept(network, places, k) if with_stock else [])
        found += min(amount(plan, node, net.used(network, instance, places, k)), amount(plan, node, supplied))
    return found
