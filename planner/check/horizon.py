"""The tree of nodes and its discount factors, recomputed from the instance alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from planner.schema import Instance, Period, Project, Time

TINY = 1e-9


@dataclass(frozen=True, eq=False)
class Node:
    """One period of one branch, owned by the future nearest the trunk that passes through it."""

    owner: str
    index: int
    start: float
    length: float
    parent: Node | None
    futures: tuple[str, ...]
    probability: float
    factor: float

    @property
    def end(self) -> float:
        """Moment at which the period ends."""
        return self.start + self.length

    @property
    def middle(self) -> float:
        """Moment at which the period's figures are evaluated."""
        return self.start + self.length / 2

    @property
    def weight(self) -> float:
        """What a yearly cost of this node counts with."""
        return self.probability * self.length * self.factor


@dataclass(frozen=True)
class Horizon:
    """All nodes, each with the path that leads to it, and the futures as paths."""

    trunk: str
    nodes: tuple[Node, ...]
    path: dict[Node, tuple[Node, ...]]
    leaves: tuple[Node, ...]
    labels: dict[Node, str] = field(default_factory=dict)
    periods: dict[Node, str] = field(default_factory=dict)


def overlap(first: float, last: float, start: float, end: float) -> float:
    """Length of what two intervals share."""
    return max(0.0, min(last, end) - max(first, start))


def build_horizon(instance: Instance) -> Horizon:
    """The nodes of every future; futures share nodes until they can be told apart."""
    spans = _spans(instance.time)
    owners: dict[str, tuple[str, ...]] = {}
    possible = [name for name, future in instance.futures.items() if future.probability > 0]
    for name in possible:
        _owners(instance, name, spans, owners)
    passing: dict[tuple[str, int], list[str]] = {}
    for name in possible:
        for index, owner in enumerate(owners[name]):
            passing.setdefault((owner, index), []).append(name)
    rank = {name: position for position, name in enumerate(instance.futures)}
    nodes: dict[tuple[str, int], Node] = {}
    path: dict[Node, tuple[Node, ...]] = {}
    for owner, index in sorted(passing, key=lambda key: (key[1], rank[key[0]])):
        futures = passing[owner, index]
        parent = nodes[owners[owner][index - 1], index - 1] if index else None
        start, length = spans[index]
        probability = math.fsum(instance.futures[f].probability for f in futures)
        factor = discount_factor(instance.time, start, length)
        node = Node(owner, index, start, length, parent, tuple(futures), probability, factor)
        nodes[owner, index] = node
        path[node] = (*(path[parent] if parent else ()), node)
    leaves = dict.fromkeys(nodes[owners[f][-1], len(spans) - 1] for f in possible)
    return Horizon(next(iter(instance.futures)), tuple(nodes.values()), path, tuple(leaves))


def _spans(time: Time) -> list[tuple[float, float]]:
    spans, start = [], time.start
    for period in time.periods:
        length = period.length if isinstance(period, Period) else float(period)
        spans.append((start, length))
        start += length
    return spans


def _owners(
    instance: Instance, name: str, spans: Sequence[tuple[float, float]], known: dict[str, tuple[str, ...]]
) -> tuple[str, ...]:
    """Owner of the node of each period on a future's path."""
    if name in known:
        return known[name]
    future = instance.futures[name]
    own = [name] * len(spans)
    if future.comes_from is not None and future.branches is not None:
        shared = _owners(instance, future.comes_from, spans, known)
        own = [shared[i] if start < future.branches - TINY else name for i, (start, _) in enumerate(spans)]
    known[name] = tuple(own)
    return known[name]


def discount_factor(time: Time, start: float, length: float) -> float:
    """Worth in the base year of money spent in the period."""
    growth = 1 + time.discount_rate
    if time.discounting == "continuous":
        force = math.log(growth)
        if force <= 0:
            return 1.0
        first, last = start - time.base_year, start + length - time.base_year
        return (math.exp(-force * first) - math.exp(-force * last)) / (force * length)
    moment = {"mid_period": length / 2, "start_of_period": 0.0, "end_of_period": length}[time.discounting]
    return float(growth ** -(start + moment - time.base_year))


def stated_period(instance: Instance, node: Node) -> str | None:
    """Name of a node's period where the conventions leave no choice: stated, or whole calendar years."""
    period = instance.time.periods[node.index]
    if isinstance(period, Period) and period.name is not None:
        return period.name
    if not (float(node.start).is_integer() and float(node.length).is_integer()):
        return None
    first, last = int(node.start), int(node.end) - 1
    return str(first) if first == last else f"{first}-{last}"


def available_share(project: Project, decided: float, node: Node) -> float:
    """Mean share of a project's size that works in a node: 0 before, the ramp, 1, and 0 after its life."""
    begin = decided + project.lead_time
    end = begin + project.life
    worked = overlap(begin + len(project.ramp), end, node.start, node.end)
    for year, share in enumerate(project.ramp):
        worked += share * overlap(begin + year, min(begin + year + 1, end), node.start, node.end)
    return worked / node.length


def service_share(project: Project, decided: float, node: Node) -> float:
    """Share of a node's period in which a project is in service, ramp-up included."""
    begin = decided + project.lead_time
    return overlap(begin, begin + project.life, node.start, node.end) / node.length
