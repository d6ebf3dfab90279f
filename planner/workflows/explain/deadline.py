"""Time limit of the search for reasons, and the listener to its progress."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from planner.common.signals import is_asked_to_stop
from planner.language.instance import Options
from planner.solving.formulate import SILENT, Listener


@dataclass(frozen=True)
class Patience:
    """Work ends at `deadline` (of `time.monotonic`), or when the user asks to stop, with what was found so far."""

    deadline: float = math.inf
    listener: Listener = SILENT

    @classmethod
    def of(cls, options: Options, listener: Listener = SILENT) -> Patience:
        """As long as the options give, from now on."""
        limit = options.time_limit
        return cls(math.inf if limit is None else time.monotonic() + limit, listener)

    @property
    def left(self) -> float:
        return self.deadline - time.monotonic()

    @property
    def is_over(self) -> bool:
        return self.left <= 0 or is_asked_to_stop()

    def limited(self, options: Options, most: float = math.inf) -> Options:
        """The options with the time that is left, up to a number of seconds."""
        seconds = min(self.left, most)
        return options.model_copy(update={"time_limit": max(0.1, seconds) if math.isfinite(seconds) else None})

    def tell(self, words: str) -> None:
        if self.listener.phase is not None:
            self.listener.phase(words)


ENDLESS = Patience()
