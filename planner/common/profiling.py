"""Seconds and peak memory per phase of a run."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

MEGABYTE = 1024 * 1024
FORGET = "5"  # What makes Linux forget the most memory that a process has had (proc(5), clear_refs).

PeakScope = Literal["phase", "so far", "unknown"]


@dataclass(frozen=True)
class Phase:
    """Cost of a phase: seconds by the wall clock, and megabytes at its peak if that was measured."""

    name: str
    seconds: float
    share: float
    peak_megabytes: float | None


class Clock:
    """Seconds per phase, and news of the phase begun; with `profile` also the peak of this process's memory.

    Linux tells the peak of each phase, other systems only the highest so far (`marks` says which).
    """

    def __init__(self, news: Callable[[str], None] | None, profile: bool = False) -> None:
        self.begun = time.monotonic()
        self.seconds: dict[str, float] = {}
        self.peaks: dict[str, float] = {}
        self.rebuilt: list[tuple[str, str]] = []  # Of every program: how much of it was built anew, and why.
        self.marks: PeakScope = "unknown"
        self._news, self._profile = news, profile

    @property
    def elapsed(self) -> float:
        """Seconds since it was made."""
        return time.monotonic() - self.begun

    def tell(self, words: str) -> None:
        """News of what is done within a phase."""
        if self._news is not None:
            self._news(words)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        if self._news is not None:
            self._news(name)
        if self._profile:
            self.marks = _forget()
        begun = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - begun
            if self._profile:
                self.peaks[name] = max(self.peaks.get(name, 0.0), _peak(self.marks))

    def profile(self, started: float) -> list[Phase]:
        """All phases in order since `started`: what went before them, and at last what lay between them."""
        total = time.monotonic() - started
        between = total - (self.begun - started) - sum(self.seconds.values())
        rows = {"start": self.begun - started} | self.seconds | {"other": between, "total": total}
        peaks = self.peaks | ({"total": max(self.peaks.values())} if self.peaks else {})
        return [Phase(name, seconds, seconds / total, peaks.get(name)) for name, seconds in rows.items()]


def _forget() -> PeakScope:
    """Let the peak begin anew, where that is possible."""
    try:
        Path("/proc/self/clear_refs").write_text(FORGET, "ascii")
    except OSError:
        return "so far"
    return "phase"


def _peak(marks: PeakScope) -> float:
    """Peak of this process's memory [megabytes], since it was last forgotten or ever."""
    if marks == "phase":
        status = Path("/proc/self/status").read_text("ascii")
        line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    import resource  # Not on Windows.

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / MEGABYTE if sys.platform == "darwin" else most / 1024
