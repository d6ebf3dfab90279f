"""The ledger of assumptions: every figure the instance states, with unit, range, source, date and confidence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

from planner.common.caching import cached
from planner.language.figure import FigureField, Part, walk_figures
from planner.language.units import unit

if TYPE_CHECKING:
    from planner.reports.run import Run

COLUMNS = ["figure", "value", "by_year", "low", "high", "unit", "estimate", "source", "date", "confidence", "note"]
PROVENANCE = ("source", "date", "confidence", "note")


@cached
def figures_table(run: Run) -> pd.DataFrame:
    """One row per figure that is stated; the range of a series by year is that of its first year."""
    stated = run.document.resolved()
    rows = [_row(run, found) for found in walk_figures(run.instance) if _is_stated(stated, found.path)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _is_stated(tree: Any, path: tuple[str | int, ...]) -> bool:
    """Whether the instance says it, rather than the language by default."""
    for step in path:
        try:
            tree = tree[step]
        except (KeyError, IndexError, TypeError):
            return False
    return tree is not None


def _row(run: Run, found: FigureField) -> dict[str, Any]:
    figure = found.figure
    series = sorted((figure.by_year or {}).items()) or list(enumerate(figure.by_period or (), 1))
    low, high = figure.ends or (None, None)
    return {
        "figure": ".".join(map(str, found.path)), "value": figure.numbers()[0],
        "by_year": "; ".join(f"{when} {number:.12g}" for when, number in series),
        "low": low, "high": high,
        "unit": unit(run.instance.units, found.unit), "estimate": figure.estimate, **_provenance(run.instance, found),
    }


def _provenance(instance: Part, found: FigureField) -> dict[str, str]:
    """Provenance stated by the figure, or by the nearest part around it."""
    known = dict.fromkeys(PROVENANCE, "")
    for part in [*_around(instance, found.path), found.figure]:
        known |= {name: str(getattr(part, name)) for name in PROVENANCE if getattr(part, name) is not None}
    return known


def _around(part: Any, path: tuple[str | int, ...]) -> Iterator[Part]:
    for step in path:
        part = getattr(part, str(step)) if isinstance(part, Part) else part[step]
        if isinstance(part, Part):
            yield part
