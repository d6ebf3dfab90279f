"""Dask: a cluster of one's own cores, or one that runs somewhere at an address."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from concurrent.futures import CancelledError
from typing import Any

from planner.common.errors import InputError, Place, Problem, WorkerLostError
from planner.executors.team import Setup, Team, become_worker, require, starting_workers

HERE = "127.0.0.1"
PAGELESS: dict[str, list[str]] = {"distributed.scheduler.http.routes": [], "distributed.worker.http.routes": []}
ANSWER = 10.0  # Seconds until a scheduler and its first worker must answer.


@contextlib.contextmanager
def local(count: int, setup: Setup) -> Iterator[Team]:
    """A number of single-threaded workers on this machine.

    A scheduler runs all code that any client sends, and others may use this machine: only a client that holds the key
    made here for this cluster can talk to it, and there are no pages to look at it.
    """
    require("distributed", "dask")
    require("cryptography", "dask")
    import dask
    from distributed import Client, LocalCluster
    from distributed.security import Security

    with contextlib.ExitStack() as stack:
        with starting_workers(), dask.config.set(PAGELESS):
            cluster = stack.enter_context(LocalCluster(
                n_workers=count, threads_per_worker=1, host=HERE, security=Security.temporary(),
                dashboard_address=f"{HERE}:0", scheduler_kwargs={"dashboard": False}, silence_logs="CRITICAL",
            ))  # fmt: skip
            client = stack.enter_context(Client(cluster))
        yield stack.enter_context(_team(client, setup))


@contextlib.contextmanager
def connected(address: str, setup: Setup) -> Iterator[Team]:
    """The workers of the scheduler at an address such as tls://host:8786, whose key Dask's own settings name."""
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
