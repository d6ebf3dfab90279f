"""The reference's view of export controls: which are in force where, to what degree, and what they do."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from planner.language.controls import Ban, Control, Licence, OfGoods, OfPassage, TechnologyBan
from planner.language.instance import Instance, Project
from tests.reference_model.tree import MOMENT, Node, matches, overlap, rounded


@dataclass
class Measure:
    """A control as a future or a shock brings it about, with its times."""

    name: str
    control: Control
    start: float
    end: float
    phase_out: float


def measures(instance: Instance, node: Node) -> list[Measure]:
    """Every measure that may be in force in a node: its future's, and its shock's for as long as that lasts."""
    found, shock = [], instance.shocks.get(node.source)
    future = node.source
    if shock is not None:
        future = shock.comes_from or next(iter(instance.futures))
    for name, control in instance.controls.items():
        if matches(name, instance.futures[future].controls):
            start = instance.time.start if control.start is None else control.start
            end = math.inf if control.end is None else control.end
            found.append(Measure(name, control, start, end, control.phase_out))
        if shock is not None and matches(name, shock.controls):
            onset = next(other.start for other in node.path if other.is_window)
            found.append(Measure(name, control, onset, onset + shock.length, 0.0))
    return found


def degree(measure: Measure, node: Node) -> float:
    """Mean over the node of a trapezoid: it rises for `phase_in` from the start, falls for `phase_out` from the end."""
    rise, fall = measure.control.phase_in, measure.phase_out
    start, end = (rounded(year, node.start, node.end) for year in (measure.start, measure.end))
    gone = end + fall
    corners = [start, start + rise, end, gone]
    if rise > 0 and fall > 0:
        corners.append((start * fall + gone * rise) / (rise + fall))  # where a rise cut short meets the fall
    times = sorted({node.start, node.end, *(time for time in corners if node.start < time < node.end)})
    total = 0.0
    for left, right in pairwise(times):
        middle = (left + right) / 2
        if start <= middle <= gone:
            risen = min(1.0, (middle - start) / rise) if rise > 0 else 1.0
            fallen = min(1.0, (gone - middle) / fall) if fall > 0 else 1.0
            total += (right - left) * min(risen, fallen)
    return min(1.0, total / node.length)  # The parts of a node add up to a little more than it, by rounding.


def is_emergency(instance: Instance, node: Node, patterns: list[str]) -> bool:
    """Whether one of the named controls is in force."""
    present = [m.name for m in measures(instance, node) if degree(m, node) * node.length > MOMENT]
    return any(matches(name, patterns) or matches(name.split("@")[0], patterns) for name in present)


def of_classes(control: Control) -> bool:
    """Whether a control touches some classes of users only."""
    return isinstance(control, OfPassage) and bool(control.classes or control.exempt)


def touches(control: Control, user_class: str) -> bool:
    """Whether a control of classes touches this one."""
    assert isinstance(control, OfPassage)
    return matches(user_class, control.classes) if control.classes else not matches(user_class, control.exempt)


def applies(control: Control, instance: Instance, exporter: str | None, commodity: str, destination: str) -> bool:
    """Whether a control acts on this movement."""
    if not isinstance(control, OfGoods):
        return False
    part = instance.commodities[commodity]
    named = matches(commodity, control.commodities) or (part.stage is not None and part.stage in control.stages)
    contains = any(part.elements.get(element, 0) > 0 for element in control.elements)
    there = control.exporter == exporter and destination != exporter and matches(destination, control.destinations)
    return there and (named or contains)


def trade_measures(instance: Instance, node: Node, exporter: str | None, commodity: str, to: str) -> list[Measure]:
    """The measures that act on this movement."""
    if not any(control.exporter == exporter for control in instance.controls.values()):
        return []
    return [m for m in measures(instance, node) if applies(m.control, instance, exporter, commodity, to)]


def passes(instance: Instance, node: Node, exporter: str | None, commodity: str, destination: str) -> float:
    """Share of the usual volume that the exporter's controls let through to all users, averaged over the node."""
    strictest, licensed = 1.0, 1.0
    for measure in trade_measures(instance, node, exporter, commodity, destination):
        control = measure.control
        if of_classes(control):
            continue
        if isinstance(control, Ban):
            strictest = min(strictest, 1 - degree(measure, node))
        if isinstance(control, Licence):
            waiting = overlap(measure.start, min(measure.start + control.delay, measure.end), node.start, node.end)
            share = 1 - degree(measure, node) * (1 - control.passes) - control.passes * waiting / node.length
            licensed *= max(0.0, share)
    return strictest * licensed


def passes_to_class(instance: Instance, node: Node, exporter: str, commodity: str, to: str, user_class: str) -> float:
    """Largest share of what a class of users is given that may come from the exporter."""
    strictest, licensed = 1.0, 1.0
    for measure in trade_measures(instance, node, exporter, commodity, to):
        control = measure.control
        if of_classes(control) and touches(control, user_class):
            if isinstance(control, Ban):
                strictest = min(strictest, 1 - degree(measure, node))
            elif isinstance(control, Licence):
                licensed *= 1 - degree(measure, node) * (1 - control.passes)
    return strictest * licensed


def price_factor(instance: Instance, node: Node, exporter: str | None, commodity: str, destination: str) -> float:
    """By how much the exporter's controls raise a price."""
    factor = 1.0
    for measure in trade_measures(instance, node, exporter, commodity, destination):
        if isinstance(measure.control, OfGoods):
            factor *= 1 + degree(measure, node) * (measure.control.price - 1)
    return factor


def pace_and_dearer(
    instance: Instance, node: Node, name: str, project: Project, origin: str | None
) -> tuple[float, float]:
    """Speed of work on a project, and the share by which it costs more; `origin` is that of a project's lane."""
    facility = instance.facilities[project.facility] if project.facility is not None else None
    region = facility.region if facility is not None else origin
    stage = facility.stage if facility is not None else None
    pace, dearer = 1.0, 0.0
    for measure in measures(instance, node):
        control = measure.control
        if not isinstance(control, TechnologyBan):
            continue
        named = matches(name, control.projects) or (stage is not None and stage in control.stages)
        if named and matches(str(region), control.destinations):
            pace = min(pace, 1 - degree(measure, node) * (1 - control.pace))
            dearer = max(dearer, degree(measure, node) * control.dearer)
    return pace, dearer
