"""What a key figure is sensitive to, by the method that belongs to the design.

one_way: the figure at both ends of every factor (tornado). sobol: first and total order indices. morris: mu*, mu and
sigma of the elementary effects, in the figure's unit per whole range. Else: rank correlations. Every measure that is
an estimate has its 95 % confidence interval.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from planner.study.factor import Factor
from planner.study.sampling import Job, problem_of
from planner.study.schema import Morris, OneWay, Sobol, Study
from planner.study.tables import rank_correlation
from planner.tables.frames import said, table
from planner.tables.schemas import SCHEMAS
from planner.template import Array

RESAMPLES = 200


def sensitivities(
    study: Study, factors: Sequence[Factor], jobs: Sequence[Job], figures: pd.DataFrame
) -> pd.DataFrame:
    """One row per key figure, factor and measure; figures that never vary have none."""
    first = study.seeds[0]
    used = [job for job in jobs if job.seed == first]
    wide = figures.pivot_table(index="run", columns="figure", values="value", sort=False)
    units = figures.drop_duplicates("figure").set_index("figure")["unit"]
    rows: list[dict[str, Any]] = []
    for name in wide.columns:
        column = wide[name].dropna()
        values = dict(zip(column.index.astype(int).tolist(), column.tolist(), strict=True))
        if len(values) > 1 and np.ptp(list(values.values())) > 0:
            rows += [{"figure": name, "unit": units[name]} | row for row in _of(study, factors, used, values)]
    return table(SCHEMAS["sweep"]["sensitivity"], rows)


def _of(
    study: Study, factors: Sequence[Factor], jobs: Sequence[Job], values: Mapping[int, float]
) -> Iterator[dict[str, Any]]:
    names, design = [f.name for f in factors], study.design
    if isinstance(design, OneWay):
        yield from tornado(jobs, values)
        return
    runs = jobs[1:]
    outputs = np.array([values.get(job.number, np.nan) for job in runs])
    points = np.array([[job.point.get(name, 0.5) for name in names] for job in runs])
    if isinstance(design, Sobol):
        yield from sobol_rows(names, outputs, study.seed)
    elif isinstance(design, Morris):
        yield from morris_rows(names, points, outputs, design.levels, study.seed)
    else:
        yield from rank_rows(names, points, outputs, study.seed)


def tornado(jobs: Sequence[Job], values: Mapping[int, float]) -> Iterator[dict[str, Any]]:
    """The change of the figure from the instance as it stands, at every value tried."""
    base = values.get(jobs[0].number)
    for job in jobs[1:]:
        if base is None or job.number not in values:
            continue
        ((factor, at),) = job.values.items()
        row = {"factor": factor, "method": "one_way", "measure": "change", "at": said(at)}
        yield row | {"value": values[job.number] - base, "low": None, "high": None}


def sobol_rows(names: Sequence[str], outputs: Array, seed: int) -> Iterator[dict[str, Any]]:
    """First and total order indices (Saltelli 2010, Jansen 1999); blocks with a failed run are left out."""
    from SALib.analyze import sobol

    blocks = outputs.reshape(-1, len(names) + 2)
    kept = blocks[np.isfinite(blocks).all(axis=1)].ravel()
    if len(kept) < 4 * (len(names) + 2) or np.ptp(kept) == 0:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = sobol.analyze(
            problem_of(names), kept, calc_second_order=False, num_resamples=RESAMPLES, seed=seed
        )
    for measure, key in (("first_order", "S1"), ("total_order", "ST")):
        for name, value, width in zip(names, found[key], found[f"{key}_conf"], strict=True):
            yield _row(name, "sobol", measure, value, value - width, value + width)


def morris_rows(
    names: Sequence[str], points: Array, outputs: Array, levels: int, seed: int
) -> Iterator[dict[str, Any]]:
    """Elementary effects (Morris 1991, Campolongo 2007); trajectories with a failed run are left out."""
    from SALib.analyze import morris

    steps = len(names) + 1
    whole = np.repeat(np.isfinite(outputs.reshape(-1, steps)).all(axis=1), steps)
    if whole.sum() < 2 * steps:
        return
    found = morris.analyze(
        problem_of(names), points[whole], outputs[whole], num_resamples=RESAMPLES, num_levels=levels, seed=seed
    )
    for i, name in enumerate(names):
        star, width = float(found["mu_star"][i]), float(found["mu_star_conf"][i])
        yield _row(name, "morris", "mu_star", star, star - width, star + width)
        yield _row(name, "morris", "mu", float(found["mu"][i]))
        yield _row(name, "morris", "sigma", float(found["sigma"][i]))


def rank_rows(names: Sequence[str], points: Array, outputs: Array, seed: int) -> Iterator[dict[str, Any]]:
    """Rank correlation of every factor with the figure, with a bootstrap interval."""
    is_known = np.isfinite(outputs)
    points, outputs = points[is_known], outputs[is_known]
    generator = np.random.default_rng(seed)
    draws = [generator.integers(0, len(outputs), len(outputs)) for _ in range(RESAMPLES)]
    for i, name in enumerate(names):
        value = rank_correlation(points[:, i], outputs)
        if value is None:
            continue
        again = [r for d in draws if (r := rank_correlation(points[d, i], outputs[d])) is not None]
        yield _row(name, "ranks", "rank_correlation", value, *np.quantile(again, [0.025, 0.975]))


def _row(
    factor: str, method: str, measure: str, value: float, low: float | None = None, high: float | None = None
) -> dict[str, Any]:
    return {"factor": factor, "method": method, "measure": measure, "at": "", "value": float(value),
            "low": None if low is None else float(low), "high": None if high is None else float(high)}
