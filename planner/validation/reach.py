"""Reach: what can be had where, following supply, processes and lanes forward until nothing more is added.

Twice: by how the parts connect, and again counting only what has a volume above zero in some period. What
the connections rule out is a mistake. What only the volumes rule out may be the question that is asked (a
plant that is taken away), as long as the demand may go unserved.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from planner.errors import Problem, closest
from planner.figure import Figure
from planner.names import matching
from planner.network import Network, Place
from planner.validation.case import TOLERANCE, Case

Exists = Callable[[Figure | None], bool]


@dataclass
class _Closure:
    """Places (commodity, region) that are reached, and the steps that wait for others."""

    reached: set[Place] = field(default_factory=set)
    waiting: dict[Place, list[tuple[list[Place], list[Place]]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, needs: list[Place], gives: list[Place]) -> None:
        """A step that gives places once all it needs are reached."""
        if all(place in self.reached for place in needs):
            self.reach(gives)
        else:
            for place in needs:
                self.waiting[place].append((needs, gives))

    def reach(self, places: list[Place]) -> None:
        new = [place for place in places if place not in self.reached]
        while new:
            place = new.pop()
            if place in self.reached:
                continue
            self.reached.add(place)
            for needs, gives in self.waiting.pop(place, []):
                if all(need in self.reached for need in needs):
                    new += [given for given in gives if given not in self.reached]


def _closure(case: Case, network: Network, exists: Exists) -> set[Place]:
    closure = _Closure()
    closure.reach(list(_supplied(case, network, exists)))
    for needs, gives in _steps(case, network, exists):
        closure.add(needs, gives)
    return closure.reached


def _supplied(case: Case, network: Network, exists: Exists) -> Iterator[Place]:
    """Places that are reached without any other."""
    instance = case.instance
    for name, step, region in network.purchases:
        supplier = instance.suppliers[name]
        if exists(supplier.steps[step - 1].amount) and exists(supplier.region_limits.get(region)):
            yield supplier.commodity, region
    for stockpile in instance.stockpiles.values():
        if any(stockpile.initial.numbers()):
            yield stockpile.commodity, stockpile.region
    for returns in instance.returns.values():
        if any(returns.history.numbers()):
            yield returns.commodity, returns.region


def _steps(case: Case, network: Network, exists: Exists) -> Iterator[tuple[list[Place], list[Place]]]:
    """What each process, movement and return needs and gives."""
    instance = case.instance
    built = {project.facility or project.lane for project in instance.projects.values()}
    for name, process in network.activities:
        facility = instance.facilities[name]
        if exists(facility.capacity) or name in built:
            recipe = instance.processes[process]
            yield [(k, facility.region) for k in recipe.inputs], [(k, facility.region) for k in recipe.outputs]
    for movement in network.movements:
        if movement.lane in built or exists(instance.lanes[movement.lane].capacity):
            yield [(movement.commodity, movement.origin)], [(movement.commodity, movement.destination)]
    for returns in instance.returns.values():
        for name in matching(returns.demands, instance.demands):
            demand = instance.demands[name]
            for commodity in returns.delivered:
                if commodity in demand.accepts:
                    yield [(commodity, demand.region)], [(returns.commodity, returns.region)]


def reach_problems(case: Case, network: Network) -> tuple[list[Problem], list[Problem]]:
    """Problems and warnings: demands that nothing can serve, commodities that nobody can make or buy."""
    connected = _closure(case, network, lambda _: True)
    supplied = _closure(case, network, case.ever)
    problems: list[Problem] = []
    warnings: list[Problem] = []
    for name, demand in case.instance.demands.items():
        places = [(commodity, demand.region) for commodity in demand.accepts]
        if not case.ever(demand.amount) or any(place in supplied for place in places):
            continue
        may_fail = math.fsum(tranche.share for tranche in demand.shortage) >= 1 - TOLERANCE
        is_connected = any(place in connected for place in places)
        message = f"nothing can serve {name}: no supplier, facility, lane or stock brings {_or(demand.accepts)}"
        message += f" to {demand.region}" if not is_connected else f" to {demand.region} with a volume above zero"
        hint = _elsewhere(places, supplied)
        problem = case.problem("unreachable-demand", message, "demands", name, hint=hint)
        (warnings if is_connected and may_fail else problems).append(problem)
    for problem, is_wrong in _unobtainable(case, network, connected, supplied):
        (problems if is_wrong else warnings).append(problem)
    return problems, warnings


def _or(names: dict[str, float]) -> str:
    return " or ".join(names)


def _elsewhere(places: list[Place], reached: set[Place]) -> str | None:
    """Regions in which a commodity can be had, from which a lane may be missing."""
    commodities = {commodity for commodity, _ in places}
    regions = sorted({region for commodity, region in reached if commodity in commodities})
    return f"it can be had in {', '.join(regions[:8])}: is a lane missing?" if regions else None


def _unobtainable(
    case: Case, network: Network, connected: set[Place], supplied: set[Place]
) -> Iterator[tuple[Problem, bool]]:
    """Commodities that are used but cannot be had anywhere, and whether that is a mistake."""
    have, might = {commodity for commodity, _ in supplied}, {commodity for commodity, _ in connected}
    commodities = case.instance.commodities
    for commodity, (user, path) in _uses(case, network).items():
        if commodity in have:
            continue
        message = f"{user} uses {commodity}, which nobody can make or buy"
        message += " in any amount above zero" if commodity in might else ""
        near = closest(commodity, [name for name in commodities if name in have])
        hint = f"did you mean {near}?" if near is not None and commodity not in might else None
        yield case.problem("unobtainable", message, *path, hint=hint), commodity not in might


def _uses(case: Case, network: Network) -> dict[str, tuple[str, tuple[str, ...]]]:
    """The first user of each commodity that is used, and where it says so."""
    uses: dict[str, tuple[str, tuple[str, ...]]] = {}
    for _, name in network.activities:
        for commodity in case.instance.processes[name].inputs:
            uses.setdefault(commodity, (f"process {name}", ("processes", name, "inputs", commodity)))
    for name, demand in case.instance.demands.items():
        for commodity in demand.accepts:
            uses.setdefault(commodity, (f"demand {name}", ("demands", name, "accepts", commodity)))
    for name, outlet in case.instance.outlets.items():
        uses.setdefault(outlet.commodity, (f"outlet {name}", ("outlets", name, "commodity")))
    return uses
