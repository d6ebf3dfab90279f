"""Messages between the engine and its ranks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from planner.language.instance import Instance
from planner.solving.mpi_sppy.scenarios import Column


@dataclass(frozen=True)
class Task:
    """Task for the ranks; costs are multiplied by `scale`."""

    instances: Mapping[str, Instance]
    algorithm: str
    gap: float
    time_limit: float
    seed: int
    scale: float


@dataclass
class Answer:
    """Answer so far: bound and value in money, plans of decisions, the best last."""

    bound: float = -math.inf
    objective: float = math.inf
    plans: list[dict[Column, float]] = field(default_factory=list)
    rounds: int = 0
    finished: bool = False
    message: str = ""
