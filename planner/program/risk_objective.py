"""Weigh the scenarios of a program: from least expected cost to the risk measure the instance asks for.

The program keeps its columns and rows; behind them come the cost of every node and scenario and the measure's
own variables. Scenario costs are read from the same cost items as the tables, so that they are one and the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from planner.common.arrays import Array
from planner.formulation.declarations import Variable
from planner.formulation.mathematics import model, risk
from planner.formulation.mathematics.capital import Capital
from planner.formulation.mathematics.construction import work
from planner.language.instance import Risk
from planner.program.blocks import Layout
from planner.program.compile import compile_block, frozen_collector
from planner.program.program import Arrays, Program
from planner.tree.nodes import Node, Scenario


def weighed(program: Program, measure: Risk, alone: Mapping[str, float] | None = None) -> Program:
    r"""The program whose objective weighs expected cost against a measure of risk.

    .. math:: \min\; (1 - \lambda) \sum_s p_s\, scenario\_cost_s + \lambda\, risk
    """
    network = program.network
    chapter = risk.chapter(network, measure, alone or {})
    with frozen_collector():
        template = compile_block(model.block(network, chapter, None), chapter)
    terms, constants = _links(program)
    first, data = network.tree.nodes[0], chapter.data[0]
    own = _own(program, chapter.variables, first)
    matrix = sp.block_array(
        [[program.matrix, None], [template.links @ terms, template.variables]], format="csr"
    )
    rhs = template.rhs - template.links @ constants - template.data @ np.asarray(data.values(first), dtype=float)
    expected = np.concatenate([program.cost, np.zeros(len(own.cost))])
    weight = measure.weight
    before = program.arrays
    arrays = Arrays(
        cost=(1 - weight) * expected + weight * np.concatenate([np.zeros(len(program.cost)), own.cost]),
        offset=(1 - weight) * before.offset,
        lower=np.concatenate([before.lower, own.lower]),
        upper=np.concatenate([before.upper, np.full(len(own.cost), np.inf)]),
        integer=np.concatenate([before.integer, np.zeros(len(own.cost), dtype=bool)]), matrix=sp.csr_array(matrix),
        row_lower=np.concatenate([before.row_lower, np.where(template.sense >= 0, rhs, -np.inf)]),
        row_upper=np.concatenate([before.row_upper, np.where(template.sense <= 0, rhs, np.inf)]),
        rows=before.rows.and_more(template.rows),
    )
    return replace(
        program, given=arrays, expected=expected, expected_offset=before.offset, weighing=chapter, alone=alone or {}
    )


class _Own:
    """Costs and lower bounds of the columns that are added."""

    def __init__(self, size: int) -> None:
        self.cost, self.lower = np.zeros(size), np.zeros(size)


def _own(program: Program, variables: tuple[Variable, ...], node: Node) -> _Own:
    layout = Layout.of(variables)
    own = _Own(layout.size)
    for family in variables:
        start = layout.starts[family.name]
        end = start + len(family.keys)
        if family.lower is not None:
            own.lower[start:end] = family.lower(node)
        for costs in family.costs.values():
            own.cost[start:end] += costs(node)
    return own


def _links(program: Program) -> tuple[sp.csr_array, Array]:
    """Terms and constants of the cost of every node and the capital of every scenario, in the links' order."""
    tree, width = program.network.tree, program.frame.width
    expenses = [node_expense(program, node) for node in tree.nodes]
    capital = [scenario_capital(program, scenario) for scenario in tree.scenarios]
    empty = sp.csr_array((len(capital), width - program.frame.investments))
    rows = [terms for terms, _ in expenses]
    if capital:
        rows.append(sp.csr_array(sp.hstack([sp.csr_array(np.array(capital)), empty], format="csr")))
    constants = [constant for _, constant in expenses]
    return sp.csr_array(sp.vstack(rows, format="csr")), np.array([*constants, *np.zeros(len(capital))])


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
            assert isinstance(costs, Capital)
            start = program.investment_layout.starts[family.name]
            vector[start : start + len(family.keys)] += costs.weighed(charged)
    return vector
