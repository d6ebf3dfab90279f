"""Common parts of all executors: one error for lost workers, and the setup of workers."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from dataclasses import dataclass
from typing import Any

from planner.common.errors import InputError, Place, Problem, WorkerLostError, extra_hint

# One thread per worker: as many workers as cores would else fight over them. Read when the libraries are loaded.
SINGLE = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}


@dataclass(frozen=True)
class Setup:
    """Setup that makes a process a worker: the function called once in it."""

    initializer: Callable[..., object] | None = None
    arguments: tuple[Any, ...] = ()

    def __call__(self) -> None:
        if self.initializer is not None:
            self.initializer(*self.arguments)


def become_worker(setup: Setup) -> None:
    """Called in a worker before its first job. Ctrl-C reaches every process of a terminal: the parent decides."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    setup()


class Inline(Executor):
    """This process: a job is done when it is submitted."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class Team(Executor):
    """An executor with a known number of workers, whose loss is a WorkerLostError.

    `stop` ends the workers at once, when there is no time to wait for their jobs; `losses` are the errors by which
    the executor behind says that a worker is gone.
    """

    def __init__(
        self, inner: Executor, workers: int, stop: Callable[[], None] = lambda: None,
        losses: tuple[type[BaseException], ...] = (BrokenExecutor,),
    ) -> None:
        self.workers = workers
        self._inner, self._stop, self._losses = inner, stop, losses
        self._open: set[Future[Any]] = set()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        try:
            inner = self._inner.submit(fn, *args, **kwargs)
        except self._losses as error:
            raise _lost(error) from error
        self._open.add(inner)
        outer: Future[Any] = Future()
        outer.add_done_callback(lambda done: done.cancelled() and inner.cancel())
        inner.add_done_callback(lambda done: self._pass_on(done, outer))
        return outer

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        if cancel_futures:
            for future in tuple(self._open):
                future.cancel()
        self._inner.shutdown(wait)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._stop()
        self.shutdown(wait=True, cancel_futures=kind is not None)

    def _pass_on(self, done: Future[Any], outer: Future[Any]) -> None:
        self._open.discard(done)
        if done.cancelled():
            outer.cancel()
        if not outer.set_running_or_notify_cancel():
            return
        error = done.exception()
        if isinstance(error, self._losses):
            outer.set_exception(_lost(error))
        elif error is not None:
            outer.set_exception(error)
        else:
            outer.set_result(done.result())


def _lost(error: BaseException) -> WorkerLostError:
    if isinstance(error, WorkerLostError):
        return error
    reason = "" if isinstance(error, CancelledError) or not str(error) else f": {error}"
    return WorkerLostError(f"a worker was lost (killed, or out of memory?){reason}")


@contextlib.contextmanager
def starting_workers() -> Iterator[None]:
    """Processes started in this block use one thread and do not hear Ctrl-C, from their first moment on."""
    before = {name: os.environ.get(name) for name in SINGLE}
    is_main = threading.current_thread() is threading.main_thread()
    heard = signal.signal(signal.SIGINT, signal.SIG_IGN) if is_main else None
    os.environ.update(SINGLE)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
        if is_main:
            signal.signal(signal.SIGINT, heard)


def require(library: str, extra: str, place: str = "--executor") -> None:
    """InputError when the library of an extra is not installed."""
    if importlib.util.find_spec(library) is None:
        raise InputError([Problem(
            "missing-library", f"{library} is not installed", Place(place, 0, 0), extra_hint(extra)
        )])
