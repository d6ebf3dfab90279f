"""The chapters put together, and the blocks as Pyomo models.

Two kinds of block: the investments (one), and the operation of a node (one per structure, stamped into
all nodes that share it). A *structure* is everything that stands as a coefficient in a node's rows.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyomo.environ as pyo

from planner.formulation.declarations import Chapter, Key, join
from planner.formulation.mathematics import demand, flow, investment, lane, limit, market, origin, security, stock
from planner.formulation.mathematics.security import coupled, dependence
from planner.formulation.network import Network
from planner.language.instance import Dependence, Instance
from planner.tree.nodes import Node


@dataclass(frozen=True)
class Structure:
    """Structure on which a node's coefficients depend; nodes of equal structure share one compiled block."""

    recipes: str
    length: float
    shares: dict[str, float | None] = field(default_factory=dict)
    minimum_load: dict[str, float] = field(default_factory=dict)
    most_flow: dict[tuple[str, ...], float] = field(default_factory=dict)
    denied: dict[str, float] = field(default_factory=dict)

    @property
    def key(self) -> str:
        lanes = {"/".join(k): v for k, v in self.most_flow.items()}
        parts = [self.recipes, self.length, self.shares, self.minimum_load, lanes, self.denied]
        return json.dumps(parts, sort_keys=True)


def recipes_key(instance: Instance) -> str:
    """The coefficients of an instance that no figure of a node can change."""
    return json.dumps(
        {
            "processes": {k: [p.inputs, p.outputs, p.use] for k, p in instance.processes.items()},
            "lanes": {k: [lane.loss, [pt.size for pt in lane.curve]] for k, lane in instance.lanes.items()},
            "demands": {k: d.accepts for k, d in instance.demands.items()},
        }
    )


STRUCTURE_READS = (
    "facilities.minimum_load", "lanes.capacity", "lanes.fixed_cost", "projects.size", "requirements.share",
)  # The figures that a structure depends on.


def structure_of(network: Network, node: Node) -> Structure:
    instance = network.instance(node)
    dependent = [name for name, q in network.base.requirements.items() if isinstance(q, Dependence)]
    return Structure(
        recipes=recipes_key(instance),
        length=node.length,
        shares={name: dependence.share_allowed(network, name, node) for name in dependent},
        minimum_load={name: instance.facilities[name].minimum_load.at(node.middle) for name in flow.loaded(network)},
        denied=origin.shares(network, node),
        most_flow={m: lane.most_flow(network, m, node) for m in lane.fixed_movements(network)
                   if lane.is_charged(network, m, node)},
    )


def operation(network: Network) -> Chapter:
    """Everything about one node."""
    return join([part.chapter(network) for part in (flow, lane, market, limit, stock, demand, security, origin)])


def investments(network: Network) -> Chapter:
    """Everything decided before."""
    return investment.chapter(network)


def has_whole_numbers(network: Network) -> bool:
    """Whether a variable of the program must be a whole number, such as a decision of yes or no."""
    alone = {scenario.name: 0.0 for scenario in network.tree.scenarios}  # Costs, which change no variable's domain.
    families = join([investments(network), operation(network), coupled.chapter(network, alone)]).variables
    return any(family.keys and np.any(family.integer) for family in families)


def block(network: Network, chapter: Chapter, node: Node | None) -> pyo.ConcreteModel:
    """A chapter as a Pyomo model: variables, links and data are all columns of it."""
    model: Any = pyo.ConcreteModel()
    model.network = network
    if node is not None:
        model.instance = network.instance(node)
        model.structure = structure_of(network, node)
    for family in chapter.families:
        setattr(model, family.name, pyo.Var(index(family.keys)) if family.keys else {})
    for constraint in chapter.constraints:
        if constraint.keys:
            model.add_component(f"{constraint.name}_rows", _rows(model, constraint))
    return model


def index(keys: Sequence[Key]) -> Any:
    """Keys as an index of Pyomo, which must be told when they are not all of one length."""
    same = len({len(key) for key in keys}) <= 1
    return list(keys) if same else pyo.Set(initialize=list(keys), dimen=None)


def _rows(model: Any, constraint: Any) -> pyo.Constraint:
    def rule(owner: Any, position: int) -> Any:
        return constraint.rule(owner, *constraint.keys[position])

    return pyo.Constraint(range(len(constraint.keys)), rule=rule)
