"""Requests to stop, from Ctrl-C or a polite kill, as a count that long work looks at when it can stop cleanly."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

INSISTENT = 3  # So many requests raise KeyboardInterrupt at once.


@dataclass
class Requests:
    """How often the user has asked to stop."""

    count: int = 0


@contextmanager
def listening(answer: Callable[[], None] | None = None) -> Iterator[Requests]:
    """Count the requests made in this block instead of raising KeyboardInterrupt in the middle of things.

    `answer` is called at the first. Only the main thread hears signals; elsewhere the count stays 0.
    """
    requests = Requests()
    if threading.current_thread() is not threading.main_thread():
        yield requests
        return

    def heard(*_: Any) -> None:
        requests.count += 1
        if requests.count == 1 and answer is not None:
            answer()
        if requests.count >= INSISTENT:
            raise KeyboardInterrupt

    before = {kind: signal.signal(kind, heard) for kind in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield requests
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)
