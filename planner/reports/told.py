"""Sentences on a run's rows under every choice of future, year and region."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

from planner.reports.says import Says, says_of
from planner.reports.terms import ALL

if TYPE_CHECKING:
    from planner.reports.run import Run


def told(
    run: Run, table: pd.DataFrame, tell: Callable[[pd.DataFrame, str, str], str], otherwise: str = "",
    by: tuple[str, ...] = ("path", "region"),
) -> Says:
    """Sentences by `tell` on the rows of every choice; it receives them with the future and the region in words."""
    names = {"path": "future"}
    texts = {choice: tell(part, choice[0], place(run, choice[-1]) if "region" in by else "")
             for choice, part in _apart(by_future(run, table), by)}
    return says_of({choice: text for choice, text in texts.items() if text}, tuple(names.get(k, k) for k in by),
                   run.first, otherwise)


def _apart(table: pd.DataFrame, by: tuple[str, ...]) -> Iterator[tuple[Any, pd.DataFrame]]:
    parts = [table]
    if "region" in by and ALL not in set(table["region"]):
        parts.insert(0, table.assign(region=ALL))
    for part in parts:
        yield from part.groupby(list(by), sort=False)


def by_future(run: Run, table: pd.DataFrame) -> pd.DataFrame:
    """Every row once for each future whose `path` it is on; what holds for the plan as a whole is on all of them."""
    key, held = ("node", run.paths) if "node" in table else ("group", run.groups)
    pairs = [(future, name) for future, names in held.items() for name in [*names, ""]]
    return pd.DataFrame(pairs, columns=["path", key]).merge(table, on=key)


def place(run: Run, region: str) -> str:
    """` in Japan`, or nothing where all regions are chosen."""
    return "" if region == ALL else f" in {run.region(region)}"
