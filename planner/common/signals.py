"""Requests to stop, from Ctrl-C or a polite kill, as a count that long work looks at when it can stop cleanly.

Blocks that listen may stand in each other: the outermost hears, and all within it look at the same count. So what is
made of many solves stops at the next one, also when the request came too late for the one that ran, or in between.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

INSISTENT = 3  # This number of requests raises KeyboardInterrupt at once.


@dataclass
class Requests:
    """Count of the user's requests to stop."""

    count: int = 0


_heard: list[Requests] = []  # Those of the outermost block that listens, if there is one.


def is_asked_to_stop() -> bool:
    """Whether the user has asked to stop since the outermost block began to listen."""
    return any(requests.count for requests in _heard)


def stop_if_asked() -> None:
    """Raise KeyboardInterrupt where work that listens can stop cleanly, if the user has asked for it."""
    if is_asked_to_stop():
        raise KeyboardInterrupt


@contextmanager
def ending() -> Iterator[None]:
    """Work that is still to be done when the user has asked to stop: only requests that come in it count there."""
    before = [(requests, requests.count) for requests in _heard]
    for requests, _ in before:
        requests.count = 0
    try:
        yield
    finally:
        for requests, count in before:
            requests.count += count


@contextmanager
def listening(answer: Callable[[], None] | None = None) -> Iterator[Requests]:
    """Count the requests made in this block instead of raising KeyboardInterrupt in the middle of things.

    `answer` of the outermost block is called at the first. Only the main thread hears signals, and those that its
    process does not ignore, as workers do; elsewhere the count stays 0.
    """
    if threading.current_thread() is not threading.main_thread():
        yield Requests()
        return
    if _heard:
        yield _heard[0]
        return
    requests = Requests()

    def heard(*_: Any) -> None:
        requests.count += 1
        if requests.count == 1 and answer is not None:
            answer()
        if requests.count >= INSISTENT:
            raise KeyboardInterrupt

    kinds = [kind for kind in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(kind) != signal.SIG_IGN]
    before = {kind: signal.signal(kind, heard) for kind in kinds}
    _heard.append(requests)
    try:
        yield requests
    finally:
        _heard.clear()
        for kind, handler in before.items():
            signal.signal(kind, handler)
