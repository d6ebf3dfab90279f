"""A time limit that several solves share."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from planner.language.instance import Options

LEAST = 0.25  # Seconds that every solve is given, however late it is.


@dataclass
class Allotment:
    """Give each of a number of solves an equal part of the time left."""

    options: Options
    count: int
    begun: float = field(default_factory=time.monotonic)

    def next(self) -> Options:
        """The options of the next solve."""
        limit = self.options.time_limit
        if limit is None:
            return self.options
        left = limit - (time.monotonic() - self.begun)
        part, self.count = left / self.count, max(1, self.count - 1)
        return self.options.model_copy(update={"time_limit": max(LEAST, part)})
