"""The complete Pyomo model of an instance, from the same rules that are otherwise compiled once and stamped.

One block for the investments, one for the operation of every node, one for risk where the objective weighs it, one for
rules that couple nodes:

    model.investments.start["magnets_1", "2027"]
    model.operation["truce:2030"].activity["magnets", "sinter"]
    model.operation["truce:2030"].balance_rows["magnet.n", "US"]
    model.risk.scenario_cost["embargo"]
    model.rules.missed_overall["budget", "*"]

Links are named expressions of other blocks' variables, data are parameters, so every rule is called unchanged. It is
for teaching, for export and for other solvers; `planner.program.program` makes the same program many times faster.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyomo.environ as pyo

from planner.formulation.declarations import Chapter, Constraint, Data, Link, Terms, Variable
from planner.formulation.mathematics import model, risk
from planner.formulation.mathematics.model import index, structure_of
from planner.formulation.mathematics.security import coupled
from planner.formulation.network import Network
from planner.program.appending import CAPITAL, EXPENSE
from planner.program.compile import frozen_collector
from planner.program.coupling import is_coupled
from planner.program.program import Program
from planner.tree.nodes import Node, Scenario


def whole(source: Network | Program, alone: Mapping[str, float] | None = None) -> pyo.ConcreteModel:
    """The whole model of a network or of an assembled program: least cost over all nodes, or the risk asked for.

    `alone` is the cost of the best plan for each scenario alone, against which regret is measured; a program
    brings it along.
    """
    network = source.network if isinstance(source, Program) else source
    known = source.alone if isinstance(source, Program) else {}
    with frozen_collector():
        return _Builder(network, network.tree.nodes).whole(alone if alone is not None else known)


def part(network: Network, nodes: Sequence[Node]) -> pyo.ConcreteModel:
    """The investments and the operation of some nodes with all they refer to, each block with its `cost` [money/year].

    There is no objective: who asks for a part knows what it counts for.
    """
    with frozen_collector():
        return _Builder(network, nodes).blocks()


class _Builder:
    """Fills the blocks: first the variables of all of them, then what refers to them."""

    def __init__(self, network: Network, nodes: Sequence[Node]) -> None:
        self.network, self.nodes = network, nodes
        self.investments, self.operation = model.investments(network), model.operation(network)
        self.first = network.tree.nodes[0]

    def whole(self, alone: Mapping[str, float]) -> pyo.ConcreteModel:
        made = self.blocks()
        made.expected_cost = pyo.Expression(expr=made.investments.cost + pyo.quicksum(
            node.weight * self.made[node.index].cost for node in self.nodes
        ))
        made.objective = pyo.Objective(expr=self._weighed(made, alone) + self._coupled(made, alone))
        return made

    def blocks(self) -> Any:
        """The model without an objective."""
        made: Any = pyo.ConcreteModel(self.network.base.name)
        made.network = self.network
        made.investments = pyo.Block()
        made.operation = pyo.Block([node.key for node in self.nodes])
        self.made: dict[int | None, Any] = {None: made.investments}
        self._variables(made.investments, self.investments, self.first)
        for node in self.nodes:
            block = self.made[node.index] = made.operation[node.key]
            block.instance, block.structure = self.network.instance(node), structure_of(self.network, node)
            self._variables(block, self.operation, node)
        self._rules(made.investments, self.investments, self.first)
        for node in self.nodes:
            self._rules(self.made[node.index], self.operation, node)
        return made

    # Parts of a block

    def _variables(self, block: Any, chapter: Chapter, node: Node) -> None:
        block.network = self.network
        for family in chapter.variables:
            block.add_component(family.name, _variable(family, node))

    def _rules(self, block: Any, chapter: Chapter, node: Node) -> None:
        """Add everything that refers to variables: links, data, constraints, and the cost of the block [money/year]."""
        for link in chapter.links:
            block.add_component(link.name, self._link(link, node))
        for data in chapter.data:
            block.add_component(data.name, _data(data, node))
        for constraint in chapter.constraints:
            block.add_component(f"{constraint.name}_rows", rows := _rows(constraint))
            for key in [key for key, row in rows.items() if not (row.has_lb() or row.has_ub())]:
                del rows[key]  # A limit that is infinite at this node is none.
        block.cost = pyo.Expression(expr=_cost(block, (*chapter.variables, *chapter.links), node))

    def _link(self, link: Link, node: Node) -> pyo.Expression:
        terms: list[list[Any]] = [[constant] for constant in link.constants(node)]
        found = link.terms(node)
        for term in (t for part in found for t in (part.one_by_one() if isinstance(part, Terms) else (part,))):
            column = getattr(self.made[term.node], term.family)[term.key]
            terms[term.position].append(term.coefficient * column)
        return _expressions(link, [pyo.quicksum(parts) for parts in terms])

    # The objective

    def _weighed(self, made: Any, alone: Mapping[str, float]) -> Any:
        """Expected cost, or (1 - weight) * expected cost + weight * measure of risk."""
        measure = self.network.base.objective.risk
        if measure is None:
            return made.expected_cost
        chapter = risk.chapter(self.network, measure, alone)
        made.risk = pyo.Block()
        self._variables(made.risk, chapter, self.first)
        self._beside(made.risk, chapter)
        return (1 - measure.weight) * made.expected_cost + measure.weight * made.risk.cost

    def _coupled(self, made: Any, alone: Mapping[str, float]) -> Any:
        """The rules that couple nodes or scenarios, and what missing them costs."""
        if not is_coupled(self.network):
            return 0.0
        chapter = coupled.chapter(self.network, alone)
        made.rules = pyo.Block()
        self._variables(made.rules, chapter, self.first)
        self._beside(made.rules, chapter)
        return made.rules.cost

    def _beside(self, block: pyo.Block, chapter: Chapter) -> None:
        """The rows of a block behind all nodes, whose links may be costs of nodes and scenarios."""
        tree = self.network.tree
        for link in chapter.links:
            if link.name in EXPENSE:
                found = _expressions(link, [n.length * n.factor * self.made[n.index].cost for n in tree.nodes])
            elif link.name in CAPITAL:
                found = _expressions(link, [self._capital(self.made[None], s) for s in tree.scenarios])
            else:
                found = self._link(link, self.first)
            block.add_component(link.name, found)
        self._rules(block, replace(chapter, links=()), self.first)

    def _capital(self, block: Any, scenario: Scenario) -> Any:
        """Capital cost of a scenario: the investments' costs as if it were certain [money]."""
        network = replace(self.network, tree=self.network.tree.weighed(scenario))
        return _cost(block, model.investments(network).variables, network.tree.nodes[0])


def _variable(family: Variable, node: Node) -> pyo.Var:
    """A family of variables with a node's bounds."""
    count = len(family.keys)
    lower = family.lower(node) if family.lower is not None else [0.0] * count
    upper = family.upper(node) if family.upper is not None else [math.inf] * count
    integer = [family.integer] * count if isinstance(family.integer, bool) else family.integer
    made = pyo.Var(index(family.keys), doc=f"{family.meaning} [{family.unit}]")
    made.construct()
    for key, least, most, counted in zip(family.keys, lower, upper, integer, strict=True):
        made[key].domain = pyo.Integers if counted else pyo.Reals
        made[key].setlb(least if least > -math.inf else None)
        made[key].setub(most if most < math.inf else None)
    return made


def _data(data: Data, node: Node) -> pyo.Param:
    values = dict(zip(data.keys, (float(value) for value in data.values(node)), strict=True))
    doc = f"{data.meaning} [{data.unit}]"
    return pyo.Param(index(data.keys), initialize=values, mutable=True, within=pyo.Any, doc=doc)


def _expressions(link: Link, expressions: Sequence[Any]) -> pyo.Expression:
    values = dict(zip(link.keys, expressions, strict=True))
    return pyo.Expression(index(link.keys), initialize=values, doc=f"{link.meaning} [{link.unit}]")


def _rows(constraint: Constraint) -> pyo.Constraint:
    def rule(block: Any, *key: Any) -> Any:
        return constraint.rule(block, *key)

    keys = pyo.Set(initialize=list(constraint.keys), dimen=None)  # Those of a path are as long as the path.
    return pyo.Constraint(keys, rule=rule, doc=constraint.rule.__doc__)


def _cost(block: Any, families: Sequence[Variable | Link], node: Node) -> Any:
    """Sum of what the families of a block cost."""
    return pyo.quicksum(
        cost * getattr(block, family.name)[key]
        for family in families for costs in family.costs.values()
        for key, cost in zip(family.keys, costs(node), strict=True) if cost
    )
