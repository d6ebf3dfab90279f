"""Designs: which runs a study makes, as quantiles of its factors; those not set stay as in the instance."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from planner.common.arrays import Array
from planner.common.errors import InputError, Problem
from planner.workflows.sweep.factor import Factor
from planner.workflows.sweep.reading import StudyFile
from planner.workflows.sweep.schema import (
    MOST_JOBS,
    Grid,
    LatinHypercube,
    Listed,
    MonteCarlo,
    Morris,
    OneWay,
    Scalar,
    Sobol,
)

Points = list[Mapping[str, float]]  # Quantile of each factor that is set, run by run.


@dataclass(frozen=True)
class Job:
    """One run of a study. Number 0 is the instance as it stands; `point` are quantiles, `values` what they mean."""

    number: int
    values: Mapping[str, Scalar]
    point: Mapping[str, float]
    sets: tuple[str, ...]
    seed: int

    @property
    def key(self) -> str:
        """Key of the job, independent of its number."""
        text = json.dumps([self.sets, self.seed])
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def count_of(file: StudyFile) -> int:
    """Number of runs of a study, without that of the unchanged instance."""
    design, factors = file.study.design, file.factors
    match design:
        case OneWay():
            runs = sum(len(f.ends(design.quantiles)) for f in factors)
        case Grid():
            runs = math.prod(len(f.levels) or design.levels for f in factors)
        case Sobol():
            runs = design.samples * (len(factors) + 2)
        case Morris():
            runs = design.trajectories * (len(factors) + 1)
        case Listed():
            runs = len(design.runs)
        case _:
            runs = design.runs
    return runs * len(file.study.seeds)


def jobs_of(file: StudyFile) -> list[Job]:
    """All jobs of a study, the instance as it stands first; InputError when there are too many."""
    count = count_of(file)
    if count > MOST_JOBS:
        message = f"the design asks for {count:,} runs; a study may have {MOST_JOBS:,}"
        raise InputError([Problem("too-many", message, file.place("design"), "fewer levels, samples or factors")])
    found = [Job(0, {}, {}, (), file.study.seeds[0])]
    for values, point in _runs(file):
        sets = tuple(s for f in file.factors if f.name in values for s in _sets(f, values[f.name]))
        for seed in file.study.seeds:
            found.append(Job(len(found), values, point, sets, seed))
    return found


def _sets(factor: Factor, value: Scalar) -> Iterator[str]:
    for path, operation in factor.changes:
        yield f"{path} {operation} {json.dumps(value)}"


def _runs(file: StudyFile) -> Iterator[tuple[Mapping[str, Scalar], Mapping[str, float]]]:
    """Values and quantiles of every run."""
    design = file.study.design
    if isinstance(design, Listed):
        yield from _listed(file, design)
        return
    if isinstance(design, OneWay):
        for factor in file.factors:
            for quantile, value in factor.ends(design.quantiles):
                yield {factor.name: value}, {factor.name: quantile}
        return
    if isinstance(design, Grid):
        spreads = [[(f.name, *level) for level in f.spread(design.levels)] for f in file.factors]
        for row in itertools.product(*spreads):
            yield {name: value for name, _, value in row}, {name: q for name, q, _ in row}
        return
    for row in quantiles(file):
        point = {f.name: float(q) for f, q in zip(file.factors, row, strict=True)}
        yield {f.name: f.at(point[f.name]) for f in file.factors}, point


def _listed(file: StudyFile, design: Listed) -> Iterator[tuple[Mapping[str, Scalar], Mapping[str, float]]]:
    known = {f.name: f for f in file.factors}
    for number, row in enumerate(design.runs):
        for name in row:
            if name not in known:
                place = file.place("design", "runs", number, name)
                raise InputError([Problem("unknown-factor", f"vary has no {name}", place)])
            if not known[name].levels and (isinstance(row[name], bool) or not isinstance(row[name], int | float)):
                place = file.place("design", "runs", number, name)
                raise InputError([Problem("wrong-type", f"{name} is {row[name]!r}, where a number is needed", place)])
        yield row, {name: _nearest(known[name], value) for name, value in row.items()}


def _nearest(factor: Factor, value: Scalar) -> float:
    """About which quantile a listed value is: only to find neighbours."""
    if factor.levels:
        return (factor.levels.index(value) + 0.5) / len(factor.levels) if value in factor.levels else 0.5
    low, high = (float(factor.at(q)) for q in (0.0, 1.0))
    return min(max((float(value) - low) / (high - low), 0.0), 1.0)


def quantiles(file: StudyFile) -> Array:
    """Runs x factors of a random design, between 0 and 1."""
    design, names, seed = file.study.design, [f.name for f in file.factors], file.study.seed
    match design:
        case LatinHypercube():
            return stats.qmc.LatinHypercube(len(names), rng=np.random.default_rng(seed)).random(design.runs)
        case MonteCarlo():
            return _correlated(file, design)
        case Sobol():
            return sobol_points(names, design.samples, seed)
        case Morris():
            return morris_points(names, design.trajectories, design.levels, seed)
    raise AssertionError(design)


def problem_of(names: Sequence[str]) -> dict[str, Any]:
    """The factors as SALib names them, all between 0 and 1."""
    return {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)}


def sobol_points(names: Sequence[str], samples: int, seed: int) -> Array:
    from SALib.sample import sobol

    return np.asarray(sobol.sample(problem_of(names), samples, calc_second_order=False, seed=seed), dtype=float)


def morris_points(names: Sequence[str], trajectories: int, levels: int, seed: int) -> Array:
    from SALib.sample import morris

    return np.asarray(morris.sample(problem_of(names), trajectories, num_levels=levels, seed=seed), dtype=float)


def _correlated(file: StudyFile, design: MonteCarlo) -> Array:
    """Quantiles with given rank correlations, by a Gaussian copula: r_normal = 2 sin(pi r_rank / 6)."""
    names = [f.name for f in file.factors]
    matrix = np.eye(len(names))
    for one, others in design.correlation.items():
        for other, rank in others.items():
            if one not in names or other not in names or one == other:
                place = file.place("design", "correlation", one, other)
                raise InputError([Problem("unknown-factor", f"no correlation of {one} with {other}", place)])
            i, j = names.index(one), names.index(other)
            matrix[i, j] = matrix[j, i] = 2 * math.sin(math.pi * rank / 6)
    if np.linalg.eigvalsh(matrix)[0] < -1e-9:
        place = file.place("design", "correlation")
        raise InputError([Problem("inconsistent", "these correlations cannot hold together", place)])
    generator = np.random.default_rng(file.study.seed)
    normal = generator.multivariate_normal(np.zeros(len(names)), matrix, design.runs, method="eigh")
    return np.asarray(stats.norm.cdf(normal), dtype=float)
