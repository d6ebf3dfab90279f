"""Names: every name and pattern in an instance must stand for something."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple, get_args

from planner.common.errors import Problem, did_you_mean
from planner.common.patterns import is_pattern, matching
from planner.formulation.mathematics.security.scope import country
from planner.language.figure import FieldPath, Part, Patterns
from planner.language.instance import Instance
from planner.language.requirements import Outage
from planner.language.units import periods
from planner.validation.case import VariantCase, parts_of


class Reference(NamedTuple):
    """A name at a place that must be one of a kind, or a pattern that must match one."""

    path: FieldPath
    name: str
    kind: str
    is_pattern: bool = True


def reference_problems(case: VariantCase, borrowed: bool = False) -> Iterator[Problem]:
    """Names that nothing has and patterns that nothing matches.

    The requirements of an instance `borrowed` for other futures may name futures it no longer has.
    """
    known = _known(case.instance)
    for reference in _references(case.instance):
        names = known[reference.kind]
        if borrowed and reference.path[0] == "requirements" and reference.kind in ("future or shock", "shock"):
            continue
        if reference.name in names or (reference.is_pattern and matching(reference.name, names)):
            continue
        hint = did_you_mean(reference.name, names) or _by_title(case.instance, reference.name, names)
        kind = reference.kind.partition(" or ")[0]
        if reference.is_pattern and is_pattern(reference.name):
            message = f"no {kind} matches {reference.name}"
            yield case.problem("empty-pattern", message, *reference.path, hint=hint)
        else:
            message = f"there is no {kind} {reference.name}"
            yield case.problem("dangling-name", message, *reference.path, hint=hint or _all(names, kind))


def _by_title(instance: Instance, word: str, names: Iterable[str]) -> str | None:
    """The part whose title or country was given in place of its name."""
    sections = (instance.regions, instance.commodities, instance.facilities, instance.projects, instance.demands)
    known = set(names)
    for name, part in (item for section in sections for item in section.items()):
        titles = {str(getattr(part, field, None) or "").casefold() for field in ("title", "country")}
        if name in known and word.casefold() in titles:
            return f"did you mean {name}?"
    return None


def _all(names: Iterable[str], kind: str) -> str | None:
    """The choice, when it is small enough to be read."""
    listed = list(names)
    if not listed:
        return f"the instance has no {kind} at all"
    return f"known: {', '.join(listed)}" if 0 < len(listed) <= 12 and kind != "source" else None


def _known(instance: Instance) -> dict[str, dict[str, None]]:
    """The names of every kind."""
    origins = [supplier.origin for supplier in instance.suppliers.values() if supplier.origin is not None]
    activities = [
        f"{name}/{process}"
        for name, facility in instance.facilities.items()
        for process in matching(facility.processes, instance.processes)
    ]
    kinds: dict[str, Iterable[str]] = {
        "region": instance.regions,
        "exporter": [*instance.regions, *origins],
        "commodity": instance.commodities,
        "element": instance.elements,
        "stage": [
            *(commodity.stage for commodity in instance.commodities.values() if commodity.stage),
            *(facility.stage for facility in instance.facilities.values() if facility.stage),
        ],
        "class of users": [demand.user_class for demand in instance.demands.values()],
        "process": instance.processes,
        "facility": instance.facilities,
        "project": instance.projects,
        "lane": instance.lanes,
        "supplier": instance.suppliers,
        "outlet": instance.outlets,
        "demand": instance.demands,
        "control": instance.controls,
        "future": instance.futures,
        "future or shock": [*instance.futures, *instance.shocks, *_windows(instance)],
        "stockpile": instance.stockpiles,
        "country": [country(instance, name) for name in [*instance.regions, *origins]],
        "shock": instance.shocks,
        "source": instance.sources,
        "activity": activities,
    }
    return {kind: dict.fromkeys(names) for kind, names in kinds.items()}


def _windows(instance: Instance) -> list[str]:
    """The branches that shocks may open, by onset."""
    return [f"{shock}@{span.name}" for shock in instance.shocks for span in periods(instance.time)]


def _one(path: FieldPath, name: str | None, kind: str) -> Iterator[Reference]:
    if name is not None:
        yield Reference(path, name, kind, is_pattern=False)


def _keys(path: FieldPath, names: Iterable[str], kind: str) -> Iterator[Reference]:
    for name in names:
        yield Reference((*path, name), name, kind, is_pattern=False)


def _each(path: FieldPath, patterns: Iterable[str], kind: str) -> Iterator[Reference]:
    for index, pattern in enumerate(patterns):
        yield Reference((*path, index), pattern, kind)


def _names(path: FieldPath, names: Iterable[str], kind: str) -> Iterator[Reference]:
    for index, name in enumerate(names):
        yield Reference((*path, index), name, kind, is_pattern=False)


def _references(instance: Instance) -> Iterator[Reference]:
    yield from _of_materials(instance)
    yield from _of_investment(instance)
    yield from _of_trade(instance)
    yield from _of_users(instance)
    yield from _of_measures(instance)
    yield from _of_requirements(instance)
    for path, part in parts_of(instance):
        yield from _one((*path, "source"), part.source, "source")


def _of_materials(instance: Instance) -> Iterator[Reference]:
    for name, commodity in instance.commodities.items():
        yield from _keys(("commodities", name, "elements"), commodity.elements, "element")
    for name, process in instance.processes.items():
        yield from _keys(("processes", name, "inputs"), process.inputs, "commodity")
        yield from _keys(("processes", name, "outputs"), process.outputs, "commodity")


def _of_investment(instance: Instance) -> Iterator[Reference]:
    for name, facility in instance.facilities.items():
        path: FieldPath = ("facilities", name)
        yield from _one((*path, "region"), facility.region, "region")
        yield from _each((*path, "processes"), facility.processes, "process")
        yield from _keys((*path, "variable_costs"), facility.variable_costs, "process")
    for name, project in instance.projects.items():
        path = ("projects", name)
        yield from _one((*path, "facility"), project.facility, "facility")
        yield from _one((*path, "lane"), project.lane, "lane")
        yield from _names((*path, "requires"), project.requires, "project")
    for name, group in instance.project_groups.items():
        yield from _each(("project_groups", name, "projects"), group.projects, "project")


def _of_trade(instance: Instance) -> Iterator[Reference]:
    for name, lane in instance.lanes.items():
        path: FieldPath = ("lanes", name)
        yield from _each((*path, "commodities"), lane.commodities, "commodity")
        yield from _each((*path, "origins"), lane.origins, "region")
        yield from _each((*path, "destinations"), lane.destinations, "region")
    for name, supplier in instance.suppliers.items():
        path = ("suppliers", name)
        yield from _one((*path, "commodity"), supplier.commodity, "commodity")
        yield from _each((*path, "regions"), supplier.regions, "region")
        for field in ("region_limits", "delivery_costs", "tariffs"):
            yield from _keys((*path, field), getattr(supplier, field), "region")
    for name, outlet in instance.outlets.items():
        path = ("outlets", name)
        yield from _one((*path, "commodity"), outlet.commodity, "commodity")
        yield from _each((*path, "regions"), outlet.regions, "region")
        yield from _keys((*path, "delivery_costs"), outlet.delivery_costs, "region")
    for name, limit in instance.limits.items():
        path = ("limits", name)
        yield from _each((*path, "suppliers"), limit.suppliers, "supplier")
        yield from _each((*path, "outlets"), limit.outlets, "outlet")
        yield from _each((*path, "lanes"), limit.lanes, "lane")
        yield from _each((*path, "activities"), limit.activities, "activity")


def _of_users(instance: Instance) -> Iterator[Reference]:
    for name, demand in instance.demands.items():
        yield from _one(("demands", name, "region"), demand.region, "region")
        yield from _keys(("demands", name, "accepts"), demand.accepts, "commodity")
    for name, stockpile in instance.stockpiles.items():
        yield from _one(("stockpiles", name, "commodity"), stockpile.commodity, "commodity")
        yield from _one(("stockpiles", name, "region"), stockpile.region, "region")
    for name, returns in instance.returns.items():
        path: FieldPath = ("returns", name)
        yield from _one((*path, "commodity"), returns.commodity, "commodity")
        yield from _one((*path, "region"), returns.region, "region")
        yield from _keys((*path, "delivered"), returns.delivered, "commodity")
        yield from _each((*path, "demands"), returns.demands, "demand")


def _of_measures(instance: Instance) -> Iterator[Reference]:
    for name, future in instance.futures.items():
        yield from _one(("futures", name, "comes_from"), future.comes_from, "future")
        yield from _each(("futures", name, "controls"), future.controls, "control")
    for name, shock in instance.shocks.items():
        yield from _one(("shocks", name, "comes_from"), shock.comes_from, "future")
        yield from _each(("shocks", name, "controls"), shock.controls, "control")
    if instance.sampling is not None:
        yield from _each(("sampling", "controls"), instance.sampling.controls, "control")
    for name, stockpile in instance.stockpiles.items():
        if stockpile.emergency != ["*"]:
            yield from _each(("stockpiles", name, "emergency"), stockpile.emergency, "control")
    for name, control in instance.controls.items():
        path: FieldPath = ("controls", name)
        yield from _named_by(path, control)


def _of_requirements(instance: Instance) -> Iterator[Reference]:
    for name, part in instance.requirements.items():
        path: FieldPath = ("requirements", name)
        yield from _named_by(path, part)
        if isinstance(part, Outage):
            yield from _each((*path, "of"), part.of, part.loss)


# Fields of requirements and controls that name parts, and what they name: one, or names or patterns for many.
NAMED = {
    "futures": "future or shock", "regions": "region", "destinations": "region", "classes": "class of users",
    "exempt": "class of users", "commodities": "commodity", "stages": "stage", "elements": "element",
    "stockpiles": "stockpile", "projects": "project", "exporter": "exporter", "shock": "shock",
}


LIST_OF_PATTERNS = get_args(Patterns)[0]


def _named_by(path: FieldPath, part: Part) -> Iterator[Reference]:
    for field, declared in type(part).model_fields.items():
        if field not in NAMED:
            continue
        stated, place, kind = getattr(part, field), (*path, field), NAMED[field]
        if isinstance(stated, str):
            yield from _one(place, stated, kind)
        else:
            # A list of names is compared letter by letter: a pattern in it would stand for nothing.
            yield from (_each if declared.annotation == LIST_OF_PATTERNS else _names)(place, stated, kind)
