"""In what the variants of one instance differ from those of another: in figures, or in more than that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from planner.common.identity import distinct, numbered
from planner.language.figure import FieldPath, Figure, Part
from planner.language.instance import Instance


@dataclass(frozen=True)
class Differences:
    """Number of figures that differ, by `section.field`, and the sections that differ in anything else."""

    figures: Mapping[str, int]
    structure: tuple[str, ...]


def differences(some: Mapping[str, Instance], others: Mapping[str, Instance]) -> Differences:
    """Differences between two sets of variants; a figure that differs in several variants counts once."""
    if list(some) != list(others) or numbered(some.values()) != numbered(others.values()):
        return Differences({}, ("futures",))
    figures, structure = set[FieldPath](), dict[str, None]()
    for one, other in zip(distinct(some.values()), distinct(others.values()), strict=True):
        for path, is_figure in _differing(one, other):
            if is_figure:
                figures.add(path)
            else:
                structure[str(path[0])] = None
    return Differences(Counter(map(place_of, figures)), tuple(structure))


NOT_OPERATING = {
    "name", "title", "description", "published_optimum", "sourced", "sampling", "sources", "options",
    "futures", "shocks",
}  # Sections of which no row of a node reads anything but through figures; a new section counts until it stands here.


def operate_alike(one: Instance, other: Instance) -> bool:
    """Whether two instances differ at most in figures, in all that the rows of a node can read."""
    if one is other:
        return True
    sections = (field for field in Instance.model_fields if field not in NOT_OPERATING)
    return all(is_figure for f in sections for _, is_figure in _differing(getattr(one, f), getattr(other, f)))


def place_of(path: FieldPath) -> str:
    """Section and field of a figure, without the name of the entry: demands.amount."""
    return ".".join(map(str, (path[0], *path[2:3])))


def _differing(one: Any, other: Any) -> Iterator[tuple[FieldPath, bool]]:
    """The path of every value that differs, and whether it is a figure in both."""
    if one is other:
        return
    if isinstance(one, Figure) and isinstance(other, Figure):
        if one != other:
            yield (), True
        return
    here, there = _entries(one), _entries(other)
    if type(one) is type(other) and here is not None and there is not None and list(here) == list(there):
        for key, value in here.items():
            for path, is_figure in _differing(value, there[key]):
                yield (key, *path), is_figure
    elif type(one) is not type(other) or here is not None or one != other:
        yield (), False


def _entries(value: Any) -> Mapping[Any, Any] | None:
    """Parts of a value by key; None for a value without parts."""
    if isinstance(value, Part):
        return vars(value)
    if isinstance(value, dict):
        return value
    return dict(enumerate(value)) if isinstance(value, list | tuple) else None
