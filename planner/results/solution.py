"""A program and the values found for it, read by family and node."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from planner.common.arrays import Array
from planner.common.caching import CacheOwner
from planner.formulation.declarations import Family, Key
from planner.formulation.mathematics.capital import overnight_terms
from planner.formulation.mathematics.investment import decisions
from planner.formulation.mathematics.size import size_terms
from planner.formulation.network import Network
from planner.language.instance import Instance
from planner.program.coupling import beside_values
from planner.program.program import Program
from planner.results.rows import NOTHING
from planner.solving.outcome import Outcome
from planner.tree.nodes import Node


@dataclass(frozen=True)
class Decision:
    """One project decided in one group: what it adds and what it costs [money, undiscounted]."""

    project: str
    group: str
    node: Node
    size: float
    modules: float | None
    capital: float


@dataclass(frozen=True, eq=False)
class Solution(CacheOwner):
    """Values of every variable and link."""

    program: Program
    outcome: Outcome
    _known: dict[tuple[int, str], dict[Key, float]] = field(default_factory=dict)

    @property
    def network(self) -> Network:
        return self.program.network

    @property
    def nodes(self) -> tuple[Node, ...]:
        return self.network.tree.nodes

    @property
    def alone(self) -> Mapping[str, float]:
        """Cost of the best plan for each scenario alone, where it is known [money]."""
        return self.program.alone

    def instance(self, node: Node) -> Instance:
        return self.network.instance(node)

    def overall(self, family: str) -> dict[Key, float]:
        """Values of a family of the rules on the plan as a whole, by key."""
        return beside_values(self.program, self.outcome.values, family)

    @cached_property
    def _links(self) -> set[str]:
        return {link.name for link in self.program.operation.links}

    @cached_property
    def _keys(self) -> dict[str, tuple[Key, ...]]:
        chapters = (self.program.investments, self.program.operation)
        families: list[Family] = []
        for chapter in chapters:
            families += [*chapter.variables, *chapter.links]
        return {f.name: f.keys for f in families}

    def array(self, node: Node | None, family: str) -> Array:
        """Values of a family at a block, in the order of its keys."""
        if node is not None and family in self._links:
            terms, constants = self.program.link(node, family)
            return np.asarray(terms @ self.outcome.values[: terms.shape[1]] + constants)
        return self.outcome.values[self.program.slice(node, family)]

    def of(self, node: Node | None, family: str) -> Iterator[tuple[Key, float]]:
        """Keys and values of a family at a block."""
        return zip(self._keys[family], self.array(node, family).tolist(), strict=True)

    def used(self, node: Node | None, family: str) -> Iterator[tuple[Key, float]]:
        """Keys and values of a family at a block, but for those that are 0: most are."""
        keys, values = self._keys[family], self.array(node, family)
        places = np.flatnonzero(values)
        return zip((keys[i] for i in places.tolist()), values[places].tolist(), strict=True)

    def values(self, node: Node | None, family: str) -> dict[Key, float]:
        """Values of a family at a block by key."""
        place = (node.index if node is not None else -1, family)
        if place not in self._known:
            self._known[place] = dict(self.of(node, family))
        return self._known[place]

    def row_prices(self, family: str) -> Iterator[tuple[Node, Key, float]]:
        """Dual value of every row of a constraint family: cost of one more unit on its right-hand side."""
        prices = self.outcome.prices
        for position, (node, name, key) in enumerate(self.program.rows):
            if name == family and node is not None:
                yield node, key, float(prices[position])

    @cached_property
    def decided(self) -> tuple[Decision, ...]:
        """Decisions, in document order of the projects and then in order of time."""
        return tuple(d for key in decisions(self.network) if (d := self._decision(*key)) is not None)

    def _decision(self, name: str, group: str) -> Decision | None:
        node = self.network.tree.groups[group][0]
        project = self.instance(node).projects[name]
        size = sum(c * self._invested[family][key] for family, key, c in size_terms(self.network, name, group))
        started, cost = self._invested["start"][name, group], self.overnight(name, node)
        if max(started, size) <= NOTHING or (max(size, cost) <= NOTHING and name not in self.network.required):
            return None  # A decision of no size and no cost is no decision.
        is_modular = project.size.module is not None and not project.capital.curve
        modules = self._invested["modules"][name, group] if is_modular else None
        return Decision(name, group, node, size, modules, cost)

    @cached_property
    def _invested(self) -> dict[str, dict[Key, float]]:
        return {family.name: self.values(None, family.name) for family in self.program.investments.variables}

    def overnight(self, name: str, node: Node) -> float:
        """Capital cost of a decision at one of its nodes' figures [money, undiscounted]."""
        terms = overnight_terms(self.network, name, node)
        return math.fsum(cost * self._invested[family][key] for family, key, cost in terms)
