"""Validation: all that is wrong with an instance beyond its form, before any mathematics.

The form (keys, types, ranges, units, sources) is refused on loading. Here every name must stand for something,
time must be a tree, recipes must not create matter, and demands must be within reach.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from planner.common.errors import InputError, Problem
from planner.common.identity import ByIdentity
from planner.formulation.network import Network, build_network, movements_of
from planner.language.instance import Instance
from planner.reading.document import AnyInstance, Document, load
from planner.validation.case import VariantCase
from planner.validation.coherence import coherence_problems
from planner.validation.magnitudes import magnitude_problems
from planner.validation.measures import control_problems, unlimited_problems, unused_controls
from planner.validation.reach import reach_problems
from planner.validation.recipes import recipe_problems
from planner.validation.references import reference_problems
from planner.validation.same_structure import alike, are_kin
from planner.validation.security import futures_left_out, requirement_problems
from planner.validation.slips import base_year_problems
from planner.validation.timing import future_problems, project_problems
from planner.validation.uncertainty import (
    risk_problems,
    sampling_problems,
    shock_problems,
    uncertainty_doubts,
)
from planner.validation.warnings import doubts


def validate(instance: AnyInstance, since: Document | None = None) -> list[Problem]:
    """Warnings about a valid instance; InputError with all problems of one that is not.

    `since` is a document that was found valid and that this one was changed from: what cannot have become wrong with
    the change is not examined again, and its warnings are not repeated.
    """
    document = load(instance)
    problems: list[Problem] = list(document.scenario_problems())
    warnings: list[Problem] = list(document.notes) if since is None else []
    cases = _cases(document)
    is_kin = since is not None and are_kin(since.instances(), document.instances())
    named = [cases[0], *(c for c in cases[1:] if not alike(cases[0].instance, c.instance))] if not is_kin else []
    names = [problem for case in named for problem in reference_problems(case, document.borrowed)]
    futures = [*future_problems(cases[0]), *shock_problems(cases[0]), *sampling_problems(cases[0])]
    # Whether a project is ever online is asked of the trunk: a future may delay it for good.
    problems += [*names, *futures, *project_problems(cases[0]), *base_year_problems(cases[0])]
    problems += magnitude_problems(cases)
    for case in cases:
        problems += coherence_problems(case)
        # A recipe with an unknown commodity has neither mass nor elements.
        if not names:
            problems += recipe_problems(case)
    if not names and not futures and not _builds_nothing(cases[0]):
        network = _network(document, cases[0])
        problems += control_problems(cases[0], network)
        problems += unlimited_problems(cases[0], network)
        problems += requirement_problems(cases[0], network, document.borrowed)
        problems += risk_problems(cases[0], network)
        for case in cases:
            wrong, doubtful = reach_problems(case, network)
            problems += wrong
            warnings += doubtful if since is None else ()
        if since is None:
            warnings += [*_unused(cases[0], network), *unused_controls(cases[0], document.mentioned_elsewhere())]
    if problems:
        raise InputError(problems)
    return list(dict.fromkeys(warnings))


def _builds_nothing(case: VariantCase) -> bool:
    """Whether a project builds a lane without a movement, of which nothing more can be asked."""
    lanes = {project.lane for project in case.instance.projects.values()}
    return not all(movements_of(case.instance, n, lane) for n, lane in case.instance.lanes.items() if n in lanes)


def _network(document: Document, case: VariantCase) -> Network:
    try:
        return build_network(document.instances())
    except InputError as error:  # A tree that is too large; no single statement causes it.
        raise InputError([p._replace(place=case.locate(("time", "periods"))) for p in error.problems]) from None


def _cases(document: Document) -> list[VariantCase]:
    """The different variants of the instance, the trunk's first."""
    found = ByIdentity[Instance, VariantCase]()
    for future, instance in document.instances().items():
        found.setdefault(instance, VariantCase(instance, partial(document.place, future=future)))
    return list(found.values())


def _unused(case: VariantCase, network: Network) -> Iterator[Problem]:
    """Parts that play no role: often a mistyped pattern or a connection that was forgotten."""
    instance = case.instance
    roles = {
        "commodities": ({commodity for commodity, _ in network.balance}, "nothing makes, moves or uses"),
        "regions": ({region for _, region in network.balance} | _exporters(instance), "nothing happens in"),
        "processes": ({process for _, process in network.activities}, "no facility runs"),
    }
    for section, (used, message) in roles.items():
        for name in getattr(instance, section):
            if name not in used:
                yield case.problem("unused", f"{message} {name}", section, name)
    contents = {element for commodity in instance.commodities.values() for element in commodity.elements}
    for index, element in enumerate(instance.elements):
        if element not in contents:
            yield case.problem("unused", f"no commodity contains {element}", "elements", index)
    yield from _idle(case)
    yield from doubts(case)
    yield from uncertainty_doubts(case)


def _exporters(instance: Instance) -> set[str]:
    """Regions that are named as the origin of supplies or of controls."""
    origins = {supplier.origin for supplier in instance.suppliers.values() if supplier.origin is not None}
    return origins | {control.exporter for control in instance.controls.values()}


def _idle(case: VariantCase) -> Iterator[Problem]:
    """Facilities that can never run and futures that count for nothing."""
    targets = {project.facility for project in case.instance.projects.values()}
    for name, facility in case.instance.facilities.items():
        if name not in targets and not case.ever(facility.capacity):
            message = f"{name} has no capacity in any period and no project"
            yield case.problem("unused", message, "facilities", name)
    for name, future in case.instance.futures.items():
        if future.probability == 0 and (future.overrides or future.controls):
            message = f"{name} has probability 0: it is left out"
            yield case.problem("unused", message, "futures", name, "probability")
    for name, part in case.instance.requirements.items():
        if futures := futures_left_out(case, part):
            message = f"{name} holds in futures of probability 0 alone ({', '.join(futures)}): it is left out"
            yield case.problem("unused", message, "requirements", name, "futures")
