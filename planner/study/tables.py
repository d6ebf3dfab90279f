"""The tables of a study: what was run, key figures, projects, sensitivities, and what is built whatever comes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from planner.study.factor import Factor
from planner.study.sampling import Job
from planner.tables.frames import said, table
from planner.tables.schemas import SCHEMAS

SWEEP = SCHEMAS["sweep"]
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
    """One row per run and key figure."""
    rows = [
        {"run": job.number, "figure": name, "value": value, "unit": unit}
        for job in jobs for name, (value, unit) in _of(records, job, "figures").items()
    ]
    return table(SWEEP["figures"], rows)


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


def no_regret(projects: pd.DataFrame, jobs: Sequence[Job], factors: Sequence[Factor]) -> pd.DataFrame:
    """Every project: the share of runs that build it, its median year and size then, and what drives it in or out.

    The driver is the factor with the strongest rank correlation with being built (Spearman, -1 to 1).
    """
    points = {job.number: job.point for job in jobs}
    rows = []
    for name, part in projects.groupby("project", sort=False):
        built = part[part["built"] == 1]
        share = len(built) / len(part)
        driver, strength = _driver(part, points, factors)
        verdict = "always" if share == SURE else "never" if share == NEVER else "depends"
        rows.append({
            "project": name, "title": part["title"].iloc[0], "region": part["region"].iloc[0],
            "stage": part["stage"].iloc[0], "runs": len(part), "share": share, "verdict": verdict,
            "median_year": built["decided"].median(), "median_size": built["size"].median(),
            "driver": driver, "strength": strength,
        })
    found = table(SWEEP["no_regret"], rows)
    return found.sort_values("share", ascending=False, kind="stable", ignore_index=True)


def _driver(
    part: pd.DataFrame, points: Mapping[int, Mapping[str, float]], factors: Sequence[Factor]
) -> tuple[str, float | None]:
    """The factor that goes with being built most closely, and its rank correlation."""
    best: tuple[str, float | None] = ("", None)
    for factor in factors:
        quantiles = np.array([points[run].get(factor.name, 0.5) for run in part["run"]])
        strength = rank_correlation(quantiles, part["built"].to_numpy(dtype=float))
        if strength is not None and abs(strength) > abs(best[1] or 0.0) + 1e-12:
            best = (factor.name, strength)
    return best


def rank_correlation(one: Any, other: Any) -> float | None:
    """Spearman's coefficient; None when one of them does not vary."""
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return None
    return float(stats.spearmanr(one, other).statistic)
