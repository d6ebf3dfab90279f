"""Figures that are allowed but look like a slip of unit, worth a note."""

from __future__ import annotations

from collections.abc import Iterator

from planner.errors import Problem
from planner.figure import FigureField, walk_figures
from planner.reading.moments import is_always_between
from planner.validation.case import Case

CENTURY = 100  # Years from the horizon at which a year of a table is taken for a slip.
EFFECTIVENESS = 3.0  # Demand served per quantity beyond which a recipe looks like a percentage.
LOSSES = ("shortage", "elastic")  # Where a price is a loss or penalty and may be as high as one likes.


def doubts(case: Case) -> Iterator[Problem]:
    """Notes on years far from the horizon, costs above every loss of supply, effectiveness like a percentage."""
    figures = list(walk_figures(case.instance))
    dearest = max((max(f.figure.numbers()) for f in figures if f.path[-3:-2] == ("shortage",)), default=None)
    for found in figures:
        yield from _years(case, found)
        if dearest is not None and found.unit == "price" and not any(word in found.path for word in LOSSES):
            highest = max(found.figure.numbers())
            if highest > dearest:
                message = f"{_name(found)} is {highest:g}, more than any loss of supply ({dearest:g})"
                yield case.problem("doubtful", message, *found.path, hint="is it in the unit of prices?")
    yield from _between(case, figures)
    for name, demand in case.instance.demands.items():
        for commodity, effect in demand.accepts.items():
            if effect > EFFECTIVENESS:
                message = f"one unit of {commodity} serves {effect:g} units of {name}"
                yield case.problem("doubtful", message, "demands", name, "accepts", commodity, hint="1 is kg for kg")


def _years(case: Case, found: FigureField) -> Iterator[Problem]:
    begin, end = case.spans[0].start, case.spans[-1].end
    far = [year for year in found.figure.by_year or {} if not begin - CENTURY <= year <= end + CENTURY]
    if far:
        message = f"{_name(found)} states the year {far[0]}, far from the horizon {begin:g} to {end:g}"
        yield case.problem("doubtful", message, *found.path)


def _between(case: Case, figures: list[FigureField]) -> Iterator[Problem]:
    """One note for all tables of years none of whose years is the middle of a period."""
    middles = [span.middle for span in case.spans]
    between = [found for found in figures if is_always_between(found.figure, middles)]
    if between:
        first, stated = between[0], set(between[0].figure.numbers())
        read = {span.name: first.figure.at(span.middle) for span in case.spans}
        name = next((name for name, value in read.items() if value not in stated), case.spans[0].name)
        message = f"no year of {_name(first)} is the middle of a period: {name} reads {read[name]:g}, interpolated"
        more = f"; so for {len(between) - 1} more" if len(between) > 1 else ""
        hint = "give by_period: [...] or see planner show --periods"
        yield case.problem("between-years", message + more, *first.path, hint=hint)


def _name(found: FigureField) -> str:
    return ".".join(str(step) for step in found.path)
