"""The reference's view of time: nodes of the scenario tree, discounting, controls, units of money.

Coded a second time, on purpose in the plainest way, to catch errors of the planner's own modules.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from planner.schema import Control, Instance, Period, Project, Time

EPSILON = 1e-9
MONEY = {"": 1.0, "k": 1e3, "M": 1e6, "bn": 1e9}
MASS = {"g": 1e-3, "kg": 1.0, "t": 1e3, "kt": 1e6, "Mt": 1e9}


@dataclass(frozen=True, eq=False)
class Node:
    """One period of one branch of the future."""

    owner: str
    period: int
    start: float
    length: float
    parent: Node | None
    futures: tuple[str, ...]
    probability: float
    factor: float

    @property
    def name(self) -> str:
        return f"{self.owner}:{self.period}"

    @property
    def end(self) -> float:
        return self.start + self.length

    @property
    def middle(self) -> float:
        return self.start + self.length / 2

    @property
    def weight(self) -> float:
        return self.probability * self.length * self.factor

    @cached_property
    def path(self) -> list[Node]:
        """Nodes from the root to this one."""
        return [*(self.parent.path if self.parent else []), self]


def matches(name: str, patterns: Iterable[str]) -> bool:
    """Whether a name fits one of the patterns with * and ?."""
    for pattern in patterns:
        expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
        if re.fullmatch(expression, name):
            return True
    return False


def overlap(start: float, end: float, other_start: float, other_end: float) -> float:
    """Years that two windows share."""
    return max(0.0, min(end, other_end) - max(start, other_start))


def discount_factor(time: Time, start: float, length: float) -> float:
    """Worth of money spent in a period, in money of the base year."""
    growth = 1 + time.discount_rate
    first, last = start - time.base_year, start + length - time.base_year
    if time.discounting == "mid_period":
        return float(growth ** -((first + last) / 2))
    if time.discounting == "start_of_period":
        return float(growth**-first)
    if time.discounting == "end_of_period":
        return float(growth**-last)
    if time.discount_rate == 0:
        return 1.0
    return float((growth**-first - growth**-last) / (math.log(growth) * length))


def owner_of(instance: Instance, future: str, start: float) -> str:
    """The future nearest the trunk that cannot be told from this one in a period starting then."""
    part = instance.futures[future]
    if part.comes_from is None:
        return future
    if part.branches is None:
        raise ValueError(f"future {future} needs a year to branch")
    return owner_of(instance, part.comes_from, start) if start < part.branches - EPSILON else future


def scenario_tree(instance: Instance) -> dict[str, list[Node]]:
    """For every future its path of nodes; futures share the node objects they have in common."""
    time, start = instance.time, instance.time.start
    possible = [name for name, future in instance.futures.items() if future.probability > 0]
    paths: dict[str, list[Node]] = {future: [] for future in possible}
    for period, entry in enumerate(time.periods):
        length = entry.length if isinstance(entry, Period) else float(entry)
        owners = {future: owner_of(instance, future, start) for future in possible}
        for owner in dict.fromkeys(owners.values()):
            through = tuple(future for future in owners if owners[future] == owner)
            parent = paths[through[0]][-1] if period else None
            probability = sum(instance.futures[future].probability for future in through)
            factor = discount_factor(time, start, length)
            node = Node(owner, period, start, length, parent, through, probability, factor)
            for future in through:
                assert not period or paths[future][-1] is parent, "futures that parted cannot meet again"
                paths[future].append(node)
        start += length
    return paths


def in_force(instance: Instance, node: Node) -> list[Control]:
    """Controls of the node's owner whose window meets the node."""
    chosen = instance.futures[node.owner].controls
    controls = [control for name, control in instance.controls.items() if matches(name, chosen)]
    return [control for control in controls if years_in_force(control, node) > 0]


def years_in_force(control: Control, node: Node) -> float:
    """Years of the node in which the control is in force."""
    return overlap(control.start, math.inf if control.end is None else control.end, node.start, node.end)


def applies(control: Control, instance: Instance, exporter: str | None, commodity: str, destination: str) -> bool:
    """Whether a control acts on this movement."""
    part = instance.commodities[commodity]
    named = matches(commodity, control.commodities) or (part.stage is not None and part.stage in control.stages)
    contains = any(part.elements.get(element, 0) > 0 for element in control.elements)
    return control.exporter == exporter and (named or contains) and matches(destination, control.destinations)


def passes(instance: Instance, node: Node, exporter: str | None, commodity: str, destination: str) -> float:
    """Share of the usual volume that the exporter's controls let through, averaged over the node."""
    strictest, licensed = 1.0, 1.0
    if not any(control.exporter == exporter for control in instance.controls.values()):
        return 1.0
    for control in in_force(instance, node):
        if not applies(control, instance, exporter, commodity, destination):
            continue
        years = years_in_force(control, node)
        if control.kind == "ban":
            strictest = min(strictest, 1 - years / node.length)
            continue
        share = 1 - years / node.length * (1 - control.passes)
        begun = max(node.start, control.start)
        served = min(node.end, control.start + control.delay, node.end if control.end is None else control.end)
        share -= control.passes * max(0.0, served - begun) / node.length
        licensed *= max(0.0, share)
    return strictest * licensed


def in_service(project: Project, decided: Node, node: Node) -> float:
    """Share of the node within the life of a project decided at the start of `decided`."""
    commissioned = decided.start + project.lead_time
    return overlap(commissioned, commissioned + project.life, node.start, node.end) / node.length


def availability(project: Project, decided: Node, node: Node) -> float:
    """Mean share of the project's size that is available in the node: lead time, ramp, life."""
    commissioned = decided.start + project.lead_time
    closed = commissioned + project.life
    years = 0.0
    for year, share in enumerate(project.ramp):
        opened = commissioned + year
        years += share * overlap(opened, min(opened + 1, closed), node.start, node.end)
    years += overlap(commissioned + len(project.ramp), closed, node.start, node.end)
    return years / node.length


def money_per_price(instance: Instance) -> float:
    """Money that a quantity of one at a price of one costs."""
    units = instance.units
    price_money, price_quantity = units.price.split("/", 1)
    scales = [
        MONEY[left] / MONEY[right]
        for left in MONEY
        for right in MONEY
        if price_money.startswith(left) and units.money.startswith(right)
        and price_money[len(left) :] == units.money[len(right) :] != ""
    ]
    if not scales:
        raise ValueError(f"price {units.price} and money {units.money} differ in currency")
    if units.quantity == price_quantity:
        return scales[0]
    return scales[0] * MASS[units.quantity] / MASS[price_quantity]
