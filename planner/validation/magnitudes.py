"""Figures of an implausible size: negligible compared with the others of their kind, or far above them.

A figure is measured against the median of all of its kind, so that the rule holds in any units.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from planner.common.errors import Problem
from planner.language.figure import FieldPath, Part, walk_figures
from planner.language.instance import Instance
from planner.language.trade import Point
from planner.language.units import price_factor
from planner.validation.case import VariantCase, parts_of

KINDS = {"quantity": "amounts", "quantity/year": "amounts", "price": "prices", "money": "sums of money"}
FAR = 1e12  # Times the median, beyond which double precision cannot hold both in one sum.
# The same of money, for all of it meets in the objective, which a solver tells to 1e-9 at best; and of sizes of
# projects, for whether one is built is a whole number, told no better.
FAR_TOLD = 1e9


class Stated(NamedTuple):
    """A number other than 0: where it stands, its kind, its size without sign."""

    path: FieldPath
    kind: str
    size: float

    @property
    def far(self) -> float:
        """Largest ratio to the median."""
        return FAR if self.kind == "amounts" and self.path[0] != "projects" else FAR_TOLD


def magnitude_problems(cases: Sequence[VariantCase]) -> Iterator[Problem]:
    """Numbers of all variants that are far above or below the median of their kind in the trunk."""
    trunk = cases[0].instance
    sizes: defaultdict[str, list[float]] = defaultdict(list)
    for stated in _numbers(trunk):
        sizes[stated.kind].append(stated.size)
    medians = {kind: statistics.median_low(found) for kind, found in sizes.items()}
    yield from _unlike_units(cases[0], medians)
    for case in cases:
        for stated in _numbers(case.instance, None if case is cases[0] else trunk):
            typical = medians.get(stated.kind, stated.size)
            if not typical / FAR <= stated.size <= typical * stated.far:
                yield _problem(case, stated, typical)


def _unlike_units(case: VariantCase, typical: Mapping[str, float]) -> Iterator[Problem]:
    """Sums of money far below, or far above, the cost of typical amounts at typical prices."""
    if len(typical) < len(set(KINDS.values())):
        return
    units, stated = case.instance.units, typical["sums of money"]
    worth = typical["amounts"] * typical["prices"] * price_factor(units)
    if not worth / FAR_TOLD <= stated <= worth * FAR_TOLD:
        message = f"sums of money are near {stated:g} {units.money}, but amounts at their prices near {worth:g}"
        yield case.problem("out-of-range", message, "units", hint="check the units of quantity, money and price")


def _numbers(instance: Instance, apart_from: Instance | None = None) -> Iterator[Stated]:
    """The numbers other than 0 of an instance, but for sections that it shares with another."""
    def wanted(name: str) -> bool:
        return apart_from is None or getattr(instance, name) is not getattr(apart_from, name)

    for found in walk_figures(instance, wanted=wanted):
        for number in found.figure.numbers() if found.unit in KINDS else ():
            if number:
                yield Stated(found.path, KINDS[found.unit], abs(number))
    for section in ("projects", "lanes"):
        for name, part in getattr(instance, section).items() if wanted(section) else ():
            yield from _corners((section, name), part)


def _corners(path: FieldPath, part: Part) -> Iterator[Stated]:
    """The corners of the cost curve of a project or lane."""
    for place, corner in parts_of(part, path):
        if isinstance(corner, Point):
            numbers = (Stated((*place, "size"), "amounts", corner.size),
                       Stated((*place, "cost"), "sums of money", corner.cost))
            yield from (number for number in numbers if number.size)


def _problem(case: VariantCase, stated: Stated, typical: float) -> Problem:
    name = ".".join(str(step) for step in stated.path)
    message = f"{name} is {stated.size:g}, but {stated.kind} of this instance are near {typical:g}"
    is_large = stated.size > typical
    hint = "check its unit; a limit that limits nothing can be left out" if is_large else "write 0 for nothing"
    return case.problem("out-of-range", message, *stated.path, hint=hint)
