"""Patterns of names: * stands for any characters, ? for one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    first, *middle = [re.escape(piece).replace(r"\?", ".") for piece in pattern.split("*")]
    if not middle:
        return re.compile(first, re.DOTALL)
    # Every piece is taken where it first fits and never sought again, so that time grows with the length alone.
    found = "".join(f"(?>.*?{piece})" for piece in middle[:-1] if piece)
    return re.compile(f"{first}{found}.*{middle[-1]}", re.DOTALL)


def is_pattern(text: str) -> bool:
    """Whether a text stands for several names."""
    return "*" in text or "?" in text


def fits(pattern: str, name: str) -> bool:
    """Whether a name matches a pattern."""
    return pattern in ("*", name) or (is_pattern(pattern) and _compiled(pattern).fullmatch(name) is not None)


def fits_any(patterns: Iterable[str], name: str) -> bool:
    """Whether a name matches one of the patterns."""
    return any(fits(pattern, name) for pattern in patterns)


def matching(patterns: str | Iterable[str], names: Iterable[str]) -> list[str]:
    """The names that match a pattern, or one of several, in the order of the names."""
    wanted = [patterns] if isinstance(patterns, str) else list(patterns)
    if "*" in wanted:
        return list(names)
    exact = {pattern for pattern in wanted if not is_pattern(pattern)}
    rules = [_compiled(pattern).fullmatch for pattern in wanted if is_pattern(pattern)]
    return [name for name in names if name in exact or any(rule(name) for rule in rules)]
