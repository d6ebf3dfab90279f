"""Figures: numbers that keep their unit, range, source, date and confidence.

A figure is written as a plain number, as a table of years, or in full::

    capacity: 45000
    capacity: {2026: 0, 2028: 7000}
    capacity: {value: 45000, low: 40000, high: 50000, source: usgs2025, confidence: high}

A year's value stands at the middle of that calendar year; between the stated years it is interpolated
(``linear``) or kept (``step``), before the first and after the last it is constant. A period takes the
value at its own middle.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Confidence = Literal["high", "medium", "low"]
Name = Annotated[
    str,
    Field(min_length=1, max_length=120, pattern=r"^[^\s|,;:/\[\]*?=+@-]([^|,;:/\[\]*?\n]*[^\s|,;:/\[\]*?])?$"),
]
Pattern = Annotated[str, Field(min_length=1, description="A name, or a pattern with * and ?.")]
Year = Annotated[float, Field(ge=0, le=4000)]
Share = Annotated[float, Field(ge=0, le=1)]


def _as_list(value: Any) -> Any:
    """One name alone is a list of one."""
    return [value] if isinstance(value, str) else value


Patterns = Annotated[list[Pattern], BeforeValidator(_as_list, json_schema_input_type=str | list[str])]
Names = Annotated[list[Name], BeforeValidator(_as_list, json_schema_input_type=str | list[str])]


_open: list[Counter[int]] = []  # Who wants to know which figures are read.


@contextmanager
def readings() -> Iterator[Counter[int]]:
    """How often each figure is read inside, by its identity."""
    found: Counter[int] = Counter()
    _open.append(found)
    try:
        yield found
    finally:
        _open.pop()
        if _open:
            _open[-1].update(found)


def are_noted() -> bool:
    """Whether readings are noted, so that nothing may be kept that was read."""
    return bool(_open)


class Part(BaseModel):
    """A piece of an instance: frozen, refusing unknown keys, carrying its provenance."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)

    source: str | None = Field(None, description="Key of `sources` that the figures of this part rest on.")
    date: str | None = Field(None, description="Date or year the statement was made or holds for.")
    confidence: Confidence | None = Field(None, description="How clearly the source states the figures.")
    note: str | None = Field(None, description="What a reviewer should know; reason and range of an estimate.")

    @model_validator(mode="after")
    def _figures_in_range(self) -> Part:
        for name, field in type(self).model_fields.items():
            extra = field.json_schema_extra
            if not isinstance(extra, dict) or "unit" not in extra:
                continue
            for label, figure in figures_of(getattr(self, name), name):
                figure.require(label, extra)
        return self


class Figure(Part):
    """A number or a series by year, with its range and provenance."""

    value: float | None = Field(None, description="The figure, when it is the same in every year.")
    by_year: dict[int, float] | None = Field(None, description="Values by calendar year.")
    interpolate: Literal["linear", "step"] = Field("linear", description="Between the stated years.")
    low: float | None = Field(None, description="Lower end of the range (of the factor 1 when by_year).")
    high: float | None = Field(None, description="Upper end of the range (of the factor 1 when by_year).")
    unit: str | None = Field(None, description="If given it must be the unit the field is declared in.")
    estimate: bool = Field(False, description="A judgement, not a source's statement; needs low, high, note.")

    @model_validator(mode="after")
    def _one_statement(self) -> Figure:
        if (self.value is None) == (self.by_year is None):
            raise ValueError("give either value or by_year")
        if self.by_year is not None and not self.by_year:
            raise ValueError("by_year is empty")
        if (self.low is None) != (self.high is None):
            raise ValueError("give both low and high or neither")
        middle = self.value if self.value is not None else 1.0
        if self.low is not None and self.high is not None and not self.low <= middle <= self.high:
            raise ValueError(f"the figure {middle:g} lies outside its range {self.low:g} to {self.high:g}")
        if self.estimate and self.low is None:
            raise ValueError("an estimate needs its range: low and high")
        return self

    def at(self, year: float) -> float:
        """Value at a point in time, `year` being decimal (2030.5 is the middle of 2030)."""
        if _open:
            _open[-1][id(self)] += 1
        if self.value is not None:
            return self.value
        assert self.by_year is not None
        years = sorted(self.by_year)
        if self.interpolate == "step":
            known = [y for y in years if y <= year]
            return self.by_year[known[-1] if known else years[0]]
        if year <= years[0] + 0.5:
            return self.by_year[years[0]]
        for left, right in pairwise(years):
            if year <= right + 0.5:
                share = (year - left - 0.5) / (right - left)
                return self.by_year[left] * (1 - share) + self.by_year[right] * share
        return self.by_year[years[-1]]

    def numbers(self) -> list[float]:
        """Every number stated as the figure's value."""
        if _open:
            _open[-1][id(self)] += 1
        return [self.value] if self.value is not None else list((self.by_year or {}).values())

    def require(self, label: str, limits: dict[str, Any]) -> None:
        """Raise ValueError when a number lies outside the field's range."""
        low, high = limits.get("least", -math.inf), limits.get("most", math.inf)
        for number in self.numbers():
            if not low <= number <= high:
                raise ValueError(f"{label}: {number:g} lies outside {low:g} to {high:g} ({limits['unit']})")


class FigureField(NamedTuple):
    """A figure found in a part: where it stands and the unit it is declared in."""

    path: tuple[str | int, ...]
    figure: Figure
    unit: str


def figures_of(value: Any, label: str) -> Iterator[tuple[str, Figure]]:
    """The figures in a field's value: itself, or those of a mapping."""
    if isinstance(value, Figure):
        yield label, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from figures_of(item, f"{label}.{key}")


def walk_figures(
    part: Any, path: tuple[str | int, ...] = (), wanted: Callable[[str], bool] = lambda _: True
) -> Iterator[FigureField]:
    """Every figure below a part with its path and declared unit, in document order; only in its wanted fields."""
    if isinstance(part, Part):
        for name, field in type(part).model_fields.items():
            if not wanted(name):
                continue
            extra = field.json_schema_extra
            unit = str(extra["unit"]) if isinstance(extra, dict) and "unit" in extra else None
            yield from _walk(getattr(part, name), (*path, name), unit)


def _walk(value: Any, path: tuple[str | int, ...], unit: str | None) -> Iterator[FigureField]:
    if isinstance(value, Figure):
        if unit is not None:
            yield FigureField(path, value, unit)
    elif isinstance(value, Part):
        yield from walk_figures(value, path)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _walk(item, (*path, key), unit)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _walk(item, (*path, index), unit)


def _spell_out(value: Any) -> Any:
    """A plain number becomes {value}, a table of years {by_year}."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return {"value": value}
    if isinstance(value, dict) and value and all(isinstance(k, int) and not isinstance(k, bool) for k in value):
        return {"by_year": value}
    return value


Number = Annotated[Figure, BeforeValidator(_spell_out)]


def figure(
    unit: str, meaning: str, default: Any = ..., least: float = 0.0, most: float = math.inf
) -> Any:
    """Declare a field that holds figures: its unit, meaning and range (`least` to `most`)."""
    extra: dict[str, Any] = {"unit": unit, "least": least}
    if most < math.inf:
        extra["most"] = most
    if isinstance(default, int | float):
        default = Figure(value=float(default))
    return Field(default, description=f"{meaning} [{unit}]", json_schema_extra=extra)
