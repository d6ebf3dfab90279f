"""Lanes: movements of commodities between regions, what they cost and how much passes.

Index l: movements (lane, commodity, from, to).
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import pyomo.environ as pyo

from planner.common.caching import cached
from planner.formulation.declarations import Chapter, Constraint, Numbers, OfFigures, PerNode, Variable
from planner.formulation.mathematics.control import lane_passes, limited_by, numbered, passing_shares
from planner.formulation.mathematics.curve import Segment, is_convex, segments
from planner.formulation.mathematics.investment import decisions
from planner.formulation.mathematics.node_data import OfSituation
from planner.formulation.mathematics.size import most_size
from planner.formulation.network import Movement, Network
from planner.language.figure import Figure
from planner.tree.nodes import Node


def _freight(network: Network, node: Node) -> list[float]:
    r"""Freight of a movement; 0 where a curve states it.

    .. math:: freight_{l,n}
    """
    lanes, price = network.instance(node).lanes, network.price
    freight = [0.0 if lanes[m.lane].curve else lanes[m.lane].freight.at(node.middle) for m in network.movements]
    return [price * f for f in freight]


def _lane_tariff(network: Network, node: Node) -> list[float]:
    r"""Tariff on a movement, a share of its customs value.

    .. math:: tariff_{l,n}\, customs\_value_{l,n}
    """
    result = []
    for movement in network.movements:
        lane = network.instance(node).lanes[movement.lane]
        value = lane.customs_value.at(node.middle) if lane.customs_value is not None else 0.0
        result.append(network.price * lane.tariff.at(node.middle) * value)
    return result


def lane_capacity(network: Network, movement: Movement, node: Node) -> float:
    """Most a movement can carry by its own capacity and what controls let pass; infinite if unlimited."""
    capacity = network.instance(node).lanes[movement.lane].capacity
    passes = lane_passes(network, movement, node)
    if capacity is None:
        return 0.0 if passes == 0 else math.inf
    return passes * capacity.at(node.middle)


def most_flow(network: Network, movement: Movement, node: Node) -> float:
    """Most a movement could carry with everything built that can be: the M of its fixed cost."""
    if movement.lane not in network.built_lanes:
        return lane_capacity(network, movement, node)
    built = [
        most_size(network, name, m.group)
        for name in network.projects_of[movement.asset] for m in network.tree.path(node)
        if (name, m.group) in decisions(network)
    ]
    capacity = network.instance(node).lanes[movement.lane].capacity
    return sum(built) + (capacity.at(node.middle) if capacity is not None else 0.0)


def _flow_bounds(network: Network, capacities: PerNode, node: Node) -> Numbers:
    """Capacities of the movements times what passes; nothing passes on a lane without limit under a full ban."""
    return limited_by(passing_shares(network, node)[numbered(network)[1]], capacities(node))


def _capacities(network: Network, node: Node) -> list[float]:
    """Capacities of the movements by themselves; those that projects build have rows of their own."""
    lanes, built = network.instance(node).lanes, set(network.built_lanes)
    own = (math.inf if m.lane in built else lanes[m.lane].capacity for m in network.movements)
    return [c.at(node.middle) if isinstance(c, Figure) else math.inf for c in own]


def _curve_costs(network: Network, keys: tuple[Any, ...], node: Node) -> list[float]:
    r"""Freight at the end of a piece of the cost curve.

    .. math:: cost_{l,i,side}
    """
    lanes = network.instance(node).lanes
    result = []
    for *movement, i, side in keys:
        segment: Segment = segments(lanes[movement[0]].curve)[i - 1]
        result.append(getattr(segment, side).cost)
    return result


def _lane_fixed(network: Network, keys: tuple[Movement, ...], node: Node) -> list[float]:
    r"""Yearly cost of using a lane at all.

    .. math:: fixed\_cost_{l,n}
    """
    lanes = network.instance(node).lanes
    return [lanes[m.lane].fixed_cost.at(node.middle) for m in keys]


def _lane_part(movement: Any) -> tuple[str, str]:
    return str(movement[0]), str(movement[2])


def chapter(network: Network) -> Chapter:
    built = set(network.built_lanes)
    curved = tuple(m for m in network.movements if network.base.lanes[m.lane].curve)
    return Chapter(
        variables=_variables(network),
        constraints=(
            Constraint("lane_capacity", tuple(m for m in network.movements if m.lane in built), lane_capacity_rule),
            Constraint("lane_fixed_cost", fixed_movements(network), lane_fixed_cost),
            Constraint("lane_curve", curved, lane_curve),
            Constraint("lane_one_piece", curved, lane_one_piece),
            Constraint("lane_ends_of_piece", curved_pieces(network), lane_ends_of_piece),
        ),
    )


@cached
def fixed_movements(network: Network) -> tuple[Movement, ...]:
    """Movements that have a fixed cost in some future."""
    return tuple(m for m in network.movements
                 if network.ever("lanes", m.lane, lambda part: any(part.fixed_cost.numbers())))


def is_charged(network: Network, movement: Movement, node: Node) -> bool:
    """Whether a movement has a fixed cost at a node; where it has none it counts as used."""
    return network.instance(node).lanes[movement.lane].fixed_cost.at(node.middle) > 0


def curved_pieces(network: Network) -> tuple[tuple[Any, ...], ...]:
    lanes = network.base.lanes
    return tuple((*m, i) for m in network.movements for i in range(1, len(lanes[m.lane].curve)))


def _variables(network: Network) -> tuple[Variable, ...]:
    fixed, pieces, of = fixed_movements(network), curved_pieces(network), partial(OfFigures, network)
    ends = tuple((*p, side) for p in pieces for side in ("left", "right"))
    return (
        Variable("flow", network.movements, "quantity sent",
                 upper=OfSituation(network, partial(_flow_bounds, network, of(partial(_capacities, network)))),
                 costs={"freight": of(partial(_freight, network)),
                        "tariff": of(partial(_lane_tariff, network))},
                 parts=[_lane_part(m) for m in network.movements],
                 reads=("lanes.capacity", "lanes.freight", "lanes.tariff", "lanes.customs_value")),
        Variable("lane_used", fixed, "movement is used", "share",
                 lower=of(lambda n: [float(not is_charged(network, m, n)) for m in fixed]),
                 upper=of(lambda _: [1.0] * len(fixed)),
                 integer=True, costs={"lane_fixed": of(partial(_lane_fixed, network, fixed))},
                 parts=[_lane_part(m) for m in fixed], reads=("lanes.fixed_cost",)),
        Variable("lane_piece", pieces, "flow lies on this piece of its cost curve", "share",
                 upper=of(lambda _: [1.0] * len(pieces)),
                 integer=[not all(is_convex(i.lanes[p[0]].curve) for i in network.instances.values()) for p in pieces],
                 reads=()),
        Variable("lane_end", ends, "weight of this end of the piece", "share",
                 costs={"freight": of(partial(_curve_costs, network, ends))}, parts=[_lane_part(e) for e in ends],
                 reads=()),
    )


def lane_capacity_rule(block: Any, *movement: str) -> Any:
    r"""flow_{l,n} \le available_{l,n}"""
    return block.flow[movement] <= block.available["/".join(movement)]


def lane_fixed_cost(block: Any, *movement: str) -> Any:
    r"""flow_{l,n} \le M_{l,n}\, lane\_used_{l,n}, M the most the movement could carry"""
    most = block.structure.most_flow.get(movement)
    return block.flow[movement] <= most * block.lane_used[movement] if most is not None else pyo.Constraint.Skip


def _pieces(block: Any, movement: tuple[str, ...]) -> list[tuple[int, Segment]]:
    return list(enumerate(segments(block.instance.lanes[movement[0]].curve), 1))


def lane_curve(block: Any, *movement: str) -> Any:
    r"""flow_{l,n} = \sum_i (x_{i-1}\, lane\_end_{l,i,left} + x_i\, lane\_end_{l,i,right})"""
    return block.flow[movement] == sum(
        segment.left.size * block.lane_end[(*movement, i, "left")]
        + segment.right.size * block.lane_end[(*movement, i, "right")]
        for i, segment in _pieces(block, movement)
    )


def lane_one_piece(block: Any, *movement: str) -> Any:
    r"""\sum_i lane\_piece_{l,n,i} = 1"""
    return sum(block.lane_piece[(*movement, i)] for i, _ in _pieces(block, movement)) == 1


def lane_ends_of_piece(block: Any, *piece: Any) -> Any:
    r"""lane\_end_{l,i,left} + lane\_end_{l,i,right} = lane\_piece_{l,i}"""
    return block.lane_end[(*piece, "left")] + block.lane_end[(*piece, "right")] == block.lane_piece[piece]
