"""Carry out the jobs of a study: each when the one it starts from is done, on any executor."""

from __future__ import annotations

import hashlib
import heapq
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from typing import Any

from planner.common.errors import WorkerLostError
from planner.executors import open_executor, workers_of
from planner.executors.team import Team
from planner.workflows.sweep.chains import in_order
from planner.workflows.sweep.ledger import ShardLedger
from planner.workflows.sweep.sampling import Job
from planner.workflows.sweep.worker import Done, StudySetup, WorkerTask, begin, work

FAILED = ("failed", "wrong", "infeasible", "unbounded", "no_plan")  # Statuses of runs without a plan to trust.
ATTEMPTS = 2  # So often a job may be lost with its worker before it is put down as failed.
AHEAD = 2  # Jobs given out per worker, so that none waits for the next.


@dataclass(frozen=True)
class News:
    """Progress of a study."""

    done: int
    running: int
    failed: int
    total: int
    seconds_left: float


@dataclass
class ShardWork:
    """The jobs of a shard, who starts from whom, and what is known of each."""

    jobs: Mapping[int, Job]
    parents: Mapping[int, int | None]
    again: frozenset[int]
    records: dict[int, dict[str, Any]]
    attempts: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.children: dict[int, list[int]] = {}
        for number, parent in self.parents.items():
            if parent is not None:
                self.children.setdefault(parent, []).append(number)
        self.order = {number: place for place, number in enumerate(in_order(self.parents))}

    def ready(self) -> list[int]:
        """Jobs to do whose parent is done, neighbours after each other."""
        found = [
            n for n, parent in self.parents.items()
            if n not in self.records and (parent is None or parent in self.records)
        ]
        return sorted(found, key=lambda n: self.order[n])

    def enter(self, number: int, record: dict[str, Any]) -> list[int]:
        """Put down a job's record; the jobs that can be done from now on."""
        self.records[number] = record
        return [child for child in self.children.get(number, []) if child not in self.records]

    def ancestor(self, number: int) -> int | None:
        """The nearest job up the tree that ended where one can start from."""
        parent = self.parents[number]
        while parent is not None and not self.records[parent].get("startable"):
            parent = self.parents[parent]
        return parent

    def is_needed(self, number: int) -> bool:
        """Whether a job below, with nothing to start from between, is still to be done."""
        return any(
            child not in self.records or (not self.records[child].get("startable") and self.is_needed(child))
            for child in self.children.get(number, [])
        )


def chosen_again(jobs: Sequence[Job], share: float, seed: int) -> frozenset[int]:
    """Jobs that are solved from scratch as well: a share of them, at least one, the same every time."""
    others = [job for job in jobs if job.number]
    if not others or share == 0:
        return frozenset()
    drawn = {job.number: hashlib.sha256(f"{seed} {job.key}".encode()).hexdigest() for job in others}
    ranked = sorted(drawn, key=lambda number: drawn[number])
    return frozenset(ranked[: max(1, round(share * len(others)))])


def carry_out(
    task: ShardWork, setup: StudySetup, ledger: ShardLedger, executor: str | None, workers: int | None,
    tell: Callable[[News], None] = lambda _: None,
) -> None:
    """Do all jobs that have no record yet; records are in the ledger before anything builds on them."""
    while task.ready():
        try:
            with open_executor(executor, workers, begin, (setup,)) as team:
                _Round(task, ledger, team, tell).run()
        except WorkerLostError:
            if not any(task.attempts.values()):
                raise


class _Round:
    """Giving out jobs to one executor until all are done or a worker is lost."""

    def __init__(self, task: ShardWork, ledger: ShardLedger, team: Team, tell: Callable[[News], None]) -> None:
        self.task, self.ledger, self.team, self.tell = task, ledger, team, tell
        self.out: dict[Future[Done], int] = {}
        self.queue = [(task.order[number], number) for number in task.ready()]  # A heap: neighbours first.
        self.failed = sum(record["status"] in FAILED for record in task.records.values())
        self.begun, self.before = time.monotonic(), len(task.records)

    def run(self) -> None:
        self._give()
        while self.out:
            done, _ = wait(self.out, return_when=FIRST_COMPLETED)
            lost: WorkerLostError | None = None
            for future in done:
                number = self.out.pop(future)
                error = future.exception()
                if isinstance(error, WorkerLostError):
                    lost = error
                    self._lose(number)
                else:
                    self._take(future.result())
            if lost is not None:
                raise lost
            self._give()

    def _give(self) -> None:
        """Fill the workers; in this process a job is done when it is given, so one at a time."""
        limit = 1 if workers_of(self.team) == 1 else AHEAD * workers_of(self.team)
        while self.queue and len(self.out) < limit:
            _, number = heapq.heappop(self.queue)
            self.out[self.team.submit(work, self._task(number))] = number
        self._report()

    def _task(self, number: int) -> WorkerTask:
        job, ancestor = self.task.jobs[number], self.task.ancestor(number)
        start = self.ledger.start(self.task.jobs[ancestor].key) if ancestor is not None else None
        return WorkerTask(number, job.sets, job.seed, start, number in self.task.again)

    def _take(self, done: Done) -> None:
        record = done.record | {"startable": done.start is not None}
        self._enter(done.number, record, done.start)

    def _lose(self, number: int) -> None:
        """A job whose worker is gone is tried once more; then it is taken for the cause."""
        self.task.attempts[number] = self.task.attempts.get(number, 0) + 1
        if self.task.attempts[number] >= ATTEMPTS:
            reason = {"number": number, "status": "failed", "reason": "its worker was lost twice", "startable": False}
            self._enter(number, reason, None)

    def _enter(self, number: int, record: dict[str, Any], start: bytes | None) -> None:
        task = self.task
        self.ledger.append(task.jobs[number].key, record, start)
        for child in task.enter(number, record):
            heapq.heappush(self.queue, (task.order[child], child))
        self.failed += record["status"] in FAILED
        above: int | None = number
        while above is not None:  # Drop starts that no job needs any more.
            if not task.is_needed(above):
                self.ledger.drop(task.jobs[above].key)
            above = task.parents[above]

    def _report(self) -> None:
        records, total = self.task.records, len(self.task.jobs)
        fresh = len(records) - self.before
        pace = (time.monotonic() - self.begun) / fresh if fresh else float("nan")
        self.tell(News(len(records), len(self.out), self.failed, total, pace * (total - len(records))))
