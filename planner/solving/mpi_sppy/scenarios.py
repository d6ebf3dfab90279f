"""Scenarios of mpi-sppy from our own rules.

mpi-sppy needs one model per scenario and variables that all scenarios share. The shared nodes are those with more than
one successor; the nodes below them, up to the leaves, are a *branch* with variables of its own. So a
future, the window of a shock, or a branch of a branch each make one scenario, and windows whose world resumes on a node
share that node too. Every scenario has the shared nodes and its branch.

Non-anticipativity holds for the decisions taken at shared nodes or for several branches at once. It holds for the
operation of shared nodes as far as branches refer to it, such as stock where they begin. The rest of that operation is
linear, so the mean of the scenarios' versions is feasible and costs the same. With integers in the operation all of it
is shared. So two stages are exact for any tree.
The expected cost is

    shared cost + sum_b probability_b * (own cost of b / probability_b)

with any positive probabilities that add up to 1; they are taken in proportion to the branches' probabilities.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyomo.environ as pyo
from pyomo.repn import generate_standard_repn

from planner.formulation.declarations import FamilyKey, Key, Terms
from planner.formulation.mathematics import model
from planner.formulation.network import Network
from planner.program.pyomo_model import part
from planner.tree.nodes import Node


@dataclass(frozen=True)
class ScenarioBranch:
    """The part of a scenario that it shares with no other: its nodes, in order, and its probability."""

    name: str
    nodes: tuple[Node, ...]
    probability: float


@dataclass(frozen=True, eq=False)
class Split:
    """A network cut into what all scenarios share and what each has of its own."""

    network: Network

    @cached_property
    def shared(self) -> frozenset[int]:
        """Nodes from which several ways lead on, or at which the world resumes after a window; and all before them."""
        tree = self.network.tree
        leaves = {node.index for node in tree.leaves}
        wanted = [n for n in tree.nodes if sum(m.index in leaves for m in tree.from_here(n)) > 1]
        wanted += [tree.nodes[twin] for node in tree.nodes for twin, _ in node.resumed]
        return frozenset(m.index for node in wanted for m in tree.path(node))

    @cached_property
    def branches(self) -> tuple[ScenarioBranch, ...]:
        """Branches below the shared nodes; a tree that never branches has one."""
        tree = self.network.tree
        first = [n for n in tree.nodes if n.index not in self.shared and (n.parent is None or n.parent in self.shared)]
        total = math.fsum(node.probability for node in first)
        return tuple(ScenarioBranch(_plain(n.key), tree.from_here(n), n.probability / total) for n in first)

    @cached_property
    def owner(self) -> dict[int, str]:
        """The branch of each node that is not shared."""
        return {node.index: branch.name for branch in self.branches for node in branch.nodes}

    @cached_property
    def columns(self) -> dict[FamilyKey, str | None]:
        """Every decision, and the branch that takes it alone (None: shared)."""
        groups = self.network.tree.groups
        owners: dict[FamilyKey, str | None] = {}
        for family in model.investments(self.network).variables:
            for key in family.keys:
                if len(key) == 1:
                    continue  # It says that nothing can be decided.
                found = {self.owner.get(node.index) for node in groups[str(key[1])]}
                owners[family.name, key] = found.pop() if len(found) == 1 else None
        return owners

    @property
    def own_integers(self) -> list[FamilyKey]:
        """Whole-number decisions that are taken after it is known which scenario comes."""
        whole = {
            (family.name, key)
            for family in model.investments(self.network).variables
            for key, counted in zip(family.keys, _flags(family.integer, len(family.keys)), strict=True) if counted
        }
        return [column for column, owner in self.columns.items() if owner is not None and column in whole]

    def scenario(self, name: str, scale: float = 1.0) -> Any:
        """The Pyomo model of a scenario, its cost times `scale`, not yet known to mpi-sppy."""
        branch = next(b for b in self.branches if b.name == name)
        shared = [node for node in self.network.tree.nodes if node.index in self.shared]
        made: Any = part(self.network, [*shared, *branch.nodes])
        shared_cost = scale * (self._capital(made, None) + _operation(made, shared))
        own_cost = scale / branch.probability * (self._capital(made, name) + _operation(made, branch.nodes))
        # mpi-sppy's L-shaped method (0.14) counts a constant of the objective once per scenario, and takes the costs
        # of shared variables from any one of them: so constants and all costs of the branch go into one variable.
        constant = generate_standard_repn(shared_cost).constant
        made.shared_cost = pyo.Expression(expr=shared_cost - constant)
        made.own = pyo.Var()
        made.own_rows = pyo.Constraint(expr=made.own == own_cost + constant)
        made.objective = pyo.Objective(expr=made.shared_cost + made.own)
        return made

    def shared_variables(self, made: Any) -> list[Any]:
        """The variables of a scenario that are the same in all, in an order that all share."""
        decisions = [
            getattr(made.investments, family)[key] for (family, key), owner in self.columns.items() if owner is None
        ]
        nodes = self.network.tree.nodes
        operation = [getattr(made.operation[nodes[n].key], family)[key] for n, family, key in self.linking]
        return [*decisions, *operation]

    @cached_property
    def linking(self) -> tuple[tuple[int, str, Key], ...]:
        """The variables of shared nodes that branches refer to; all of them when some must be whole."""
        chapter = model.operation(self.network)
        if any(any(_flags(family.integer, len(family.keys))) for family in chapter.variables):
            return tuple((n, f.name, key) for n in sorted(self.shared) for f in chapter.variables for key in f.keys)
        met = {
            (term.node, term.family, term.key): None
            for branch in self.branches for node in branch.nodes for link in chapter.links
            for found in link.terms(node) for term in (found.one_by_one() if isinstance(found, Terms) else (found,))
        }
        return tuple((n, family, key) for n, family, key in met if n is not None and n in self.shared)

    def decided(self, name: str, made: Any) -> dict[FamilyKey, float]:
        """The values of the decisions, as a solved scenario has them: the shared ones and its own."""
        return {
            (family, key): float(getattr(made.investments, family)[key].value)
            for (family, key), owner in self.columns.items()
            if owner in (None, name) and getattr(made.investments, family)[key].value is not None
        }

    def _capital(self, made: Any, owner: str | None) -> Any:
        """Cost of the shared decisions, or of those that a branch takes alone [money]."""
        terms = [
            cost * getattr(made.investments, family)[key]
            for family, key, cost in self._costs() if self.columns.get((family, key)) == owner
        ]
        return pyo.quicksum(terms)

    def _costs(self) -> Iterator[tuple[str, Key, float]]:
        first = self.network.tree.nodes[0]
        for family in model.investments(self.network).variables:
            for costs in family.costs.values():
                for key, cost in zip(family.keys, costs(first), strict=True):
                    if cost:
                        yield family.name, key, cost


def _operation(made: Any, nodes: Any) -> Any:
    """Contribution of the operation of some nodes to expected cost [money]."""
    return pyo.quicksum(node.weight * made.operation[node.key].cost for node in nodes)


def _flags(integer: Any, count: int) -> list[bool]:
    return [integer] * count if isinstance(integer, bool) else list(integer)


def _plain(name: str) -> str:
    """A name without the dots and brackets that names of Pyomo parts are made of."""
    return "".join(c if c.isalnum() or c in "-_@:" else "_" for c in name)
