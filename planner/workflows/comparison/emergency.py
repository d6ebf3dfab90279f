"""Stocks for emergencies that only one of two runs opens: a measure opens them, and so may come out as a gain.

Goods that were stored before the first period are free to whoever may take them. Where a ban lets them out, what it
costs and what the goods are worth cannot be told apart, unless both runs may take them.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from planner.reading.compose import plain
from planner.workflows.comparison.source import ComparedRun

LEAST = 1e-6  # Of a quantity: less is rounding.
REMEDY = "to see the measure alone, compare with --set 'stockpiles.*.release=always' in both"


def note(baseline: ComparedRun, other: ComparedRun) -> str:
    """Note on a difference between two runs that emergency stocks explain in part; else empty."""
    told = list(_told(baseline, other))
    if not told:
        return ""
    return f"A measure opens stocks kept for emergencies ({', '.join(told)}), a gain in its favour: {REMEDY}."


def _told(baseline: ComparedRun, other: ComparedRun) -> Iterator[str]:
    """The stockpiles that are for emergencies in both, and taken from in one alone."""
    before, after = _taken(baseline), _taken(other)
    for pile in before.index.intersection(after.index):
        if (before[pile] > LEAST) != (after[pile] > LEAST):
            where = "here" if after[pile] > LEAST else "in the baseline"
            yield f"{pile}: {max(before[pile], after[pile]):,.4g} released {where} alone"


def _taken(source: ComparedRun) -> pd.Series[float]:
    """Release of each emergency stockpile, over all nodes [quantity]."""
    stated = plain(source.input).get("stockpiles", {}) if source.input is not None else {}
    kept = [name for name, pile in (stated or {}).items() if pile.get("release") == "emergency"]
    stocks = source.tables.get("stocks")
    if stocks is None or not kept:
        return pd.Series(dtype=float)
    released = pd.to_numeric(stocks["release"], errors="coerce").groupby(stocks["stockpile"]).sum()
    return released.reindex(kept, fill_value=0.0)
