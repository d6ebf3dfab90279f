"""Size of what is decided: which columns carry it, and between which limits it lies."""

from __future__ import annotations

from planner.formulation.declarations import Key
from planner.formulation.mathematics.curve import segments
from planner.formulation.network import Network


def size_terms(network: Network, name: str, group: str) -> list[tuple[str, Key, float]]:
    """The size decided as a linear expression: (family, key, coefficient)."""
    node = network.tree.groups[group][0]
    project = network.instance(node).projects[name]
    size, curve = project.size, project.capital.curve
    if curve:
        return [
            ("end_weight", (name, group, i, side), point.size)
            for i, segment in enumerate(segments(curve), 1)
            for side, point in (("left", segment.left), ("right", segment.right))
        ]
    if size.fixed is not None:
        return [("start", (name, group), size.fixed.at(node.middle))]
    if size.module is not None:
        return [("modules", (name, group), size.module.at(node.middle))]
    return [("size", (name, group), 1.0)]


def most_size(network: Network, name: str, group: str) -> float:
    node = network.tree.groups[group][0]
    size = network.instance(node).projects[name].size
    if size.module is not None:
        return (size.modules or 1) * size.module.at(node.middle)
    largest = size.fixed if size.fixed is not None else size.most
    assert largest is not None
    return largest.at(node.middle)


def least_size(network: Network, name: str, group: str) -> float:
    node = network.tree.groups[group][0]
    least = network.instance(node).projects[name].size.least
    return least.at(node.middle) if least is not None else 0.0
