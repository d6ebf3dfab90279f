"""Check of the investment decisions: windows, sizes, prerequisites, shared limits, stated costs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from planner.check.capital import Decision, capital_charges, overnight_cost
from planner.check.case import Case
from planner.check.horizon import MOMENT, TINY, Node
from planner.check.rules import matches
from planner.check.work import progress, targets
from planner.language.instance import Project, ProjectGroup


def decision_groups(case: Case) -> dict[str, tuple[Node, ...]]:
    """Nodes that share their decisions, by the group's label; every node of a window decides for itself."""
    groups: dict[str, list[Node]] = {}
    for node in case.horizon.nodes:
        is_common = case.base.plan == "common" and node.onset is None
        label = (case.horizon.periods if is_common else case.horizon.labels)[node]
        groups.setdefault(label, []).append(node)
    return {label: tuple(nodes) for label, nodes in groups.items()}


def check_plan(case: Case) -> list[Decision]:
    """The decisions of the plan, each tested by itself and along every path."""
    groups, assets = decision_groups(case), targets(case)
    decisions: list[Decision] = []
    table = case.tables["plan"]
    rows = table.rows("project", "group", "size", "modules", "title", "target", "period", "region", "stage")
    numbers = table.rows("capital_cost", "charged", "public_money")
    dates = table.rows("decided", "planned_online", "online_first", "online_last")
    for (name, group, size, modules, *words), stated, when in zip(rows, numbers, dates, strict=True):
        project = case.base.projects.get(name)
        if project is None or group not in groups:
            case.unknown("plan", f"{name} {group}")
            continue
        decision = Decision(name, group, groups[group], size, None if math.isnan(modules) else modules)
        decisions.append(decision)
        _check_words(case, decision, assets[name], words)
        _check_window(case, decision)
        _check_size(case, decision)
        _check_dates(case, decision, *when)
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
        case.ledger.tests["plan.window"] += 1
        if project.earliest is not None:
            case.ledger.at_least("plan.window", f"{decision.place} decided", project.earliest, node.start)
        if project.latest is not None:
            case.ledger.at_most("plan.window", f"{decision.place} decided", project.latest, node.start)
        if node.onset is not None and not project.emergency:
            allowed = "no decision but of emergency projects"
            case.ledger.fault("plan.window", f"{decision.place} decided", allowed, "a decision in a window")


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


def _check_dates(
    case: Case, decision: Decision, decided: float, planned: float, first: float, last: float
) -> None:
    """Dates of the decision, as planned, and as work is over on the paths that are long enough for the plan."""
    node, ledger = decision.nodes[0], case.ledger
    lead = case.at(node).projects[decision.project].lead_time
    ledger.equal("plan.dates", f"{decision.place} decided", node.start, decided)
    ledger.equal("plan.dates", f"{decision.place} planned online", node.start + lead, planned)
    found = sorted(_finished(case, decision)) or [math.inf]
    for name, wanted, stated in (("first", found[0], first), ("last", found[-1], last)):
        if math.isinf(wanted) != math.isnan(stated):
            ledger.fault("plan.dates", f"{decision.place} online {name}", str(wanted), str(stated))
        elif not math.isinf(wanted):
            ledger.equal("plan.dates", f"{decision.place} online {name}", wanted, stated)


def _finished(case: Case, decision: Decision) -> Iterator[float]:
    """When work is over on each path through a node of the decision that goes on beyond the planned date."""
    for leaf in case.horizon.leaves:
        for node in decision.nodes:
            lead = case.at(node).projects[decision.project].lead_time
            if node in case.horizon.path[leaf] and leaf.end > node.start + lead + MOMENT:
                yield progress(case, decision.project, node, leaf).commissioned


def _check_stated(case: Case, decision: Decision, cost: float, charged: float, public: float) -> None:
    node, ledger = decision.nodes[0], case.ledger
    project = case.at(node).projects[decision.project]
    ledger.equal("plan.cost", f"{decision.place} capital cost", overnight_cost(case, decision, node), cost)
    total = math.fsum(node.probability * certain for node, _, certain in capital_charges(case, decision))
    ledger.equal("plan.cost", f"{decision.place} charged", total, charged)
    announced = project.public_money.at(node.middle)
    ledger.equal("plan.cost", f"{decision.place} public money", announced, 0.0 if math.isnan(public) else public)


def _check_path(case: Case, leaf: Node, decisions: Iterable[Decision]) -> None:
    """Rules for all decisions on one path of the future."""
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
            if any(_can_decide(case, project, node) for project in case.base.projects
                   if matches(project, group.projects)):
                building = sum(_building(case, decision, decided, node) for decided, decision in members)
                place = case.where(node, name, "under construction")
                ledger.at_most("plan.group", place, float(group.building_at_once), float(building))
    # Limits on everything ever decided have one value: that of the first period.
    moment = case.horizon.path[leaf][0].middle
    size = math.fsum(decision.size for _, decision in members)
    if group.least_size is not None and leaf.onset is None:
        ledger.at_least("plan.group", f"{where} size", group.least_size.at(moment), size)
    if group.most_size is not None:
        ledger.at_most("plan.group", f"{where} size", group.most_size.at(moment), size)
    if group.most_capital is not None:
        cost = math.fsum(overnight_cost(case, decision, node) for node, decision in members)
        ledger.at_most("plan.group", f"{where} capital", group.most_capital.at(moment), cost)


def _can_decide(case: Case, name: str, node: Node) -> bool:
    """Whether a project can be decided in a node: its window is open, and it would still serve the horizon."""
    project = case.at(node).projects[name]
    if node.onset is not None and not project.emergency:
        return False
    if project.earliest is not None and node.start < project.earliest - MOMENT:
        return False
    if project.latest is not None and node.start > project.latest + MOMENT:
        return False
    return node.start + project.lead_time < case.end - MOMENT


def _building(case: Case, decision: Decision, decided: Node, node: Node) -> bool:
    """Whether a project is under construction in a node of a path: always in that of its decision."""
    if node.index <= decided.index:
        return node is decided
    return progress(case, decision.project, decided, node).commissioned > node.start + MOMENT
