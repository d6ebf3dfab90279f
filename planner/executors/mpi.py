"""MPI ranks, started and watched from outside: if a rank dies its MPI job ends, but this process goes on.

`mpiexec` starts one rank more than there are workers. It is the broker (`planner.executors.broker`): jobs reach it
through a socket, and it hands them to the workers by `mpi4py.futures`. Within a batch job of a cluster, mpiexec
spreads the ranks over the hosts of the job; the first of them must be this one. Elsewhere all ranks are on this
machine and talk through its memory, because anyone who can connect to a rank can make it run any code.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import pickle
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO, Any

from planner.common.errors import InputError, Place, Problem, WorkerLostError, extra_hint
from planner.executors.team import Setup, Team, require, starting_workers

START = 60.0  # Seconds until the ranks must be there.
TOLD = 2000  # Characters of what mpiexec said that are passed on.
# Variables by one of which a batch job says that its ranks may stand on several hosts.
HOSTS = ("SLURM_JOB_ID", "PBS_NODEFILE", "LSB_JOBID", "PE_HOSTFILE", "LOADL_HOSTFILE", "COBALT_NODEFILE",
         "HYDRA_HOST_FILE")  # fmt: skip
# Ranks on one machine talk through its memory (UCX), or at most through the loopback interface (libfabric, Open MPI).
ALONE = {"UCX_TLS": "self,sm", "FI_TCP_IFACE": "lo", "HYDRA_IFACE": "lo", "OMPI_MCA_btl_tcp_if_include": "lo",
         "OMPI_MCA_oob_tcp_if_include": "lo"}  # fmt: skip


def launched(
    count: int, arguments: Sequence[str], said: IO[bytes], place: str = "--executor", extra: str = "mpi"
) -> subprocess.Popen[bytes]:
    """A number of ranks of `python ARGUMENTS`, in a session of their own; what they print goes to `said`.

    InputError when mpi4py or mpiexec is not installed.
    """
    is_alone = not any(name in os.environ for name in HOSTS)
    starter = mpiexec(place, extra)
    forking = Path(starter).with_name("mpiexec.gforker")
    if is_alone and forking.exists():
        starter = str(forking)  # MPICH's starter for one machine listens nowhere; its general one listens to all hosts.
    with starting_workers():
        return subprocess.Popen(
            [starter, "-n", str(count), sys.executable, *arguments], stdin=subprocess.DEVNULL, stdout=said,
            stderr=said, start_new_session=True, env={**(ALONE if is_alone else {}), **os.environ},
        )


def mpiexec(place: str = "--executor", extra: str = "mpi") -> str:
    """The starter of MPI jobs: the one installed with this Python before any other."""
    require("mpi4py", extra, place)
    own = Path(sys.executable).with_name("mpiexec")
    found = str(own) if own.exists() else shutil.which("mpiexec")
    if found is None:
        hint = extra_hint(extra)
        raise InputError([Problem("missing-program", "there is no mpiexec", Place(place, 0, 0), hint)])
    return found


def ranks(count: int, setup: Setup) -> Team:
    """A number of MPI ranks as workers."""
    inner = Ranks(count, setup)
    return Team(inner, count, inner.stop, (WorkerLostError,))


class Ranks(Executor):
    """The parent's side of the broker."""

    def __init__(self, count: int, setup: Setup) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the reader
        self._pending: dict[int, Future[Any]] = {}
        self._lock, self._numbers = threading.Lock(), itertools.count()
        self._loss: WorkerLostError | None = None
        with contextlib.ExitStack() as undo:
            undo.callback(self._said.close)
            self._line = self._started(count + 1)
            self._line.send_bytes(pickle.dumps(setup))
            undo.pop_all()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _started(self, count: int) -> Connection:
        """The line to the broker of a number of ranks."""
        with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as door:
            address = str(Path(folder) / "broker")
            door.bind(address)
            door.listen(1)
            broker = ["-m", "mpi4py.futures", "-m", "planner.executors.broker", address]
            self._job = launched(count, broker, self._said)
            return Connection(self._entered(door).detach())

    def _entered(self, door: socket.socket) -> socket.socket:
        """The broker's connection, as soon as it is there."""
        door.settimeout(0.1)
        latest = time.monotonic() + START
        while time.monotonic() < latest and self._job.poll() is None:
            with contextlib.suppress(TimeoutError):
                return door.accept()[0]
        self.stop()
        raise WorkerLostError(f"the MPI ranks did not start: {told(self._said)}")

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        message = pickle.dumps((fn, args, kwargs))
        with self._lock:
            if self._loss is not None:
                raise self._loss
            number = next(self._numbers)
            self._pending[number] = future
            with contextlib.suppress(OSError):  # The reader then finds out, and tells all.
                self._line.send_bytes(number.to_bytes(8, "little") + message)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        with self._lock, contextlib.suppress(OSError):
            self._line.send_bytes(b"")
        if wait:
            self._reader.join()
            self._job.wait()

    def stop(self) -> None:
        """End the MPI job now; its parts are in a session of their own."""
        with contextlib.suppress(ProcessLookupError):
            self._job.terminate()

    def _read(self) -> None:
        """Answers until the broker has closed the line; what is pending then is lost, and nothing is left open."""
        with contextlib.suppress(EOFError, OSError):
            while True:
                answer = self._line.recv_bytes()
                self._settle(self._pending.pop(int.from_bytes(answer[:8], "little")), answer[8:])
        with self._lock:
            self._loss = self._why()
            self._line.close()
            self._said.close()
        for future in self._pending.values():
            if future.set_running_or_notify_cancel():
                future.set_exception(self._loss)

    def _settle(self, future: Future[Any], answer: bytes) -> None:
        if not future.set_running_or_notify_cancel():
            return
        is_good, value = pickle.loads(answer)
        future.set_result(value) if is_good else future.set_exception(value)

    def _why(self) -> WorkerLostError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._job.wait(5.0)
        return WorkerLostError(
            f"an MPI rank was lost (killed, or out of memory?) and the MPI job with it: {told(self._said)}"
        )


def told(said: IO[bytes]) -> str:
    """Last output of mpiexec and its ranks."""
    size = said.seek(0, os.SEEK_END)
    said.seek(max(0, size - TOLD))
    return said.read().decode("utf-8", "replace").strip()
