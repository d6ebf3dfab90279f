"""A pool of processes on this machine."""

from __future__ import annotations

import multiprocessing
import os
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.process import BaseProcess

from planner.executors.team import Setup, Team, become_worker, starting_workers


def processes(count: int, setup: Setup) -> Team:
    """A number of new processes, each started afresh: a fork would copy the solver's threads half."""
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), _begin, (setup,))
    own: set[BaseProcess] = set()
    with starting_workers():
        while len(own) < count:  # A pool starts a worker when none is idle.
            pool.submit(os.getpid)
            own = set(multiprocessing.active_children()) - others
    return Team(pool, count, lambda: _stop(own))


def _begin(setup: Setup) -> None:
    """A worker whose parent is gone goes too."""
    parent = multiprocessing.parent_process()

    def follow() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=follow, daemon=True).start()
    become_worker(setup)


def _stop(workers: set[BaseProcess]) -> None:
    for worker in workers:
        worker.kill()
