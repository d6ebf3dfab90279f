"""Where supply comes from: how much each country, or each facility, supplies of what a requirement is about.

Index q: requirements with the keys of their row; c: sources; n: nodes. Shared by concentration and sources.
"""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from typing import Any

from planner.mathematics.security.scope import Entry, country, is_meant, named, total
from planner.names import fits_any
from planner.network import Network
from planner.program import Chapter, Constraint, Key, Variable
from planner.requirement import OfSupply, Sources
from planner.schema import Instance

Place = tuple[str, str]  # commodity, region


@lru_cache(maxsize=8)
def rows(network: Network) -> dict[Key, tuple[Place, ...]]:
    """The balances each row pools, by (requirement, region or '*', stage or '*', commodity or '*')."""
    found: dict[Key, list[Place]] = defaultdict(list)
    for name in named(network, OfSupply):
        part = network.base.requirements[name]
        assert isinstance(part, OfSupply)
        for k, r in network.balance:
            if is_meant(network.base, part, k) and fits_any(part.regions, r):
                stage = network.base.commodities[k].stage or k
                words = {"region": r, "stage": stage, "commodity": k}
                key = (name, *(words[word] if word in part.by else "*" for word in words))
                found[key].append((k, r))
    return {key: tuple(places) for key, places in found.items() if entries(network, network.base, key, tuple(places))}


def entries(
    network: Network, instance: Instance, row: Key, places: tuple[Place, ...]
) -> dict[str, list[Entry]]:
    """What each source supplies: made, bought, or arriving from outside the places that the row pools."""
    part = network.base.requirements[row[0]]
    single = isinstance(part, Sources) and part.independent == "facility"
    found: dict[str, list[Entry]] = defaultdict(list)
    for commodity, region in places:
        balance = network.balance[commodity, region]
        for a, p in balance.made_by:
            source = a if single else country(instance, region)
            found[source].append(("activity", (a, p), instance.processes[p].outputs[commodity]))
        for key in balance.bought:
            origin = instance.suppliers[key[0]].origin or region
            found[key[0] if single else country(instance, origin)].append(("purchased", key, 1.0))
        for m in balance.arriving:
            if (commodity, m.origin) not in places:
                source = m.lane if single else country(instance, m.origin)
                found[source].append(("flow", m, 1 - instance.lanes[m.lane].loss))
    return dict(found)


def keys(network: Network) -> tuple[Key, ...]:
    """(row, source) for every source of every row."""
    return tuple(
        (*row, source) for row, places in rows(network).items()
        for source in entries(network, network.base, row, places)
    )


def chapter(network: Network) -> Chapter:
    of_rows, of_sources = tuple(rows(network)), keys(network)
    return Chapter(
        variables=(
            Variable("supply", of_rows, "supply of what a requirement is about"),
            Variable("from_source", of_sources, "what one source supplies of it"),
        ),
        constraints=(
            Constraint("source_supply", of_sources, source_supply),
            Constraint("total_supply", of_rows, total_supply),
        ),
    )


def source_supply(block: Any, *key: str) -> Any:
    r"""from\_source_{q,c,n} = \sum_{a,p \in c} output_{p,k}\, activity_{a,p,n} + \sum_{c} purchased
    + \sum_{l \text{ from outside}} (1 - loss_l)\, flow_{l,n}"""
    network: Network = block.network
    found = entries(network, block.instance, key[:-1], rows(network)[key[:-1]])
    return block.from_source[key] == total(block, found[key[-1]])


def total_supply(block: Any, *row: str) -> Any:
    r"""supply_{q,n} = \sum_c from\_source_{q,c,n}"""
    network: Network = block.network
    found = entries(network, block.instance, row, rows(network)[row])
    return block.supply[row] == sum(block.from_source[(*row, source)] for source in found)
