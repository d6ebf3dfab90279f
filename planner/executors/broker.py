"""Rank 0 of the MPI ranks that `planner.executors.mpi` starts: takes jobs from a socket, gives them to the others.

Jobs and answers pass through as the bytes they come in: only the workers look into them.
"""

from __future__ import annotations

import pickle
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from multiprocessing.connection import Client, Connection

from planner.executors.team import Setup, become_worker


def main(address: str) -> None:
    """Serve until the parent says that it is enough; when the parent is gone, end all ranks."""
    from mpi4py import MPI
    from mpi4py.futures import MPIPoolExecutor

    with Client(address, "AF_UNIX") as line:
        setup: Setup = pickle.loads(line.recv_bytes())
        with MPIPoolExecutor(initializer=become_worker, initargs=(setup,)) as pool:
            lock = threading.Lock()
            try:
                while message := line.recv_bytes():
                    number, job = message[:8], message[8:]
                    pool.submit(work, job).add_done_callback(_answering(line, lock, number))
            except (EOFError, OSError):
                MPI.COMM_WORLD.Abort(1)


def _answering(line: Connection, lock: threading.Lock, number: bytes) -> Callable[[Future[bytes]], None]:
    def answer(done: Future[bytes]) -> None:
        error = done.exception()
        content = pickle.dumps((False, error)) if error is not None else done.result()
        with lock:
            line.send_bytes(number + content)

    return answer


def work(job: bytes) -> bytes:
    """Do a job on a worker: whether it went well, and its result or error."""
    try:
        function, arguments, named = pickle.loads(job)
        return pickle.dumps((True, function(*arguments, **named)))
    except Exception as error:
        return pickle.dumps((False, error))


if __name__ == "__main__":
    main(sys.argv[1])
