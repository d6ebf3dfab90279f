"""Kin: instances that differ in nothing but numbers, so that names which stand for something in one do in the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planner.common.identity import distinct, numbered
from planner.language.figure import Figure, Part
from planner.language.instance import Instance


def are_kin(some: Mapping[str, Instance], others: Mapping[str, Instance]) -> bool:
    """Whether the variants of two instances differ in numbers alone, and not in time, which names periods."""
    if some.keys() != others.keys():
        return False
    pairs = set(zip(numbered(some.values()), numbered(others[name] for name in some), strict=True))
    mine, theirs = distinct(some.values()), distinct(others[name] for name in some)
    return all(mine[i].time == theirs[j].time and alike(mine[i], theirs[j]) for i, j in pairs)


def alike(one: Any, other: Any) -> bool:
    """Whether two values differ in numbers alone."""
    if one is other or (_is_number(one) and _is_number(other)):
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, Part):
        return bool(one.source == other.source) if isinstance(one, Figure) else alike(vars(one), vars(other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(alike(value, other[key]) for key, value in one.items())
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(alike(*pair) for pair in zip(one, other, strict=True))
    return bool(one == other)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
