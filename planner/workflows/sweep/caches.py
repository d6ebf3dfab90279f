"""What a worker must forget between jobs: functions that cache by network or solution would keep them all."""

from __future__ import annotations

import sys

CACHING = ("planner.formulation.mathematics.", "planner.results.", "planner.check.")


def forget() -> None:
    """Empty the caches of the functions that work on one network, solution or case."""
    for name, module in tuple(sys.modules.items()):
        if name.startswith(CACHING):
            for function in vars(module).values():
                clear = getattr(function, "cache_clear", None)
                if callable(clear) and getattr(function, "__module__", None) == name:
                    clear()
