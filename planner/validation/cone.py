"""Joint possibilities of steps that feed each other: small linear programs over the amount of each step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import sparse

from planner.common.arrays import Array
from planner.solving.highs import Solver


def best(worth: Array, net: sparse.csr_array, most: Array) -> Array | None:
    r"""\max worth \cdot x with net x \ge 0 and 0 \le x \le most; None when the solver finds no answer.

    `worth` and `most` have one entry per column of `net`; rows of `net` are what must not become negative.
    """
    solver, (rows, columns) = Solver(output_flag=False), net.shape
    solver.load(
        cost=-worth, lower=np.zeros(columns), upper=most, matrix=net, row_lower=np.zeros(rows),
        row_upper=np.full(rows, np.inf),
    )
    solver.run()
    return solver.values if solver.is_optimal else None


def together(
    steps: Sequence[tuple[Mapping[Any, float], Mapping[Any, float]]], free: set[Any]
) -> tuple[list[int], list[Any]]:
    r"""All steps that can run in a steady state, and all places where they can leave something over.

    A step needs amounts and gives amounts, per unit of it. Of the places in `free` there is enough from elsewhere; any
    other must get what is taken: \max \sum_j t_j + \sum_k s_k with t_j \le x_j, s_k \le net_k(x), net_k(x) \ge 0 and
    t, s \le 1. The x form a cone, so that at the optimum t_j is 1 for every step that can run and 0 for all others,
    and so is s_k for every place.
    """
    places = list(dict.fromkeys(k for needs, gives in steps for k in (*needs, *gives) if k not in free))
    row, columns, rows = {k: i for i, k in enumerate(places)}, len(steps), len(places)
    entries = [
        (row[k], column, sign * amount)
        for column, pair in enumerate(steps) for sign, amounts in zip((-1, 1), pair, strict=True)
        for k, amount in amounts.items() if k in row
    ]  # fmt: skip
    at, of, amounts = (np.array(part) for part in zip(*entries, strict=True))
    net = sparse.coo_array((amounts, (at, of)), shape=(rows, columns)).tocsr()
    net = sparse.diags_array(1 / np.maximum(abs(net).max(axis=1).toarray().ravel(), 1e-300)) @ net
    by_step, by_place = sparse.eye_array(columns), sparse.eye_array(rows)
    linked = sparse.block_array([[net, None, -by_place], [by_step, -by_step, None]], format="csr")
    sizes = [columns, columns + rows]
    found = best(np.repeat([0.0, 1.0], sizes), linked, np.repeat([np.inf, 1.0], sizes))
    if found is None:
        return [], []
    marked = found[columns:] > 0.5
    return [int(j) for j in np.flatnonzero(marked[:columns])], [places[i] for i in np.flatnonzero(marked[columns:])]
