"""Cover: how long stocks would last, counting upstream forms only as far as spare capacity can convert them.

At the end of a period, releases from stock and unused capacity must be able to meet the need of the days that
follow. Index q: requirements; s: regions, or all of them; w: stockpiles; a: assets;
p: processes; d: demands; k: commodities; n: nodes. T is the days as a share of the year.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from planner.common.caching import cached
from planner.common.patterns import fits_any
from planner.common.words import number
from planner.formulation.declarations import Chapter, Constraint, Data, Key, Link, OfFigures, Term, Variable
from planner.formulation.mathematics.flow import availability, existing, online_terms
from planner.formulation.mathematics.node_data import OfSituation, applies
from planner.formulation.mathematics.security.kind import Ease, EmptyScope, NodeKind, PlanValues, Reading
from planner.formulation.mathematics.security.scope import at_base, at_node, demands_of, stated
from planner.formulation.network import Activity, Network
from planner.language.instance import Units
from planner.language.requirements import Cover
from planner.tree.nodes import Node

YEAR = 365.0  # Days.


@dataclass(frozen=True)
class CoverMeans:
    """Means to cover the need in one place: stockpiles, activities, and the demands with what they accept."""

    stockpiles: tuple[str, ...]
    activities: tuple[Activity, ...]
    commodities: tuple[str, ...]
    given: tuple[tuple[str, str], ...]


@cached
def places(network: Network) -> dict[tuple[str, str], CoverMeans]:
    """Every place of every cover requirement, by (requirement, region or '*')."""
    found = {}
    for name, part in stated(network, Cover).items():
        demands = demands_of(network, part)
        regions = [r for r in network.base.regions if fits_any(part.regions, r)]
        groups = {"*": regions} if part.pooled else {r: [r] for r in regions}
        for label, inside in groups.items():
            here = [d for d in demands if network.base.demands[d].region in inside]
            if here:
                found[name, label] = _place(network, part, inside, here)
    return found


def _place(network: Network, part: Cover, regions: list[str], demands: list[str]) -> CoverMeans:
    base = network.base
    piles = [w for w, pile in base.stockpiles.items() if pile.region in regions and fits_any(part.stockpiles, w)]
    accepted = {k for d in demands for k in base.demands[d].accepts}
    able = [a for a in network.activities if base.facilities[a[0]].region in regions and base.processes[a[1]].inputs]
    wanted = _closure(network, able, accepted, backwards=True)
    there = _closure(network, able, {base.stockpiles[w].commodity for w in piles}, backwards=False)
    useful = tuple(
        a for a in able
        if set(base.processes[a[1]].inputs) <= there and wanted & set(base.processes[a[1]].outputs)
    )
    commodities = tuple(k for k in base.commodities if k in wanted & there)
    return CoverMeans(
        tuple(w for w in piles if base.stockpiles[w].commodity in commodities), useful, commodities,
        tuple((d, k) for d in demands for k in base.demands[d].accepts if k in commodities),
    )


def _closure(network: Network, activities: list[Activity], known: set[str], backwards: bool) -> set[str]:
    """The commodities from which the known ones can be made, or that can be made of them."""
    found, size = set(known), -1
    while len(found) > size:
        size = len(found)
        for _, name in activities:
            process = network.base.processes[name]
            if backwards and found & set(process.outputs):
                found |= set(process.inputs)
            elif not backwards and set(process.inputs) <= found:
                found |= set(process.outputs)
    return found


def years(network: Network, name: str, node: Node) -> float:
    """The days of cover as a share of the year."""
    return at_node(network, name, node, Cover).days.at(node.middle) / YEAR


def keys(network: Network) -> tuple[Key, ...]:
    """(requirement, region or '*', demand) for every demand that is to be covered."""
    return tuple(
        (name, label, d) for name, label in places(network) for d in _users(network, name, label)
    )


def _users(network: Network, name: str, label: str) -> list[str]:
    part = at_base(network, name, Cover)
    return [d for d in demands_of(network, part) if label in ("*", network.base.demands[d].region)]


def need(network: Network, key: Key, node: Node) -> float:
    """Need of the days after a node's end [quantity]; minus infinity where the requirement does not hold."""
    part = at_node(network, key[0], node, Cover)
    if not applies(part, node):
        return -math.inf
    days = years(network, key[0], node)
    return days * network.instance(node).demands[key[2]].amount.at(node.end + days / 2)


def chapter(network: Network) -> Chapter:
    every, of, found = keys(network), partial(OfFigures, network), places(network)
    drawn = tuple((*key, w) for key, place in found.items() for w in place.stockpiles)
    run = tuple((*key, *a) for key, place in found.items() for a in place.activities)
    given = tuple((*key, *g) for key, place in found.items() for g in place.given)
    balances = tuple((*key, k) for key, place in found.items() for k in place.commodities)
    assets = tuple(dict.fromkeys(key[:3] for key in run))
    avoiding = tuple(key for key in every if network.base.demands[key[2]].substitution is not None)

    def released(node: Node) -> list[float]:
        limits = [network.instance(node).stockpiles[key[2]].release_limit for key in drawn]
        return [
            math.inf if most is None else years(network, key[0], node) * most.at(node.middle)
            for key, most in zip(drawn, limits, strict=True)
        ]

    def avoided(node: Node) -> list[Term]:
        return [Term(i, node.index, "substituted", (key[2],), years(network, key[0], node))
                for i, key in enumerate(avoiding)]

    return Chapter(
        variables=(
            Variable("cover_drawn", drawn, "stock that would be drawn", "quantity", upper=of(released),
                     reads=("requirements.days", "stockpiles.release_limit")),
            Variable("cover_run", run, "conversion that would be done", "quantity"),
            Variable("cover_given", given, "what users would be given", "quantity"),
        ),
        links=(
            Link("spare", assets, "capacity left unused, over the days of cover", partial(_spare, network, assets),
                 partial(_spare_constants, network, assets), "quantity",
                 reads=("facilities.capacity", "facilities.availability", "projects.size", "requirements.days")),
            Link("cover_avoided", avoiding, "need that users have learned to do without", avoided,
                 lambda _: [0.0] * len(avoiding), "quantity", of_figures=True, reads=("requirements.days",)),
        ),
        data=(Data("cover_need", every, "need of the days that follow",
                   OfSituation(network, lambda n: [need(network, key, n) for key in every]), "quantity",
                   reads=("demands.amount", "requirements.days")),),
        constraints=(
            Constraint("cover_stock", drawn, cover_stock),
            Constraint("cover_balance", balances, cover_balance),
            Constraint("cover_capacity", assets, cover_capacity),
            Constraint("cover", every, cover),
        ),
    )


def _spare(network: Network, assets: tuple[Key, ...], node: Node) -> list[Term]:
    """T * (available - used) of every asset of a place."""
    online: dict[str, list[Term]] = {}
    for terms in online_terms(network, node, scale=True):
        for term in [terms] if isinstance(terms, Term) else terms.one_by_one():
            online.setdefault(network.assets[term.position], []).append(term)
    processes, found = network.instance(node).processes, []
    for position, (name, _, asset) in enumerate(assets):
        days = years(network, name, node)
        found += [t._replace(position=position, coefficient=days * t.coefficient) for t in online.get(asset, [])]
        found += [
            Term(position, node.index, "activity", (a, p), -days * processes[p].use)
            for a, p in network.activities_of.get(asset, ()) if processes[p].use
        ]
    return found


def _spare_constants(network: Network, assets: tuple[Key, ...], node: Node) -> list[float]:
    there = {a: existing(network, a, node) * availability(network, a, node) for _, _, a in assets}
    return [years(network, name, node) * there[a] for name, _, a in assets]


def cover_stock(block: Any, *key: str) -> Any:
    r"""cover\_drawn_{q,s,w,n} \le stock_{w,n}"""
    return block.cover_drawn[key] <= block.stock[key[2]]


def cover_balance(block: Any, name: str, label: str, commodity: str) -> Any:
    r"""\sum_w cover\_drawn_{q,s,w,n} + \sum_{a,p} (output_{p,k} - input_{p,k})\, cover\_run_{q,s,a,p,n} \ge
    \sum_d cover\_given_{q,s,d,k,n}"""
    place, processes = places(block.network)[name, label], block.instance.processes
    drawn = sum(
        block.cover_drawn[name, label, w] for w in place.stockpiles
        if block.instance.stockpiles[w].commodity == commodity
    )
    made = sum(
        (processes[p].outputs.get(commodity, 0.0) - processes[p].inputs.get(commodity, 0.0))
        * block.cover_run[name, label, a, p] for a, p in place.activities
    )
    return drawn + made >= sum(block.cover_given[name, label, d, k] for d, k in place.given if k == commodity)


def cover_capacity(block: Any, name: str, label: str, asset: str) -> Any:
    r"""\sum_p use_p\, cover\_run_{q,s,a,p,n} \le T_{q,n} (available_{a,n} - \sum_p use_p\, activity_{a,p,n})"""
    place, processes = places(block.network)[name, label], block.instance.processes
    used = sum(processes[p].use * block.cover_run[name, label, a, p] for a, p in place.activities if a == asset)
    return used <= block.spare[name, label, asset]


def cover(block: Any, name: str, label: str, demand: str) -> Any:
    r"""\sum_k effectiveness_{d,k}\, cover\_given_{q,s,d,k,n} + T_{q,n}\, substituted_{d,n} + missed_{q,d,n} \ge
    T_{q,n}\, amount_d(end_n + T_{q,n}/2)"""
    part = block.instance.demands[demand]
    given = sum(
        part.accepts[k] * block.cover_given[name, label, d, k]
        for d, k in places(block.network)[name, label].given if d == demand
    )
    avoided = block.cover_avoided[name, label, demand] if part.substitution is not None else 0
    return given + avoided + block.missed[name, label, demand] >= block.cover_need[name, label, demand]


class CoverKind(NodeKind[Cover]):
    part, families = Cover, ("cover",)
    eases = (Ease("days", -1, "days", 0.0),)
    lacks = "quantity"
    chapters = (chapter,)

    def keys(self, network: Network) -> tuple[Key, ...]:
        return keys(network)

    def asks(self, part: Cover, moment: float, units: Units) -> str:
        return f"for {number(part.days.at(moment))} days of cover"

    def idle(self, network: Network, name: str, part: Cover) -> Iterator[EmptyScope]:
        if not self.has_rows(network, name):
            yield EmptyScope(f"no demand lies in the scope of {name}")

    def reading(self, plan: PlanValues, node: Node, key: Key) -> Reading:
        days = at_node(plan.network, key[0], node, Cover).days.at(node.middle)
        needed, covered = need(plan.network, key, node), _covered(plan, node, key)
        achieved = days * covered / needed if needed > 0 else days
        return Reading(f"region={key[1]};demand={key[2]}", days, achieved, "days", "quantity")


def _covered(plan: PlanValues, node: Node, key: Key) -> float:
    """Stock available to users, plus their learned substitution, over the days of cover [quantity]."""
    name, label, demand = key
    given, accepts = plan.values(node, "cover_given"), plan.instance(node).demands[demand].accepts
    found = sum(accepts[k] * given[name, label, d, k] for q, s, d, k in given if (q, s, d) == key)
    return float(found + plan.values(node, "cover_avoided").get(key, 0.0))
