"""Jobs for tests of executors; workers import this module, so it is light."""

from __future__ import annotations

import os
import signal

from tests.paths import QUICKSTART

PROPERTIES: dict[str, int] = {}


def remember(name: str, value: int) -> None:
    PROPERTIES[name] = value


def remembered(name: str) -> int:
    return PROPERTIES[name]


def process() -> int:
    return os.getpid()


def end() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fail() -> None:
    raise ArithmeticError("no such sum")


def cheapest(rate: float) -> float:
    """Least cost of the quickstart at a discount rate."""
    from planner.language.instance import Options
    from planner.reading.document import load
    from planner.solving.extensive import solve
    from planner.workflows.solve import formulate

    exact = Options(gap=0.0)
    return solve(formulate(load(QUICKSTART, None, [f"time.discount_rate={rate}"]).instances(), exact), exact).objective

def scheduler() -> str:
    """The address of the Dask scheduler that this worker works for."""
    from distributed import get_worker

    return str(get_worker().scheduler.address)
