"""Figures that are allowed but look like a slip of unit, worth a note."""

from __future__ import annotations

from collections.abc import Iterator

from planner.common.errors import Problem
from planner.language.figure import FigureField, walk_figures
from planner.reading.moments import is_always_between
from planner.validation.case import VariantCase
from planner.validation.slips import may_go_short, named, slips

EFFECTIVENESS = 3.0  # Demand served per quantity beyond which a recipe looks like a percentage.
LOSSES = ("shortage", "elastic")  # Where a price is a loss or penalty, and may have any height.


def doubts(case: VariantCase) -> Iterator[Problem]:
    """Notes on slips of figures, costs above every loss of supply, tables read between years, odd effectiveness."""
    figures = list(walk_figures(case.instance))
    yield from slips(case, figures)
    yield from _above_every_loss(case, figures)
    yield from _between(case, figures)
    for name, demand in case.instance.demands.items():
        for commodity, effect in demand.accepts.items():
            if effect > EFFECTIVENESS:
                message = f"one unit of {commodity} serves {effect:g} units of {name}"
                yield case.problem("doubtful", message, "demands", name, "accepts", commodity, hint="1 is kg for kg")


def _above_every_loss(case: VariantCase, figures: list[FigureField]) -> Iterator[Problem]:
    """Costs that no user would pay, as a shortage is cheaper: where every user may go short."""
    demands = case.instance.demands.values()
    if not all(may_go_short(demand) for demand in demands):
        return
    dearest = max((max(step.cost.numbers()) for demand in demands for step in demand.shortage), default=0.0)
    for found in figures:
        if dearest > 0 and found.unit == "price" and not any(word in found.path for word in LOSSES):
            highest = max(found.figure.numbers())
            if highest > dearest:
                message = f"{named(found)} is {highest:g}, more than any loss of supply ({dearest:g})"
                yield case.problem("doubtful", message, *found.path, hint="is it in the unit of prices?")


def _between(case: VariantCase, figures: list[FigureField]) -> Iterator[Problem]:
    """One note for all tables of years none of whose years is the middle of a period."""
    middles = [span.middle for span in case.spans]
    between = [found for found in figures if is_always_between(found.figure, middles)]
    if between:
        first, stated = between[0], set(between[0].figure.numbers())
        read = {span.name: first.figure.at(span.middle) for span in case.spans}
        name = next((name for name, value in read.items() if value not in stated), case.spans[0].name)
        message = f"no year of {named(first)} is the middle of a period: {name} reads {read[name]:g}, interpolated"
        more = f"; so for {len(between) - 1} more" if len(between) > 1 else ""
        hint = "give by_period: [...] or see planner show --periods"
        yield case.problem("between-years", message + more, *first.path, hint=hint)
