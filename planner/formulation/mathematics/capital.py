"""Capital in the objective: what a unit of a decision variable costs, charged to the nodes that pay for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planner.common.arrays import Array
from planner.formulation.declarations import Key
from planner.formulation.mathematics.construction import Charged, work
from planner.formulation.mathematics.curve import segments
from planner.formulation.mathematics.size import size_terms
from planner.formulation.network import Network
from planner.tree.nodes import Node


@dataclass(frozen=True)
class CapitalCoefficients:
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
        terms = overnight_terms(self.network, key[0], node)
        return sum(cost for family, variable, cost in terms if family == self.family and variable == key)


def overnight_terms(network: Network, name: str, node: Node) -> list[tuple[str, Key, float]]:
    r"""Capital of a decision by the figures of a node, as a linear expression: (family, key, money of one unit).

    .. math:: I_{j,n} = fixed_{j,n}\, start_{j,g} + price\, variable_{j,n}\, size_{j,g}

    or of a curve the sum of the costs of its points, each times its weight. Undiscounted.
    """
    capital, group = network.instance(node).projects[name].capital, node.group
    if capital.curve:
        return [
            ("end_weight", (name, group, i, side), getattr(segment, side).cost)
            for i, segment in enumerate(segments(capital.curve), 1) for side in ("left", "right")
        ]
    variable = network.price * capital.variable.at(node.middle)
    sized = [(family, key, variable * size) for family, key, size in size_terms(network, name, group)]
    return [("start", (name, group), capital.fixed.at(node.middle)), *sized]
