"""Capital in the objective: what a unit of a decision variable costs, charged to the nodes that pay for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planner.common.caching import cached
from planner.formulation.declarations import Key
from planner.formulation.mathematics.construction import Array, Charged, work
from planner.formulation.mathematics.curve import segments
from planner.formulation.mathematics.size import size_terms
from planner.formulation.network import Network
from planner.language.instance import Point
from planner.tree.nodes import Node


@dataclass(frozen=True)
class Capital:
    r"""Objective coefficients of the capital that a family of decision variables carries.

    .. math:: \sum_{m \in g} charge_{j,m}\, capital_{j,m}

    A key's coefficient is the sum over the nodes of its group of charge(j, n) times the capital of one unit of the
    variable by the figures of n: `capital.fixed` of a start, `capital.variable` of what carries the size, the cost at
    the end of a piece of a curve.
    """

    network: Network
    family: str
    keys: tuple[Key, ...]

    def __call__(self, _: Node) -> Array:
        return self.weighed(work(self.network).expected)

    def weighed(self, charged: Charged) -> Array:
        """The same by the charges of other probabilities of the nodes."""
        found, position = np.zeros(len(self.keys)), work(self.network).position
        for i, key in enumerate(self.keys):
            for node, charge in charged.get(key[1], ()):
                found[i] += charge[position[key[0]]] * self._of_one(key, node)
        return found

    def _of_one(self, key: Key, node: Node) -> float:
        """Capital of one unit of a variable by the figures of a node [money]."""
        capital = self.network.instance(node).projects[key[0]].capital
        if self.family == "end_weight":
            segment: Point = getattr(segments(capital.curve)[key[2] - 1], key[3])
            return segment.cost
        per_size = _size_of_one(self.network, key[0], key[1]).get(self.family, 0.0)
        cost = self.network.price * capital.variable.at(node.middle) * per_size if per_size else 0.0
        return cost + (capital.fixed.at(node.middle) if self.family == "start" else 0.0)


@cached
def _size_of_one(network: Network, name: str, group: str) -> dict[str, float]:
    """Size that one unit of a family's variable stands for, where a variable carries it alone."""
    if network.base.projects[name].capital.curve:
        return {}
    return {family: coefficient for family, _, coefficient in size_terms(network, name, group)}
