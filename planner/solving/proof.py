"""Proven intervals of a cost and of the difference of two costs: the one place that decides if a difference is proven.

A solve proves that the least cost lies between its bound and the cost of the plan it found. Two such intervals bound
the difference of the two least costs. If that interval contains zero, either cost may be the higher. Other differences
between the two plans (projects, dates, shares) may then be a choice between equals, and are no finding.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

ROUNDING = 1e-9  # Share of the larger value below which a difference is rounding of the solver.


@dataclass(frozen=True)
class Proven:
    """A value as found, and the ends between which it is proven to lie [money]."""

    found: float
    least: float
    most: float


@dataclass(frozen=True)
class ProvenDifference(Proven):
    """Difference of one value from another, as found and as proven [money]."""

    rounding: float = 0.0

    @property
    def is_told(self) -> bool:
        """Whether it is proven which of the two is the larger."""
        return self.least > self.rounding or self.most < -self.rounding

    @property
    def is_equal(self) -> bool:
        """Whether it is proven that the two are the same, but for rounding."""
        return -self.rounding <= self.least and self.most <= self.rounding

    @property
    def row(self) -> dict[str, float | bool | None]:
        """Its columns in any table; without an end where nothing is proven of it."""
        ends = {"difference": self.found, "least": self.least, "most": self.most}
        return {name: end if math.isfinite(end) else None for name, end in ends.items()} | {"told": self.is_told}


def proven(objective: float | None, bound: float | None) -> Proven:
    """Objective and bound of a solve, in the instance's own sense; without a bound nothing is proven."""
    if objective is None or bound is None or not (math.isfinite(objective) and math.isfinite(bound)):
        return Proven(math.nan if objective is None else objective, -math.inf, math.inf)
    return Proven(objective, min(objective, bound), max(objective, bound))


def difference(first: Proven, other: Proven) -> ProvenDifference:
    """The other value minus the first, with its proven interval."""
    scale = max((abs(v) for v in (first.found, other.found) if math.isfinite(v)), default=0.0)
    return ProvenDifference(
        other.found - first.found, other.least - first.most, other.most - first.least, ROUNDING * (1.0 + scale)
    )
