"""Figures: numbers that keep their unit, range, source, date and confidence.

A figure is written as a plain number, as a table of years, or in full::

    capacity: 45000
    capacity: {2026: 0, 2028: 7000}
    capacity: {by_period: [0, 7000, 7000]}
    capacity: {value: 45000, low: 40000, high: 50000, source: usgs2025, confidence: high}

A year's value stands at the middle of that calendar year; between the stated years it is interpolated
(``linear``) or kept from the start of the year (``step``), before the first and after the last it is constant. A
period takes the value at its own middle. By period, a value holds throughout its period and is never interpolated.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationInfo,
    model_validator,
)

Confidence = Literal["high", "medium", "low"]
Name = Annotated[
    str,
    Field(min_length=1, max_length=120, pattern=r"^[^\s|,;:/\[\]*?=+@-]([^|,;:/\[\]*?\n]*[^\s|,;:/\[\]*?])?$"),
]
Pattern = Annotated[str, Field(min_length=1, description="A name, or a pattern with * and ?.")]
Year = Annotated[float, Field(ge=0, le=4000)]
FieldPath = tuple[str | int, ...]  # Names of fields, keys and indices that lead to a part or figure of an instance.
LEAST = 1e-12  # A share or ratio that is smaller is nothing in any sum of doubles.


def _none_or_some(value: float) -> float:
    """Refuse what can only be a slip for nothing."""
    if 0 < value < LEAST:
        raise ValueError(f"{value:g} is too small to be told from nothing: write 0")
    return value


Share = Annotated[float, Field(ge=0, le=1), AfterValidator(_none_or_some)]
CapacityUse = Annotated[float, Field(ge=0, le=1e12), AfterValidator(_none_or_some)]
Ratio = Annotated[float, Field(ge=LEAST, le=1e12)]  # Of amounts: beyond that no sum in doubles holds both.


def _as_list(value: Any) -> Any:
    """One name alone is a list of one."""
    return [value] if isinstance(value, str) else value


Patterns = Annotated[list[Pattern], BeforeValidator(_as_list, json_schema_input_type=str | list[str])]
Names = Annotated[list[Name], BeforeValidator(_as_list, json_schema_input_type=str | list[str])]


MOMENT = 1e-4  # Years, less than an hour: moments nearer than this are one, for years and lengths are rounded.

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
    """A number or a series by year or period, with its range and provenance.

    The range of a number is in its own unit, that of a series a factor on all of it; `range: factor` makes it a
    factor on a number too. A plain number or table of years that replaces a figure (in a table's row over `common`,
    in a file that `extends`, by a scenario or `--set`) keeps its source, note and range. `*=` scales a range with its
    number and leaves a factor. A range that does not fit the new value is left out, with a note of `validate`.
    """

    value: float | None = Field(None, description="The figure, when it is the same in every year.")
    by_year: dict[int, float] | None = Field(
        None, description="Values by calendar year, each standing at the year's middle; a period reads its own middle."
    )
    by_period: Annotated[list[float], Field(min_length=1)] | None = Field(
        None, description="One value for every period of `time`, in order; it holds throughout the period."
    )
    interpolate: Literal["linear", "step"] = Field(
        "linear", description="Between the stated years; `step` keeps a year's value from its start."
    )
    low: float | None = Field(None, description="Lower end of the range.")
    high: float | None = Field(None, description="Upper end of the range.")
    range: Literal["absolute", "factor"] | None = Field(
        None, description="Whether low and high are in the unit of the figure, or factors on it (always so of a"
        " series)."
    )
    unit: str | None = Field(None, description="If given it must be the unit the field is declared in.")
    estimate: bool = Field(False, description="A judgement, not a source's statement; needs low, high, note.")
    _starts: tuple[float, ...] = PrivateAttr(())

    @model_validator(mode="after")
    def _one_statement(self, info: ValidationInfo) -> Figure:
        series = self.by_year is not None or self.by_period is not None
        if [self.value, self.by_year, self.by_period].count(None) != 2:
            raise ValueError("give one of: value, by_year, by_period")
        if self.by_year is not None and not self.by_year:
            raise ValueError("by_year is empty")
        if self.by_period is not None:
            self._starts = _starts(info, len(self.by_period))
        if (self.low is None) != (self.high is None):
            raise ValueError("give both low and high or neither")
        if self.range is not None and (self.low is None or (series and self.range == "absolute")):
            raise ValueError("range says what low and high are; those of a series are factors")
        self._require_range()
        return self

    def _require_range(self) -> None:
        middle = 1.0 if self.value is None or self.range == "factor" else self.value
        if self.low is not None and self.high is not None and not self.low <= middle <= self.high:
            about = "factor" if self.value is None or self.range == "factor" else "figure"
            advice = "" if about == "factor" else "; if low and high are factors, write range: factor"
            raise ValueError(f"the {about} {middle:g} lies outside its range {self.low:g} to {self.high:g}{advice}")
        if self.estimate and self.low is None:
            raise ValueError("an estimate needs its range: low and high")

    @property
    def ends(self) -> tuple[float, float] | None:
        """Low and high in the unit of the figure; of a series, those of its first value."""
        if self.low is None or self.high is None:
            return None
        first = self.numbers()[0] if self.value is None or self.range == "factor" else 1.0
        return self.low * first, self.high * first

    def at(self, year: float) -> float:
        """Value at a point in time, `year` being decimal (2030.5 is the middle of 2030)."""
        if self.value is not None:
            return self.value
        if self.by_period is not None:
            return self.by_period[max(0, bisect_right(self._starts, year + MOMENT) - 1)]
        assert self.by_year is not None
        years = sorted(self.by_year)
        if self.interpolate == "step":
            known = [y for y in years if y <= year + MOMENT]
            return self.by_year[known[-1] if known else years[0]]
        if year <= years[0] + 0.5:
            return self.by_year[years[0]]
        for left, right in pairwise(years):
            if year <= right + 0.5:
                share = (year - left - 0.5) / (right - left)
                return self.by_year[left] * (1 - share) + self.by_year[right] * share
        return self.by_year[years[-1]]

    @property
    def is_constant(self) -> bool:
        """Whether it is one number, the same at all times."""
        return self.value is not None

    def numbers(self) -> list[float]:
        """Every number stated as the figure's value, in order of time."""
        if self.value is not None:
            return [self.value]
        if self.by_period is not None:
            return list(self.by_period)
        return [number for _, number in sorted((self.by_year or {}).items())]

    def require(self, label: str, limits: dict[str, Any]) -> None:
        """Raise ValueError when a number lies outside the field's range, or varies in time where one holds for all."""
        if limits.get("once") and not self.is_constant:
            raise ValueError(f"{label}: one number for the whole horizon is expected, found a series in time")
        low, high = limits.get("least", -math.inf), limits.get("most", math.inf)
        for number in self.numbers():
            if not low <= number <= high:
                raise ValueError(f"{label}: {number:g} lies outside {low:g} to {high:g} ({limits['unit']})")
            if limits["unit"] == "share" and 0 < number < LEAST:
                raise ValueError(f"{label}: {number:g} is too small to be told from nothing: write 0")


def _starts(info: ValidationInfo, count: int) -> tuple[float, ...]:
    """Starts of the periods that a series by period is for; ValueError when they are not as many."""
    starts = tuple((info.context or {}).get("starts", ()))
    if len(starts) != count:
        raise ValueError(f"by_period has {count} values for {len(starts)} periods: one for each is expected")
    return starts


class FigureField(NamedTuple):
    """A figure found in a part: where it stands and the unit it is declared in."""

    path: FieldPath
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
    part: Any, path: FieldPath = (), wanted: Callable[[str], bool] = lambda _: True
) -> Iterator[FigureField]:
    """Every figure below a part with its path and declared unit, in document order; only in its wanted fields."""
    if isinstance(part, Part):
        for name, field in type(part).model_fields.items():
            if not wanted(name):
                continue
            extra = field.json_schema_extra
            unit = str(extra["unit"]) if isinstance(extra, dict) and "unit" in extra else None
            yield from _walk(getattr(part, name), (*path, name), unit)


def _walk(value: Any, path: FieldPath, unit: str | None) -> Iterator[FigureField]:
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
    unit: str, meaning: str, default: Any = ..., least: float = 0.0, most: float = math.inf, once: bool = False,
    example: float | None = None,
) -> Any:
    """Declare a field that holds figures: its unit, meaning and range (`least` to `most`).

    `once` is for a figure that is about the horizon as a whole: it may not vary by year or period. `example` is shown
    where no shipped instance states the field.
    """
    extra: dict[str, Any] = {"unit": unit, "least": least}
    if once:
        extra["once"] = True
        meaning = f"{meaning}; one number, not by year"
    if most < math.inf:
        extra["most"] = most
    if isinstance(default, int | float):
        default = Figure(value=float(default))
    examples = None if example is None else [example]
    return Field(default, description=f"{meaning} [{unit}]", json_schema_extra=extra, examples=examples)
