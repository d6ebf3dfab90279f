"""Units and periods made real: what a role unit means in an instance, and what its periods are called."""

from __future__ import annotations

import math
from collections import Counter
from typing import NamedTuple

from planner.language.figure import MOMENT
from planner.language.instance import Period, Time, Units

MONEY_PREFIXES = {"bn": 1e9, "M": 1e6, "k": 1e3}
MASSES = {"g": 1e-3, "kg": 1.0, "t": 1e3, "kt": 1e6, "Mt": 1e9}


class Span(NamedTuple):
    """A period of the horizon: its name, start and length in decimal years."""

    name: str
    start: float
    length: float

    @property
    def end(self) -> float:
        return self.start + self.length

    @property
    def middle(self) -> float:
        return self.start + self.length / 2


def unit(units: Units, role: str) -> str:
    """The real unit of a role unit, such as t/year for quantity/year, or MUSD/MUSD for money/money."""
    named = {"quantity": units.quantity, "money": units.money, "price": units.price}
    head, slash, tail = role.partition("/")
    return named.get(head, head) + slash + named.get(tail, tail)


def price_factor(units: Units) -> float:
    """k in money = k * price * quantity. ValueError when the three units do not belong together."""
    money, slash, quantity = units.price.partition("/")
    if not slash or not money.strip() or not quantity.strip():
        raise ValueError(f"a price is money per quantity, such as USD/kg: found {units.price}")
    return _money_ratio(money.strip(), units.money) * _quantity_ratio(units.quantity, quantity.strip())


def _money_ratio(small: str, large: str) -> float:
    """Number of `large` in one `small`."""
    if small == large:
        return 1.0
    for left_factor, left in _readings(small):
        for right_factor, right in _readings(large):
            if left == right:
                return left_factor / right_factor
    raise ValueError(f"price and money are in different currencies: {small} and {large}")


def _readings(money: str) -> list[tuple[float, str]]:
    """A unit of money as factor and currency: as it stands, or with a prefix."""
    prefixed = [(factor, money[len(p) :]) for p, factor in MONEY_PREFIXES.items() if money.startswith(p)]
    return [(1.0, money), *((factor, currency) for factor, currency in prefixed if currency)]


def _quantity_ratio(quantity: str, priced: str) -> float:
    """Number of priced units in one unit of quantity."""
    if quantity == priced:
        return 1.0
    if quantity in MASSES and priced in MASSES:
        return MASSES[quantity] / MASSES[priced]
    raise ValueError(f"the price is per {priced} but quantities are in {quantity}")


def periods(time: Time) -> list[Span]:
    """The periods in order. ValueError when two of them have the same name."""
    bounds: list[tuple[str | None, float, float]] = []
    before: list[float] = [time.start]
    for entry in time.periods:
        length = entry.length if isinstance(entry, Period) else float(entry)
        # Months do not add up exactly in binary. Rounded is the sum, so that errors do not add up either; nine
        # decimals are a thirtieth of a second.
        start = round(math.fsum(before), 9)
        bounds.append((entry.name if isinstance(entry, Period) else None, start, length))
        before.append(length)
    names = [name or _calendar(begin, length) for name, begin, length in bounds]
    doubled = [name for name, count in Counter(names).items() if count > 1]
    if doubled:
        raise ValueError(f"two periods are called {doubled[0]}: give them names")
    return [Span(name, begin, length) for name, (_, begin, length) in zip(names, bounds, strict=True)]


def _calendar(start: float, length: float) -> str:
    if length < 1 - MOMENT:
        return f"{start:.2f}"
    first, last = math.floor(start + MOMENT), math.ceil(start + length - MOMENT) - 1
    return str(first) if first == last else f"{first}-{last}"
