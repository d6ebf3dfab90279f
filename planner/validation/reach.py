"""Reach: what can be had where, following supply, processes and lanes forward until nothing more is added.

Material that circulates (acid that is returned in full) needs no supply: steps that wait for each other count if they
can run together in a steady state.

Reach is computed twice: by the connections, and again by the parts with a volume above zero in some period. A demand
that the connections rule out is a mistake. One that only the volumes rule out may be the user's question (a plant that
is taken away), as long as the demand may go unserved.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from planner.common.errors import Problem, closest
from planner.common.identity import distinct
from planner.common.patterns import matching
from planner.formulation.network import CommodityRegion, Network
from planner.language.figure import Figure
from planner.validation.case import TOLERANCE, VariantCase
from planner.validation.cone import together

Exists = Callable[[Figure | None], bool]


class Step(NamedTuple):
    """Inputs and outputs of a step, per unit; a process, or a movement or return, which makes nothing."""

    needs: dict[CommodityRegion, float]
    gives: dict[CommodityRegion, float]
    is_process: bool = False


@dataclass
class _Closure:
    """Places (commodity, region) that are reached, and the steps that wait for others.

    Places `inside` are inputs of processes that can run, though nothing may be left of them for anyone else.
    """

    reached: set[CommodityRegion] = field(default_factory=set)
    inside: set[CommodityRegion] = field(default_factory=set)
    waiting: dict[CommodityRegion, list[Step]] = field(default_factory=lambda: defaultdict(list))

    def add(self, step: Step) -> None:
        """A step that gives places once all it needs are reached."""
        if all(place in self.reached for place in step.needs):
            self.reach(step.gives)
        else:
            for place in step.needs.keys() - self.reached:
                self.waiting[place].append(step)

    def reach(self, places: Iterable[CommodityRegion]) -> None:
        new = [place for place in places if place not in self.reached]
        while new:
            place = new.pop()
            if place in self.reached:
                continue
            self.reached.add(place)
            for step in self.waiting.pop(place, []):
                if all(need in self.reached for need in step.needs):
                    new += [given for given in step.gives if given not in self.reached]

    def circulate(self) -> None:
        """Steps that wait for each other, as far as together they give all that they need."""
        steps = distinct(step for waiting in self.waiting.values() for step in waiting)
        if steps:
            running, left_over = together([(step.needs, step.gives) for step in steps], self.reached)
            self.inside = {place for j in running if steps[j].is_process for place in steps[j].needs}
            self.reach(left_over)


def _closure(case: VariantCase, network: Network, exists: Exists) -> _Closure:
    closure = _Closure()
    closure.reach(_supplied(case, network, exists))
    for step in _steps(case, network, exists):
        closure.add(step)
    closure.circulate()
    return closure


def _supplied(case: VariantCase, network: Network, exists: Exists) -> Iterator[CommodityRegion]:
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


def _steps(case: VariantCase, network: Network, exists: Exists) -> Iterator[Step]:
    """Inputs and outputs of each process, movement and return, per unit."""
    instance = case.instance
    built = {project.facility or project.lane for project in instance.projects.values()}
    for name, process in network.activities:
        facility = instance.facilities[name]
        if exists(facility.capacity) or name in built:
            recipe = instance.processes[process]
            needs, gives = (
                {(k, facility.region): amount for k, amount in side.items()} for side in (recipe.inputs, recipe.outputs)
            )
            yield Step(needs, gives, is_process=True)
    for movement in network.movements:
        lane = instance.lanes[movement.lane]
        if movement.lane in built or exists(lane.capacity):
            origin, destination = ((movement.commodity, place) for place in (movement.origin, movement.destination))
            yield Step({origin: 1.0}, {destination: 1.0 - lane.loss})
    for returns in instance.returns.values():
        for name in matching(returns.demands, instance.demands):
            demand = instance.demands[name]
            for commodity, amount in returns.delivered.items():
                if commodity in demand.accepts:
                    yield Step({(commodity, demand.region): 1.0}, {(returns.commodity, returns.region): amount})


def reach_problems(case: VariantCase, network: Network) -> tuple[list[Problem], list[Problem]]:
    """Problems and warnings: demands that nothing can serve, commodities that cannot be made or bought."""
    connected = _closure(case, network, lambda _: True)
    supplied = _closure(case, network, case.ever)
    problems: list[Problem] = []
    warnings: list[Problem] = []
    for name, demand in case.instance.demands.items():
        places = [(commodity, demand.region) for commodity in demand.accepts]
        if not case.ever(demand.amount) or any(place in supplied.reached for place in places):
            continue
        may_fail = math.fsum(tranche.share for tranche in demand.shortage) >= 1 - TOLERANCE
        is_connected = any(place in connected.reached for place in places)
        message = f"nothing can serve {name}: no supplier, facility, lane or stock brings {_or(demand.accepts)}"
        message += f" to {demand.region}" if not is_connected else f" to {demand.region} with a volume above zero"
        hint = _elsewhere(places, supplied.reached)
        problem = case.problem("unreachable-demand", message, "demands", name, hint=hint)
        (warnings if is_connected and may_fail else problems).append(problem)
    for problem, is_wrong in _unobtainable(case, network, connected, supplied):
        (problems if is_wrong else warnings).append(problem)
    return problems, warnings


def _or(names: dict[str, float]) -> str:
    return " or ".join(names)


def _elsewhere(places: list[CommodityRegion], reached: set[CommodityRegion]) -> str | None:
    """Regions in which a commodity can be had, from which a lane may be missing."""
    commodities = {commodity for commodity, _ in places}
    regions = sorted({region for commodity, region in reached if commodity in commodities})
    return f"it can be had in {', '.join(regions[:8])}: is a lane missing?" if regions else None


def _unobtainable(
    case: VariantCase, network: Network, connected: _Closure, supplied: _Closure
) -> Iterator[tuple[Problem, bool]]:
    """Commodities that are used but cannot be had anywhere, and whether that is a mistake."""
    have, might = ({k for k, _ in found.reached | found.inside} for found in (supplied, connected))
    made = {k for step in _steps(case, network, lambda _: True) if step.is_process for k, _ in step.gives}
    commodities = case.instance.commodities
    for commodity, (user, path) in _uses(case, network).items():
        if commodity in have:
            continue
        message = f"{user} uses {commodity}, which cannot be made or bought"
        message += " in any amount above zero" if commodity in might else ""
        near = closest(commodity, [name for name in commodities if name in have])
        hint = "a loop must bring back all that it takes, or someone must sell the rest" if commodity in made else None
        hint = f"did you mean {near}?" if near is not None and commodity not in might else hint
        yield case.problem("unobtainable", message, *path, hint=hint), commodity not in might


def _uses(case: VariantCase, network: Network) -> dict[str, tuple[str, tuple[str, ...]]]:
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
