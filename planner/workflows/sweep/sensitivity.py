"""Sensitivity of a key figure, by the method that belongs to the design.

one_way: the figure at both ends of every factor (tornado). grid: the effect of every level, and exact shares of the
variance. sobol: first and total order indices. morris: mu*, mu and sigma of the elementary effects, in the figure's
unit per whole range. Else: rank regression. Every measure that is an estimate has its 95 % confidence interval.

Runs without a plan have no key figures but one, `has_plan`. The others are compared only where all runs
of a comparison have a plan, never over the remaining runs alone: having a plan may itself depend on the factors. Every
row states the runs, blocks or trajectories used, and their total.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from planner.common.arrays import Array
from planner.tables.frames import said, table
from planner.tables.schemas import SCHEMAS
from planner.workflows.sweep.factor import Factor
from planner.workflows.sweep.sampling import Job, problem_of
from planner.workflows.sweep.schema import Grid, Morris, OneWay, Sobol, Study
from planner.workflows.sweep.tables import HAS_PLAN, rank_correlation

RESAMPLES = 200
LEAST_BLOCKS = 4  # Fewer say nothing of a variance.
MAIN = {  # The measures by which each method ranks factors.
    "one_way": ("change", "no_plan", "unknown"), "grid": ("effect",), "sobol": ("total_order",),
    "morris": ("mu_star",), "ranks": ("rank_regression", "rank_correlation"),
}


def ranking(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of a table of sensitivities by which factors are ranked, heaviest first, with a column `weight`.

    A value at which there is no plan weighs more than any change.
    """
    ranks = [measure in MAIN[method] for method, measure in zip(rows["method"], rows["measure"], strict=True)]
    main = rows[np.array(ranks, dtype=bool)]  # Without rows a plain list would choose columns.
    sizes = main["value"].abs()
    weighed = main.assign(weight=sizes.fillna(1.0 + 2.0 * sizes.max() if sizes.notna().any() else 1.0))
    return weighed.sort_values("weight", ascending=False, kind="stable")


def sensitivities(
    study: Study, factors: Sequence[Factor], jobs: Sequence[Job], figures: pd.DataFrame
) -> pd.DataFrame:
    """One row per key figure, factor and measure; figures that are the same in all runs have none."""
    first = study.seeds[0]
    used = [job for job in jobs if job.seed == first]
    wide = figures.pivot_table(index="run", columns="figure", values="value", sort=False)
    units = figures.drop_duplicates("figure").set_index("figure")["unit"]
    planned = _values(wide[HAS_PLAN]) if HAS_PLAN in wide else {}
    rows: list[dict[str, Any]] = []
    for name in wide.columns:
        values = _values(wide[name])
        if len(values) > 1 and np.ptp(list(values.values())) > 0:
            found = _of(study, factors, used, values, planned)
            rows += [{"figure": name, "unit": units[name]} | row for row in found]
    return table(SCHEMAS["sweep"]["sensitivity"], rows)


def _values(column: pd.Series[Any]) -> dict[int, float]:
    """The figure of every run that has it."""
    known = column.dropna()
    return dict(zip(known.index.astype(int).tolist(), known.tolist(), strict=True))


def _of(
    study: Study, factors: Sequence[Factor], jobs: Sequence[Job], values: Mapping[int, float],
    planned: Mapping[int, float],
) -> Iterator[dict[str, Any]]:
    names, design = [f.name for f in factors], study.design
    if isinstance(design, OneWay):
        yield from tornado(jobs, values, planned)
        return
    runs = jobs[1:]
    outputs = np.array([values.get(job.number, np.nan) for job in runs])
    if isinstance(design, Grid):
        yield from grid_rows(names, runs, outputs)
        return
    points = np.array([[job.point.get(name, 0.5) for name in names] for job in runs])
    if isinstance(design, Sobol):
        yield from sobol_rows(names, outputs, study.seed)
    elif isinstance(design, Morris):
        yield from morris_rows(names, points, outputs, design.levels, study.seed)
    else:
        yield from rank_rows(names, points, outputs, study.seed)


def tornado(
    jobs: Sequence[Job], values: Mapping[int, float], planned: Mapping[int, float]
) -> Iterator[dict[str, Any]]:
    """The change of the figure from the instance as it stands, at every value tried; or that there is no plan."""
    base = values.get(jobs[0].number)
    if base is None:
        return
    for job in jobs[1:]:
        ((factor, at),) = job.values.items()
        value = values.get(job.number)
        if value is not None:
            yield _row(factor, "one_way", "change", value - base, count=(1, 1), at=said(at))
        else:
            measure = "no_plan" if planned.get(job.number) == 0 else "unknown"
            yield _row(factor, "one_way", measure, None, count=(0, 1), at=said(at))


def grid_rows(names: Sequence[str], runs: Sequence[Job], outputs: Array) -> Iterator[dict[str, Any]]:
    """The effect of every level, and where all cells are known the shares of the variance, exactly.

    The effect of a level is the mean of the figure over the cells that have it less the mean of all. Where cells are
    missing it is that of the additive model that fits the others best, which a lack of cells does not shift.
    """
    known = np.isfinite(outputs)
    levels = [list(dict.fromkeys(job.values[name] for job in runs)) for name in names]
    cells = np.array([[row.index(job.values[n]) for n, row in zip(names, levels, strict=True)] for job in runs])
    count = (int(known.sum()), len(runs))
    for name, row, effects in zip(names, levels, _effects(cells[known], levels, outputs[known]), strict=False):
        for level, effect in zip(row, effects, strict=True):
            yield _row(name, "grid", "effect", float(effect), at=said(level), count=count)
    if known.all():
        cube = outputs.reshape([len(row) for row in levels])
        whole = cube.var()
        for axis, name in enumerate(names):
            others = tuple(i for i in range(len(names)) if i != axis)
            yield _row(name, "grid", "first_order", cube.mean(axis=others).var() / whole, count=count)
            yield _row(name, "grid", "total_order", cube.var(axis=axis).mean() / whole, count=count)


def _effects(cells: Array, levels: Sequence[Sequence[Any]], outputs: Array) -> list[Array]:
    """The effects of every factor's levels, which add up to zero; none where the cells cannot tell them apart."""
    columns = [np.ones((len(cells), 1))]
    for place, row in enumerate(levels):
        flags = np.eye(len(row))[cells[:, place]]
        columns.append(flags[:, :-1] - flags[:, -1:])
    found, _, rank, _ = np.linalg.lstsq(np.hstack(columns), outputs, rcond=None)
    if rank < len(found):
        return []
    parts = np.split(found, np.cumsum([column.shape[1] for column in columns[:-1]]))[1:]
    return [np.append(part, -part.sum()) for part in parts]


def sobol_rows(names: Sequence[str], outputs: Array, seed: int) -> Iterator[dict[str, Any]]:
    """First and total order indices (Jansen 1999), with bootstrap intervals over the blocks of which all is known.

    A block has two independent points and those between them in which one factor is exchanged. Variance is measured
    by the same pairs of points as effects, so that both are about the same blocks when some are missing.
    """
    blocks = outputs.reshape(-1, len(names) + 2)
    kept = blocks[np.isfinite(blocks).all(axis=1)]
    if len(kept) < LEAST_BLOCKS or np.ptp(kept[:, [0, -1]], axis=1).max() == 0:
        return
    count = (len(kept), len(blocks))
    found, generator = _indices(kept), np.random.default_rng(seed)
    again = [_indices(kept[generator.integers(0, len(kept), len(kept))]) for _ in range(RESAMPLES)]
    low, high = np.nanquantile(again, [0.025, 0.975], axis=0)
    for order, measure in enumerate(("first_order", "total_order")):
        for i, name in enumerate(names):
            ends = (float(low[order, i]), float(high[order, i]))
            yield _row(name, "sobol", measure, found[order, i], *ends, count=count)


def _indices(blocks: Array) -> Array:
    """The indices of blocks, order x factor; missing where the blocks do not vary."""
    one, exchanged, other = blocks[:, :1], blocks[:, 1:-1], blocks[:, -1:]
    whole = float(((one - other) ** 2).mean()) or np.nan
    first = 1 - ((other - exchanged) ** 2).mean(axis=0) / whole
    return np.array([first, ((one - exchanged) ** 2).mean(axis=0) / whole])


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
    count = (int(whole.sum()) // steps, len(whole) // steps)
    for i, name in enumerate(names):
        star, width = float(found["mu_star"][i]), float(found["mu_star_conf"][i])
        yield _row(name, "morris", "mu_star", star, star - width, star + width, count=count)
        yield _row(name, "morris", "mu", float(found["mu"][i]), count=count)
        yield _row(name, "morris", "sigma", float(found["sigma"][i]), count=count)


def rank_rows(names: Sequence[str], points: Array, outputs: Array, seed: int) -> Iterator[dict[str, Any]]:
    """Regression of the figure's ranks on those of all factors, with bootstrap intervals.

    Where factors are independent this is the rank correlation; where runs without a plan make them dependent it still
    holds the others fixed. Runs too few or too alike for that have rank correlations.
    """
    known = np.isfinite(outputs)
    count = (int(known.sum()), len(known))
    points, outputs = points[known], outputs[known]
    varying = [i for i in range(len(names)) if np.ptp(points[:, i]) > 0]
    ranks = stats.rankdata(points[:, varying], axis=0)
    is_enough = len(ranks) > len(varying) + 1 == np.linalg.matrix_rank(np.column_stack([ranks, np.ones(len(ranks))]))
    measure, of = ("rank_regression", _regressed) if is_enough else ("rank_correlation", _correlated)
    generator = np.random.default_rng(seed)
    draws = [generator.integers(0, len(outputs), len(outputs)) for _ in range(RESAMPLES)]
    again = np.array([of(points[d][:, varying], outputs[d]) for d in draws])
    for place, (i, value) in enumerate(zip(varying, of(points[:, varying], outputs), strict=True)):
        if np.isfinite(value):
            low, high = np.nanquantile(again[:, place], [0.025, 0.975])
            yield _row(names[i], "ranks", measure, float(value), float(low), float(high), count=count)


def _regressed(points: Array, outputs: Array) -> Array:
    """Coefficients of the ranks of all factors, each in standard deviations per standard deviation."""
    ranks = stats.rankdata(np.column_stack([points, outputs]), axis=0)
    spread = ranks.std(axis=0)
    scaled = (ranks - ranks.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return np.asarray(np.linalg.lstsq(scaled[:, :-1], scaled[:, -1], rcond=None)[0])


def _correlated(points: Array, outputs: Array) -> Array:
    """The rank correlation of every factor with the figure; missing where one of them does not vary."""
    found = [rank_correlation(column, outputs) for column in points.T]
    return np.array([np.nan if value is None else value for value in found])


def _row(
    factor: str, method: str, measure: str, value: float | None, low: float | None = None,
    high: float | None = None, *, count: tuple[int, int], at: str = "",
) -> dict[str, Any]:
    used, of = count
    return {"factor": factor, "method": method, "measure": measure, "at": at,
            "value": None if value is None else float(value), "low": low, "high": high, "used": used, "of": of}
