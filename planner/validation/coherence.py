"""Coherence: the fields of a part must fit together."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import pairwise

from planner.common.errors import Problem
from planner.common.patterns import fits_any, matching
from planner.formulation.network import movements_of
from planner.language.figure import FieldPath, Figure
from planner.language.instance import Lane, Point, Project
from planner.validation.case import TOLERANCE, VariantCase


def coherence_problems(case: VariantCase) -> Iterator[Problem]:
    """Fields that contradict each other or that nothing reads."""
    for name, project in case.instance.projects.items():
        yield from _project_problems(case, name, project)
    for name, lane in case.instance.lanes.items():
        yield from _lane_problems(case, name, lane)
    yield from _share_problems(case)
    yield from _stockpile_problems(case)
    yield from _limit_problems(case)
    yield from _unread_problems(case)


def _curve_problems(case: VariantCase, curve: list[Point], path: FieldPath) -> Iterator[Problem]:
    if len(curve) == 1:
        yield case.problem("curve", "a curve needs two points or more", *path)
    for index, (left, right) in enumerate(pairwise(curve)):
        if right.size <= left.size:
            message = f"the sizes of a curve must rise: {right.size:g} after {left.size:g}"
            yield case.problem("curve", message, *path, index + 1, "size")
        if right.cost < left.cost:
            message = f"the costs of a curve must not fall: {right.cost:g} after {left.cost:g}"
            yield case.problem("curve", message, *path, index + 1, "cost")


def _project_problems(case: VariantCase, name: str, project: Project) -> Iterator[Problem]:
    path: FieldPath = ("projects", name)
    size, capital = project.size, project.capital
    yield from _curve_problems(case, capital.curve, (*path, "capital", "curve"))
    for field in ("fixed", "variable"):
        if capital.curve and any(getattr(capital, field).numbers()):
            message = f"{name} has a curve and {field}: the curve is the whole cost"
            yield case.problem("two-costs", message, *path, "capital", field)
    if size.least is not None and size.most is not None:
        yield from _crossing(case, size.least, size.most, "least", "most", (*path, "size"))
    ends = [figure for figure in (size.fixed, size.least, size.most) if figure is not None]
    largest = [size.module.at(s.middle) * (size.modules or 1) for s in case.spans] if size.module is not None else []
    sizes = [figure.at(span.middle) for figure in ends for span in case.spans] + largest
    if capital.curve and sizes:
        low, high = capital.curve[0].size, capital.curve[-1].size
        least = [0.0] if size.most is not None and size.least is None else []
        if any(abs(given - end) > TOLERANCE * (1 + end) for given, end in
               [(min(sizes + least), low), (max(sizes), high)]) or size.most is None:
            span = f"{min(sizes + least):g} to {max(sizes):g}"
            message = f"the curve goes from size {low:g} to {high:g}, the project from {span}"
            hint = "a curve runs from size.least (0 if absent) to size.most"
            yield case.problem("curve", message, *path, "capital", "curve", hint=hint)
    if project.lane is not None and project.lane in case.instance.lanes:
        count = len(movements_of(case.instance, project.lane, case.instance.lanes[project.lane]))
        if count > 1:
            message = f"{name} builds the lane {project.lane}, which covers {count} movements instead of one"
            hint = "give the lane one commodity, one from and one to"
            yield case.problem("lane-not-single", message, *path, "lane", hint=hint)


def _crossing(
    case: VariantCase, low: Figure, high: Figure, low_word: str, high_word: str, path: FieldPath
) -> Iterator[Problem]:
    """Two figures of which the first must never exceed the second."""
    for span in case.spans:
        left, right = low.at(span.middle), high.at(span.middle)
        if left > right * (1 + TOLERANCE) + TOLERANCE:
            message = f"{'.'.join(map(str, path))}: {low_word} {left:g} exceeds {high_word} {right:g} in {span.name}"
            yield case.problem("inconsistent", message, *path, low_word)
            return


def _lane_problems(case: VariantCase, name: str, lane: Lane) -> Iterator[Problem]:
    path: FieldPath = ("lanes", name)
    origins, destinations = (matching(p, case.instance.regions) for p in (lane.origins, lane.destinations))
    if origins and origins == destinations and len(origins) == 1:
        message = f"{name} permits no movement: its only from is its only to"
        yield case.problem("no-effect", message, *path)
    yield from _curve_problems(case, lane.curve, (*path, "curve"))
    if lane.curve and lane.curve[0].size > 0:
        message = f"the curve of a lane starts from flow 0, not {lane.curve[0].size:g}"
        yield case.problem("curve", message, *path, "curve", 0, "size")
    if lane.curve and any(lane.freight.numbers()):
        message = f"{name} has a curve and freight: the curve is the whole cost"
        yield case.problem("two-costs", message, *path, "freight", hint="freight: 0")
    is_built = any(project.lane == name for project in case.instance.projects.values())
    if any(lane.fixed_cost.numbers()) and lane.capacity is None and not is_built:
        message = f"{name} has a fixed cost, so it needs the capacity that comes with it"
        yield case.problem("missing-key", message, *path, "fixed_cost", hint="capacity: the most it can carry")
    if any(lane.tariff.numbers()) and lane.customs_value is None:
        message = f"{name} has a tariff but no customs_value for it to be charged on"
        yield case.problem("missing-key", message, *path, "tariff")


def _share_problems(case: VariantCase) -> Iterator[Problem]:
    for name, demand in case.instance.demands.items():
        total = math.fsum(tranche.share for tranche in demand.shortage)
        if total > 1 + TOLERANCE:
            message = f"the shares of shortage of {name} add up to {total:g}, more than 1"
            yield case.problem("shares", message, "demands", name, "shortage")
    for name, returns in case.instance.returns.items():
        total = math.fsum(returns.lifetime.values())
        if total > 1 + TOLERANCE:
            message = f"the lifetimes of {name} add up to {total:g}, more than 1"
            yield case.problem("shares", message, "returns", name, "lifetime")
        negative = [years for years in returns.lifetime if years < 0]
        if negative:
            message = f"{name} returns {-negative[0]} years before delivery"
            yield case.problem("out-of-range", message, "returns", name, "lifetime", negative[0])


def _stockpile_problems(case: VariantCase) -> Iterator[Problem]:
    for name, stockpile in case.instance.stockpiles.items():
        path: FieldPath = ("stockpiles", name)
        if stockpile.capacity is None:
            continue
        moment = case.spans[0].middle
        initial, capacity = stockpile.initial.at(moment), stockpile.capacity.at(moment)
        if initial > capacity * (1 + TOLERANCE):
            message = f"{name} starts with {initial:g}, more than its capacity {capacity:g}"
            yield case.problem("inconsistent", message, *path, "initial")
        yield from _crossing(case, stockpile.least, stockpile.capacity, "least", "capacity", path)


def _limit_problems(case: VariantCase) -> Iterator[Problem]:
    for name, limit in case.instance.limits.items():
        path: FieldPath = ("limits", name)
        if not (limit.suppliers or limit.outlets or limit.lanes or limit.activities):
            message = f"{name} names nothing to limit: suppliers, outlets, lanes or activities"
            yield case.problem("empty", message, *path)
        if limit.least is None and limit.most is None:
            yield case.problem("empty", f"{name} has neither least nor most", *path)
        if limit.least is not None and limit.most is not None:
            yield from _crossing(case, limit.least, limit.most, "least", "most", path)
    for name, group in case.instance.project_groups.items():
        path = ("project_groups", name)
        limits = (group.at_most, group.building_at_once, group.least_size, group.most_size, group.most_capital)
        if all(value is None for value in limits):
            yield case.problem("empty", f"{name} limits nothing", *path)
        if group.least_size is not None and group.most_size is not None:
            yield from _crossing(case, group.least_size, group.most_size, "least_size", "most_size", path)
    for name, outlet in case.instance.outlets.items():
        amounts = [step.amount for step in outlet.steps if step.amount is not None]
        for span in case.spans if len(amounts) == len(outlet.steps) else []:
            least, most = outlet.least.at(span.middle), math.fsum(amount.at(span.middle) for amount in amounts)
            if least > most * (1 + TOLERANCE):
                message = f"{name} must sell {least:g} in {span.name} but its steps take {most:g}"
                yield case.problem("inconsistent", message, "outlets", name, "least")
                break


def _unread_problems(case: VariantCase) -> Iterator[Problem]:
    """Figures by name for a region, process or commodity that the part has nothing to do with."""
    instance = case.instance
    for name, supplier in instance.suppliers.items():
        for field in ("region_limits", "delivery_costs", "tariffs"):
            message = f"{name} does not deliver to"
            yield from _outside(case, getattr(supplier, field), supplier.regions, message, ("suppliers", name, field))
    for name, outlet in instance.outlets.items():
        path: FieldPath = ("outlets", name, "delivery_costs")
        yield from _outside(case, outlet.delivery_costs, outlet.regions, f"{name} does not buy in", path)
    for name, facility in instance.facilities.items():
        path = ("facilities", name, "variable_costs")
        yield from _outside(case, facility.variable_costs, facility.processes, f"{name} does not run", path)
    for name, returns in instance.returns.items():
        demands = matching(returns.demands, instance.demands)
        accepted = {commodity for demand in demands for commodity in instance.demands[demand].accepts}
        message = f"no demand of {name} accepts"
        yield from _outside(case, returns.delivered, accepted, message, ("returns", name, "delivered"))


def _outside(
    case: VariantCase, keys: Iterable[str], patterns: Iterable[str], message: str, path: FieldPath
) -> Iterator[Problem]:
    allowed = list(patterns)
    for key in keys:
        if not fits_any(allowed, key):
            yield case.problem("no-effect", f"{message} {key}", *path, key)
