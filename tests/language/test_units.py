"""Units of prices and roles, and what periods are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.language.instance import Units
from planner.language.units import periods, price_factor, unit
from tests.documents import small


@pytest.mark.parametrize(
    ("quantity", "money", "price", "factor"),
    [
        ("t", "MUSD", "USD/kg", 1e-3),
        ("t", "USD", "USD/t", 1),
        ("kt", "bnEUR", "EUR/kg", 1e-3),
        ("kg", "kUSD", "USD/g", 1),
        ("PJ", "MUSD", "kUSD/PJ", 1e-3),
        ("t", "Mexican peso", "Mexican peso/t", 1),
        ("t", "USD", "MUSD/t", 1e6),
    ],
)
def test_price_factor(quantity: str, money: str, price: str, factor: float) -> None:
    assert price_factor(Units(quantity=quantity, money=money, price=price)) == pytest.approx(factor, rel=1e-12)


@pytest.mark.parametrize(
    ("quantity", "money", "price"), [("t", "MUSD", "EUR/kg"), ("t", "USD", "USD"), ("t", "USD", "USD/m3")]
)
def test_units_that_do_not_belong_together(quantity: str, money: str, price: str) -> None:
    with pytest.raises(ValueError, match="price"):
        price_factor(Units(quantity=quantity, money=money, price=price))


def test_unit_of_a_role() -> None:
    units = Units(quantity="t", money="MUSD", price="USD/kg")
    assert [unit(units, role) for role in ("quantity/year", "price", "money/year", "share", "year")] == [
        "t/year", "USD/kg", "MUSD/year", "share", "year",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("start", "lengths", "names"),
    [
        (2026, "[1, 1, 2, 5]", ["2026", "2027", "2028-2029", "2030-2034"]),
        (2026, "[0.25, 0.25, 0.5, 1]", ["2026.00", "2026.25", "2026.50", "2027"]),
        (2026.5, "[1, 2]", ["2026-2027", "2027-2029"]),
        (2026, "[{length: 1, name: now}, 1]", ["now", "2027"]),
    ],
)
def test_names_of_periods(tmp_path: Path, start: float, lengths: str, names: list[str]) -> None:
    document = small(
        tmp_path,
        ("start: 2026", f"start: {start}"),
        ("periods: [1, 1, 2, {name: late, length: 4}]", f"periods: {lengths}"),
    )
    assert [span.name for span in periods(document.instance.time)] == names
