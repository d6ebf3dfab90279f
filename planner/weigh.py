"""Weigh the scenarios of a program: from least expected cost to the risk measure the instance asks for.

The program keeps its columns and rows; behind them come the cost of every node and scenario and the measure's
own variables. Scenario costs are read from the same cost items as the tables, so that they are one and the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from planner.assemble import Layout, Program
from planner.mathematics import model, risk
from planner.program import Variable
from planner.schema import Risk
from planner.template import Array, compile_block, frozen_collector
from planner.tree import Node, Scenario


def weighed(program: Program, measure: Risk, alone: Mapping[str, float] | None = None) -> Program:
    """The program whose objective is (1 - weight) * expected cost + weight * measure."""
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
    return replace(
        program, cost=(1 - weight) * expected + weight * np.concatenate([np.zeros(len(program.cost)), own.cost]),
        offset=(1 - weight) * program.offset, expected=expected, expected_offset=program.offset, weighing=chapter,
        alone=alone or {},
        lower=np.concatenate([program.lower, own.lower]),
        upper=np.concatenate([program.upper, np.full(len(own.cost), np.inf)]),
        integer=np.concatenate([program.integer, np.zeros(len(own.cost), dtype=bool)]), matrix=sp.csr_array(matrix),
        row_lower=np.concatenate([program.row_lower, np.where(template.sense >= 0, rhs, -np.inf)]),
        row_upper=np.concatenate([program.row_upper, np.where(template.sense <= 0, rhs, np.inf)]),
        rows=program.rows.and_more(template.rows),
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
    vectors, constants = [], []
    for node in program.network.tree.nodes:
        vector, constant = node_expense(program, node)
        vectors.append(vector)
        constants.append(constant)
    for scenario in program.network.tree.scenarios:
        vectors.append(scenario_capital(program, scenario))
        constants.append(0.0)
    return sp.csr_array(sp.vstack([sp.csr_array(v.reshape(1, -1)) for v in vectors])), np.array(constants)


def node_expense(program: Program, node: Node) -> tuple[Array, float]:
    """Cost of a node as if it were certain: coefficients of all columns, and the constant [money]."""
    vector, constant = np.zeros(len(program.cost)), 0.0
    worth = node.length * node.factor
    links = {link.name for link in program.operation.links}
    for item in program.cost_items(node):
        if item.family not in links:
            vector[program.slice(node, item.family)] += worth * item.yearly
        else:
            terms, fixed = program.link(node, item.family)
            vector += worth * (terms.T @ item.yearly)
            constant += worth * float(item.yearly @ fixed)
    return vector, constant


def scenario_capital(program: Program, scenario: Scenario) -> Array:
    """Capital cost of a scenario: the investments' costs as if it were certain [money]."""
    network = replace(program.network, tree=program.network.tree.weighed(scenario))
    vector = np.zeros(len(program.cost))
    first = network.tree.nodes[0]
    for family in model.investments(network).variables:
        for costs in family.costs.values():
            vector[program.slice(None, family.name)] += np.asarray(costs(first), dtype=float)
    return vector
