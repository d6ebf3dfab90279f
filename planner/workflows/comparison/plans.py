"""Differences in the plan: which project is new, gone, earlier, later, larger or smaller."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from planner.language.figure import MOMENT
from planner.tables.frames import table
from planner.tables.schemas import SCHEMAS
from planner.workflows.comparison.source import ComparedRun

KEYS = ["project", "branch"]
SIZE = 1e-6  # Share of the size below which nothing has changed.


def plan_differences(sources: Sequence[ComparedRun]) -> pd.DataFrame:
    """One row per project, branch of the future and run: when it is decided and how large it is, in both.

    A project of a common plan has the branch ''. `moved` is in years (positive: later), `difference` in size; of a
    project that is decided several times the first date and the total size count. Runs in other units than the
    baseline are left out.
    """
    first = decided(sources[0].tables["plan"])
    rows: list[dict[str, Any]] = []
    for source in (source for source in sources[1:] if source.units == sources[0].units):
        other = decided(source.tables["plan"])
        keys = dict.fromkeys([*first.index, *other.index])
        rows += [_row(key, source.label, _of(first, key), _of(other, key)) for key in keys]
    return table(SCHEMAS["compare"]["plan"], rows)


def decided(plan: pd.DataFrame) -> pd.DataFrame:
    """First date, total size and capital of every project on every branch on which it is decided."""
    branches = [
        "" if group == period else str(group).rpartition(":")[0]
        for group, period in zip(plan["group"], plan["period"], strict=True)
    ]
    grouped = plan.assign(branch=pd.Series(branches, plan.index, dtype="str")).groupby(KEYS, sort=False)
    return grouped.agg(
        title=("title", "first"), region=("region", "first"), stage=("stage", "first"), decided=("decided", "min"),
        size=("size", "sum"), size_unit=("size_unit", "first"), capital=("capital_cost", "sum"),
        money_unit=("money_unit", "first"),
    )


def _of(plans: pd.DataFrame, key: Any) -> dict[str, Any] | None:
    return {str(k): v for k, v in plans.loc[key].to_dict().items()} if key in plans.index else None


def _row(key: Any, run: str, old: dict[str, Any] | None, new: dict[str, Any] | None) -> dict[str, Any]:
    part = new or old
    assert part is not None
    was, size = (old["size"] if old else 0.0), (new["size"] if new else 0.0)
    moved = new["decided"] - old["decided"] if old and new else None
    return {
        "project": key[0], "branch": key[1], "title": part["title"], "region": part["region"], "stage": part["stage"],
        "run": run, "change": _change(old, new, moved), "baseline_decided": old["decided"] if old else None,
        "decided": new["decided"] if new else None, "moved": moved, "baseline_size": was, "size": size,
        "difference": size - was, "relative": (size - was) / was if was else None, "size_unit": part["size_unit"],
        "baseline_capital": old["capital"] if old else 0.0, "capital": new["capital"] if new else 0.0,
        "money_unit": part["money_unit"],
    }


def _change(old: dict[str, Any] | None, new: dict[str, Any] | None, moved: float | None) -> str:
    if old is None:
        return "built"
    if new is None or moved is None:
        return "not built"
    words = [] if abs(moved) <= MOMENT else ["later" if moved > 0 else "earlier"]
    if abs(new["size"] - old["size"]) > SIZE * max(abs(old["size"]), 1.0):
        words.append("larger" if new["size"] > old["size"] else "smaller")
    return ", ".join(words) or "same"
