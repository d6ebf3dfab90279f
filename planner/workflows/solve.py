"""One run from instance to checked tables: load, validate, build, solve, write, check."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Protocol, overload

import numpy as np
import pandas as pd
import pyomo.environ as pyo

from planner.check import CheckReport, check_run
from planner.common.errors import NoAnswerError
from planner.common.profiling import Clock
from planner.common.signals import listening
from planner.contingency.row_generation import Way, withstand
from planner.formulation.contingencies import Loss, has_outages
from planner.language.instance import Instance, Options
from planner.program.program import Program
from planner.program.pyomo_model import whole as whole_model
from planner.reading.document import AnyInstance, Document, load
from planner.results.atomic_files import OccupiedError, free_place, lacks_room, require_free, whole_folder
from planner.results.manifest import datapackage, manifest, run_hash
from planner.results.recall import recall
from planner.results.seal import seal, stated_manifest
from planner.results.solution import Solution
from planner.results.summary import key_figures, summary_table
from planner.results.tables import all_tables
from planner.results.write import PACKAGE, RESOLVED, SUMMARY, read_tables, write_json, write_tables
from planner.solving.dispatch import solve_by_method
from planner.solving.firmness import with_bounds
from planner.solving.formulate import SILENT, Listener, formulate
from planner.solving.outcome import Outcome, SolverError
from planner.solving.reduced import polished
from planner.tables.schemas import RUN
from planner.validation.validate import validate
from planner.workflows.explain import Endless, Explanation, endless, explained
from planner.workflows.explain.deadline import Patience
from planner.workflows.model_file import write_model

__all__ = [
    "SILENT", "CheckFailedError", "Clock", "Listener", "Solved", "SolvedProgram", "Task", "build", "carry_out",
    "carry_out_against_losses", "default_folder",
    "finish", "formulate", "prepare", "recalled", "solve",
]


class CheckFailedError(Exception):
    """Tables disagree with the instance; those of a run were put aside in a folder for examination."""

    def __init__(self, report: CheckReport, folder: Path | None = None, question: str = "") -> None:
        about = f" of {question}" if question else ""
        where = f"; the rejected tables are in {folder}" if folder is not None else ""
        super().__init__(f"the independent check{about} failed{where}\n{report}")
        self.report = report
        self.folder = folder


@dataclass(frozen=True, eq=False)
class Solved:
    """A finished run: where it is, how it ended, its tables and key figures; without a plan it has no folder."""

    document: Document
    outcome: Outcome
    folder: Path | None
    tables: dict[str, pd.DataFrame]
    figures: dict[str, Any]
    check: CheckReport | None
    explanation: Explanation | Endless | None
    warnings: tuple[str, ...]
    clock: Clock
    recalled: bool = False  # Read back from the folder, where the same run had been written before.
    moved: str = ""  # Why it is not where it was asked for, and where it is.

    @property
    def instance(self) -> Instance:
        return self.document.instance

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds per phase."""
        return self.clock.seconds


class Engine(Protocol):
    """Another way to solve a program; `given` is what of it determines the run."""

    @property
    def given(self) -> dict[str, Any]: ...

    def __call__(self, program: Program, options: Options) -> Outcome: ...


@overload
def build(
    instance: AnyInstance, scenario: str | None = None, sets: Sequence[str] = (), whole: Literal[False] = False
) -> Program: ...
@overload
def build(
    instance: AnyInstance, scenario: str | None = None, sets: Sequence[str] = (), *, whole: Literal[True]
) -> pyo.ConcreteModel: ...
def build(
    instance: AnyInstance, scenario: str | None = None, sets: Sequence[str] = (), whole: bool = False
) -> Program | pyo.ConcreteModel:
    """The program of an instance: matrix, bounds and costs over named columns, not yet solved.

    With `whole` the same as one Pyomo model, made from the same rules, to read, export or hand to another solver.
    """
    document = load(instance, scenario, sets)
    program = formulate(document.instances(), document.instance.options)
    return whole_model(program) if whole else program


def solve(
    instance: AnyInstance,
    scenario: str | None = None,
    sets: Sequence[str] = (),
    out: str | Path | None = None,
    options: dict[str, Any] | None = None,
    listener: Listener = SILENT,
    model_file: str | Path | None = None,
    engine: Engine | None = None,
    profile: bool = False,
    executor: str | None = None,
    force: bool = False,
) -> Solved:
    """Solve an instance and write its tables; a run that its folder already holds is read back, unless `force`.

    `options` replaces fields of the instance's `options`; `engine` solves instead of HiGHS;
    `executor` is where branches are solved when the instance is decomposed (`planner.executors`); with
    `profile` the peak memory of each phase is measured too. Raises InputError for bad input (nothing is written),
    CheckFailedError when the tables contradict the result.
    """
    clock = Clock(listener.phase, profile)
    listener = replace(listener, rebuilt=lambda rebuild: clock.rebuilt.append(rebuild.told))
    task = prepare(clock, instance, scenario, sets, options, given=engine.given if engine is not None else None)
    folder = Path(out) if out is not None else default_folder(task)
    known = recalled(task, folder, clock) if not force and model_file is None else None
    if known is not None:
        return known
    instances = task.document.instances()
    if has_outages(instances):
        return carry_out_against_losses(task, instances, folder, clock, Way(task.options, listener, engine), model_file)
    with clock.phase("build"):
        program = formulate(instances, task.options, listener)
    return carry_out(task, program, folder, clock, listener, model_file, engine, executor)


@dataclass(frozen=True)
class Task:
    """Task of a solve; `given` holds all that determines the run except instance and options.

    `plan` has the tables of a fixed plan.
    """

    document: Document
    options: Options
    warnings: tuple[str, ...]
    given: dict[str, Any] = field(default_factory=dict)
    plan: Mapping[str, pd.DataFrame] | None = None

    @property
    def digest(self) -> str:
        return run_hash(self.document, self.options, self.given)


def prepare(
    clock: Clock, instance: AnyInstance, scenario: str | None, sets: Sequence[str], options: dict[str, Any] | None,
    on: AnyInstance | None = None, given: dict[str, Any] | None = None, borrowed: bool = False,
) -> Task:
    """Read and validate an instance; with `on`, the futures of another file take the place of its own."""
    with clock.phase("load"):
        document = load(instance, scenario, sets, on, borrowed)
    with clock.phase("validate"):
        warnings = tuple(str(w) for w in validate(document))
    settings = Options.model_validate(document.instance.options.model_dump() | (options or {}))
    return Task(document, settings, warnings, given or {})


def carry_out(
    task: Task, program: Program, folder: Path, clock: Clock, listener: Listener,
    model_file: str | Path | None = None, engine: Engine | None = None, executor: str | None = None,
) -> Solved:
    """Solve a program and write its tables, checked."""
    require_free(folder.resolve(), task.document.instance.name)
    if model_file is not None:
        write_model(program, str(model_file))
    with clock.phase("solve"):
        if engine is not None:
            outcome = engine(program, task.options)
        else:
            outcome = solve_by_method(program, task.options, listener.progress, listener.stopping, executor)
    return finish(task, SolvedProgram(program.network.instances, program, outcome, {}), folder, clock)


def carry_out_against_losses(
    task: Task, instances: Mapping[str, Instance], folder: Path, clock: Clock, way: Way,
    model_file: str | Path | None = None,
) -> Solved:
    """Solve with the losses that the plan must withstand, added as they are found to matter; write tables, checked."""
    require_free(folder.resolve(), task.document.instance.name)
    with clock.phase("solve"):
        found = withstand(instances, way)
    if model_file is not None:
        write_model(found.program, str(model_file))
    answer = SolvedProgram(found.instances, found.program, found.outcome, {"outages": found.table}, found.chosen)
    return finish(task, answer, folder, clock)


@dataclass(frozen=True)
class SolvedProgram:
    """A solved program, the instances it was made of, and tables that no solution tells."""

    instances: Mapping[str, Instance]
    program: Program
    outcome: Outcome
    tables: Mapping[str, pd.DataFrame]
    losses: tuple[Loss, ...] | None = None  # Those that the plan had to be made to withstand.


def finish(task: Task, answer: SolvedProgram, folder: Path, clock: Clock) -> Solved:
    """Write the tables of an answer, checked, or say why there is none. SolverError when a plan given was changed."""
    if not answer.outcome.has_plan:
        return _without_plan(task, answer, clock)
    held = answer.program.pieces.held
    if not np.array_equal(answer.outcome.values[held.columns], held.values):
        raise SolverError("the plan that was given did not come out as it went in")
    with listening():  # What was found is not thrown away for a request that comes while it is written.
        return _written(task, answer, folder, clock)


def recalled(task: Task, folder: Path, clock: Clock) -> Solved | None:
    """The run of a task as its folder holds it, or None: runs are known by the digest of all that determines them.

    InputError when the folder holds it, but not as it was written.
    """
    known = recall(folder, task.digest)
    if known is None:
        return None
    return Solved(
        task.document, known.outcome, folder, known.tables, known.figures, known.check, None, task.warnings,
        clock, recalled=True,
    )


def default_folder(task: Task) -> Path:
    """results/<instance>/<first eight of the run's hash> under the working directory."""
    name = re.sub(r"[^\w.-]", "-", task.document.instance.name).strip(".-") or "instance"
    return Path("results") / name / task.digest[:8]


def _without_plan(task: Task, answer: SolvedProgram, clock: Clock) -> Solved:
    document, outcome = task.document, answer.outcome
    found = None
    if outcome.status in ("infeasible", "unbounded"):
        with clock.phase("explain"):
            # Of a plan that is given, in futures of another file, the instance itself says too little to repair it.
            found = _explained(task, answer, clock)
    figures = key_figures(document.instance, outcome, {}) | {"explanation": asdict(found) if found else None}
    return Solved(document, outcome, None, {}, figures, None, found, task.warnings, clock)


def _explained(task: Task, answer: SolvedProgram, clock: Clock) -> Explanation | Endless | None:
    """Why there is no plan, as far as that is found in as much time again as the options give."""
    patience = Patience.of(task.options, Listener(phase=clock.tell))
    try:
        if answer.outcome.status == "unbounded":
            return endless(task.document, answer.program, task.options)
        with listening():
            return explained(task.document, answer.program, task.options, answer.losses, not task.given, patience)
    except (NoAnswerError, SolverError, KeyboardInterrupt):  # That there is none is known all the same.
        return None


def _written(task: Task, answer: SolvedProgram, folder: Path, clock: Clock) -> Solved:
    instance, outcome = task.document.instance, answer.outcome
    folder = _beside_better(folder, task.digest, outcome)
    if task.plan is None:
        with clock.phase("firmness"):
            outcome = with_bounds(answer.program, outcome, task.options)
    with clock.phase("tables"):
        tables = all_tables(Solution(answer.program, polished(answer.program, outcome))) | dict(answer.tables)
    figures = key_figures(instance, outcome, tables)
    place = free_place(folder, instance.name)
    moved = "" if place == folder else f"something else was put in {folder} meanwhile: this run is in {place}"
    try:
        report = _stored(task, replace(answer, outcome=outcome), tables, figures, place, clock)
    except OSError as error:
        if not lacks_room(error):
            raise
        spare = _elsewhere(task, error)
        moved = f"no room to write {place}: this run is in {spare}; make room and move it"
        report, place = _stored(task, replace(answer, outcome=outcome), tables, figures, spare, clock), spare
    return Solved(task.document, outcome, place, tables, figures, report, None, task.warnings, clock, moved=moved)


def _elsewhere(task: Task, error: OSError) -> Path:
    """Folder for a run that its own disk has no room for: that of temporary files."""
    try:
        return free_place(Path(tempfile.gettempdir()) / f"planner-{task.digest[:8]}", task.document.instance.name)
    except OSError:  # There is none that one can write in.
        raise error from None


def _stored(
    task: Task, answer: SolvedProgram, tables: dict[str, pd.DataFrame], figures: dict[str, Any], folder: Path,
    clock: Clock,
) -> CheckReport:
    """Write a run whole and check it as it was written; its summary joins the tables, its seconds the figures."""
    document, instance, outcome = task.document, task.document.instance, answer.outcome
    with whole_folder(folder.resolve()) as fresh:
        with clock.phase("write"):
            write_tables(tables, fresh, RUN)
        with clock.phase("check"):
            is_own = task.plan is None and not task.given  # Neither given nor found by another engine.
            objective, written = figures["objective"], read_tables(fresh)
            report = check_run(answer.instances, written, objective, given=task.plan, is_cheapest=is_own)
        if not report.passed:
            raise CheckFailedError(report, _put_aside(fresh, folder, report))
        tables["summary"] = summary_table(figures)
        write_tables({"summary": tables["summary"]}, fresh, RUN)
        figures["seconds"] = round(outcome.seconds, 3)  # Not in the table, whose bytes are those of the same run.
        write_json(figures, fresh / SUMMARY)
        write_json(datapackage(instance.name, instance.title, tables, RUN), fresh / PACKAGE)
        verdict = {"passed": report.passed, "tests": dict(report.tests), "largest_residual": report.largest_residual}
        (fresh / RESOLVED).write_text(document.resolved_text(), "utf-8")
        facts = manifest(document, task.options, outcome, clock.seconds, verdict)
        seal(fresh, facts | {"run_sha256": task.digest, "given": task.given})
    return report


def _beside_better(folder: Path, digest: str, outcome: Outcome) -> Path:
    """Folder to write to: a run that stopped early does not replace the same run with a smaller gap."""
    before = stated_manifest(folder)
    gap = before.get("gap") if before.get("run_sha256") == digest else None
    is_better = isinstance(gap, float | int) and gap < outcome.gap
    return folder.with_name(f"{folder.name}.{outcome.status}") if is_better and outcome.status != "optimal" else folder


def _put_aside(fresh: Path, folder: Path, report: CheckReport) -> Path | None:
    """Keep rejected tables next to the run's folder, so that the fault can be found; None where they find no room."""
    try:
        aside = free_place(folder.with_name(f"{folder.name}.rejected"))
        with whole_folder(aside) as kept:
            for file in sorted(fresh.iterdir()):
                (kept / file.name).write_bytes(file.read_bytes())
            seal(kept, {"rejected": [asdict(f) for f in report.findings]})
    except (OSError, OccupiedError):  # That the check failed is what must be told.
        return None
    return aside
