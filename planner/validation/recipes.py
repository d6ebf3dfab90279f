"""Recipes: no process, and no loop of processes, may make something from nothing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import sparse

from planner.common.errors import Problem
from planner.language.instance import Process
from planner.validation.case import TOLERANCE, VariantCase
from planner.validation.cone import best

GAIN = 1e-6  # Net output per unit of activity; ten times the solver's tolerance.


def recipe_problems(case: VariantCase) -> Iterator[Problem]:
    """Processes and returns that create mass or an element, and loops that gain."""
    for name, process in case.instance.processes.items():
        if not process.inputs and not process.outputs:
            yield case.problem("empty", f"{name} has neither inputs nor outputs", "processes", name)
        if process.inputs:
            yield from _mass_problems(case, name, process)
            yield from _element_problems(case, name, process)
    for name, commodity in case.instance.commodities.items():
        content = sum(commodity.elements.values())
        if commodity.mass and content > 1 + TOLERANCE:
            message = f"the elements of {name} add up to {content:g} of its mass"
            yield case.problem("creates-element", message, "commodities", name, "elements")
    yield from _return_problems(case)
    yield from _loop_problems(case)


def _mass(case: VariantCase, amounts: dict[str, float]) -> float:
    commodities = case.instance.commodities
    return sum(amount for name, amount in amounts.items() if commodities[name].mass)


def _mass_problems(case: VariantCase, name: str, process: Process) -> Iterator[Problem]:
    inputs, outputs = _mass(case, process.inputs) + process.adds_mass, _mass(case, process.outputs)
    if outputs > inputs * (1 + TOLERANCE) + 1e-12:
        message = f"{name} makes {outputs:g} from {inputs:g}"
        hint = f"adds_mass: {outputs - inputs + process.adds_mass:.6g} if inputs that are not modelled bring the rest"
        yield case.problem("creates-mass", message, "processes", name, "outputs", hint=hint)


def _element_problems(case: VariantCase, name: str, process: Process) -> Iterator[Problem]:
    for element in case.instance.elements:
        inputs, outputs = (_content(case, amounts, element) for amounts in (process.inputs, process.outputs))
        if outputs > inputs * (1 + TOLERANCE) + 1e-12:
            message = f"{name} makes {outputs:g} of {element} from {inputs:g}"
            hint = "check the yields against the elements of the commodities"
            yield case.problem("creates-element", message, "processes", name, "outputs", hint=hint)


def _content(case: VariantCase, amounts: dict[str, float], element: str) -> float:
    commodities = case.instance.commodities
    return sum(amount * commodities[name].elements.get(element, 0.0) for name, amount in amounts.items())


def _return_problems(case: VariantCase) -> Iterator[Problem]:
    commodities = case.instance.commodities
    for name, returns in case.instance.returns.items():
        for delivered, quantity in returns.delivered.items():
            for element, content in commodities[returns.commodity].elements.items():
                before = commodities[delivered].elements.get(element, 0.0)
                if quantity * content > before * (1 + TOLERANCE) + 1e-12:
                    message = f"{name} returns {quantity * content:g} of {element} per {delivered}"
                    message += f", which holds {before:g}"
                    yield case.problem("creates-element", message, "returns", name, "delivered", delivered)


def _loop_problems(case: VariantCase) -> Iterator[Problem]:
    """Something from nothing: processes that run in a circle and leave a net output."""
    processes = {name: process for name, process in case.instance.processes.items() if process.inputs}
    for loop in _loops(processes):
        gaining = _gaining({name: processes[name] for name in loop})
        if gaining:
            message = f"{', '.join(gaining)} together make more than they use, from nothing"
            yield case.problem("gaining-loop", message, "processes", gaining[0])


def _loops(processes: dict[str, Process]) -> list[list[str]]:
    """Groups of processes each of which can feed every other: strongly connected components."""
    users: dict[str, list[str]] = {}
    for name, process in processes.items():
        for commodity in process.inputs:
            users.setdefault(commodity, []).append(name)
    after = {n: sorted({u for k in p.outputs for u in users.get(k, [])}) for n, p in processes.items()}
    before: dict[str, list[str]] = {name: [] for name in processes}
    for name, followers in after.items():
        for follower in followers:
            before[follower].append(name)
    loops: list[list[str]] = []
    left = dict.fromkeys(_finishing_order(after))
    while left:
        start = next(reversed(left))
        component = _reachable(start, before, left)
        for name in component:
            del left[name]
        if len(component) > 1 or start in after[start]:
            loops.append([name for name in processes if name in component])
    return loops


def _finishing_order(after: dict[str, list[str]]) -> list[str]:
    """Names by when a depth-first search has done with them."""
    order: dict[str, None] = {}
    entered: set[str] = set()
    for root, first in after.items():
        stack = [(root, iter(first))] if root not in entered else []
        entered.add(root)
        while stack:
            name, followers = stack[-1]
            follower = next((f for f in followers if f not in entered), None)
            if follower is None:
                order[name] = None
                stack.pop()
            else:
                entered.add(follower)
                stack.append((follower, iter(after[follower])))
    return list(order)


def _reachable(start: str, edges: dict[str, list[str]], among: dict[str, None]) -> set[str]:
    found, waiting = {start}, [start]
    while waiting:
        for name in edges[waiting.pop()]:
            if name in among and name not in found:
                found.add(name)
                waiting.append(name)
    return found


def _gaining(processes: dict[str, Process]) -> list[str]:
    """The processes of a loop that leave a net output without supply; none if it cannot gain.

    max sum_k net[k] with net[k] = sum_p (outputs[p,k] - inputs[p,k]) * x[p] >= 0 and 0 <= x <= 1
    """
    names = list(processes)
    commodities = sorted({k for p in processes.values() for k in (*p.inputs, *p.outputs)})
    net = np.zeros((len(commodities), len(names)))
    for column, process in enumerate(processes.values()):
        for sign, amounts in ((-1, process.inputs), (1, process.outputs)):
            for commodity, amount in amounts.items():
                net[commodities.index(commodity), column] += sign * amount
    # A recipe per thousand tonnes must not look like a gain that one per tonne does not.
    net /= np.abs(net).max(axis=0, initial=1e-300)
    gain = net.sum(axis=0)
    activities = best(gain, sparse.csr_array(net), np.ones(len(names)))
    if activities is None or float(gain @ activities) <= GAIN:
        return []
    return [name for name, activity in zip(names, activities, strict=True) if activity > GAIN]
