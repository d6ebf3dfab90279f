"""An instance given as data instead of a file: a mapping as YAML would give it, or the model object."""

from __future__ import annotations

import datetime
import math
import numbers
from collections.abc import Mapping
from typing import Any

from planner.common.errors import Place
from planner.language.instance import Instance
from planner.reading.compose import CONTROL, MOST_DEPTH, MOST_DIGITS, MOST_NODES, YamlKey, YamlNode, YamlScalar, refuse

ROOT = "instance"


def tree_of(data: Mapping[Any, Any] | Instance) -> YamlNode:
    """The tree of an instance that is in no file; the place of an entry is the expression that leads to it.

    InputError for what a file could not say, such as an object that is neither number, text, list nor mapping.
    """
    stated = data.model_dump(by_alias=True, exclude_unset=True) if isinstance(data, Instance) else data
    return _DataComposer().node(stated, ROOT, 0)


class _DataComposer:
    """Turns plain data into a tree, within the bounds that hold for files."""

    def __init__(self) -> None:
        self.count = 0

    def node(self, value: Any, where: str, depth: int) -> YamlNode:
        """The tree of a value that is reached by the expression `where`."""
        place = Place(where, 0, 0)
        self.count += 1
        if self.count > MOST_NODES:
            refuse("too-large", f"more than {MOST_NODES:,} values in all", place)
        if depth > MOST_DEPTH:
            refuse("too-deep", f"nested deeper than {MOST_DEPTH} levels", place)
        if isinstance(value, Mapping):
            inner = {_key(key, place): self.node(item, f"{where}[{key!r}]", depth + 1) for key, item in value.items()}
            return YamlNode(place, inner)
        if isinstance(value, list | tuple):
            return YamlNode(place, [self.node(item, f"{where}[{i}]", depth + 1) for i, item in enumerate(value)])
        plain = _scalar(value, place)
        is_number = isinstance(plain, int | float) and not isinstance(plain, bool)
        return YamlNode(place, plain, str(plain) if is_number else None)


def _key(key: Any, place: Place) -> YamlKey:
    if isinstance(key, bool) or not isinstance(key, str | int):
        refuse("wrong-key", f"a key must be a name or a whole number: found {key!r}", place)
    plain = _scalar(key, place)
    assert isinstance(plain, str | int)
    return plain


def _scalar(value: Any, place: Place) -> YamlScalar:
    """A number, also one of NumPy, text, a date as text, true, false or nothing as YAML has them."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        if CONTROL.search(value):
            refuse("control-character", "a text holds control characters", place, "write it as plain text")
        return str.__str__(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, numbers.Integral) and abs(int(value)) < 10**MOST_DIGITS:
        return int(value)
    if not isinstance(value, numbers.Real):
        refuse("wrong-type", f"a number, text, list or mapping is expected: found {type(value).__name__}", place)
    if isinstance(value, numbers.Integral) or not math.isfinite(value):
        refuse("not-finite", "a number must be finite, of 300 digits at most", place, "leave it out for 'no limit'")
    return float(value)
