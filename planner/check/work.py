"""Work under way: when what was decided is commissioned, and what technology bans on the way add to its cost."""

from __future__ import annotations

import math

from planner.check.case import Case, Progress
from planner.check.controls import technology
from planner.check.horizon import MOMENT, Node
from planner.language.instance import Project


def targets(case: Case) -> dict[str, str]:
    """The asset that each project adds capacity to."""
    return {
        name: project.facility or next((m.key for m in case.movements if m.lane == project.lane), "")
        for name, project in case.base.projects.items()
    }


def progress(case: Case, name: str, decided: Node, node: Node) -> Progress:
    """Progress of a project decided in one node at the end of another on a path from it."""
    key = (name, decided, node)
    if key not in case.progress:
        before = Progress(0.0, math.inf, 0.0, 0.0)
        if node is not decided and node.parent is not None:
            before = progress(case, name, decided, node.parent)
        case.progress[key] = _advance(case, name, decided, node, before)
    return case.progress[key]


def _advance(case: Case, name: str, decided: Node, node: Node, before: Progress) -> Progress:
    """One node further: the lead time is that of the node's variant, the pace that of its technology bans."""
    if before.commissioned < math.inf:
        return before._replace(added=0.0)
    project = case.at(node).projects[name]
    pace, dearer = _technology(case, name, project, node)
    lead, years = project.lead_time, pace * node.length
    left = lead - before.done
    added = dearer * min(years, max(0.0, left)) / lead if lead > 0 else 0.0
    if node is decided and lead <= 0:
        added = dearer  # What needs no time is bought whole, at the price of the day.
    commissioned = math.inf
    if before.done + years >= lead - MOMENT:
        commissioned = node.start + (left / pace if left > MOMENT else 0.0)
    return Progress(before.done + years, commissioned, before.dearer + added, added)


def _technology(case: Case, name: str, project: Project, node: Node) -> tuple[float, float]:
    measures = case.measures[node]
    facility = case.base.facilities.get(project.facility or "")
    if facility is not None:
        return technology(measures, name, facility.stage, facility.region)
    origin = next((m.origin for m in case.movements if m.lane == project.lane), "")
    return technology(measures, name, None, origin)
