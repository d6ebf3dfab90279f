"""Factors: what varies, and the value that belongs to every quantile."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from planner.common.errors import Place
from planner.reading.override import Operator
from planner.workflows.sweep.schema import Distribution, Lognormal, Normal, Scalar, Triangular, Uniform, Vary

EDGE = 1e-9  # Quantiles of distributions without ends are cut off here.


@dataclass(frozen=True)
class Factor:
    """Paths that move together. `at` takes a quantile from 0 to 1; `levels` are the values of a discrete factor."""

    name: str
    changes: tuple[tuple[str, Operator], ...]
    at: Callable[[float], Scalar]
    place: Place
    levels: tuple[Scalar, ...] = ()
    is_range: bool = False

    def ends(self, quantiles: tuple[float, float]) -> tuple[tuple[float, Scalar], ...]:
        """Quantiles and values to try alone: all levels, the ends of a range, or two quantiles."""
        if self.levels:
            return tuple((_middle(i, len(self.levels)), value) for i, value in enumerate(self.levels))
        return tuple((q, self.at(q)) for q in ((0.0, 1.0) if self.is_range else quantiles))

    def spread(self, count: int) -> tuple[tuple[float, Scalar], ...]:
        """Evenly spread quantiles and values: all levels, or a number of points of the range or distribution."""
        if self.levels:
            return self.ends((0.0, 1.0))
        if self.is_range:
            return tuple((i / (count - 1), self.at(i / (count - 1))) for i in range(count))
        return tuple((_middle(i, count), self.at(_middle(i, count))) for i in range(count))


def _middle(number: int, count: int) -> float:
    return (number + 0.5) / count


def made(name: str, changes: Sequence[tuple[str, Operator]], part: Vary, place: Place) -> Factor:
    """The factor that a study states; ValueError when its range is empty or a distribution has no width."""
    if part.values is not None:
        levels = tuple(part.values)
        if len(set(levels)) != len(levels):
            raise ValueError("a value is given twice")
        return Factor(name, tuple(changes), _of_levels(levels), place, levels)
    if part.distribution is not None:
        return Factor(name, tuple(changes), _quantile(part.distribution), place)
    assert isinstance(part.range, tuple)
    low, high = part.range
    if low >= high:
        raise ValueError(f"the range from {low:g} to {high:g} is empty")
    return Factor(name, tuple(changes), lambda q: low + (high - low) * q, place, is_range=True)


def _of_levels(levels: tuple[Scalar, ...]) -> Callable[[float], Scalar]:
    return lambda q: levels[min(int(q * len(levels)), len(levels) - 1)]


def _quantile(part: Distribution) -> Callable[[float], Scalar]:
    drawn = _drawn(part)

    def at(quantile: float) -> float:
        with np.errstate(over="ignore"):  # What is not finite is refused below.
            value = float(drawn.ppf(min(max(quantile, EDGE), 1 - EDGE)))
        if not math.isfinite(value):
            raise ValueError("the distribution has no finite values there")
        return value

    for quantile in (0.0, 0.5, 1.0):
        at(quantile)
    return at


def _drawn(part: Distribution) -> Any:
    if isinstance(part, Normal):
        low, high = (e if e is not None else d for e, d in ((part.low, -math.inf), (part.high, math.inf)))
        _require(low < high, low, high)
        cut = ((end - part.mean) / part.deviation for end in (low, high))
        return stats.truncnorm(*cut, loc=part.mean, scale=part.deviation)
    if isinstance(part, Lognormal):
        return stats.lognorm(part.deviation, scale=part.median)
    _require(part.low < part.high, part.low, part.high)
    width = part.high - part.low
    if isinstance(part, Triangular):
        _require(part.low <= part.mode <= part.high, part.low, part.high)
        return stats.triang((part.mode - part.low) / width, loc=part.low, scale=width)
    assert isinstance(part, Uniform)
    return stats.uniform(part.low, width)


def _require(holds: bool, low: float, high: float) -> None:
    if not holds:
        raise ValueError(f"the distribution from {low:g} to {high:g} is empty or does not hold its mode")
