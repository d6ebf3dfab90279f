"""Changes allowed to a future: figures and the numbers of recipes, neither parts nor their connections.

The model's sets, decisions and limits are those of the trunk; only numbers are read from the variant of a
node's future. A change that the model would not see is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from planner.common.errors import Problem
from planner.common.identity import distinct
from planner.language.figure import FieldPath, Figure, Part
from planner.language.instance import Instance
from planner.reading.blame import dotted
from planner.reading.grammar import written
from planner.reading.override import Change

SECTIONS = {"commodities", "processes", "facilities", "projects", "lanes", "suppliers", "outlets", "limits",
            "demands", "stockpiles", "returns"}  # fmt: skip
# Of a project only what it costs and how long it takes: when and how large it is decided is common to all futures
# that share the decision.
PROJECT = {"capital", "cost_of_capital", "public_money", "lead_time"}
WORDS = {"title", "source", "date", "confidence", "note", "status", "description"}
# Looked up name by name, so that further names may be added.
OPEN = {"variable_costs", "delivery_costs", "tariffs", "region_limits"}

PARTS = "a future may change figures; for anything else use a scenario, or a part that costs more"
ABSENT = "it is not stated without this future: state it there too, as a number that never binds, and change it here"

Difference = tuple[FieldPath, str]


class HasVariant(Protocol):
    """The instance of a future and the changes that made it."""

    @property
    def instance(self) -> Instance: ...

    @property
    def changes(self) -> list[Change]: ...


def variant_problems(plain: Instance, variants: Mapping[str, HasVariant]) -> Iterator[Problem]:
    """Changes of futures that are more than a change of figures."""
    trunk = next(iter(variants.values()))
    for variant in distinct(variants.values()):
        for base in (plain, trunk.instance):
            for path, hint in _differences(base, variant.instance, ()):
                change = _culprit([*variant.changes, *trunk.changes], path)
                yield Problem("forbidden-override", f"{dotted(path)} cannot differ between futures", change.place, hint)


def _culprit(changes: list[Change], path: FieldPath) -> Change:
    """The change nearest to a path."""

    def shared(change: Change) -> int:
        same = [left == right for left, right in zip(change.path, path, strict=False)]
        return same.index(False) if False in same else len(same)

    return max(changes, key=shared)


def _differences(old: Any, new: Any, path: FieldPath) -> Iterator[Difference]:
    """Differences of the second value from the first that the model would not see, and the remedy."""
    if old == new or (path and str(path[-1]) in WORDS):
        return
    if _is_figure(old) and _is_figure(new):
        return
    if old is None and _is_figure(new):
        if path[-1] == "reserve":  # A stock that the first period opens: without one there is no account of it.
            yield path, ABSENT
    elif isinstance(old, Part) and type(old) is type(new):
        yield from _parts(old, new, path)
    elif isinstance(old, dict) and isinstance(new, dict):
        if old.keys() != new.keys() and path[-1] not in OPEN:
            yield path, PARTS
            return
        for key in old:
            if key in new:
                yield from _differences(old[key], new[key], (*path, key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (left, right) in enumerate(zip(old, new, strict=True)):
            yield from _differences(left, right, (*path, index))
    else:
        yield path, PARTS


def _parts(old: Part, new: Part, path: FieldPath) -> Iterator[Difference]:
    for name, key in written(type(old)).items():
        inner = (*path, key)
        left, right = getattr(old, name), getattr(new, name)
        is_closed = (not path and name not in SECTIONS) or (path[:1] == ("projects",) and len(path) == 2
                                                            and name not in PROJECT | WORDS)  # fmt: skip
        if is_closed and left != right:
            yield inner, PARTS
        elif not is_closed:
            yield from _differences(left, right, inner)


def _is_figure(value: Any) -> bool:
    """Whether a value is a number, in time or not; what is free costs 0."""
    return isinstance(value, Figure) or value == "free" or (
        isinstance(value, int | float) and not isinstance(value, bool)
    )
