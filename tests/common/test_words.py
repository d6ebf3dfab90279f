"""Figures as people read them; what is right was written by hand."""

from __future__ import annotations

import random

import pytest

from planner.common.words import amount, count, number, percent, share, signed, total, year
from planner.reading.document import load
from tests.paths import STARTER


@pytest.mark.parametrize(("value", "said"), [
    (0.0, "0"), (-0.0, "0"), (2.5, "2.5"), (62.99999999999999, "63"), (9.996, "10"), (99.96, "100"), (999.6, "1,000"),
    (1234567.8, "1,234,568"), (0.0001234, "0.000123"), (-0.004, "-0.004"), (1e20, "1e+20"), (1e-12, "1e-12"),
    (float("inf"), "inf"),
])
def test_amounts_have_three_digits_or_all_before_the_point(value: float, said: str) -> None:
    assert amount(value) == said


@pytest.mark.parametrize(("value", "said"), [
    (0.0, "0.00"), (-8.9e-16, "0.00"), (2.5, "2.50"), (1806.9653888747, "1,806.97"), (153.675, "153.675"),
    (-69487.951, "-69,487.95"), (0.000123456789, "0.000123457"), (100.0, "100.00"), (0.1 + 0.2, "0.30"),
])
def test_totals_have_cents_and_six_digits_where_they_are_small(value: float, said: str) -> None:
    assert total(value) == said


@pytest.mark.parametrize(("value", "said", "short"), [
    (1.0, "100.0%", "100%"), (0.0, "0.0%", "0%"), (0.5, "50.0%", "50%"), (0.9996, "99.96%", "99.96%"),
    (0.99996, "99.996%", "99.996%"), (1 - 1e-9, "100.0%", "100%"), (0.0004, "0.04%", "0.04%"), (1e-15, "0.0%", "0%"),
    (0.123456, "12.3%", "12.3%"), (1 / 3000, "0.033%", "0.033%"), (-0.0001, "-0.01%", "-0.01%"),
    (-0.0, "0.0%", "0%"), (-1e-12, "0.0%", "0%"), (0.6299999999, "63.0%", "63%"),
])
def test_shares_are_not_rounded_to_all_or_none(value: float, said: str, short: str) -> None:
    assert percent(value) == said
    assert share(value) == short


def test_differences_have_a_sign_where_there_is_one() -> None:
    assert [signed(value) for value in (2.5, -2.5, 0.0, -0.0)] == ["+2.5", "-2.5", "0", "0"]
    assert signed(1e-12, total) == "0.00"
    assert [count(1, "project"), count(2000, "project"), count(2, "loss", "losses")] == [
        "1 project", "2,000 projects", "2 losses"]
    assert [year(2029.0), year(2029.25)] == ["2029", "2029.2"]


def test_what_is_written_is_near_what_is_meant() -> None:
    draw = random.Random(3)
    for _ in range(2000):
        value = draw.choice([-1, 1]) * 10 ** draw.uniform(-8, 14)
        for digits in (3, 4, 6):
            assert float(number(value, digits).replace(",", "")) == pytest.approx(value, rel=0.51 * 10 ** (1 - digits))
        assert float(total(value).replace(",", "")) == pytest.approx(value, rel=1e-5, abs=0.0051)


def test_overrides_calculate_as_people_do() -> None:
    """90 times 0.7 in binary is 62.99999999999999, and 0.1 more than 0.2 is 0.30000000000000004."""
    sets = ["demands.cars.amount=90", "demands.cars.amount*=0.7", "time.discount_rate=0.2", "time.discount_rate+=0.1"]
    instance = load(STARTER, sets=sets).instance
    assert instance.demands["cars"].amount.numbers() == [63.0]
    assert instance.time.discount_rate == 0.3
