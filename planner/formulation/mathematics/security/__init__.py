"""Security of supply: the rules a plan must satisfy, one module per kind (`kind`), all of them listed in `kinds`.

Rules on one node belong to its block; each is elastic on request, `missed` being what it is missed by, at a price.
Rules that couple nodes of different branches, or scenarios, stand in a block of their own (`coupled`).
"""

from __future__ import annotations

from functools import partial
from math import inf

from planner.formulation.declarations import Chapter, Key, OfFigures, Variable, join
from planner.formulation.mathematics.security import kinds, netting
from planner.formulation.network import Network
from planner.tree.nodes import Node


def keys(network: Network) -> tuple[Key, ...]:
    """(requirement, region or '*', ...) of every row on one node that may be missed."""
    return tuple(key for kind in kinds.NODE for key in kind.keys(network))


def chapter(network: Network) -> Chapter:
    """All rules on one node."""
    every, of = keys(network), partial(OfFigures, network)

    def most_missed(node: Node) -> list[float]:
        parts = network.instance(node).requirements
        return [inf if parts[k[0]].elastic is not None else 0.0 for k in every]

    def penalties(node: Node) -> list[float]:
        r"""Price at which an elastic requirement may be missed.

        .. math:: penalty_{q,n}
        """
        elastic = [network.instance(node).requirements[k[0]].elastic for k in every]
        return [network.price * e.penalty.at(node.middle) if e is not None else 0.0 for e in elastic]

    missed = Variable(
        "missed", every, "what a requirement is missed by", upper=of(most_missed),
        costs={"penalty": of(penalties)}, parts=[(k[0], k[1]) for k in every],
        reads=("requirements.elastic",),
    )
    chapters = dict.fromkeys((netting.chapter, *(make for kind in kinds.NODE for make in kind.chapters)))
    return join([Chapter(variables=(missed,)), *(make(network) for make in chapters)])
