"""Limits that trade and activities share at a node.  Index: names of limits; n: nodes."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import pyomo.environ as pyo

from planner.common.patterns import matching
from planner.formulation.declarations import Chapter, Constraint, Data, OfFigures
from planner.formulation.network import Network
from planner.language.figure import Figure
from planner.language.instance import Limit
from planner.tree.nodes import Node


def _limited(network: Network, end: str) -> tuple[tuple[str], ...]:
    return tuple((name,) for name in network.base.limits
                 if network.ever("limits", name, lambda limit: getattr(limit, end) is not None))


def _limit_values(network: Network, end: str, node: Node) -> list[float]:
    limits, none = network.instance(node).limits, {"least": -math.inf, "most": math.inf}[end]
    figures: list[Figure | None] = [getattr(limits[name], end) for (name,) in _limited(network, end)]
    return [f.at(node.middle) if f is not None else none for f in figures]


def chapter(network: Network) -> Chapter:
    of = partial(OfFigures, network)
    return Chapter(
        data=(
            Data("limit_most", _limited(network, "most"), "most of a shared limit",
                 of(partial(_limit_values, network, "most")), reads=("limits.most",)),
            Data("limit_least", _limited(network, "least"), "least of a shared limit",
                 of(partial(_limit_values, network, "least")), reads=("limits.least",)),
        ),
        constraints=(
            Constraint("limit_at_most", _limited(network, "most"), limit_at_most),
            Constraint("limit_at_least", _limited(network, "least"), limit_at_least),
        ),
    )


# --- rules -------------------------------------------------------------------------------------------


def limited_sum(block: Any, name: str) -> Any:
    """Sum of everything a limit names: purchases, sales, flows and activities."""
    network: Network = block.network
    limit: Limit = network.base.limits[name]
    suppliers = matching(limit.suppliers, network.base.suppliers)
    outlets = matching(limit.outlets, network.base.outlets)
    lanes = matching(limit.lanes, network.base.lanes)
    activities = set(matching(limit.activities, ["/".join(a) for a in network.activities]))
    return (
        sum(block.purchased[key] for key in network.purchases if key[0] in suppliers)
        + sum(block.sold[key] for key in network.sales if key[0] in outlets)
        + sum(block.flow[m] for m in network.movements if m.lane in lanes)
        + sum(block.activity[a] for a in network.activities if "/".join(a) in activities)
    )


def limit_at_most(block: Any, name: str) -> Any:
    r"""\sum_{x \in limit} x_n \le most_n"""
    total = limited_sum(block, name)
    return total <= block.limit_most[name] if not isinstance(total, int) else pyo.Constraint.Skip


def limit_at_least(block: Any, name: str) -> Any:
    r"""\sum_{x \in limit} x_n \ge least_n"""
    return limited_sum(block, name) >= block.limit_least[name]
