"""The periods of an instance as its tree states them, before anything else of it is read."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

from planner.reading.compose import YamlNode, child, plain


def period_starts(tree: YamlNode) -> tuple[float, ...]:
    """Starts of the periods [decimal year]; none when `time` is not as it should be, which is refused elsewhere."""
    time = child(tree, "time")
    stated: Any = plain(time) if time is not None else None
    if not isinstance(stated, dict) or not isinstance(stated.get("periods"), list):
        return ()
    lengths = [entry.get("length") if isinstance(entry, dict) else entry for entry in stated["periods"]]
    if not all(isinstance(number, int | float) for number in (stated.get("start"), *lengths)):
        return ()
    return tuple(accumulate(lengths[:-1], initial=stated["start"]))
