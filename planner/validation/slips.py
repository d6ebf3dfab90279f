"""Slips of the pen: figures that the language allows but that hardly anyone means, with what was probably meant."""

from __future__ import annotations

import math
from collections.abc import Iterator

from planner.common.errors import Problem
from planner.language.controls import OfGoods, TechnologyBan
from planner.language.figure import FigureField
from planner.language.instance import Demand, Project
from planner.language.units import price_factor
from planner.validation.case import TOLERANCE, VariantCase

FAR = 50  # Years from the horizon at which every year is taken for a slip.
NEAR = 5  # Years from the horizon at which its digits are looked at.
CENTURY = 100  # Years from the horizon at which no money is discounted.
TARIFF, PRICE, DEARER = 3.0, 10.0, 5.0  # Shares and factors beyond which a percentage was meant.
NEARLY = 0.01  # Years by which the start of a period misses that of a calendar year.


def base_year_problems(case: VariantCase) -> Iterator[Problem]:
    """A base year so far from the horizon that discounting leaves nothing, or everything."""
    begin, end, base = case.spans[0].start, case.spans[-1].end, case.instance.time.base_year
    if not begin - CENTURY <= base <= end + CENTURY:
        message = f"money cannot be discounted to {base:g}, so far from the horizon {begin:g} to {end:g}"
        meant = _meant(base, begin, end)
        hint = f"was {meant} meant?" if meant is not None else f"usually base_year: {begin:g}"
        yield case.problem("outside-horizon", message, "time", "base_year", hint=hint)


def slips(case: VariantCase, figures: list[FigureField]) -> Iterator[Problem]:
    """Notes on years, shares, factors and capital costs that look like slips."""
    yield from _years(case, figures)
    yield from _starts(case)
    yield from _percentages(case, figures)
    yield from _shares(case)
    loss = _loss_of_all(case)
    for name, project in case.instance.projects.items():
        yield from _capital(case, name, project, loss)


def named(found: FigureField) -> str:
    """A figure by its path."""
    return ".".join(str(step) for step in found.path)


def may_go_short(demand: Demand) -> bool:
    """Whether all of a demand may go unserved."""
    return math.fsum(tranche.share for tranche in demand.shortage) >= 1 - TOLERANCE


def _years(case: VariantCase, figures: list[FigureField]) -> Iterator[Problem]:
    """Years of tables far from the horizon, or with the digits of a year within."""
    begin, end = case.spans[0].start, case.spans[-1].end
    for found in figures:
        for year in found.figure.by_year or {}:
            meant = None if begin - NEAR <= year <= end + NEAR else _meant(year, begin, end)
            if meant is not None or not begin - FAR <= year <= end + FAR:
                message = f"{named(found)} states the year {year}, far from the horizon {begin:g} to {end:g}"
                hint = f"was {meant} meant?" if meant is not None else None
                yield case.problem("doubtful", message, *found.path, hint=hint)
                break
    base = case.instance.time.base_year
    if not begin - FAR <= base <= end + NEAR and case.instance.time.discount_rate > 0:
        message = f"money is discounted to {base:g}, far from the horizon {begin:g} to {end:g}"
        yield case.problem("doubtful", message, "time", "base_year")


def _meant(year: float, begin: float, end: float) -> int | None:
    """The first year of the horizon that has the same digits in another order, or one more."""
    digits = f"{year:.0f}"
    for other in map(str, range(math.floor(begin), math.ceil(end))):
        less = {other[:i] + other[i + 1 :] for i in range(len(other))}
        if other != digits and (sorted(other) == sorted(digits) or digits in less):
            return int(other)
    return None


def _starts(case: VariantCase) -> Iterator[Problem]:
    """Periods that were to begin with a calendar year and do not: what begins with that year begins a period later."""
    for span in case.spans:
        away = span.start - round(span.start)
        if TOLERANCE < abs(away) < NEARLY:
            message = f"period {span.name} begins in {span.start:.12g}, not in {round(span.start)}"
            hint = "give lengths of ten digits or more: 0.3333333333 for a third"
            yield case.problem("doubtful", message, "time", "periods", hint=hint)
            return


def _percentages(case: VariantCase, figures: list[FigureField]) -> Iterator[Problem]:
    """Tariffs, price controls and added costs that were given in per cent."""
    for found in figures:
        if ("tariff" in found.path or "tariffs" in found.path) and max(found.figure.numbers()) > TARIFF:
            yield _percentage(case, max(found.figure.numbers()), "a tariff", found.path)
    for name, control in case.instance.controls.items():
        if isinstance(control, OfGoods) and control.price > PRICE:
            message = f"{name} multiplies prices by {control.price:g}"
            hint = f"was {control.price / 100:g} meant? 1.3 is 30 % dearer"
            yield case.problem("doubtful", message, "controls", name, "price", hint=hint)
        if isinstance(control, TechnologyBan) and control.dearer > DEARER:
            yield _percentage(case, control.dearer, "an added cost", ("controls", name, "dearer"))


def _percentage(case: VariantCase, share: float, what: str, path: tuple[str | int, ...]) -> Problem:
    message = f"{'.'.join(map(str, path))}: {what} of {share:g} is {share * 100:,.6g} %"
    return case.problem("doubtful", message, *path, hint=f"was {share / 100:g} meant?")


def _shares(case: VariantCase) -> Iterator[Problem]:
    """Slices of shortage that nearly make up the demand: the rest must be served at any cost."""
    for name, demand in case.instance.demands.items():
        total = math.fsum(tranche.share for tranche in demand.shortage)
        if 0.5 < total < 1 - TOLERANCE:
            message = f"the shares of shortage of {name} add up to {total:g}: the rest must be served at any cost"
            hint = "all of the demand may go short if they add up to 1"
            yield case.problem("doubtful", message, "demands", name, "shortage", hint=hint)


def _capital(case: VariantCase, name: str, project: Project, loss: float) -> Iterator[Problem]:
    """A capital cost above what all users would lose without any supply, from first to last."""
    curve = project.capital.curve
    cost, path = max(project.capital.fixed.numbers()), ("fixed",)
    if curve and curve[-1].cost > cost:
        cost, path = curve[-1].cost, ("curve",)
    if 0 < loss < cost:
        money = case.instance.units.money
        message = f"{name} costs {cost:,.6g} {money}, more than all users lose without any supply ({loss:,.4g})"
        yield case.problem("doubtful", message, "projects", name, "capital", *path, hint=f"is it in {money}?")


def _loss_of_all(case: VariantCase) -> float:
    """Loss of all users over the horizon when nothing is supplied, undiscounted [money]; 0 if unknown."""
    demands = list(case.instance.demands.values())
    if not all(may_go_short(demand) for demand in demands):
        return 0.0
    losses = (
        span.length * demand.amount.at(span.middle) * tranche.share * tranche.cost.at(span.middle)
        for demand in demands for tranche in demand.shortage for span in case.spans
    )  # fmt: skip
    return price_factor(case.instance.units) * math.fsum(losses)
