"""Controls: what an exporter's measures let pass, as data of each node.

passes = (strictest ban) * product of licences * delay tax at the onset, each averaged over the period.
"""

from __future__ import annotations

import math

from planner.names import matching
from planner.network import Movement, Network
from planner.schema import Control, Instance
from planner.tree import MOMENT, Node


def overlap(control: Control, node: Node) -> float:
    """Years of the node's period in which the measure is in force."""
    end = control.end if control.end is not None else node.end
    return max(0.0, min(end, node.end) - max(control.start, node.start))


def covers(instance: Instance, control: Control, commodity: str) -> bool:
    """Whether a commodity falls under a measure by name, stage or an element it contains."""
    part = instance.commodities[commodity]
    return (
        bool(matching(control.commodities, [commodity]))
        or part.stage in control.stages
        or any(element in part.elements for element in control.elements)
    )


def share_passing(control: Control, node: Node) -> float:
    """Share of the usual volume one measure lets pass, averaged over the node's period.

    While the first licences are processed, for `delay` years from the start, nothing passes.
    """
    years = overlap(control, node)
    last = min(control.start + control.delay, control.end if control.end is not None else math.inf)
    lost_to_delay = control.passes * max(0.0, min(last, node.end) - max(control.start, node.start))
    return max(0.0, 1 - (years * (1 - control.passes) + lost_to_delay) / node.length)


def in_force(network: Network, node: Node) -> list[Control]:
    """The measures of the node's future whose window touches the node."""
    return [control for control in network.controls[node.future] if overlap(control, node) > MOMENT]


def passing(network: Network, exporter: str | None, commodity: str, destination: str, node: Node) -> float:
    """Share of a movement out of `exporter` that passes at a node: strictest ban times all licences."""
    instance = network.instance(node)
    strictest, licences = 1.0, 1.0
    for control in in_force(network, node):
        if control.exporter != exporter or not covers(instance, control, commodity):
            continue
        if not matching(control.destinations, [destination]):
            continue
        if control.kind == "ban":
            strictest = min(strictest, share_passing(control, node))
        else:
            licences *= share_passing(control, node)
    return strictest * licences


def lane_passes(network: Network, movement: Movement, node: Node) -> float:
    return passing(network, movement.origin, movement.commodity, movement.destination, node)


def supplier_passes(network: Network, supplier: str, region: str, node: Node) -> float:
    part = network.base.suppliers[supplier]
    return passing(network, part.origin, part.commodity, region, node)
