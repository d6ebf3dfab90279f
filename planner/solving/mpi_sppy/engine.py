"""Solve with mpi-sppy on MPI ranks: refuse what it cannot do, run it, and carry out the plan it finds exactly.

mpi-sppy brings a plan and a bound. What the plan costs is found here, by the same program as always with its decisions
fixed: so the tables are as exact as those of any run, and a bound that did not hold would show as a negative gap.
"""

from __future__ import annotations

import contextlib
import math
import pickle
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from planner.common.errors import InputError, Place, Problem, WorkerLostError
from planner.common.signals import Requests, ending, listening
from planner.executors.mpi import launched, mpiexec, told
from planner.executors.team import require
from planner.formulation.declarations import FamilyKey
from planner.language.instance import Options
from planner.program.program import Program
from planner.solving.extensive import solve as solve_program
from planner.solving.mpi_sppy.ranks import METHODS
from planner.solving.mpi_sppy.scenarios import Split
from planner.solving.mpi_sppy.task import RankResult, RankTask
from planner.solving.outcome import Outcome, SolverError, Status, relative_gap

PLACE = Place("--engine mpi-sppy", 0, 0)
CHOICES = ", ".join(METHODS)
POLL = 0.1  # Seconds between looks at the ranks and at Ctrl-C.
NEAR = 1e-6  # Share by which sizes may differ from the plan's: the solver that found them had a tolerance too.
WRONG = 1e-6  # Share by which a bound may lie above a plan, by the tolerances of two solves.
TOTAL = 4096.0  # What the cost of a plan is scaled to.
RANKS = 0.8  # Share of the time left in which the ranks work; the rest is for carrying out their plans.
OVERTIME = 1.1  # After this multiple of the limit, ranks that still solve are ended; their last answer stands.


@dataclass(frozen=True)
class Sppy:
    """The engine with what the user chose; called with a program, it solves it."""

    algorithm: str = "extensive"
    ranks: int = 1

    def __post_init__(self) -> None:
        require("mpisppy", "mpi-sppy", "--engine")
        mpiexec("--engine", "mpi-sppy")
        if self.algorithm not in METHODS:
            raise InputError([Problem("wrong-choice", f"there is no algorithm {self.algorithm}", PLACE, CHOICES)])
        if self.ranks < 1:
            raise InputError([Problem("bad-option", f"{self.ranks} ranks cannot do anything", PLACE)])

    @property
    def given(self) -> dict[str, Any]:
        """Settings that determine the run in addition to the instance."""
        versions = {name: version(name) for name in ("mpi-sppy", "mpi4py")}
        return {"engine": "mpi-sppy", "algorithm": self.algorithm, "ranks": self.ranks, "engine_versions": versions}

    def __call__(self, program: Program, options: Options) -> Outcome:
        begun = time.monotonic()
        self.refuse(program)
        limit = options.time_limit if options.time_limit is not None else math.inf
        relaxed = solve_program(program, options, relax=True)
        if relaxed.status != "optimal":
            return relaxed  # mpi-sppy would only fail, without saying why.
        scale = self._scale(program, relaxed)
        working = RANKS * max(0.0, limit - (time.monotonic() - begun))
        task = RankTask(program.network.instances, self.algorithm, options.gap, working, options.seed, scale)
        with listening() as requests:
            answer, ended = _run(task, self.ranks, requests)
        with ending():
            return _carried_out(program, options, answer, ended, begun)

    def _scale(self, program: Program, relaxed: Outcome) -> float:
        """The L-shaped method measures costs and quantities by one rod: the whole cost becomes that of a quantity."""
        if self.algorithm == "extensive" or not relaxed.objective:
            return program.cost_scale
        return float(2.0 ** round(math.log2(TOTAL / abs(relaxed.objective))))

    def refuse(self, program: Program) -> None:
        """InputError for what mpi-sppy or this algorithm cannot do."""
        split = Split(program.network)
        if program.network.base.objective.risk is not None:
            raise _refused("a measure of risk ties the scenarios together", "leave --engine away, or risk out")
        if program.weighing.constraints:
            raise _refused("some requirements tie the scenarios together", "leave --engine away")
        if self.algorithm == "extensive":
            if self.ranks > 1:
                raise _refused("the extensive form is one program for one rank", "--ranks 1, or --algorithm lshaped")
            return
        if self.ranks > len(split.branches):
            raise _refused(f"{len(split.branches)} scenarios cannot keep {self.ranks} ranks busy", "fewer --ranks")
        if None not in split.columns.values() and not split.shared:
            raise _refused("the scenarios have nothing in common to decide", "--algorithm extensive")
        if self.algorithm == "lshaped" and split.own_integers:
            family, key = split.own_integers[0]
            raise _refused(
                f"the L-shaped method needs linear branches, but {family}[{','.join(map(str, key))}] is a whole number"
                " decided in one", "--algorithm extensive or ph",
            )


def _refused(message: str, hint: str) -> InputError:
    return InputError([Problem("cannot-split", message, PLACE, hint)])


def _run(task: RankTask, ranks: int, requests: Requests) -> tuple[RankResult, Status]:
    """Run the ranks; the last answer they wrote, and how they ended. WorkerLostError when there is none."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as said:
        given, found = Path(folder) / "task", Path(folder) / "answer"
        given.write_bytes(pickle.dumps(task))
        # mpi4py ends all ranks when one fails; they would wait for it without end else.
        arguments = ["-m", "mpi4py", "-m", "planner.solving.mpi_sppy", str(given), str(found)]
        job = launched(ranks, arguments, said, "--engine", "mpi-sppy")
        is_late = False
        try:
            _wait(job, requests, time.monotonic() + OVERTIME * task.time_limit)
            is_late = job.poll() is None
        finally:
            if job.poll() is None:
                job.terminate()
                job.wait()
        answer: RankResult = pickle.loads(found.read_bytes()) if found.exists() else RankResult()
        if requests.count:
            return answer, "interrupted"
        if is_late:
            answer.message = f"mpi-sppy: time limit, after {answer.rounds} rounds"
        elif not answer.finished:  # MPICH's starter for one machine ends with 0 even when a rank was killed.
            answer.message = _why(told(said))
            if not answer.plans:
                raise WorkerLostError(answer.message)
        return answer, "optimal" if answer.finished else "stopped"


def _why(said: str) -> str:
    """A killed rank says nothing; one that failed ends with the error."""
    errors = [line for line in said.splitlines() if "Error:" in line or "Exception:" in line]
    return f"mpi-sppy failed: {errors[-1]}" if errors else "an MPI rank was lost (killed, or out of memory?)"


def _wait(job: subprocess.Popen[bytes], requests: Requests, latest: float) -> None:
    while not requests.count and time.monotonic() < latest:
        with contextlib.suppress(subprocess.TimeoutExpired):
            job.wait(POLL)
            return


def _carried_out(program: Program, options: Options, answer: RankResult, ended: Status, begun: float) -> Outcome:
    """The best of the plans found, its operation exact; its gap against the bound of mpi-sppy."""
    unlimited = options.model_copy(update={"time_limit": None})
    latest = begun + (options.time_limit if options.time_limit is not None else math.inf)
    found: list[Outcome] = []
    for plan in reversed(answer.plans):
        if found and time.monotonic() > latest:
            break
        outcome = solve_program(_held(program, plan), unlimited)
        found += [outcome] if outcome.has_plan else []
    if not found:
        return _without_plan(ended, answer, begun)
    best = min(found, key=lambda outcome: outcome.objective)
    if answer.bound > best.objective + WRONG * max(1.0, abs(best.objective)):
        raise SolverError(f"mpi-sppy proved {answer.bound:g}, but there is a plan of {best.objective:g}")
    bound = min(answer.bound, best.objective)
    gap = relative_gap(best.objective, bound)
    is_near = gap <= options.gap + WRONG
    return replace(
        best, status="optimal" if is_near else "stopped" if ended == "optimal" else ended, bound=bound, gap=gap,
        seconds=time.monotonic() - begun, message=answer.message or f"mpi-sppy: {answer.rounds} rounds",
    )


def _held(program: Program, plan: Mapping[FamilyKey, float]) -> Program:
    """The program with decisions held to a plan: whole numbers exactly, sizes within the tolerance."""
    columns = np.array([program.column(None, family, key) for family, key in plan], dtype=np.int64)
    values = np.array(list(plan.values()))
    counted = program.integer[columns]
    room = np.where(counted, 0.0, NEAR * np.maximum(1.0, np.abs(values)))
    middle = np.where(counted, np.round(values), values)
    lower, upper = program.lower.copy(), program.upper.copy()
    lower[columns] = np.clip(middle - room, program.lower[columns], program.upper[columns])
    upper[columns] = np.clip(middle + room, program.lower[columns], program.upper[columns])
    return program.changed(lower=lower, upper=upper)


def _without_plan(ended: Status, answer: RankResult, begun: float) -> Outcome:
    nothing = np.zeros(0)
    status: Status = "interrupted" if ended == "interrupted" else "no_plan"
    return Outcome(
        status=status, values=nothing, prices=nothing, objective=math.inf, bound=answer.bound, gap=math.inf, nodes=0,
        seconds=time.monotonic() - begun, message=answer.message or "mpi-sppy: no plan that can be carried out",
    )
