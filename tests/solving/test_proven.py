"""What can be told of a difference: by hand, from objectives and bounds."""

from __future__ import annotations

import math

import pytest

from planner.solving.proof import difference, proven


@pytest.mark.parametrize(
    ("first", "other", "ends", "is_told"),
    [
        ((100.0, 98.0), (105.0, 104.0), (4.0, 7.0), True),  # At least 104 - 100, at most 105 - 98.
        ((100.0, 98.0), (101.0, 99.0), (-1.0, 3.0), False),
        ((101.0, 99.0), (100.0, 98.0), (-3.0, 1.0), False),
        ((105.0, 104.0), (100.0, 98.0), (-7.0, -4.0), True),
        ((100.0, 103.0), (95.0, 96.0), (-8.0, -4.0), True),  # Maximised: bounds lie above.
        ((100.0, 100.0), (100.0 + 1e-8, 100.0 + 1e-8), (1e-8, 1e-8), False),  # Rounding of the solver.
        ((100.0, None), (200.0, 199.0), (-math.inf, math.inf), False),  # Nothing proven of one.
        ((-0.5, -0.75), (0.25, 0.125), (0.625, 1.0), True),
    ],
)
def test_a_difference_is_told_when_the_ends_agree_on_its_sign(
    first: tuple[float, float | None], other: tuple[float, float], ends: tuple[float, float], is_told: bool
) -> None:
    found = difference(proven(*first), proven(*other))
    assert (found.least, found.most) == pytest.approx(ends)
    assert found.found == other[0] - first[0]
    assert found.is_told == is_told


def test_equal_is_proven_only_of_what_is_proven_to_the_end() -> None:
    assert difference(proven(5.0, 5.0), proven(5.0, 5.0)).is_equal
    assert not difference(proven(5.0, 4.9), proven(5.0, 4.9)).is_equal
    assert not difference(proven(None, None), proven(5.0, 5.0)).is_equal
