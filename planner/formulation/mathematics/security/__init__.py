"""Security of supply: the rules a plan must satisfy, one file per family.

Rules on one node belong to its block; each is elastic on request, `missed` being what it is missed by, at a price.
Rules that couple nodes of different branches, or scenarios, stand in a block of their own (`beside`).
"""

from __future__ import annotations

from functools import partial

from planner.formulation.declarations import Chapter, Key, OfFigures, Variable, join
from planner.formulation.mathematics.security import (
    concentration,
    cover,
    dependence,
    netting,
    served,
    sharing,
    sources,
    supply,
)
from planner.formulation.mathematics.security.dependence import dependence_places, from_exporter, share_allowed
from planner.formulation.network import Network
from planner.tree.nodes import Node

__all__ = ["chapter", "dependence_places", "from_exporter", "keys", "share_allowed"]


def keys(network: Network) -> tuple[Key, ...]:
    """(requirement, region or '*', ...) of every row on one node that may be missed."""
    return (
        *(key for kind in served.KINDS for key in served.keys(network, kind)),
        *dependence.keys(network), *concentration.keys(network), *sources.keys(network), *cover.keys(network),
        *sharing.keys(network),
    )


def chapter(network: Network) -> Chapter:
    """All rules on one node."""
    every, of = keys(network), partial(OfFigures, network)

    def most_missed(node: Node) -> list[float]:
        parts = network.instance(node).requirements
        return [float("inf") if parts[k[0]].elastic is not None else 0.0 for k in every]

    def penalties(node: Node) -> list[float]:
        r"""Price at which an elastic requirement may be missed.

        .. math:: penalty_{q,n}
        """
        elastic = [network.instance(node).requirements[k[0]].elastic for k in every]
        return [network.price * e.price.at(node.middle) if e is not None else 0.0 for e in elastic]

    missed = Variable(
        "missed", every, "what a requirement is missed by", upper=of(most_missed),
        costs={"penalty": of(penalties)}, parts=[(k[0], k[1]) for k in every],
    )
    families = (netting, served, dependence, supply, concentration, sources, cover, sharing)
    return join([Chapter(variables=(missed,)), *(family.chapter(network) for family in families)])
