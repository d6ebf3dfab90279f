"""Check of the investment decisions: windows, sizes, prerequisites, shared limits, capital charges."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from planner.check.case import Case
from planner.check.horizon import TINY, Node, service_share
from planner.check.rules import matches
from planner.schema import Instance, Point, Project, ProjectGroup


@dataclass(frozen=True)
class Decision:
    """A project decided in a group of nodes that share their decisions."""

    project: str
    group: str
    nodes: tuple[Node, ...]
    size: float
    modules: float | None

    @property
    def place(self) -> str:
        """Words that say which decision this is."""
        return f"{self.project} in {self.group}"


def decision_groups(case: Case) -> dict[str, tuple[Node, ...]]:
    """Nodes that share their decisions, by the group's label."""
    groups: dict[str, list[Node]] = {}
    labels = case.horizon.periods if case.base.plan == "common" else case.horizon.labels
    for node in case.horizon.nodes:
        groups.setdefault(labels[node], []).append(node)
    return {label: tuple(nodes) for label, nodes in groups.items()}


def targets(case: Case) -> dict[str, str]:
    """The asset that each project adds capacity to."""
    return {
        name: project.facility or next((m.key for m in case.movements if m.lane == project.lane), "")
        for name, project in case.base.projects.items()
    }


def check_plan(case: Case) -> list[Decision]:
    """The decisions of the plan, each tested by itself and along every path."""
    groups, assets = decision_groups(case), targets(case)
    decisions: list[Decision] = []
    table = case.tables["plan"]
    rows = table.rows("project", "group", "size", "modules", "title", "target", "period", "region", "stage")
    numbers = table.rows("decided", "commissioned", "capital_cost", "charged", "public_money")
    for (name, group, size, modules, *words), stated in zip(rows, numbers, strict=True):
        project = case.base.projects.get(name)
        if project is None or group not in groups:
            case.unknown("plan", f"{name} {group}")
            continue
        decision = Decision(name, group, groups[group], size, None if math.isnan(modules) else modules)
        decisions.append(decision)
        _check_words(case, decision, assets[name], words)
        _check_window(case, decision)
        _check_size(case, decision)
        _check_stated(case, decision, *stated)
    for leaf in case.horizon.leaves:
        _check_path(case, leaf, decisions)
    return decisions


def _check_words(case: Case, decision: Decision, target: str, words: list[str]) -> None:
    project = case.base.projects[decision.project]
    facility = case.base.facilities.get(project.facility or "")
    period = case.horizon.periods[decision.nodes[0]]
    case.described("plan", decision.place, (project.title, target, period), tuple(words[:3]))
    if facility is not None:
        case.described("plan", decision.place, (facility.region, facility.stage), tuple(words[3:]))


def _check_window(case: Case, decision: Decision) -> None:
    for node in decision.nodes:
        project = case.at(node).projects[decision.project]
        if project.earliest is not None:
            case.ledger.at_least("plan.window", f"{decision.place} decided", project.earliest, node.start)
        if project.latest is not None:
            case.ledger.at_most("plan.window", f"{decision.place} decided", project.latest, node.start)


def _check_size(case: Case, decision: Decision) -> None:
    node, ledger = decision.nodes[0], case.ledger
    size = case.at(node).projects[decision.project].size
    where = f"{decision.place} size"
    curve = case.at(node).projects[decision.project].capital.curve
    if curve:
        ledger.at_least("plan.size", f"{where} on its cost curve", curve[0].size, decision.size)
        ledger.at_most("plan.size", f"{where} on its cost curve", curve[-1].size, decision.size)
    if size.module is not None:
        modules = decision.modules
        if modules is None or abs(modules - round(modules)) > TINY:
            ledger.fault("plan.modules", where, "a whole number of modules", str(modules))
            return
        ledger.at_least("plan.modules", where, 1.0, modules)
        ledger.at_most("plan.modules", where, float(size.modules or 0), modules)
        ledger.equal("plan.size", where, modules * size.module.at(node.middle), decision.size)
        return
    if decision.modules is not None:
        ledger.fault("plan.modules", where, "no modules", decision.modules)
    if size.fixed is not None:
        ledger.equal("plan.size", where, size.fixed.at(node.middle), decision.size)
    elif size.most is not None:
        ledger.at_least("plan.size", where, size.least.at(node.middle) if size.least else 0.0, decision.size)
        ledger.at_most("plan.size", where, size.most.at(node.middle), decision.size)


def _check_stated(
    case: Case, decision: Decision, decided: float, commissioned: float, cost: float, charged: float, public: float
) -> None:
    node, ledger = decision.nodes[0], case.ledger
    project = case.at(node).projects[decision.project]
    ledger.equal("plan.dates", f"{decision.place} decided", node.start, decided)
    ledger.equal("plan.dates", f"{decision.place} commissioned", node.start + project.lead_time, commissioned)
    ledger.equal("plan.cost", f"{decision.place} capital cost", overnight_cost(case, decision, node), cost)
    total = math.fsum(discounted for _, _, discounted in capital_charges(case, decision))
    ledger.equal("plan.cost", f"{decision.place} charged", total, charged)
    announced = project.public_money.at(node.middle)
    ledger.equal("plan.cost", f"{decision.place} public money", announced, 0.0 if math.isnan(public) else public)


def overnight_cost(case: Case, decision: Decision, node: Node) -> float:
    """Cost of a decision at the prices of its period, in money."""
    capital = case.at(node).projects[decision.project].capital
    if capital.curve:
        return curve_cost(capital.curve, decision.size)
    variable = case.money * capital.variable.at(node.middle) * decision.size
    return capital.fixed.at(node.middle) + variable


def curve_cost(points: list[Point], size: float) -> float:
    """Cost at a size on a piecewise-linear curve; beyond its ends that of the nearest point."""
    for left, right in pairwise(points):
        if size <= right.size and right.size > left.size:
            share = max(0.0, (size - left.size) / (right.size - left.size))
            return left.cost + share * (right.cost - left.cost)
    return points[-1].cost


def capital_charges(case: Case, decision: Decision) -> Iterator[tuple[Node, float, float]]:
    """What a decision costs in each node: (node, yearly, contribution to the objective)."""
    if case.base.time.capital_charge == "lump_sum":
        for node in decision.nodes:
            cost = overnight_cost(case, decision, node)
            yield node, cost, node.probability * node.factor * cost
        return
    yearly_at = {node: annuity(case, decision, node) for node in decision.nodes}
    for node, path in case.horizon.path.items():
        for decided in path:
            if decided in yearly_at:
                project = case.at(decided).projects[decision.project]
                yearly = yearly_at[decided] * service_share(project, decided.start, node)
                if yearly:
                    yield node, yearly, yearly * node.weight


def annuity(case: Case, decision: Decision, node: Node) -> float:
    """Yearly charge that repays the overnight cost over the project's life."""
    instance = case.at(node)
    project, time = instance.projects[decision.project], case.base.time
    cost = overnight_cost(case, decision, node)
    rate = time.discount_rate if project.cost_of_capital is None else project.cost_of_capital
    if rate == 0:
        return cost / project.life
    if time.interest_during_construction and project.lead_time > 0:
        cost *= math.expm1(project.lead_time * math.log1p(rate)) / (project.lead_time * math.log1p(rate))
    return cost * rate / -math.expm1(-project.life * math.log1p(rate))


def _check_path(case: Case, leaf: Node, decisions: Iterable[Decision]) -> None:
    """What holds for all decisions on one path of the future."""
    path = case.horizon.path[leaf]
    taken = [(node, decision) for node in path for decision in decisions if node in decision.nodes]
    for name, project in case.base.projects.items():
        times = [node for node, decision in taken if decision.project == name]
        if not times:
            continue
        if not project.repeatable:
            case.ledger.at_most("plan.once", case.where(leaf, name, "on the path"), 1.0, float(len(times)))
        _check_required(case, leaf, name, project, times[0], taken)
    for name, group in case.base.project_groups.items():
        members = [(node, decision) for node, decision in taken if matches(decision.project, group.projects)]
        _check_group(case, leaf, name, group, members)


def _check_required(
    case: Case, leaf: Node, name: str, project: Project, first: Node, taken: list[tuple[Node, Decision]]
) -> None:
    for required in project.requires:
        before = [node for node, decision in taken if decision.project == required and node.index <= first.index]
        case.ledger.tests["plan.requires"] += 1
        if not before:
            period = case.horizon.periods[first]
            case.ledger.fault("plan.requires", case.where(leaf, name, "on the path"), f"{required} by {period}", "not")


def _check_group(
    case: Case, leaf: Node, name: str, group: ProjectGroup, members: list[tuple[Node, Decision]]
) -> None:
    ledger, where = case.ledger, case.where(leaf, name, "on the path")
    if group.at_most is not None:
        ledger.at_most("plan.group", f"{where} decisions", float(group.at_most), float(len(members)))
    if group.building_at_once is not None:
        for node in case.horizon.path[leaf]:
            building = sum(_building(case.at(decided), decision, decided, node) for decided, decision in members)
            place = case.where(node, name, "under construction")
            ledger.at_most("plan.group", place, float(group.building_at_once), float(building))
    # Limits on everything ever decided have one value: that of the first period.
    moment = case.horizon.path[leaf][0].middle
    size = math.fsum(decision.size for _, decision in members)
    if group.least_size is not None:
        ledger.at_least("plan.group", f"{where} size", group.least_size.at(moment), size)
    if group.most_size is not None:
        ledger.at_most("plan.group", f"{where} size", group.most_size.at(moment), size)
    if group.most_capital is not None:
        cost = math.fsum(overnight_cost(case, decision, node) for node, decision in members)
        ledger.at_most("plan.group", f"{where} capital", group.most_capital.at(moment), cost)


def _building(instance: Instance, decision: Decision, decided: Node, node: Node) -> bool:
    """Whether a project is under construction in a period: always in that of its decision."""
    if node.index <= decided.index:
        return node is decided
    return node.start < decided.start + instance.projects[decision.project].lead_time - TINY
