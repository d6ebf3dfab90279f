"""Figures in words: amounts, shares and lists as a sentence needs them."""

from __future__ import annotations

from collections.abc import Sequence


def amount(value: float) -> str:
    """Three digits are enough for a sentence; the table has them all."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.3g}"


def share(value: float) -> str:
    return f"{value:.1%}".replace(".0%", "%")


def count(number: int, word: str, many: str | None = None) -> str:
    return f"{number:,} {word if number == 1 else many or word + 's'}"


def listed(words: Sequence[str]) -> str:
    """a, b and c"""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def year(value: float) -> str:
    return f"{value:g}" if value == int(value) else f"{value:.1f}"


def plain(name: str) -> str:
    """A name of the language as words: `final_value` is final value."""
    return name.replace("_", " ")
