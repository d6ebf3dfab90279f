"""The tables of a study: runs, key figures, projects, sensitivities, and projects built in all futures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from planner.common.arrays import Array
from planner.tables.frames import said, table
from planner.tables.schemas import SCHEMAS
from planner.workflows.sweep.factor import Factor
from planner.workflows.sweep.sampling import Job

SWEEP = SCHEMAS["sweep"]
HAS_PLAN = "has_plan"  # The figure that every run has of which it is known whether there is a plan.
WITHOUT = "infeasible"  # Status of runs of which it is proven that they have none.
USABLE = ("optimal", "stopped")  # Statuses of runs that have a plan.
RUN = ["run", "seed"]
SURE, NEVER = 1.0, 0.0


def runs(jobs: Sequence[Job], records: Mapping[int, dict[str, Any]]) -> pd.DataFrame:
    """One row per run: how it ended and why; what was solved from scratch as well."""
    rows = [
        {"run": job.number, "seed": job.seed, "status": record["status"], "reason": record["reason"],
         "gap": record.get("gap"), "objective": record.get("figures", {}).get("objective", [None])[0],
         "tests_passed": record.get("checked"), "again": record.get("again")}
        for job in jobs if (record := records.get(job.number)) is not None
    ]
    return table(SWEEP["runs"], rows)


def inputs(jobs: Sequence[Job]) -> pd.DataFrame:
    """One row per run and factor that is set: its value, and the quantile it stands for."""
    rows = [
        {"run": job.number, "factor": name, "value": said(value), "quantile": job.point.get(name)}
        for job in jobs for name, value in job.values.items()
    ]
    return table(SWEEP["inputs"], rows)


def figures(jobs: Sequence[Job], records: Mapping[int, dict[str, Any]]) -> pd.DataFrame:
    """One row per run and key figure, of which one is whether it has a plan."""
    rows = [
        {"run": job.number, "figure": name, "value": value, "unit": unit}
        for job in jobs for name, (value, unit) in _figures(records, job).items()
    ]
    return table(SWEEP["figures"], rows)


def _figures(records: Mapping[int, dict[str, Any]], job: Job) -> dict[str, Any]:
    """The key figures of a run; of one that failed it is not known whether it has a plan."""
    status = records.get(job.number, {}).get("status")
    known = {HAS_PLAN: (float(status in USABLE), "")} if status in (*USABLE, WITHOUT) else {}
    return known | _of(records, job, "figures")


def projects(
    jobs: Sequence[Job], records: Mapping[int, dict[str, Any]], titles: Mapping[str, tuple[str, str, str]]
) -> pd.DataFrame:
    """One row per run and project: whether it is built, when first decided, how large, at what capital cost."""
    rows = []
    for job in jobs:
        if records.get(job.number, {}).get("status") not in USABLE:
            continue
        built = _of(records, job, "projects")
        for name, (title, region, stage) in titles.items():
            decided, size, capital = built.get(name, (None, 0.0, 0.0))
            rows.append({"run": job.number, "project": name, "title": title, "region": region, "stage": stage,
                         "built": int(name in built), "decided": decided, "size": size, "capital_cost": capital})
    return table(SWEEP["projects"], rows)


def _of(records: Mapping[int, dict[str, Any]], job: Job, part: str) -> dict[str, Any]:
    found: dict[str, Any] = records.get(job.number, {}).get(part, {})
    return found


def no_regret(
    projects: pd.DataFrame, jobs: Sequence[Job], factors: Sequence[Factor], titles: Mapping[str, tuple[str, str, str]]
) -> pd.DataFrame:
    """Every project: the share of all runs that build it, its median year and size then, what drives it in or out.

    A run without a plan builds nothing. The driver is the factor with the strongest rank correlation with being built
    (Spearman, -1 to 1).
    """
    quantiles = {f.name: np.array([job.point.get(f.name, 0.5) for job in jobs]) for f in factors}
    numbers, rows = [job.number for job in jobs], []
    plans, groups = projects["run"].nunique(), dict(list(projects[projects["built"] == 1].groupby("project")))
    for name, (title, region, stage) in titles.items():
        built = groups.get(name, projects.iloc[:0])
        share = len(built) / len(jobs)
        driver, strength = _driver(np.isin(numbers, built["run"]).astype(float), quantiles)
        verdict = "always" if share == SURE else "never" if share == NEVER else "depends"
        rows.append({
            "project": name, "title": title, "region": region, "stage": stage, "runs": len(jobs), "plans": plans,
            "share": share, "verdict": verdict, "median_year": built["decided"].median(),
            "median_size": built["size"].median(), "driver": driver, "strength": strength,
        })
    found = table(SWEEP["no_regret"], rows)
    return found.sort_values("share", ascending=False, kind="stable", ignore_index=True)


def _driver(built: Array, quantiles: Mapping[str, Array]) -> tuple[str, float | None]:
    """The factor that goes with being built most closely, and its rank correlation."""
    best: tuple[str, float | None] = ("", None)
    for name, values in quantiles.items():
        strength = rank_correlation(values, built)
        if strength is not None and abs(strength) > abs(best[1] or 0.0) + 1e-12:
            best = (name, strength)
    return best


def rank_correlation(one: Any, other: Any) -> float | None:
    """Spearman's coefficient; None when one of them does not vary."""
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return None
    return float(stats.spearmanr(one, other).statistic)
