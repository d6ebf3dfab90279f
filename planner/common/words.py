"""Numbers and lists as people read them: the one place that decides how a figure is written, on screens and pages.

Tables for programs keep every digit; here a figure has as many digits as a sentence needs. It has no needless exponent
and no minus before zero, and a share is never rounded to all or to nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

HUGE, TINY = 15, -9  # Powers of ten from which, and below which, a number has an exponent.
ALL_OF_IT, NONE_OF_IT = 1e-6, 1e-9  # Distance from 1 and from 0 that is rounding of a solver.
MOST_DIGITS = 7  # Of a share, behind the point.


def number(value: float, digits: int = 6) -> str:
    """A number with `digits` digits in all, or all of those before the point: 62.99999999999999 is 63."""
    return _trimmed(_written(value, digits))


def amount(value: float) -> str:
    """Three digits are enough for a sentence; the table has them all."""
    return number(value, 3)


def total(value: float) -> str:
    """A sum of money to the cent, and to six digits where it is small."""
    text = _written(0.0 if abs(value) < 10.0**TINY else value, 6, 2)
    whole, point, decimals = text.partition(".")
    return whole + point + decimals[:2] + decimals[2:].rstrip("0")


def signed(value: float, say: Callable[[float], str] = amount) -> str:
    """A difference with its sign; none has no sign."""
    text = say(value)
    return f"+{text}" if value > 0 and text.strip("0.,") else text


def share(value: float, digits: int = 1) -> str:
    """A share in per cent as `percent` has it, whole ones without decimals."""
    return percent(value, digits).replace(f".{'0' * digits}%", "%") if digits else percent(value, 0)


def percent(value: float, digits: int = 1) -> str:
    """A share in per cent with `digits` decimals, or two more digits than would round it to all or to none."""
    ends = {end for end, room in ((100.0, ALL_OF_IT), (0.0, NONE_OF_IT)) if abs(100 * abs(value) - end) > 100 * room}
    value = 0.0 if abs(value) <= NONE_OF_IT else value
    for places in range(digits, MOST_DIGITS):
        if abs(round(100 * value, places)) not in ends:
            text = f"{100 * value:.{places + (places > digits)}f}"
            return (text.rstrip("0") if places > digits else text) + "%"
    return f"{round(value, 9):.{digits}%}"


def count(items: int, word: str, many: str | None = None) -> str:
    """`1 decision`, `2 decisions`."""
    return f"{items:,} {word if items == 1 else many or word + 's'}"


def listed(words: Sequence[str]) -> str:
    """a, b and c"""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def year(value: float) -> str:
    """A year, and its tenth where it is not a whole one."""
    return f"{value:.1f}".removesuffix(".0")


def plain(name: str) -> str:
    """A name of the language as words: `final_value` is final value."""
    return name.replace("_", " ")


def _written(value: float, digits: int, decimals: int = 0) -> str:
    """A number with `digits` digits in all, and at least `decimals` behind the point."""
    if not math.isfinite(value):
        return f"{value:g}"
    size = math.floor(math.log10(abs(value))) if value else 0
    if size >= HUGE or (value and size < TINY and decimals == 0):
        return f"{value:.{digits}g}"
    places = min(max(decimals, digits - 1 - size), digits - TINY)
    text = f"{value:,.{places}f}"
    return text.removeprefix("-") if not text.strip("-0.,") else text


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text
