"""Listeners to the progress of a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from planner.program.incremental import Rebuild
from planner.solving.outcome import SearchProgress


@dataclass(frozen=True)
class Listener:
    """Hears of phases, of programs as they are built, of progress, and of a stop that the user asks for."""

    phase: Callable[[str], None] | None = None
    progress: Callable[[SearchProgress], None] | None = None
    stopping: Callable[[], None] | None = None
    rebuilt: Callable[[Rebuild], None] | None = None


SILENT = Listener()
