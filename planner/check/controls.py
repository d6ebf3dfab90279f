"""Effects of the controls of a node: share in force, amounts that pass, prices and paces."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from planner.check.horizon import MOMENT, Node, near, overlap
from planner.check.rules import matches
from planner.language.controls import Ban, Control, Licence, OfGoods, OfPassage, Quota, TechnologyBan
from planner.language.instance import Commodity, Instance


@dataclass(frozen=True)
class Measure:
    """A control with the window it has in a node, and the mean degree to which it is in force there."""

    name: str
    control: Control
    start: float
    end: float
    degree: float

    @property
    def is_of_classes(self) -> bool:
        """Whether it touches only some classes of users."""
        return of_classes(self.control)

    def waiting(self, node: Node) -> float:
        """Share of a node's period in which the first licences are still awaited."""
        delay = self.control.delay if isinstance(self.control, Licence) else 0.0
        until = min(self.start + delay, self.end)
        return overlap(self.start, until, node.start, node.end) / node.length

    def quota_in(self, node: Node) -> Quota | None:
        """The quota if it is one and binds in a node: one period is either within its window or not."""
        binds = self.start <= node.middle + MOMENT < self.end
        return self.control if isinstance(self.control, Quota) and binds else None


def mean_degree(control: Control, start: float, end: float, phase_out: float, node: Node) -> float:
    """Mean over a node of a trapezoid: 0 at `start`, 1 after `phase_in` until `end`, 0 after `phase_out` more."""
    rise, start, end = control.phase_in, near(start, node.start, node.end), near(end, node.start, node.end)
    area = overlap(start + rise, end, node.start, node.end)
    if rise > 0:
        first, last = max(node.start, start), min(node.end, start + rise, end)
        if last > first:
            area += (last - first) * ((first + last) / 2 - start) / rise
    if phase_out > 0:
        first, last = max(node.start, end), min(node.end, end + phase_out)
        if last > first:
            area += (last - first) * (end + phase_out - (first + last) / 2) / phase_out
    return min(1.0, area / node.length)


def measures_at(instance: Instance, node: Node) -> tuple[Measure, ...]:
    """The measures in force in a node: those of its future and, within a window, those of the shock as well."""
    return tuple(measure for measure in measures_of(instance, node) if measure.degree > 0)


def measures_of(instance: Instance, node: Node) -> list[Measure]:
    """The measures that a node's future and shock state, in force there or not."""
    future, found = node.source, []
    if node.onset is not None:
        shock = instance.shocks[node.source]
        future = shock.comes_from or next(iter(instance.futures))
        for name, control in instance.controls.items():
            if matches(name, shock.controls):
                start, end = node.onset, node.onset + shock.length
                found.append(Measure(name, control, start, end, mean_degree(control, start, end, 0.0, node)))
    for name, control in instance.controls.items():
        if matches(name, instance.futures[future].controls):
            start = instance.time.start if control.start is None else control.start
            end = math.inf if control.end is None else control.end
            degree = mean_degree(control, start, end, control.phase_out, node)
            found.append(Measure(name, control, start, end, degree))
    return found


def concerns(control: Control, name: str, commodity: Commodity) -> bool:
    """Whether a control names a commodity, its stage or an element in it."""
    if not isinstance(control, OfGoods):
        return False
    if matches(name, control.commodities) or commodity.stage in control.stages:
        return True
    return any(commodity.elements.get(element, 0.0) > 0 for element in control.elements)


def touches(control: Control, user_class: str) -> bool:
    """Whether a control of some classes of users touches this one."""
    if not isinstance(control, OfPassage):
        return False
    return matches(user_class, control.classes) if control.classes else not matches(user_class, control.exempt)


def of_classes(control: Control) -> bool:
    """Whether a control touches only some classes of users."""
    return isinstance(control, OfPassage) and bool(control.classes or control.exempt)


def directed(
    measures: Iterable[Measure], exporter: str | None, name: str, commodity: Commodity, destination: str
) -> Iterator[Measure]:
    """The measures that an exporter has taken on a commodity for a destination."""
    for measure in measures:
        control = measure.control
        is_on_trade = control.exporter == exporter != destination
        if is_on_trade and concerns(control, name, commodity) and matches(destination, control.destinations):
            yield measure


def passing(
    measures: Iterable[Measure], node: Node, exporter: str | None, name: str, commodity: Commodity, destination: str
) -> float:
    """Share of the usual volume that the controls of everybody's trade let through in a node."""
    bans, licences = 1.0, 1.0
    for measure in directed(measures, exporter, name, commodity, destination):
        control = measure.control
        if measure.is_of_classes:
            continue
        if isinstance(control, Ban):
            bans = min(bans, 1 - measure.degree)
        elif isinstance(control, Licence):
            held_up = control.passes * measure.waiting(node)
            licences *= max(0.0, 1 - measure.degree * (1 - control.passes) - held_up)
    return bans * licences


def class_share(
    measures: Iterable[Measure], exporter: str, name: str, commodity: Commodity, destination: str, user_class: str
) -> float:
    """Largest share of what users of a class are given that may come from the exporter."""
    bans, licences = 1.0, 1.0
    for measure in directed(measures, exporter, name, commodity, destination):
        if not (measure.is_of_classes and touches(measure.control, user_class)):
            continue
        if isinstance(measure.control, Ban):
            bans = min(bans, 1 - measure.degree)
        elif isinstance(measure.control, Licence):
            licences *= 1 - measure.degree * (1 - measure.control.passes)
    return bans * licences


def raised(
    measures: Iterable[Measure], exporter: str | None, name: str, commodity: Commodity, destination: str
) -> float:
    """Factor on the exporter's prices: every measure that states one multiplies."""
    found = directed(measures, exporter, name, commodity, destination)
    return math.prod(
        1 + measure.degree * (measure.control.price - 1) for measure in found if isinstance(measure.control, OfGoods)
    )


def in_force(measures: Iterable[Measure], patterns: Iterable[str], node: Node) -> bool:
    """Whether some measure with such a name is in force in a node at all; ban@f1 is a ban varied at random."""
    wanted = tuple(patterns)
    names = [measure.name for measure in measures if measure.degree * node.length > MOMENT]
    return any(matches(name, wanted) or matches(name.split("@", 1)[0], wanted) for name in names)


def technology(
    measures: Iterable[Measure], project: str, stage: str | None, region: str
) -> tuple[float, float]:
    """Pace of work on a project, 1 as planned, and the added share of its cost: the slowest and the dearest count."""
    pace, dearer = 1.0, 0.0
    for measure in measures:
        control = measure.control
        if not isinstance(control, TechnologyBan) or not matches(region, control.destinations):
            continue
        if matches(project, control.projects) or stage in control.stages:
            pace = min(pace, 1 - measure.degree * (1 - control.pace))
            dearer = max(dearer, measure.degree * control.dearer)
    return pace, dearer
