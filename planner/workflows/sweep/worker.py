"""One job of a study, in any process: change the instance, build, warm-start the solve, read the figures, check."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from planner.common.errors import InputError, NoAnswerError
from planner.common.signals import listening, stop_if_asked
from planner.formulation.contingencies import with_every_loss
from planner.formulation.network import Network, build_network
from planner.language.instance import Options
from planner.program.blocks import Compiled
from planner.program.incremental import Snapshot
from planner.program.program import Program, assemble
from planner.reading.document import Document, load
from planner.results.solution import Solution
from planner.results.summary import key_figures, summary_rows
from planner.results.tables import TABLES
from planner.results.verify import verified
from planner.solving.extensive import solve as solve_cold
from planner.solving.outcome import Outcome, SolverError
from planner.validation.validate import validate
from planner.workflows.solve import formulate
from planner.workflows.sweep import integer_runs, warm_start
from planner.workflows.sweep.warm_start import WarmStart

AGREE = 1e-6  # Relative difference up to which a hot and a cold start have found the same.
QUICK = ("nodes", "plan", "demand", "requirements", "costs", "scenarios")  # What the key figures are read from.
LEFT_OUT = frozenset({"solver_nodes", "published_optimum"})


@dataclass(frozen=True)
class StudySetup:
    """Data that all jobs of a study share, in a form that can be sent to workers."""

    instance: str
    scenario: str | None
    sets: tuple[str, ...]
    options: Mapping[str, Any]
    relaxation: bool


@dataclass(frozen=True)
class WorkerTask:
    """One job: what it changes, with which seed, from where it starts, and whether it is solved cold as well."""

    number: int
    sets: tuple[str, ...]
    seed: int
    start: bytes | None
    again: bool


@dataclass(frozen=True)
class Done:
    """Result of a job; `start` is the warm start for its neighbours."""

    number: int
    record: dict[str, Any]
    start: bytes | None


class Bench:
    """Cache of a worker between jobs: the instance as read, blocks and numbers. Independent of the jobs solved."""

    def __init__(self, setup: StudySetup) -> None:
        self.setup = setup
        self.base: Document = load(setup.instance, setup.scenario, setup.sets)
        self.options = Options.model_validate(dict(setup.options))
        self.compiled = Compiled(snapshot=Snapshot())
        self._is_new = True

    def solve(self, task: WorkerTask) -> Done:
        """One job; any error is recorded as its reason and does not end the study: only a request to stop does."""
        begun, worked = time.monotonic(), time.process_time()
        try:
            with listening():
                record, start = self._solved(task)
                stop_if_asked()
        except (InputError, NoAnswerError, SolverError, ArithmeticError, ValueError, KeyError, IndexError) as error:
            record, start = {"status": "failed", "reason": f"{type(error).__name__}: {error}"}, None
        record |= {"number": task.number, "seconds": round(time.monotonic() - begun, 3),
                   "processor_seconds": round(time.process_time() - worked, 3), "process": os.getpid()}
        return Done(task.number, record, start)

    def _solved(self, task: WorkerTask) -> tuple[dict[str, Any], bytes | None]:
        document = self.base.changed(task.sets)
        validate(document, since=self.base)
        options = self.options.model_copy(update={"seed": task.seed, "threads": 1})
        program = self._formulated(document, options)
        rebuilt = {"rebuilt": program.pieces.rebuild.told}
        start = WarmStart.unpacked(task.start) if task.start is not None else None
        solve = warm_start.relaxed if self.setup.relaxation else integer_runs.solved
        outcome, end = solve(program, options, start)
        if not outcome.has_plan:
            return {"status": outcome.status, "reason": f"no plan: {outcome.status}"} | rebuilt, None
        tables = _tables(program, outcome, is_whole=not self.setup.relaxation)
        figures = key_figures(document.instance, outcome, tables)
        record = {
            "status": outcome.status, "reason": "", "hot": start is not None, "gap": outcome.gap,
            "figures": _numbers(figures), "projects": _projects(tables["plan"]),
        } | rebuilt
        if not self.setup.relaxation:
            record |= _checked(document, tables, figures["objective"])
        if task.again:
            record |= self._again(task, options, outcome)
        return record, end.packed() if end is not None else None

    def _formulated(self, document: Document, options: Options) -> Program:
        if self._is_new:  # The first snapshot is of the instance as it stands, from which all jobs differ least.
            _ = assemble(build_network(with_every_loss(self.base.instances())), self.compiled).arrays
            self._is_new = False
        return formulate(document.instances(), options, compiled=self.compiled)

    def _again(self, task: WorkerTask, options: Options, found: Outcome) -> dict[str, Any]:
        """The same job from scratch; a difference is an error."""
        outcome = from_scratch(self.setup, task, options)
        if agree(found, outcome):
            return {"again": outcome.objective}
        reason = f"from a neighbour {found.objective!r} (bound {found.bound!r}), from scratch {outcome.objective!r}"
        return {"status": "wrong", "reason": f"{reason} (bound {outcome.bound!r})", "again": outcome.objective}


def from_scratch(setup: StudySetup, task: WorkerTask, options: Options) -> Outcome:
    """A job with nothing known: read, built and solved cold."""
    document = load(setup.instance, setup.scenario, [*setup.sets, *task.sets])
    program = formulate(document.instances(), options)
    return warm_start.relaxed(program, options, None)[0] if setup.relaxation else solve_cold(program, options)


def agree(one: Outcome, other: Outcome) -> bool:
    """Whether neither plan is better than the other's bound allows, beyond rounding."""
    if one.has_plan != other.has_plan:
        return False
    room = AGREE * max(1.0, abs(one.objective), abs(other.objective))
    return one.objective >= other.bound - room and other.objective >= one.bound - room


def _tables(program: Program, outcome: Outcome, is_whole: bool) -> dict[str, pd.DataFrame]:
    solution = Solution(program, outcome)
    return {name: build(solution) for name, build in TABLES.items() if is_whole or name in QUICK}


def _numbers(figures: dict[str, Any]) -> dict[str, list[Any]]:
    """Key figures that are numbers, with their unit; times are no result."""
    return {
        key: [float(value), unit] for key, value, unit in summary_rows(figures)
        if isinstance(value, int | float | np.number) and math.isfinite(value) and key not in LEFT_OUT
    }


def _projects(plan: pd.DataFrame) -> dict[str, list[float]]:
    """First date, total size and capital cost of every project that is built."""
    grouped = plan.groupby("project", sort=True)
    found = grouped.agg(decided=("decided", "min"), size=("size", "sum"), capital=("capital_cost", "sum"))
    return {str(name): [float(v) for v in row] for name, row in zip(found.index, found.to_numpy(), strict=True)}


def _checked(document: Document, tables: Mapping[str, pd.DataFrame], objective: float) -> dict[str, Any]:
    """The independent check of the tables as they would be written."""
    report = verified(document.instances(), tables, objective, is_cheapest=True)
    if report.passed:
        return {"checked": sum(report.tests.values())}
    return {"status": "wrong", "reason": f"the independent check failed: {report}"}


_benches: dict[str, Bench] = {}


def begin(setup: StudySetup) -> None:
    """Called in a worker before its first job."""
    _benches.clear()
    _benches["here"] = Bench(setup)


def work(task: WorkerTask) -> Done:
    """One job in a worker that has begun."""
    return _benches["here"].solve(task)


def titles_of(network: Network) -> dict[str, tuple[str, str, str]]:
    """Title, region and stage of every project; of a lane the region that it begins in."""
    found: dict[str, tuple[str, str, str]] = {}
    for name, project in network.base.projects.items():
        asset = network.asset_of(project)
        found[name] = (project.title or name, network.region_of(asset), network.stage_of(asset))
    return found
