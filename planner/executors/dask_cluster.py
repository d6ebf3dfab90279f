"""Dask: a cluster of one's own cores, or one that runs somewhere at an address."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from concurrent.futures import CancelledError
from typing import Any

from planner.errors import InputError, Place, Problem, WorkerLostError
from planner.executors.team import Setup, Team, become_worker, require, starting_workers

ANSWER = 10.0  # Seconds until a scheduler and its first worker must answer.


@contextlib.contextmanager
def local(count: int, setup: Setup) -> Iterator[Team]:
    """So many single-threaded workers on this machine."""
    require("distributed", "dask")
    from distributed import Client, LocalCluster

    with contextlib.ExitStack() as stack:
        with starting_workers():
            cluster = stack.enter_context(LocalCluster(
                n_workers=count, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs="CRITICAL",
            ))  # fmt: skip
            client = stack.enter_context(Client(cluster))
        yield stack.enter_context(_team(client, setup))


@contextlib.contextmanager
def connected(address: str, setup: Setup) -> Iterator[Team]:
    """The workers of the scheduler at an address such as tcp://host:8786."""
    require("distributed", "dask")
    from distributed import Client

    with contextlib.ExitStack() as stack:
        try:
            client = stack.enter_context(Client(address, timeout=ANSWER, set_as_default=False))
            client.wait_for_workers(1, timeout=ANSWER)
        except (OSError, TimeoutError, ValueError) as error:
            raise InputError([Problem(
                "no-answer", f"no Dask scheduler with workers answers at {address}", Place("--executor", 0, 0),
                str(error),
            )]) from None
        yield stack.enter_context(_team(client, setup))


def _team(client: Any, setup: Setup) -> Team:
    from distributed import KilledWorker, WorkerPlugin

    class Prepared(WorkerPlugin):
        """Makes every worker one of ours, those that come later too."""

        def setup(self, worker: Any) -> None:
            become_worker(setup)

    client.register_plugin(Prepared(), name=f"planner-{uuid.uuid4()}")
    workers = sum(client.nthreads().values())
    return Team(client.get_executor(pure=False), workers, losses=(KilledWorker, CancelledError, WorkerLostError))
