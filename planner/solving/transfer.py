"""Transfer a basis or solution between programs whose columns and rows differ for some nodes and rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner.common.arrays import Array
from planner.formulation.declarations import Chapter
from planner.program.blocks import BlockLayout
from planner.program.program import Program
from planner.solving.highs import Basis, BasisStatus, Statuses

Places = NDArray[np.int64]


class Shared(NamedTuple):
    """The places of the same things in one program and in another."""

    here: Places
    there: Places


def shared_columns(one: Program, other: Program) -> Shared:
    """The columns that both programs have, by block, family and key."""
    found = [_shared(one.investments, other.investments)]
    operation, before = _shared(one.operation, other.operation), {n.key: n for n in one.network.tree.nodes}
    found += [
        Shared(operation.here + one.base(before[n.key]), operation.there + other.base(n))
        for n in other.network.tree.nodes if n.key in before
    ]
    beside = _shared(one.weighing, other.weighing)
    found.append(Shared(beside.here + one.frame.width, beside.there + other.frame.width))
    return Shared(*(np.concatenate(places) for places in zip(*found, strict=True)))


def _shared(one: Chapter, other: Chapter) -> Shared:
    mine, theirs = _columns(one), _columns(other)
    names = [name for name in mine if name in theirs]
    here, there = ([places[name] for name in names] for places in (mine, theirs))
    return Shared(np.array(here, dtype=np.int64), np.array(there, dtype=np.int64))


def _columns(chapter: Chapter) -> dict[Any, int]:
    starts = BlockLayout.of(chapter.variables).starts
    return {(f.name, key): starts[f.name] + i for f in chapter.variables for i, key in enumerate(f.keys)}


def shared_rows(one: Program, other: Program) -> Shared:
    """The rows that both programs have, by node, family and key."""
    mine, theirs = dict(_rows(one)), dict(_rows(other))
    names = [name for name in mine if name in theirs]
    here, there = ([places[name] for name in names] for places in (mine, theirs))
    return Shared(np.array(here, dtype=np.int64), np.array(there, dtype=np.int64))


def _rows(program: Program) -> Iterator[tuple[Any, int]]:
    for place, (node, family, key) in enumerate(program.rows):
        yield (node.key if node is not None else None, family, key), place


def carried_values(one: Program, values: Array, other: Program) -> Array:
    """A plan's values in the columns of another program; 0 where it has none."""
    found, places = np.zeros(len(other.cost)), shared_columns(one, other)
    found[places.there] = values[places.here]
    return found


def carried_basis(one: Program, basis: Basis, other: Program) -> Basis:
    """A basis for another program, whose own rows are slack and whose own columns are at a bound.

    What a program has more without cost is then dual feasible as it stands, so that only its rows must be repaired.
    """
    columns, rows = _at_bounds(other.lower, other.upper), np.full(len(other.row_lower), BasisStatus.BASIC, np.int8)
    for statuses, known, shared in (
        (columns, basis.columns, shared_columns(one, other)), (rows, basis.rows, shared_rows(one, other)),
    ):
        statuses[shared.there] = known[shared.here]
    return Basis.of(columns, rows)


def _at_bounds(lower: Array, upper: Array) -> Statuses:
    """The statuses of columns that are not basic."""
    at_upper = np.where(np.isfinite(upper), BasisStatus.UPPER, BasisStatus.ZERO)
    return np.where(np.isfinite(lower), BasisStatus.LOWER, at_upper).astype(np.int8)
