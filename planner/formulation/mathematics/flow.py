"""Flow: what facilities do with their capacity, and the balance of every commodity in every region.

Index a: assets; p: processes; k: commodities; r: regions; n: nodes.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pyomo.environ as pyo
from numpy.typing import NDArray

from planner.common.caching import cached
from planner.formulation.declarations import Chapter, Constraint, FamilyKey, Link, OfFigures, Term, Terms, Variable
from planner.formulation.mathematics.construction import work
from planner.formulation.mathematics.control import lane_passes
from planner.formulation.mathematics.investment import decisions
from planner.formulation.mathematics.size import size_terms
from planner.formulation.network import Network
from planner.language.figure import Figure
from planner.language.instance import Instance
from planner.tree.nodes import Node


def existing(network: Network, asset: str, node: Node) -> float:
    """Capacity of an asset that is there without any project [quantity/year]."""
    instance = network.instance(node)
    if asset in instance.facilities:
        return instance.facilities[asset].capacity.at(node.middle)
    capacity = instance.lanes[network.movement_of_asset[asset].lane].capacity
    return capacity.at(node.middle) if capacity is not None else 0.0


def availability(network: Network, asset: str, node: Node) -> float:
    """Share of the capacity online that can be used; for lanes what export controls let pass."""
    instance = network.instance(node)
    if asset in instance.facilities:
        return instance.facilities[asset].availability.at(node.middle)
    return lane_passes(network, network.movement_of_asset[asset], node)


@cached
def standing(network: Network) -> OfFigures:
    """Capacity of every asset that is there without any project, in the order of `assets`."""
    return OfFigures(network, lambda n: [existing(network, a, n) for a in network.assets])


@cached
def _availabilities(network: Network) -> OfFigures:
    """Availability of every facility."""
    return OfFigures(network, lambda n: [availability(network, a, n) for a in network.base.facilities])


def availabilities(network: Network, node: Node) -> NDArray[np.float64]:
    """Share of every asset's capacity online that can be used, in the order of `assets`."""
    lanes = [availability(network, a, node) for a in network.built_lanes.values()]
    return np.concatenate([_availabilities(network)(node), lanes])


def online_terms(network: Network, node: Node, scale: bool) -> list[Term | Terms]:
    """Terms of capacity online (or available, with `scale`) of every asset, by position in `assets`.

    online = existing * (1 - sum retire) + sum_j sum_m rho(j, m->n) size[j,m]
    """
    result: list[Term | Terms] = []
    shares = availabilities(network, node) if scale else np.ones(len(network.assets))
    closing = _closing(network, node)
    for m in network.tree.path(node):
        if m.onset is None:
            result += [Term(position, None, "retire", (asset, m.group), -shares[position] * stands)
                       for position, asset, stands in closing]
        built = builds(network, m.group)
        rho = shares[built.positions] * work(network).available_share(m, node)[built.projects] * built.sizes
        there = np.flatnonzero(rho)
        if len(there):
            result.append(Terms(None, built.variables, there, built.positions[there], rho[there]))
    return result


def _closing(network: Network, node: Node) -> list[tuple[int, str, float]]:
    """Facilities that may be closed and stand at a node: position, name and capacity."""
    return [
        (position, asset, stands)
        for position, (asset, stands) in enumerate(zip(network.assets, standing(network)(node).tolist(), strict=True))
        if stands > 0 and asset in network.base.facilities and network.base.facilities[asset].retirement
    ]


class Builds(NamedTuple):
    """Decisions of a group: every variable that carries a size, and its project."""

    variables: tuple[FamilyKey, ...]
    projects: NDArray[np.int64]  # Number of the project of each variable.
    positions: NDArray[np.int64]  # Position of the asset it enlarges.
    sizes: NDArray[np.float64]  # Size of one unit of it.


@cached
def builds(network: Network, group: str) -> Builds:
    """The variables by which capacity is decided in a group."""
    assets = {asset: i for i, asset in enumerate(network.assets)}
    found = [
        ((family, key), work(network).position[name], assets[network.asset_of(network.base.projects[name])], size)
        for name, open_in in decisions(network) if open_in == group
        for family, key, size in size_terms(network, name, group)
    ]
    variables, projects, positions, sizes = zip(*found, strict=True) if found else ((), (), (), ())
    return Builds(
        variables, np.array(projects, dtype=np.int64), np.array(positions, dtype=np.int64), np.array(sizes, dtype=float)
    )


def _variable_cost(instance: Instance, activity: tuple[str, str]) -> Figure:
    facility, process = activity
    return instance.facilities[facility].variable_costs.get(process, instance.processes[process].variable_cost)


def _variable_costs(network: Network, node: Node) -> list[float]:
    r"""Cost of running a process, the facility's own where it states one.

    .. math:: variable\_cost_{a,p,n}
    """
    instance, price = network.instance(node), network.price
    return [price * _variable_cost(instance, a).at(node.middle) for a in network.activities]


def _fixed_costs(network: Network, node: Node) -> list[float]:
    r"""Yearly cost of capacity online, used or not.

    .. math:: fixed\_cost_{a,n}
    """
    facilities, price = network.instance(node).facilities, network.price
    return [price * facilities[a].fixed_cost.at(node.middle) if a in facilities else 0.0 for a in network.assets]


def _disposal_costs(network: Network, node: Node) -> list[float]:
    r"""Cost of disposing of a surplus.

    .. math:: disposal_{k,n}
    """
    commodities, price = network.instance(node).commodities, network.price
    costs = [commodities[k].disposal for k, _ in network.disposals]
    return [price * c.at(node.middle) if isinstance(c, Figure) else 0.0 for c in costs]


def chapter(network: Network) -> Chapter:
    of = partial(OfFigures, network)
    assets = tuple((a,) for a in network.assets)
    facilities = tuple((a,) for a in network.base.facilities)
    variables = (
        Variable("activity", network.activities, "how much of a process a facility runs",
                 costs={"variable": of(partial(_variable_costs, network))},
                 parts=[(a[0], network.region_of(a[0])) for a in network.activities],
                 reads=("processes.variable_cost", "facilities.variable_costs")),
        Variable("disposed", network.disposals, "surplus disposed of",
                 costs={"disposal": of(partial(_disposal_costs, network))}, parts=network.disposals,
                 reads=("commodities.disposal",)),
    )
    links = (
        Link("available", assets, "capacity online that can be used",
             terms=partial(online_terms, network, scale=True),
             constants=lambda n: standing(network)(n) * availabilities(network, n),
             reads=("facilities.capacity", "facilities.availability", "lanes.capacity", "projects.size")),
        Link("online", assets, "capacity online",
             terms=partial(online_terms, network, scale=False),
             constants=standing(network),
             costs={"fixed": of(partial(_fixed_costs, network))},
             parts=[(a, network.region_of(a)) for a in network.assets],
             reads=("facilities.capacity", "facilities.fixed_cost", "lanes.capacity", "projects.size")),
    )
    constraints = (
        Constraint("capacity", facilities, capacity),
        Constraint("minimum_load", tuple((a,) for a in loaded(network)), minimum_load),
        Constraint("balance", tuple(network.balance), balance),
    )
    return Chapter(variables, links, (), constraints)


@cached
def loaded(network: Network) -> tuple[str, ...]:
    """Facilities that must run at a minimum load in some future."""
    return tuple(a for a in network.base.facilities
                 if network.ever("facilities", a, lambda part: any(part.minimum_load.numbers())))


def used(block: Any, facility: str) -> Any:
    """Capacity used by all processes of a facility."""
    network: Network = block.network
    processes = block.instance.processes
    return sum(processes[p].use * block.activity[a, p] for a, p in network.activities_of[facility])


def capacity(block: Any, facility: str) -> Any:
    r"""\sum_p use_p\, activity_{a,p,n} \le available_{a,n}"""
    return used(block, facility) <= block.available[facility]


def minimum_load(block: Any, facility: str) -> Any:
    r"""\sum_p use_p\, activity_{a,p,n} \ge minimum\_load_{a,n}\, available_{a,n}"""
    share = block.structure.minimum_load[facility]
    return used(block, facility) >= share * block.available[facility] if share > 0 else pyo.Constraint.Skip


def balance(block: Any, commodity: str, region: str) -> Any:
    r"""\sum_{a,p} output_{p,k}\, activity_{a,p,n} + \sum_l (1 - loss_l)\, flow_{l,n} + purchased + released
    + collected = \sum_{a,p} input_{p,k}\, activity_{a,p,n} + \sum_l flow_{l,n} + sold + filled + delivered
    + disposed"""
    place = block.network.balance[commodity, region]
    processes, lanes = block.instance.processes, block.instance.lanes
    enters = (
        sum(processes[p].outputs[commodity] * block.activity[a, p] for a, p in place.made_by)
        + sum((1 - lanes[m.lane].loss) * block.flow[m] for m in place.arriving)
        + sum(block.purchased[key] for key in place.bought)
        + sum(block.released[w] for w in place.stored)
        + sum(block.collected[name] for name in place.returned)
    )
    leaves = (
        sum(processes[p].inputs[commodity] * block.activity[a, p] for a, p in place.used_by)
        + sum(block.flow[m] for m in place.leaving)
        + sum(block.sold[key] for key in place.sold)
        + sum(block.filled[w] for w in place.stored)
        + sum(block.delivered[key] for key in place.delivered)
        + sum(block.disposed[p] for p in block.network.disposals if p == (commodity, region))
    )
    return enters == leaves


