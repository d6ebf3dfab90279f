"""Compile a Pyomo block once into sparse matrices over its variables, links and data."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyomo.environ as pyo
import scipy.sparse as sp
from numpy.typing import NDArray
from pyomo.repn.linear import LinearRepnVisitor

from planner.common.arrays import Array
from planner.common.identity import ByIdentity
from planner.formulation.declarations import Chapter, FamilyKey, Key


@dataclass(frozen=True)
class Template:
    """Rows `variables @ x + links @ l + data @ d  {<=, =, >=}  rhs` of a block.

    Columns stand in the order of the chapter's families and their keys. `sense` is -1, 0 or 1 for
    at most, equal, at least.
    """

    variables: sp.csr_array
    links: sp.csr_array
    data: sp.csr_array
    rhs: Array
    sense: NDArray[np.int8]
    rows: tuple[FamilyKey, ...]


@contextmanager
def frozen_collector() -> Iterator[None]:
    """No garbage collection while many small Pyomo objects are made: it more than halves their time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def compile_block(model: pyo.ConcreteModel, chapter: Chapter) -> Template:
    """The matrices of a block made by `mathematics.model.block`. Rows of constants alone that hold are left out.

    Pyomo's own compiler to arrays does the same, but needs half a second for what else it imports.
    """
    families = (chapter.variables, chapter.links, chapter.data)
    columns = [(f.name, key) for part in families for f in part for key in f.keys]
    parts = {name: model.component(name) for name, _ in columns}
    position = ByIdentity[Any, int]()
    for number, (name, key) in enumerate(columns):
        position[parts[name][key]] = number
    rows, indices, values, starts = list[CompiledRow](), list[int](), list[float](), [0]
    for row, terms in _linear_rows(model, chapter):
        rows.append(row)
        for column, coefficient in terms:
            indices.append(position[column])
            values.append(coefficient)
        starts.append(len(indices))
    wide = sp.csr_array((np.array(values, dtype=float), indices, starts), shape=(len(rows), len(columns)))
    first, second = (sum(len(f.keys) for part in families[:n] for f in part) for n in (1, 2))
    return Template(
        variables=wide[:, :first], links=wide[:, first:second], data=wide[:, second:],
        rhs=np.array([row.side for row in rows], dtype=float),
        sense=np.array([row.sense for row in rows], dtype=np.int8),
        rows=tuple((row.family, row.key) for row in rows),
    )


class CompiledRow(NamedTuple):
    """Name, sense (-1, 0, 1: at most, equal, at least) and right-hand side of a row."""

    family: str
    key: Key
    sense: int
    side: float


def _linear_rows(model: pyo.ConcreteModel, chapter: Chapter) -> Iterator[tuple[CompiledRow, list[tuple[Any, float]]]]:
    """Every row with the coefficients of its columns. ValueError for one that is not linear."""
    visitor = LinearRepnVisitor({})
    for constraint in (c for c in chapter.constraints if c.keys):
        for at, rule in model.component(f"{constraint.name}_rows").items():
            lower, body, upper = rule.to_bounded_expression()
            found, key = visitor.walk_expression(body), constraint.keys[at]
            if found.nonlinear is not None:
                raise ValueError(f"{constraint.name} of {key} is not linear")
            least, most = (None if bound is None else pyo.value(bound) - found.constant for bound in (lower, upper))
            for sense, side in [(0, most)] if least == most else [(-1, most), (1, least)]:
                if side is not None and (found.linear or sense * side > 0 or (sense == 0 and side)):
                    columns = [(visitor.var_map[number], value) for number, value in found.linear.items()]
                    yield CompiledRow(constraint.name, key, sense, side), columns
