"""Forecast of a study: its runs and their approximate time, estimated from the size of its program."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from planner.executors import cores
from planner.validation.validate import validate
from planner.workflows.solve import formulate
from planner.workflows.sweep.reading import StudyFile, read_study
from planner.workflows.sweep.sampling import Job, jobs_of

# Seconds per nonzero, measured on the shipped instances on one core (tests/benchmarks/sweeping.md).
COLD_RELAXATION, HOT_RELAXATION, COLD_WHOLE, HOT_WHOLE = 5e-5, 6e-6, 9e-5, 1.5e-5
LEAST = 0.05  # Seconds that a run takes however small it is.


@dataclass(frozen=True)
class Forecast:
    """The jobs of a study and the seconds they may take with a number of workers."""

    file: StudyFile
    jobs: list[Job]
    nonzeros: int
    workers: int
    seconds: float

    def described(self) -> dict[str, Any]:
        runs = [{"run": j.number, "seed": j.seed, "values": dict(j.values), "sets": list(j.sets)} for j in self.jobs]
        return {"runs": runs, "count": len(runs), "workers": self.workers, "seconds": self.seconds}


def forecast(path: str | Path, executor: str | None, instance: str | Path | None = None) -> Forecast:
    """Read and validate a study, sample it and measure its program; nothing is solved or written."""
    file = read_study(path, instance)
    jobs = jobs_of(file)
    validate(file.document)
    nonzeros = int(formulate(file.document.instances(), file.study.options).matrix.nnz)
    workers = _workers(executor)
    hot, cold = (HOT_RELAXATION, COLD_RELAXATION) if file.study.relaxation else (HOT_WHOLE, COLD_WHOLE)
    again = max(1, round(file.study.checked * (len(jobs) - 1))) if file.study.checked else 0
    seconds = cold * nonzeros + (len(jobs) * max(LEAST, hot * nonzeros) + again * cold * nonzeros) / workers
    return Forecast(file, jobs, nonzeros, workers, seconds)


def _workers(executor: str | None) -> int:
    kind, _, count = (executor or "inline").partition(":")
    return int(count) if count.isdecimal() and int(count) else 1 if kind == "inline" else cores()
