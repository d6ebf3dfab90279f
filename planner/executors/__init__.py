"""Executors of the work: this process, a pool of processes, MPI ranks or a Dask cluster, all as one standard Executor.

    with open_executor("processes:4") as executor:
        futures = [executor.submit(job, number) for number in range(100)]

Jobs and their results are pickled, so a job is a function of a module. Data that all jobs of a worker need is put there
once by `initializer`, in every worker that joins. A worker that dies ends the work: every job that is not done then
raises WorkerLostError, except on Dask, which gives its jobs to other workers first.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from typing import Any

from planner.common.errors import InputError, Place, Problem, did_you_mean
from planner.executors.team import Inline, Setup, Team

CHOICES = "inline, processes[:N], mpi[:N], dask[:N] or dask:ADDRESS"
KINDS = ("inline", "processes", "mpi", "dask")


def open_executor(
    name: str | None = None, workers: int | None = None,
    initializer: Callable[..., object] | None = None, initargs: tuple[Any, ...] = (),
) -> AbstractContextManager[Team]:
    """The executor of a name such as `inline` (also None), `processes:4`, `mpi:2`, `dask`, `dask:tls://host:8786`.

    `workers` says how many when the name does not; absent, one per core. `initializer(*initargs)` is called once in
    every worker. Left by an exception, its workers are stopped without waiting for their jobs. InputError when the
    name is unknown, a library is missing or the address does not answer.
    """
    kind, _, rest = (name or "inline").partition(":")
    setup = Setup(initializer, initargs)
    if kind == "dask" and rest and not rest.isdecimal():
        from planner.executors.dask_cluster import connected

        return connected(rest, setup)
    if kind not in KINDS or (kind == "inline" and rest):
        raise _refused("unknown-executor", f"there is no executor {name}", did_you_mean(kind, KINDS) or CHOICES)
    count = _count(rest, workers)
    if kind == "processes":
        from planner.executors.processes import processes

        return processes(count, setup)
    if kind == "mpi":
        from planner.executors.mpi import ranks

        return ranks(count, setup)
    if kind == "dask":
        from planner.executors.dask_cluster import local

        return local(count, setup)
    setup()
    return Team(Inline(), 1)


def workers_of(executor: Executor) -> int:
    """Number of jobs that an executor made here can do at once."""
    return executor.workers if isinstance(executor, Team) else 1


def cores() -> int:
    """The processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _count(stated: str, workers: int | None) -> int:
    if stated and not (stated.isdecimal() and int(stated) > 0):
        raise _refused("bad-option", f"{stated} is not a number of workers", CHOICES)
    return int(stated) if stated else workers or cores()


def _refused(code: str, message: str, hint: str) -> InputError:
    return InputError([Problem(code, message, Place("--executor", 0, 0), hint)])
