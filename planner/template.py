"""Compile a Pyomo block once into sparse matrices over its variables, links and data."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyomo.environ as pyo
import scipy.sparse as sp
from numpy.typing import NDArray
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler

from planner.program import Chapter, Constraint, Key

Array = NDArray[np.float64]


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
    rows: tuple[tuple[str, Key], ...]


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
    """The matrices of a block made by `mathematics.model.block`."""
    variables, links, data = (
        [(f.name, key) for f in families for key in f.keys]
        for families in (chapter.variables, chapter.links, chapter.data)
    )
    columns = [*variables, *links, *data]
    parts = {name: model.component(name) for name, _ in columns}
    position = {id(parts[name][key]): i for i, (name, key) in enumerate(columns)}
    form = LinearStandardFormCompiler().write(_with_objective(model), mixed_form=True, nonnegative_vars=False)
    matrix = sp.coo_array(form.A)
    where = np.array([position[id(column)] for column in form.columns], dtype=np.int64)
    wide = sp.csr_array(
        (matrix.data, (matrix.coords[0], where[matrix.coords[1]])), shape=(matrix.shape[0], len(columns))
    )
    first, second = len(variables), len(variables) + len(links)
    rows, sense = _rows(form, chapter)
    return Template(
        variables=wide[:, :first], links=wide[:, first:second], data=wide[:, second:],
        rhs=np.asarray(form.rhs, dtype=float), sense=sense, rows=rows,
    )


def _with_objective(model: pyo.ConcreteModel) -> pyo.ConcreteModel:
    """The compiler wants an objective; costs are given per node, not per template."""
    model.add_component("no_objective", pyo.Objective(expr=0))
    return model


def _rows(form: Any, chapter: Chapter) -> tuple[tuple[tuple[str, Key], ...], NDArray[np.int8]]:
    """Name and sense of each compiled row; a bound of 1, 0, -1 is at most, equal, at least."""
    by_name: dict[str, Constraint] = {f"{c.name}_rows": c for c in chapter.constraints}
    names, senses = [], []
    for row in form.rows:
        family = by_name[row.constraint.parent_component().local_name]
        names.append((family.name, family.keys[row.constraint.index()]))
        senses.append(-row.bound_type)
    return tuple(names), np.array(senses, dtype=np.int8)
