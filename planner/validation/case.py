"""Case to validate: one variant of an instance, with the place of each mistake."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from planner.common.errors import Place, Problem
from planner.language.figure import FieldPath, Figure, Part
from planner.language.instance import Instance
from planner.language.units import Span, periods

TOLERANCE = 1e-9


@dataclass(frozen=True)
class VariantCase:
    """One variant of the instance."""

    instance: Instance
    locate: Callable[[FieldPath], Place]

    def problem(self, code: str, message: str, *path: Any, hint: str | None = None) -> Problem:
        """A problem at a path of the instance."""
        return Problem(code, message, self.locate(path), hint)

    @cached_property
    def spans(self) -> list[Span]:
        """The periods of the horizon."""
        return periods(self.instance.time)

    def ever(self, figure: Figure | None) -> bool:
        """Whether a figure is above zero in some period; an absent limit is."""
        return figure is None or any(figure.at(span.middle) > 0 for span in self.spans)


def parts_of(part: Part, path: FieldPath = ()) -> Iterator[tuple[FieldPath, Part]]:
    """A part and all parts below it with their paths."""
    yield path, part
    for name in type(part).model_fields:
        yield from _below(getattr(part, name), (*path, name))


def _below(value: Any, path: FieldPath) -> Iterator[tuple[FieldPath, Part]]:
    if isinstance(value, Part):
        yield from parts_of(value, path)
    elif isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _below(item, (*path, key))
