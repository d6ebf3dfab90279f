"""Piecewise-linear costs."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from planner.language.instance import Point


class Segment(NamedTuple):
    """One straight piece of a piecewise-linear cost."""

    left: Point
    right: Point


def segments(curve: list[Point]) -> list[Segment]:
    return [Segment(a, b) for a, b in pairwise(curve)]


def is_convex(curve: list[Point]) -> bool:
    """Whether slopes never fall: then no binary is needed to walk the pieces in order."""
    slopes = [(s.right.cost - s.left.cost) / (s.right.size - s.left.size) for s in segments(curve)]
    return all(b >= a - 1e-12 * max(1.0, abs(a)) for a, b in pairwise(slopes))
