"""Append the rules that couple nodes to a program: its columns and rows stay, the block's own stand behind them.

Costs of nodes and scenarios are read from the same cost items as the tables, so that they are one and the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from planner.common.arrays import Array
from planner.formulation.declarations import Chapter, Link, Term, join
from planner.formulation.mathematics import model
from planner.formulation.mathematics.security import coupled
from planner.formulation.network import Network
from planner.program.blocks import Layout
from planner.program.compile import compile_block, frozen_collector
from planner.program.program import Arrays, Program
from planner.program.risk_objective import node_expense, scenario_capital


def is_coupled(network: Network) -> bool:
    """Whether the instance has rules that couple nodes of different branches, or scenarios."""
    return bool(coupled.keys(network))


def secured(program: Program, alone: Mapping[str, float] | None = None) -> Program:
    """The program with its coupling rules; `alone` as in `risk_objective`, for regret."""
    network = program.network
    if not is_coupled(network):
        return program
    best = alone if alone is not None else program.alone
    chapter = coupled.chapter(network, best)
    with frozen_collector():
        template = compile_block(model.block(network, chapter, None), chapter)
    first = network.tree.nodes[0]
    terms = sp.csr_array(sp.vstack([_terms(program, link) for link in chapter.links], format="csr"))
    constants = np.concatenate([_constants(program, link) for link in chapter.links])
    data = np.concatenate([np.asarray(d.values(first), dtype=float) for d in chapter.data])
    matrix = sp.block_array([[program.matrix, None], [template.links @ terms, template.variables]], format="csr")
    rhs = template.rhs - template.links @ constants - template.data @ data
    own, before = _Own.of(chapter, network), program.arrays
    arrays = Arrays(
        cost=np.append(before.cost, own.cost), offset=before.offset, lower=np.append(before.lower, own.lower),
        upper=np.append(before.upper, own.upper), integer=np.append(before.integer, own.integer),
        matrix=sp.csr_array(matrix), row_lower=np.append(before.row_lower, np.where(template.sense >= 0, rhs, -np.inf)),
        row_upper=np.append(before.row_upper, np.where(template.sense <= 0, rhs, np.inf)),
        rows=before.rows.and_more(template.rows),
    )
    return replace(
        program, given=arrays, expected=None if program.expected is None else np.append(program.expected, own.cost),
        weighing=join([program.weighing, chapter]), alone=best,
    )


class _Own:
    """Costs, bounds and integrality of the columns that are added."""

    def __init__(self, cost: Array, lower: Array, upper: Array, integer: Array) -> None:
        self.cost, self.lower, self.upper, self.integer = cost, lower, upper, integer

    @classmethod
    def of(cls, chapter: Chapter, network: Network) -> _Own:
        layout, node = Layout.of(chapter.variables), network.tree.nodes[0]
        cost, lower = np.zeros(layout.size), np.zeros(layout.size)
        upper, integer = np.full(layout.size, np.inf), np.zeros(layout.size, dtype=bool)
        for family in chapter.variables:
            place = slice(layout.starts[family.name], layout.starts[family.name] + len(family.keys))
            if family.lower is not None:
                lower[place] = family.lower(node)
            if family.upper is not None:
                upper[place] = family.upper(node)
            integer[place] = np.asarray(family.integer, dtype=bool)
            for costs in family.costs.values():
                cost[place] += np.asarray(costs(node), dtype=float)
        return cls(cost, lower, upper, integer)


def _terms(program: Program, link: Link) -> sp.csr_array:
    """A link's terms over the program's columns."""
    network, shape = program.network, (len(link.keys), len(program.cost))
    if link.name == "node_spending":
        spending = sp.vstack([node_expense(program, node)[0] for node in network.tree.nodes], format="coo")
        return sp.csr_array((spending.data, spending.coords), shape=shape)
    if link.name == "capital_spending":
        capital = sp.coo_array(np.array([scenario_capital(program, s) for s in network.tree.scenarios]))
        return sp.csr_array((capital.data, capital.coords), shape=shape)
    found = [t for t in link.terms(network.tree.nodes[0]) if isinstance(t, Term)]
    columns = [program.column(t.node, t.family, t.key) for t in found]
    return sp.csr_array(([t.coefficient for t in found], ([t.position for t in found], columns)), shape=shape)


def _constants(program: Program, link: Link) -> Array:
    network = program.network
    if link.name == "node_spending":
        return np.array([node_expense(program, node)[1] for node in network.tree.nodes])
    if link.name == "capital_spending":
        return np.zeros(len(network.tree.scenarios))
    return np.asarray(link.constants(network.tree.nodes[0]), dtype=float)


def beside_values(program: Program, values: Array, family: str) -> dict[tuple[object, ...], float]:
    """Values of a family of the block that stands behind all nodes, by key."""
    layout = Layout.of(program.weighing.variables)
    start = program.frame.width + layout.starts[family]
    part = next(v for v in program.weighing.variables if v.name == family)
    return dict(zip(part.keys, values[start:start + len(part.keys)].tolist(), strict=True))
