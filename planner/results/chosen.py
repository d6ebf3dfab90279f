"""Shortage that a plan chooses: users go short while goods open to them are stored, sold or discarded in their region.

Goods that a place stores beyond the least stock, sells to outlets or throws away would have reduced the shortage of
users there. Users who are denied an exporter's goods could have had unmarked goods.
Users are taken in the order of the instance, those who are denied something first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from planner.formulation.marks import CLEAN, name_of
from planner.formulation.mathematics.origin import denials, label, shares, splits
from planner.formulation.network import CommodityRegion
from planner.results.solution import Solution
from planner.tree.nodes import Node


@dataclass
class Spare:
    """Goods of a place that no user there was given, and the clean part of them [quantity/year]."""

    whole: float = 0.0
    clean: float = 0.0

    def take(self, wanted: float, is_denied: bool) -> float:
        """Take what there is."""
        taken = min(wanted, self.clean if is_denied else self.whole)
        self.whole -= taken
        self.clean = min(self.whole, self.clean - taken if is_denied else self.clean)
        return taken


def chosen(solution: Solution, node: Node) -> dict[str, float]:
    """Chosen part of every demand's shortage [quantity/year]."""
    network, found, spare = solution.network, dict[str, float](), _spare(solution, node)
    denied, short = shares(network, node), solution.values(node, "short")
    demands = solution.instance(node).demands

    def is_denied(name: str, commodity: str) -> bool:
        return any(label(*key) in denied for key in denials(network) if key[1:] == (name, commodity))

    lacking = {d: math.fsum(v for key, v in short.items() if key[0] == d) for d in demands}
    for name in sorted(demands, key=lambda d: not any(is_denied(d, k) for k in demands[d].accepts)):
        found[name] = 0.0
        for commodity, effect in demands[name].accepts.items():
            goods = spare.get((commodity, demands[name].region), Spare())
            wanted = (lacking[name] - found[name]) / effect if effect > 0 else 0.0
            found[name] += effect * goods.take(max(0.0, wanted), is_denied(name, commodity))
    return found


def _spare(solution: Solution, node: Node) -> dict[CommodityRegion, Spare]:
    """Goods that every place stores, sells or discards; whether the latter two are clean is unknown."""
    network, found = solution.network, dict[CommodityRegion, Spare]()
    marked = {(key[2], network.base.demands[key[1]].region) for key in denials(network)}
    gone = [*((key, v) for key, v in solution.of(node, "disposed")), *(
        ((network.base.outlets[key[0]].commodity, key[2]), v) for key, v in solution.of(node, "sold"))]
    for (commodity, region), amount in gone:
        spare = found.setdefault((commodity, region), Spare())
        spare.whole += amount
        spare.clean += 0.0 if (commodity, region) in marked else amount
    for name, pile in solution.instance(node).stockpiles.items():
        spare = found.setdefault((pile.commodity, pile.region), Spare())
        filled, released, stock = (solution.values(node, family)[(name,)] for family in ("filled", "released", "stock"))
        room = (stock - pile.least.at(node.middle)) / node.length
        put_in = max(0.0, min(filled - released, room))
        spare.whole += put_in
        spare.clean += max(0.0, min(put_in, _clean(solution, node, name, filled - released)))
    return found


def _clean(solution: Solution, node: Node, stockpile: str, growth: float) -> float:
    """Clean part of the growth of a stockpile."""
    levels = splits(solution.network).get(("stock", stockpile), (CLEAN,))
    if len(levels) == 1:
        return growth if levels == (CLEAN,) else 0.0
    if CLEAN not in levels:
        return 0.0
    parts, name = solution.values(node, "at_level"), name_of(CLEAN)
    return parts["filled", stockpile, name] - parts["released", stockpile, name]
