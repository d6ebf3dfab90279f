"""Origin: goods that some users are denied are followed from where they are bought to whoever is given them.

What moves, lies in stock or is given to a denied user is split by level (`planner.formulation.marks` says which levels
there are): the columns of the other chapters hold the whole of it, `at_level` the part at every level but the worst,
which is what is left. The fate of the rest needs no rule: goods may always go where worse ones may.
Index x: whole amounts that are split; v: levels; V: sets of levels that hold with each level all better ones;
k: commodities; r: regions; w: stockpiles; d: demands; e: exporters; n: nodes; a(n): parent.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import pyomo.environ as pyo

from planner.common.caching import cached
from planner.formulation.declarations import Chapter, Constraint, Key, Link, Term, Variable
from planner.formulation.marks import Level, name_of, origin
from planner.formulation.mathematics.control import class_passing
from planner.formulation.network import CommodityRegion, Network
from planner.tree.nodes import Node

STORED = ("filled", "released", "stock")


@cached
def splits(network: Network) -> dict[Key, tuple[Level, ...]]:
    """The levels of every amount somebody can tell apart, worst last, by family of the whole and its key."""
    found, piles = origin(network), network.base.stockpiles
    every: dict[Key, tuple[Level, ...]] = {("flow", *m): found.sent(m) for m in network.movements}
    every |= {(family, w): found.stored(w) for w in piles for family in STORED}
    every |= {("delivered", *delivery): found.given(delivery) for delivery in network.deliveries}
    return {key: levels for key, levels in every.items() if levels}


@cached
def balances(network: Network) -> dict[Key, tuple[Level, ...]]:
    """The sets of levels that every place must keep apart, by place and number."""
    found = origin(network)
    return {
        (*place, number): family for place in found.reached for number, family in enumerate(found.families(place), 1)
    }


@cached
def denials(network: Network) -> tuple[tuple[str, str, str], ...]:
    """(exporter, demand, commodity) for all that a user may be denied and could be given."""
    found = origin(network)
    return tuple(
        (exporter, *delivery) for delivery, exporters in found.denied.items() for exporter in exporters
        if any(exporter in level for level in found.given(delivery))
    )


def shares(network: Network, node: Node) -> dict[str, float]:
    """Share of an exporter's goods in what each user is given, where below 1; part of a node's structure."""
    found = {}
    for exporter, demand, commodity in denials(network):
        user = network.base.demands[demand]
        share = class_passing(network, exporter, commodity, user.region, user.user_class, node)
        if share < 1:
            found[label(exporter, demand, commodity)] = share
    return found


def label(*key: str) -> str:
    return json.dumps(key)


def chapter(network: Network) -> Chapter:
    """Without columns and rows where no control is of classes of users."""
    split = {key: levels for key, levels in splits(network).items() if len(levels) > 1}
    parts = tuple((*key, name_of(level)) for key, levels in split.items() for level in levels[:-1])
    stocks = tuple(key[1:] for key in parts if key[0] == "stock")

    def carried(node: Node) -> list[Term]:
        if node.parent is None:
            return []
        piles = network.instance(node).stockpiles
        return [
            Term(i, node.parent, "at_level", ("stock", *key), (1 - piles[key[0]].decay) ** node.length)
            for i, key in enumerate(stocks)
        ]

    def opening(node: Node) -> list[float]:
        """Opening stock carries no mark except that of its place."""
        return [_opening(network, w, level, node) if node.parent is None else 0.0 for w, level in stocks]

    return Chapter(
        variables=(Variable("at_level", parts, "part of an amount that is at one level"),),
        links=(Link("carried_at_level", stocks, "stock at one level left of the parent's after decay", carried, opening,
                    "quantity", of_figures=True, reads=("stockpiles.initial",)),),
        constraints=(
            Constraint("levels_of_whole", tuple(split), levels_of_whole),
            Constraint("better", tuple(balances(network)), better),
            Constraint("stock_at_level", stocks, stock_at_level),
            Constraint("denial", denials(network), denial),
        ),
    )


def _opening(network: Network, stockpile: str, level: str, node: Node) -> float:
    pile = network.instance(node).stockpiles[stockpile]
    at_start = name_of(tuple(origin(network).at((pile.commodity, pile.region))))
    return (1 - pile.decay) ** node.length * pile.initial.at(node.middle) if level == at_start else 0.0


# --- rules -------------------------------------------------------------------------------------------


def part(block: Any, key: Key, chosen: Collection[Level]) -> Any:
    """Part of an amount at one of the levels chosen; all of it where its levels cannot be told apart."""
    whole = getattr(block, key[0])[key[1:]]
    *others, worst = splits(block.network)[key]
    if worst not in chosen:
        return sum(block.at_level[(*key, name_of(level))] for level in others if level in chosen)
    return whole - sum(block.at_level[(*key, name_of(level))] for level in others if level not in chosen)


def levels_of_whole(block: Any, *key: str) -> Any:
    r"""\sum_v at\_level_{x,v,n} \le x_n"""
    levels = splits(block.network)[key]
    return part(block, key, levels[:-1]) <= getattr(block, key[0])[key[1:]]


def better(block: Any, commodity: str, region: str, number: int) -> Any:
    r"""\sum_{v \in V} (output\, activity + (1 - loss)\, flow + purchased + released + collected)_{k,r,v,n} \ge
    \sum_{v \in V} (flow + filled + delivered)_{k,r,v,n}"""
    place, family = (commodity, region), balances(block.network)[commodity, region, number]
    return sum(_entering(block, place, family)) >= sum(_leaving(block, place, family))


def _entering(block: Any, place: CommodityRegion, family: tuple[Level, ...]) -> Iterator[Any]:
    """Inflow of a place at some levels; goods made or returned there carry no mark except that of the place."""
    network: Network = block.network
    found, balance, instance = origin(network), network.balance[place], block.instance
    if tuple(found.at(place)) in family:
        yield from (instance.processes[p].outputs[place[0]] * block.activity[a, p] for a, p in balance.made_by)
        yield from (block.collected[name] for name in balance.returned)
    for key in balance.bought:
        if found.bought(place, network.base.suppliers[key[0]].origin) in family:
            yield block.purchased[key]
    for m in balance.arriving:
        chosen = [level for level in found.sent(m) if found.arriving(place, level) in family]
        if chosen:
            yield (1 - instance.lanes[m.lane].loss) * part(block, ("flow", *m), chosen)
    yield from (part(block, ("released", w), family) for w in balance.stored)


def _leaving(block: Any, place: CommodityRegion, family: tuple[Level, ...]) -> Iterator[Any]:
    """Outflow of a place that can only consist of goods at some levels."""
    network: Network = block.network
    found, balance = origin(network), network.balance[place]
    asked: list[tuple[Key, Iterable[str]]] = [
        *((("flow", *m), found.reached.get((place[0], m.destination), ())) for m in balance.leaving),
        *((("filled", w), found.reached[place]) for w in balance.stored),
        *((("delivered", *d), found.denied.get(d, ())) for d in balance.delivered),
    ]
    for key, tests in asked:
        levels = splits(network).get(key, ())
        told = [level for level in levels if found.accepted(place, tests, level) <= set(family)]
        if told:
            yield part(block, key, told)


def stock_at_level(block: Any, stockpile: str, level: str) -> Any:
    r"""at\_level_{stock,w,v,n} = (1 - decay_w)^{length_n} at\_level_{stock,w,v,a(n)} + length_n
    (at\_level_{filled,w,v,n} - at\_level_{released,w,v,n})"""
    filled, released, stock = (block.at_level[family, stockpile, level] for family in STORED)
    return stock == block.carried_at_level[stockpile, level] + block.structure.length * (filled - released)


def denial(block: Any, exporter: str, demand: str, commodity: str) -> Any:
    r"""\sum_{v: e \notin v} delivered_{d,k,v,n} \ge (1 - share_{e,d,k,n})\, delivered_{d,k,n}"""
    share = block.structure.denied.get(label(exporter, demand, commodity))
    if share is None:
        return pyo.Constraint.Skip
    key = ("delivered", demand, commodity)
    others = [level for level in splits(block.network)[key] if exporter not in level]
    return part(block, key, others) >= (1 - share) * block.delivered[demand, commodity]
