"""Declarations of a chapter of the mathematics: variables, links, data and constraints.

Constraints are Pyomo rules over one *block*: the operation of one node, or the investments. A rule uses
three kinds of columns alike: *variables* of the block; *links*, linear expressions of variables elsewhere
(capacity online, stock before, material returning); *data*, numbers that differ from node to node. So the
rules of nodes of equal structure are compiled once, and each node only brings its numbers.

A family declares the figures of the instance on which its numbers depend, directly or not: `reads` names them as
`section.field`. A program for an instance in which none of these has changed takes the numbers over. A family without
`reads` (None) is always computed anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner.formulation.network import Network
from planner.tree.nodes import Node

Key = tuple[Any, ...]
FamilyKey = tuple[str, Key]
Numbers = Sequence[float] | NDArray[np.float64]
Reads = tuple[str, ...] | None
PerNode = Callable[[Node], Numbers]


@dataclass(frozen=True)
class OfFigures:
    """Numbers that depend on nothing but the figures of a node's variant at its span: computed once for all
    nodes that share them. What reads controls, the path or the futures of a node must not be declared so."""

    network: Network
    function: PerNode
    known: dict[tuple[int, float, float], NDArray[np.float64]] = field(default_factory=dict)

    def __call__(self, node: Node) -> NDArray[np.float64]:
        place = (self.network.variant(node), node.start, node.length)
        if place not in self.known:
            self.known[place] = np.asarray(self.function(node), dtype=float)
        return self.known[place]


@dataclass(frozen=True)
class Variable:
    """A family of variables of a block, all at least `lower` (0 unless stated).

    `upper` gives the upper bounds at a node, in the order of `keys`. `costs` maps a cost item to the cost
    of one unit of each variable at a node [money/year]; `parts` names for each key what the cost is put
    down to and its region.
    """

    name: str
    keys: tuple[Key, ...]
    meaning: str
    unit: str = "quantity/year"
    lower: PerNode | None = None
    upper: PerNode | None = None
    integer: bool | Sequence[bool] = False
    costs: dict[str, PerNode] = field(default_factory=dict)
    parts: Sequence[tuple[str, str]] = ()
    reads: Reads = None

    @property
    def functions(self) -> list[PerNode]:
        """Functions that compute its numbers."""
        return [f for f in (self.lower, self.upper, *self.costs.values()) if f is not None]


class Term(NamedTuple):
    """`coefficient` times a variable of another block (`node` None: the investments)."""

    position: int
    node: int | None
    family: str
    key: Key
    coefficient: float


class Terms(NamedTuple):
    """Many terms of one block: those `chosen` of some of its variables, each with its position and coefficient."""

    node: int | None
    variables: tuple[FamilyKey, ...]
    chosen: NDArray[np.int64]
    positions: NDArray[np.int64]
    coefficients: NDArray[np.float64]

    def one_by_one(self) -> Iterator[Term]:
        for i, position, coefficient in zip(self.chosen, self.positions, self.coefficients, strict=True):
            family, key = self.variables[i]
            yield Term(int(position), self.node, family, key, float(coefficient))


@dataclass(frozen=True)
class Link:
    """A family of linear expressions of other blocks' variables: constants plus terms.

    `of_figures`: they depend on nothing but spans and figures along the path, so that nodes share them which differ
    in measures.
    """

    name: str
    keys: tuple[Key, ...]
    meaning: str
    terms: Callable[[Node], Sequence[Term | Terms]]
    constants: PerNode
    unit: str = "quantity/year"
    costs: dict[str, PerNode] = field(default_factory=dict)
    parts: Sequence[tuple[str, str]] = ()
    of_figures: bool = False
    reads: Reads = None


@dataclass(frozen=True)
class Data:
    """A family of numbers that stand on a constraint's right-hand side."""

    name: str
    keys: tuple[Key, ...]
    meaning: str
    values: PerNode
    unit: str = "quantity/year"
    reads: Reads = None


@dataclass(frozen=True)
class Constraint:
    """A family of constraints; the rule takes the block and the key, its docstring is the equation."""

    name: str
    keys: tuple[Key, ...]
    rule: Callable[..., Any]


Family = Variable | Link | Data


@dataclass(frozen=True)
class Chapter:
    """One chapter of the mathematics."""

    variables: tuple[Variable, ...] = ()
    links: tuple[Link, ...] = ()
    data: tuple[Data, ...] = ()
    constraints: tuple[Constraint, ...] = ()

    @property
    def families(self) -> tuple[Family, ...]:
        """All that is a column of its block."""
        return (*self.variables, *self.links, *self.data)


def join(chapters: Sequence[Chapter]) -> Chapter:
    """All chapters of a block as one."""
    return Chapter(
        variables=tuple(v for c in chapters for v in c.variables),
        links=tuple(v for c in chapters for v in c.links),
        data=tuple(v for c in chapters for v in c.data),
        constraints=tuple(v for c in chapters for v in c.constraints),
    )
