"""A program laid out as a modeller of any other library would have it: families of variables and of rows, as arrays.

Numbers stand in tables, a row per node and a column per key. What a family of rows says of a family of variables is a
list of terms (row, key) with a coefficient per node, of the node's own variables, of an ancestor's so many generations
back, or of the investments. Nothing here is timed: it is the data that the libraries compared start from.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from planner.formulation.declarations import Variable
from planner.program.program import Program

Table = NDArray[np.float64]
Index = NDArray[np.int64]

INVESTMENTS = -1  # In place of generations: variables that are the same for all nodes.


@dataclass(frozen=True)
class Columns:
    """A family of variables: tables of nodes x keys; the investments have one row."""

    name: str
    once: bool
    lower: Table
    upper: Table
    cost: Table
    integer: bool


@dataclass(frozen=True)
class Terms:
    """Coefficients of variables `family`[key] in rows; one row of coefficients where all nodes have the same."""

    family: str
    generations: int
    rows: Index
    keys: Index
    coefficients: Table


@dataclass(frozen=True)
class Rows:
    """A family of constraints, tables of nodes x rows; `stated` is False where a node lacks a row."""

    name: str
    once: bool
    lower: Table
    upper: Table
    stated: NDArray[np.bool_]
    terms: tuple[Terms, ...]


@dataclass(frozen=True)
class Families:
    """The whole program. `ancestors[g][n]` is the node g generations before node n, or -1."""

    columns: tuple[Columns, ...]
    rows: tuple[Rows, ...]
    ancestors: Index
    offset: float


def families(program: Program) -> Families:
    """The families of a program without shocks and without risk."""
    nodes = program.network.tree.nodes
    ancestors = [np.arange(len(nodes))]
    parents = np.array([n.parent if n.parent is not None else -1 for n in nodes])
    while (ancestors[-1] >= 0).any():
        ancestors.append(np.where(ancestors[-1] >= 0, parents[ancestors[-1]], -1))
    return Families(tuple(_columns(program)), tuple(_Reader(program).rows()), np.array(ancestors), program.offset)


def _blocks(program: Program) -> tuple[tuple[bool, int, int, int, tuple[Variable, ...]], ...]:
    """Investments, then operation: whether once, first column, blocks, columns of a block, families."""
    first, size = program.investment_layout.size, program.node_layout.size
    return (
        (True, 0, 1, first, program.investments.variables),
        (False, first, len(program.network.tree.nodes), size, program.operation.variables),
    )


def _columns(program: Program) -> Iterator[Columns]:
    for once, base, count, size, variables in _blocks(program):
        end, start = base + count * size, 0
        lower, upper, cost = (
            numbers[base:end].reshape(count, size) for numbers in (program.lower, program.upper, program.cost)
        )
        integer = program.integer[base:end].reshape(count, size)
        for family in variables:
            part = np.s_[:, start : start + len(family.keys)]
            start += len(family.keys)
            if family.keys:
                assert integer[part].all() == integer[part].any(), f"{family.name} is integer in part"
                yield Columns(family.name, once, lower[part], upper[part], cost[part], bool(integer[part].all()))


class _Reader:
    """Takes the rows of a program apart: by family, and each by the variables it is about."""

    def __init__(self, program: Program) -> None:
        self.program, self.nodes = program, len(program.network.tree.nodes)
        self.periods = np.array([n.period for n in program.network.tree.nodes])
        self.places: dict[tuple[bool, str], list[tuple[int, int, int]]] = {}
        positions = {
            (once, c.name): {key: i for i, key in enumerate(c.keys)}
            for once, chapter in ((True, program.investments), (False, program.operation)) for c in chapter.constraints
        }  # fmt: skip
        for number, (node, family, key) in enumerate(program.rows):
            found = (number, node.index if node is not None else 0, positions[node is None, family][key])
            self.places.setdefault((node is None, family), []).append(found)
        self.starts, self.names = self._families()

    def _families(self) -> tuple[Index, list[tuple[bool, str, int]]]:
        """Where each family starts among the columns of the investments followed by those of one node."""
        starts, names, start = [], [], 0
        for once, _, _, _, variables in _blocks(self.program):
            for family in variables:
                if family.keys:
                    starts.append(start)
                    names.append((once, family.name, len(family.keys)))
                start += len(family.keys)
        return np.array(starts), names

    def rows(self) -> Iterator[Rows]:
        program = self.program
        for (once, name), found in self.places.items():
            numbers, nodes, positions = np.array(found).T
            shape = (1 if once else self.nodes, int(positions.max()) + 1)
            lower, upper, stated = np.full(shape, -np.inf), np.full(shape, np.inf), np.zeros(shape, dtype=bool)
            lower[nodes, positions] = program.row_lower[numbers]
            upper[nodes, positions] = program.row_upper[numbers]
            stated[nodes, positions] = True
            terms = tuple(self._terms(numbers, nodes, positions, shape[0]))
            yield Rows(name, once, lower, upper, stated, terms)

    def _terms(self, numbers: Index, nodes: Index, positions: Index, count: int) -> Iterator[Terms]:
        """The terms of some rows, by the family of variables and the generations between row and variable."""
        part = self.program.matrix[numbers]
        lengths = np.diff(part.indptr)
        node, row = np.repeat(nodes, lengths), np.repeat(positions, lengths)
        column, value = part.indices.astype(np.int64), part.data
        first, size = self.program.investment_layout.size, self.program.node_layout.size
        is_own = column < first
        within = np.where(is_own, column, first + (column - first) % size)
        family = np.searchsorted(self.starts, within, side="right") - 1
        generations = np.where(
            is_own, INVESTMENTS, self.periods[node] - self.periods[np.where(is_own, 0, (column - first) // size)]
        )
        for number, (_, name, width) in enumerate(self.names):
            for back in np.unique(generations[family == number]):
                here = (family == number) & (generations == back)
                code = row[here] * width + within[here] - self.starts[number]
                codes, place = np.unique(code, return_inverse=True)
                table = np.zeros((count, len(codes)))
                table[node[here], place] = value[here]
                if (table == table[0]).all():
                    table = table[:1]
                yield Terms(name, int(back), codes // width, codes % width, table)
