"""Jobs give the same answers wherever they are done, and a lost worker is told clearly, never waited for."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import as_completed
from pathlib import Path
from typing import Any

import dask
import distributed  # Brings its settings: one that is changed for a while before takes all away with it.
import psutil
import pytest
from distributed.security import Security

from planner.common.errors import InputError, WorkerLostError
from planner.executors import open_executor, workers_of
from planner.executors.mpi import launched
from planner.executors.team import Team
from tests.commands import PATIENCE
from tests.executors.jobs import cheapest, end, fail, process, remember, remembered, scheduler

APART = ("processes:2", "mpi:2", "dask:2")


@pytest.fixture(scope="module", params=("inline", *APART))
def team(request: pytest.FixtureRequest) -> Iterator[Team]:
    with open_executor(request.param, initializer=remember, initargs=("seven", 7)) as executor:
        yield executor


def test_jobs_are_done_by_prepared_workers(team: Team) -> None:
    where = {job.result() for job in [team.submit(process) for _ in range(6)]}
    assert where == {os.getpid()} if workers_of(team) == 1 else os.getpid() not in where
    assert list(team.map(remembered, ["seven"] * 5)) == [7] * 5
    failing = team.submit(fail)
    with pytest.raises(ArithmeticError, match="no such sum"):
        failing.result()
    assert sum(done.result() for done in as_completed([team.submit(pow, i, 2) for i in range(4)])) == 14


def test_the_same_answer_everywhere(team: Team) -> None:
    rates = [0.03, 0.08]
    assert list(team.map(cheapest, rates)) == [cheapest(rate) for rate in rates]


def test_ctrl_c_is_for_the_parent_alone(team: Team) -> None:
    if workers_of(team) > 1:
        os.kill(team.submit(process).result(), signal.SIGINT)
    assert team.submit(pow, 2, 3).result(timeout=PATIENCE) == 8


def listening(name: str) -> set[str]:
    """The addresses at which this process and those it started listen while an executor is open, but for its own."""
    own = psutil.Process()

    def addresses() -> set[tuple[str, int]]:
        found = [c for p in (own, *own.children(recursive=True)) for c in p.net_connections("tcp")]
        return {c.laddr for c in found if c.status == psutil.CONN_LISTEN}

    before = addresses()
    with open_executor(name) as executor:
        assert executor.submit(pow, 2, 3).result(timeout=PATIENCE) == 8
        return {ip for ip, _ in addresses() - before}


@pytest.mark.parametrize(("name", "most"), [("processes:1", set()), ("mpi:1", set()), ("dask:1", {"127.0.0.1"})])
def test_nobody_else_is_listened_to(name: str, most: set[str]) -> None:
    assert listening(name) <= most


def test_a_dask_cluster_of_ones_own_refuses_who_has_not_its_key() -> None:
    with open_executor("dask:1") as executor:
        address = executor.submit(scheduler).result(timeout=PATIENCE)
        assert address.startswith("tls://127.0.0.1:")
        for tried, key in ((address, Security.temporary()), (address.replace("tls", "tcp"), None)):
            with pytest.raises(OSError, match=r"Timed out|reset|closed|TLS|SSL"):
                distributed.Client(tried, timeout=2, security=key)
        assert executor.submit(pow, 2, 3).result(timeout=PATIENCE) == 8


@pytest.mark.parametrize("batch", [None, "SLURM_JOB_ID"])
def test_a_batch_job_may_use_its_hosts(batch: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}
    monkeypatch.setattr("subprocess.Popen", lambda command, **named: asked.update(named, starter=command[0]))
    if batch:
        monkeypatch.setenv(batch, "17")
    with tempfile.TemporaryFile() as said:
        launched(2, ["-m", "nothing"], said)
    assert Path(asked["starter"]).name == ("mpiexec" if batch else "mpiexec.gforker")
    assert ("UCX_TLS" in asked["env"]) == (batch is None)


@pytest.mark.long
@pytest.mark.parametrize("name", APART)
def test_a_killed_worker_is_a_clear_error(name: str) -> None:
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}), open_executor(name) as executor:
        assert executor.submit(pow, 2, 3).result() == 8
        for job in [executor.submit(end) for _ in range(3)]:
            with pytest.raises(WorkerLostError, match="lost"):
                job.result(timeout=PATIENCE)


@pytest.mark.long
def test_dask_gives_the_jobs_of_a_lost_worker_to_another() -> None:
    with open_executor("dask:2") as executor:
        os.kill(executor.submit(process).result(), signal.SIGKILL)
        assert [job.result(timeout=PATIENCE) for job in [executor.submit(pow, i, 2) for i in range(8)]][-1] == 49


@pytest.mark.long
@pytest.mark.parametrize("name", APART)
def test_leaving_with_an_exception_does_not_wait(name: str) -> None:
    def impatient() -> None:
        with open_executor(name) as executor:
            assert executor.submit(pow, 2, 3).result() == 8
            executor.submit(time.sleep, PATIENCE)
            raise KeyboardInterrupt

    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        impatient()
    assert time.monotonic() - begun < PATIENCE / 2


@pytest.mark.parametrize(
    ("name", "code"),
    [("procesess", "unknown-executor"), ("inline:2", "unknown-executor"), ("processes:0", "bad-option"),
     ("mpi:two", "bad-option"), ("dask:tcp://127.0.0.1:9", "no-answer")],
)  # fmt: skip
def test_a_wrong_name_is_refused(name: str, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("planner.executors.dask_cluster.ANSWER", 1.0)
    with pytest.raises(InputError) as refused, open_executor(name):
        pass
    assert refused.value.problems[0].code == code


@pytest.mark.parametrize(("name", "extra"), [("mpi:2", "mpi"), ("dask:2", "dask")])
def test_a_missing_library_is_named(name: str, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(InputError, match=rf"pip install .* '\.\[{extra}\]'"), open_executor(name):
        pass
