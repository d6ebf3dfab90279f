"""Situations: all that a node's own numbers may depend on. Nodes of one situation share one number.

A situation has the span, the figures of the variant, every measure with its share in force, and the requirements that
apply. It says if the node is the last of its branch, or followed by a world that resumes after a shock. It has nothing
of the path.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field

import numpy as np

from planner.common.arrays import Array
from planner.common.caching import cached
from planner.common.patterns import matching
from planner.formulation.declarations import Numbers, PerNode
from planner.formulation.mathematics.control import degree, share_passing
from planner.formulation.network import Network
from planner.language.figure import MOMENT
from planner.language.requirements import AfterOnset, Rule
from planner.tree.nodes import Node


def applies(requirement: Rule, node: Node) -> bool:
    """Whether a requirement holds at a node: its years and futures; the windows of a shock have its name too.

    Rules on surviving a shock and recovering from it count their years from its onset.
    """
    begun = requirement.start is None or node.start >= requirement.start - MOMENT
    over = requirement.end is not None and node.start >= requirement.end - MOMENT
    names = node.futures if node.onset is None else (*node.futures, node.source)
    return begun and not over and bool(matching(requirement.futures, names)) and _is_time(requirement, node)


def _is_time(requirement: Rule, node: Node) -> bool:
    if not isinstance(requirement, AfterOnset):
        return True
    if node.onset is None or node.source != requirement.shock:
        return False
    return requirement.is_time(node.start - node.onset)


@cached
def situations(network: Network) -> tuple[int, ...]:
    """The number of every node's situation."""
    numbers: dict[Hashable, int] = {}
    found = []
    for node in network.tree.nodes:
        situation = (
            network.variant(node), node.start, node.length, tuple(_holding(network, node)),
            tuple(applies(q, node) for q in network.instance(node).requirements.values()),
            network.tree.is_leaf(node), bool(node.resumed),
        )
        found.append(numbers.setdefault(situation, len(numbers)))
    return tuple(found)


def _holding(network: Network, node: Node) -> Iterator[tuple[Hashable, ...]]:
    """The measures that do anything at a node, each with all that tells how much."""
    for measure in network.measures(node):
        force, share = degree(measure, node), share_passing(measure, node)
        in_window = measure.is_within(node.middle)
        if force > 0 or share < 1 or in_window:
            yield measure.name, force, share, in_window


@dataclass(frozen=True)
class OfSituation:
    """Numbers of a node that are computed once for all nodes of its situation. Of the path they may know nothing."""

    network: Network
    function: PerNode
    known: dict[int, Array] = field(default_factory=dict)

    def __call__(self, node: Node) -> Numbers:
        situation = situations(self.network)[node.index]
        if situation not in self.known:
            self.known[situation] = np.asarray(self.function(node), dtype=float)
        return self.known[situation]
