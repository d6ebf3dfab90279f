"""Obligations of a figure: the unit it is declared in and, in a sourced instance, its source."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from planner.common.errors import Place, Problem
from planner.language.figure import FieldPath, Figure, FigureField, Part, walk_figures
from planner.language.instance import Instance
from planner.language.units import periods, price_factor, unit
from planner.reading.blame import dotted

Locate = Callable[[FieldPath], Place]


def figure_problems(
    instance: Instance, locate: Locate, wanted: Callable[[str], bool] = lambda _: True
) -> Iterator[Problem]:
    """Units that disagree, figures without source and estimates without a reason, in the sections wanted."""
    yield from _unit_problems(instance, locate)
    for field in walk_figures(instance, wanted=wanted):
        real = unit(instance.units, field.unit)
        if field.figure.unit is not None and field.figure.unit != real:
            message = f"{dotted(field.path)} is in {real}: found {field.figure.unit}"
            yield Problem("wrong-unit", message, locate((*field.path, "unit")), "convert the figure or units")
        chain = _chain(instance, field)
        if field.figure.estimate and not any(part.note for part in chain):
            message = f"{dotted(field.path)} is an estimate and needs a note: its reason and range"
            yield Problem("unsourced", message, locate(field.path))
        if instance.sourced and not _is_default(chain[1], field):
            yield from _unsourced(field, chain, locate)


def _unit_problems(instance: Instance, locate: Locate) -> Iterator[Problem]:
    try:
        price_factor(instance.units)
    except ValueError as error:
        yield Problem("wrong-unit", str(error), locate(("units", "price")))
    try:
        periods(instance.time)
    except ValueError as error:
        yield Problem("duplicate-key", str(error), locate(("time", "periods")))


def _chain(instance: Instance, field: FigureField) -> list[Part]:
    """The figure and the parts that carry it, the nearest first; the instance itself vouches for nothing."""
    carriers: list[Part] = [field.figure]
    value: Any = instance
    parts: list[Part] = []
    for step in field.path:
        if isinstance(value, Part):
            parts.append(value)
            value = getattr(value, str(step))
        else:
            value = value[step]
    carriers.extend(reversed(parts))
    return carriers


def _is_default(part: Part, field: FigureField) -> bool:
    """Whether a figure only repeats what holds without it, such as a cost of 0 or an availability of 1."""
    name = next(str(step) for step in reversed(field.path) if str(step) in type(part).model_fields)
    if name not in part.model_fields_set:
        return True
    default = type(part).model_fields[name].default
    return isinstance(default, Figure) and set(field.figure.numbers()) == {default.value}


def _unsourced(field: FigureField, chain: list[Part], locate: Locate) -> Iterator[Problem]:
    carriers = chain[:-1]
    needed = ("confidence",) if field.figure.estimate else ("source", "date", "confidence")
    missing = [word for word in needed if not any(getattr(part, word) for part in carriers)]
    if missing:
        message = f"{dotted(field.path)} needs {', '.join(missing)}"
        hint = "state it with the figure or with the part that carries it"
        yield Problem("unsourced", message, locate(field.path), hint)
