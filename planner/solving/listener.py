"""Who wants to hear how a run goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from planner.solving.outcome import Progress


@dataclass(frozen=True)
class Listener:
    """Hears of phases, of progress, and of a stop that the user asks for."""

    phase: Callable[[str], None] | None = None
    progress: Callable[[Progress], None] | None = None
    stopping: Callable[[], None] | None = None


SILENT = Listener()
