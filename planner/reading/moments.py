"""Values of an instance's figures in every period."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from planner.common.errors import InputError, Problem, did_you_mean
from planner.common.identity import ByIdentity
from planner.common.patterns import fits
from planner.language.figure import MOMENT, Figure, walk_figures
from planner.language.instance import Instance
from planner.language.units import periods, unit
from planner.reading.blame import dotted
from planner.reading.document import Document


class FigureReading(NamedTuple):
    """A figure and its value in every period, in the real unit; `future` is empty where all futures read the same."""

    figure: str
    future: str
    unit: str
    values: tuple[float, ...]


def readings_by_period(document: Document, pattern: str | None = None) -> list[FigureReading]:
    """The figures whose path fits a pattern, or all that vary by year or period; InputError if none fits."""
    trunk = dict(_readings(document.instance, pattern))
    rows = [reading for path, reading in trunk.items()]
    seen = ByIdentity[Instance, str]()
    seen[document.instance] = ""
    for future, instance in document.instances().items():
        if instance in seen:
            continue
        seen[instance] = future
        rows += [reading._replace(future=future) for path, reading in _readings(instance, pattern)
                 if path not in trunk or trunk[path].values != reading.values]
    if not rows and pattern is not None:
        known = [dotted(found.path) for found in walk_figures(document.instance)]
        problem = Problem("unknown-path", f"{pattern} is no figure of the instance", None, did_you_mean(pattern, known))
        raise InputError([problem])
    return rows


def _readings(instance: Instance, pattern: str | None) -> Iterator[tuple[str, FigureReading]]:
    spans = periods(instance.time)
    for found in walk_figures(instance):
        path = dotted(found.path)
        if fits(pattern, path) if pattern is not None else not found.figure.is_constant:
            values = tuple(found.figure.at(span.middle) for span in spans)
            yield path, FigureReading(path, "", unit(instance.units, found.unit), values)


def is_always_between(figure: Figure, middles: list[float]) -> bool:
    """Whether a table of differing years is interpolated in every period that reads it."""
    years = figure.by_year or {}
    if figure.interpolate == "step" or len(set(years.values())) < 2:
        return False
    return not any(abs(year + 0.5 - middle) <= MOMENT for year in years for middle in middles)
