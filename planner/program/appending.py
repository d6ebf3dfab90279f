"""Append a block to a program: its columns and rows stay, the block's own stand behind them.

Costs of nodes and scenarios are read from the same cost items as the tables, so that they are one and the same.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from planner.common.arrays import Array
from planner.formulation.declarations import Chapter, Link, Term
from planner.formulation.mathematics import model, risk
from planner.formulation.mathematics.capital import CapitalCoefficients
from planner.formulation.mathematics.construction import work
from planner.formulation.mathematics.security import totals
from planner.program.blocks import numbers_of
from planner.program.compile import compile_block, frozen_collector
from planner.program.program import Arrays, Program
from planner.tree.nodes import Node, Scenario

TOTALS = (risk.TOTALS, totals.TOTALS)
EXPENSE, CAPITAL = {totals.expense for totals in TOTALS}, {totals.capital for totals in TOTALS}


def appended(program: Program, chapter: Chapter) -> tuple[Arrays, Array]:
    """The arrays of a program with a block behind it, and the costs of the block's own columns."""
    network, before = program.network, program.arrays
    first = network.tree.nodes[0]
    with frozen_collector():
        template = compile_block(model.block(network, chapter, None), chapter)
    terms = sp.csr_array(sp.vstack([_terms(program, link) for link in chapter.links], format="csr"))
    constants = np.concatenate([_constants(program, link) for link in chapter.links])
    data = np.concatenate([np.asarray(d.values(first), dtype=float) for d in chapter.data])
    matrix = sp.block_array([[before.matrix, None], [template.links @ terms, template.variables]], format="csr")
    rhs = template.rhs - template.links @ constants - template.data @ data
    own = numbers_of(chapter.variables, first)
    return Arrays(
        cost=np.append(before.cost, own.costs), offset=before.offset, lower=np.append(before.lower, own.lower),
        upper=np.append(before.upper, own.upper), integer=np.append(before.integer, own.integer),
        matrix=sp.csr_array(matrix), row_lower=np.append(before.row_lower, np.where(template.sense >= 0, rhs, -np.inf)),
        row_upper=np.append(before.row_upper, np.where(template.sense <= 0, rhs, np.inf)),
        rows=before.rows.and_more(template.rows),
    ), own.costs


def _terms(program: Program, link: Link) -> sp.csr_array:
    """A link's terms over the program's columns."""
    tree, shape = program.network.tree, (len(link.keys), len(program.cost))
    if link.name in EXPENSE:
        spending = sp.vstack([node_expense(program, node)[0] for node in tree.nodes], format="coo")
        return sp.csr_array((spending.data, spending.coords), shape=shape)
    if link.name in CAPITAL:
        capital = [scenario_capital(program, scenario) for scenario in tree.scenarios]
        found = sp.coo_array(np.array(capital).reshape(len(capital), program.frame.investments))
        return sp.csr_array((found.data, found.coords), shape=shape)
    terms = [t for t in link.terms(tree.nodes[0]) if isinstance(t, Term)]
    columns = [program.column(t.node, t.family, t.key) for t in terms]
    return sp.csr_array(([t.coefficient for t in terms], ([t.position for t in terms], columns)), shape=shape)


def _constants(program: Program, link: Link) -> Array:
    tree = program.network.tree
    if link.name in EXPENSE:
        return np.array([node_expense(program, node)[1] for node in tree.nodes])
    if link.name in CAPITAL:
        return np.zeros(len(tree.scenarios))
    return np.asarray(link.constants(tree.nodes[0]), dtype=float)


def node_expense(program: Program, node: Node) -> tuple[sp.csr_array, float]:
    """Cost of a node as if it were certain: a row over all columns, and the constant [money]."""
    pieces, frame = program.pieces, program.frame
    own, stamp, worth = pieces.numbers(node).costs, pieces.stamp(node), node.length * node.factor
    places = np.flatnonzero(own)
    columns = np.concatenate([
        frame.base(node.index) + places, stamp.costs.columns(frame.bases(program.network.tree.path(node)))
    ])
    values = worth * np.concatenate([own[places], stamp.costs.values])
    return sp.csr_array((values, (np.zeros(len(columns), dtype=int), columns)), shape=(1, frame.width)), (
        worth * stamp.offset
    )


def scenario_capital(program: Program, scenario: Scenario) -> Array:
    """Capital cost of a scenario: the investments' costs as if it were certain [money]."""
    shares = np.zeros(len(program.network.tree.nodes))
    shares[list(scenario.shares)] = list(scenario.shares.values())
    charged = work(program.network).charged(shares)
    vector = np.zeros(program.frame.investments)
    for family in program.investments.variables:
        for costs in family.costs.values():
            assert isinstance(costs, CapitalCoefficients)
            start = program.investment_layout.starts[family.name]
            vector[start : start + len(family.keys)] += costs.weighed(charged)
    return vector
