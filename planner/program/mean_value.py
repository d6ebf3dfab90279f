"""The expected-value problem: all nodes of a period become one, with the mean of their numbers.

Every coefficient, bound and right-hand side is the mean over the nodes of its period, weighted by the time spent
there. In a linear model this equals replacing random data by their mean (Birge and Louveaux, Introduction to Stochastic
Programming, 2011, section 4.2). A limit that some nodes of a period lack is infinite there, and so in the mean: it is
left out.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import scipy.sparse as sp

from planner.formulation.declarations import Key
from planner.program.program import Program, RowName, RowNames
from planner.tree.nodes import Node


def mean_program(program: Program) -> Program:
    """The expected-value problem of a program; its investments are the program's own columns."""
    nodes = program.network.tree.nodes
    first, size = program.investment_layout.size, program.node_layout.size
    periods = 1 + max(n.period for n in nodes)
    weights = _weights(nodes)
    target = np.concatenate([np.arange(first), *(first + n.period * size + np.arange(size) for n in nodes)])
    share = np.concatenate([np.ones(first), *(np.full(size, weights[n.index]) for n in nodes)])
    width = first + periods * size
    merge = sp.csr_array((np.ones(len(target)), (np.arange(len(target)), target)), shape=(len(target), width))
    mean = sp.csr_array((share, (target, np.arange(len(target)))), shape=(width, len(target)))
    rows, average = _mean_rows(program, weights)
    return program.changed(
        cost=np.asarray(merge.T @ program.cost), lower=mean @ program.lower, upper=mean @ program.upper,
        integer=(merge.T @ program.integer.astype(float)) > 0, matrix=sp.csr_array(average @ program.matrix @ merge),
        row_lower=average @ program.row_lower, row_upper=average @ program.row_upper,
        rows=RowNames([(node, ((family, key),), None) for node, family, key in rows]),
    )


def _weights(nodes: tuple[Node, ...]) -> dict[int, float]:
    """Share of each node in its period."""
    totals: dict[int, float] = {}
    for node in nodes:
        totals[node.period] = totals.get(node.period, 0.0) + node.probability * node.length
    return {node.index: node.probability * node.length / totals[node.period] for node in nodes}


def _mean_rows(
    program: Program, weights: Mapping[int, float]
) -> tuple[list[RowName], sp.csr_array]:
    """The rows of the mean problem, and the matrix that takes the mean of the rows that become one."""
    position: dict[tuple[int, str, Key], int] = {}
    rows: list[RowName] = []
    targets, values = [], []
    for number, (node, family, key) in enumerate(program.rows):
        place = (-1 - number, family, key) if node is None else (node.period, family, key)
        if place not in position:
            position[place] = len(rows)
            rows.append((node, family, key))
        targets.append(position[place])
        values.append(weights[node.index] if node is not None else 1.0)
    everywhere = np.flatnonzero(np.bincount(targets, values, minlength=len(rows)) > 1 - 1e-9)
    matrix = sp.csr_array((values, (targets, np.arange(len(targets)))), shape=(len(rows), len(targets)))
    return [rows[i] for i in everywhere], sp.csr_array(matrix[everywhere])
