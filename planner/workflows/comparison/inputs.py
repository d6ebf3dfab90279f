"""Differences in the input: every path of the resolved instances whose value differs, with its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from planner.reading.blame import dotted
from planner.reading.compose import YamlKey, YamlNode, children
from planner.reading.grammar import INSTANCE, Shape, below, narrowed
from planner.reading.settle import FIGURE_KEYS, is_full_figure
from planner.tables.frames import said, table
from planner.tables.schemas import SCHEMAS
from planner.workflows.comparison.source import ComparedRun

PROVENANCE = frozenset({"source", "date", "confidence", "note", "title", "description", "estimate", "low", "high"})


def input_differences(sources: Sequence[ComparedRun]) -> pd.DataFrame:
    """One row per path and run that differs from the baseline; `factor` is value / baseline of numbers.

    A path that is not stated is empty: what holds then is the default of the language.
    """
    rows: list[dict[str, Any]] = []
    baseline = sources[0].input
    before = dict(leaves(baseline)) if baseline is not None else {}
    for source in sources[1:] if baseline is not None else ():
        if source.input is None:
            continue
        after = dict(leaves(source.input))
        rows += [
            _row(path, source.label, before.get(path), after.get(path))
            for path in dict.fromkeys([*before, *after]) if _value(before.get(path)) != _value(after.get(path))
        ]
    return table(SCHEMAS["compare"]["inputs"], rows)


def _row(path: tuple[YamlKey, ...], run: str, before: YamlNode | None, after: YamlNode | None) -> dict[str, Any]:
    old, new = _value(before), _value(after)
    is_number = all(isinstance(v, int | float) and not isinstance(v, bool) for v in (old, new))
    return {
        "path": dotted(path), "run": run, "baseline": said(old), "value": said(new),
        "factor": new / old if is_number and old else None, "provenance": str(path[-1]) in PROVENANCE,
        "baseline_place": str(before.place) if before is not None else "",
        "place": str(after.place) if after is not None else "",
    }


def _value(node: YamlNode | None) -> Any:
    """Value to compare: numbers by value, so that 1 and 1.0 are equal; empty parts count as stated."""
    if node is None:
        return None
    return {dict: "{}", list: "[]"}[type(node.value)] if isinstance(node.value, dict | list) else node.value


def leaves(
    node: YamlNode, shape: Shape = INSTANCE, path: tuple[YamlKey, ...] = ()
) -> Iterator[tuple[tuple[YamlKey, ...], YamlNode]]:
    """Every value of a tree by path; a figure written in full has its number where a plain one stands."""
    shape = narrowed(shape, node.value)
    if not isinstance(node.value, dict | list) or not node.value:
        yield path, node
        return
    is_figure = shape.has_figure() and is_full_figure(node)
    for key, inner in children(node):
        is_number = is_figure and key in FIGURE_KEYS
        yield from leaves(inner, below(shape, key, node.value), path if is_number else (*path, key))
