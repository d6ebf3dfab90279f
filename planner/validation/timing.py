"""Time: the tree of futures, and projects that can be decided and finished within the horizon."""

from __future__ import annotations

import math
from collections.abc import Iterator

from planner.common.errors import Problem
from planner.common.patterns import matching
from planner.language.figure import MOMENT
from planner.language.instance import Future, Project
from planner.validation.case import TOLERANCE, VariantCase


def future_problems(case: VariantCase) -> Iterator[Problem]:
    """Futures that do not form a tree, or whose probabilities do not add up."""
    futures = case.instance.futures
    total = math.fsum(future.probability for future in futures.values())
    if abs(total - 1) > TOLERANCE:
        message = f"the probabilities of the futures add up to {total:.10g}, not 1"
        yield case.problem("probabilities", message, "futures")
    trunk = next(iter(futures))
    for name, future in futures.items():
        if name == trunk:
            for field, word in (("comes_from", "from"), ("branches", "branches")):
                if getattr(future, field) is not None:
                    hint = "list the future that the others come from first"
                    message = f"{name} is the first future, the trunk, and has no {word}"
                    yield case.problem("future-tree", message, "futures", name, field, hint=hint)
            continue
        yield from _branch_problems(case, name, future)


def _branch_problems(case: VariantCase, name: str, future: Future) -> Iterator[Problem]:
    if (future.comes_from is None) != (future.branches is None):
        missing = "branches" if future.branches is None else "from"
        message = f"{name} needs {missing}: from and branches belong together"
        yield case.problem("future-tree", message, "futures", name, hint="without both it is apart from the start")
        return
    seen: list[str] = [name]
    above: str | None = future.comes_from
    while above is not None and above not in seen:
        seen.append(above)
        above = case.instance.futures[above].comes_from if above in case.instance.futures else None
    if above == name:
        message = f"{' comes from '.join([*seen, name])}: futures branch in a circle"
        yield case.problem("future-tree", message, "futures", name, "comes_from")
    if future.branches is None:
        return
    spans = case.spans
    if not spans[0].start - MOMENT <= future.branches <= spans[-1].start + MOMENT:
        message = f"{name} branches in {future.branches:g}, when no period of its own can start"
        hint = f"periods start from {spans[0].start:g} to {spans[-1].start:g}"
        yield case.problem("outside-horizon", message, "futures", name, "branches", hint=hint)


def project_problems(case: VariantCase) -> Iterator[Problem]:
    """Projects that can never be decided or finished, and prerequisites that cannot be met."""
    projects = case.instance.projects
    starts = {name: _starts(case, project) for name, project in projects.items()}
    horizon = case.spans[-1].end
    for name, project in projects.items():
        path = ("projects", name)
        if not starts[name]:
            field = "latest" if project.latest is not None else "earliest"
            message = f"{name} can never be decided: no period starts in its window {_window(project)}"
            yield case.problem("never-decided", message, *path, field, hint=_period_starts(case))
        elif starts[name][0] + project.lead_time >= horizon - MOMENT:
            message = f"{name} never produces: decided in {starts[name][0]:g} at the earliest, it takes until"
            message += f" {starts[name][0] + project.lead_time:g}, and the horizon ends in {horizon:g}"
            yield case.problem("never-online", message, *path, "lead_time")
    yield from _prerequisite_problems(case, starts)


def _window(project: Project) -> str:
    earliest = "the start" if project.earliest is None else f"{project.earliest:g}"
    return f"{earliest} to {'the end' if project.latest is None else f'{project.latest:g}'}"


def _period_starts(case: VariantCase) -> str:
    spans = case.spans
    return f"periods start from {spans[0].start:g} to {spans[-1].start:g}"


def _starts(case: VariantCase, project: Project) -> list[float]:
    """The moments at which a project may be decided."""
    earliest = project.earliest if project.earliest is not None else -math.inf
    latest = project.latest if project.latest is not None else math.inf
    return [s.start for s in case.spans if earliest - MOMENT <= s.start <= latest + MOMENT]


def _prerequisite_problems(case: VariantCase, starts: dict[str, list[float]]) -> Iterator[Problem]:
    for name, project in case.instance.projects.items():
        path = ("projects", name, "requires")
        needed = _needed(case, name)
        if name in needed:
            yield case.problem("prerequisite-cycle", f"{name} requires itself, by way of its prerequisites", *path)
            continue
        yield from _exclusion_problems(case, name, needed)
        for index, required in enumerate(project.requires):
            own, other = starts[name], starts.get(required, [])
            if own and other and other[0] > own[-1] + MOMENT:
                message = f"{name} can be decided until {own[-1]:g} but requires {required}, possible from {other[0]:g}"
                yield case.problem("impossible-prerequisite", message, *path, index)


def _needed(case: VariantCase, name: str) -> set[str]:
    """All projects that must be decided before one, directly or not."""
    projects = case.instance.projects
    found: set[str] = set()
    waiting = list(projects[name].requires)
    while waiting:
        required = waiting.pop()
        if required not in found and required in projects:
            found.add(required)
            waiting += projects[required].requires
    return found


def _exclusion_problems(case: VariantCase, name: str, needed: set[str]) -> Iterator[Problem]:
    """Prerequisites that a group does not allow together with the project."""
    for group_name, group in case.instance.project_groups.items():
        together = matching(group.projects, [name, *sorted(needed)])
        if needed and name in together and group.at_most is not None and len(together) > group.at_most:
            message = f"{name} and its prerequisites {', '.join(together[1:])} exceed at_most of {group_name}"
            yield case.problem("impossible-prerequisite", message, "projects", name, "requires")
