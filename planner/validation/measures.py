"""Controls: each must have something to act on."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from planner.common.errors import Problem
from planner.common.patterns import fits_any, matching
from planner.formulation.marks import is_felt
from planner.formulation.mathematics.control import (
    covers,
    degree,
    for_all,
    in_force,
    lane_passes,
    supplier_passes,
    touches_project,
)
from planner.formulation.network import Movement, Network
from planner.language.controls import Ban, Control, Licence, OfGoods, OfPassage, TechnologyBan
from planner.language.instance import Supplier
from planner.tree.nodes import Node
from planner.validation.case import TOLERANCE, VariantCase


def unused_controls(case: VariantCase, mentioned: Collection[str]) -> Iterator[Problem]:
    """Controls of no future and no shock. `mentioned`: names that may come into a future elsewhere."""
    instance = case.instance
    known = list(mentioned) + (instance.sampling.controls if instance.sampling is not None else [])
    for name in instance.controls:
        if not _users(case, name) and not fits_any(known, name):
            hint = "add it to the controls of a future or a shock"
            message = f"no future and no shock has the control {name}"
            yield case.problem("unused", message, "controls", name, hint=hint)


def _users(case: VariantCase, name: str) -> list[str]:
    """The futures and shocks that have a control."""
    controls = {user: part.controls for user, part in case.instance.futures.items()}
    controls |= {user: part.controls for user, part in case.instance.shocks.items()}
    return [user for user, patterns in controls.items() if fits_any(patterns, name)]


def control_problems(case: VariantCase, network: Network) -> Iterator[Problem]:
    """Controls that change nothing in the futures and shocks that have them."""
    instance = case.instance
    for name, control in instance.controls.items():
        path = ("controls", name)
        users = _users(case, name)
        if users and all(_is_left_out(case, user) for user in users):
            continue  # Its futures are left out, which another note says.
        if users and not any(m.name == name and degree(m, n) > TOLERANCE for n in network.tree.nodes
                     for m in network.measures(n)):
            message = f"{name} is never in force: its window {_window(control)} lies outside"
            message += f" the horizon or before its futures {', '.join(users)} branch"
            yield case.problem("outside-horizon", message, *path, "start")
        yield from _touched_nothing(case, network, name, control)


def _is_left_out(case: VariantCase, name: str) -> bool:
    instance = case.instance
    if name in instance.futures:
        return instance.futures[name].probability == 0
    return instance.shocks[name].hazard == 0 and not instance.shocks[name].tested


def _touched_nothing(case: VariantCase, network: Network, name: str, control: Control) -> Iterator[Problem]:
    path = ("controls", name)
    if isinstance(control, TechnologyBan):
        if not any(touches_project(network, control, project) for project in network.base.projects):
            message = f"{name} touches nothing: no project it names or at its stages lies in its destinations"
            yield case.problem("no-effect", message, *path)
    elif not for_all(control) and is_felt(network, name):
        return
    elif isinstance(control, OfGoods) and not [*_purchases(network, control), *_movements(network, control)]:
        message = f"{name} touches nothing: no supplier with origin {control.exporter} and no lane from there"
        message += " carries what it controls to its destinations"
        yield case.problem("no-effect", message, *path)
    elif isinstance(control, OfPassage) and control.is_by_class:
        message = f"{name} has no effect: no user in its classes and destinations uses these commodities"
        yield case.problem("no-effect", message, *path, "exempt" if control.exempt else "classes")


def _window(control: Control) -> str:
    start = "the start" if control.start is None else f"{control.start:g}"
    return f"{start} to {'the end' if control.end is None else f'{control.end:g}'}"


def _purchases(network: Network, control: OfGoods) -> Iterator[tuple[str, str]]:
    """Suppliers and regions that a control acts on."""
    instance = network.base
    for name, supplier in instance.suppliers.items():
        if supplier.origin == control.exporter and covers(instance, control, supplier.commodity):
            for region in matching(supplier.regions, instance.regions):
                if fits_any(control.destinations, region):
                    yield name, region


def _movements(network: Network, control: OfGoods) -> Iterator[Movement]:
    for movement in network.movements:
        is_there = movement.origin == control.exporter and fits_any(control.destinations, movement.destination)
        if is_there and covers(network.base, control, movement.commodity):
            yield movement


def _is_limited(supplier: Supplier, region: str) -> bool:
    return region in supplier.region_limits or all(step.amount is not None for step in supplier.steps)


def unlimited_problems(case: VariantCase, network: Network) -> Iterator[Problem]:
    """Supply without any limit of which a control lets a share pass: a share of what?"""
    instance = case.instance
    built = {project.lane for project in instance.projects.values()}
    measures = [m for n in network.tree.nodes for m in in_force(network, n) if for_all(m.control)]
    controls = list({m.name: m.control for m in measures if isinstance(m.control, Ban | Licence)}.values())
    for name, region in dict.fromkeys(p for control in controls for p in _purchases(network, control)):
        unlimited = [n for n in network.tree.nodes if not _is_limited(network.instance(n).suppliers[name], region)]
        node = _partial(network, [(n, supplier_passes(network, name, region, n)) for n in unlimited])
        if node is not None:
            message = f"a control lets a share of {name} pass to {region} in {node.key}, but it has no limit"
            hint = "give every step an amount, or a limit in region_limits"
            yield case.problem("unlimited", message, "suppliers", name, "steps", hint=hint)
    for movement in dict.fromkeys(m for control in controls for m in _movements(network, control)):
        lanes = [(n, network.instance(n).lanes[movement.lane]) for n in network.tree.nodes]
        unlimited = [n for n, lane in lanes if lane.capacity is None and movement.lane not in built]
        node = _partial(network, [(n, lane_passes(network, movement, n)) for n in unlimited])
        if node is not None:
            message = f"a control lets a share of {movement.asset} pass in {node.key}, but the lane has no limit"
            yield case.problem("unlimited", message, "lanes", movement.lane, hint="give the lane a capacity")


def _partial(network: Network, passes: list[tuple[Node, float]]) -> Node | None:
    """The first node at which a share passes."""
    return next((node for node, share in passes if TOLERANCE < share < 1 - TOLERANCE), None)
