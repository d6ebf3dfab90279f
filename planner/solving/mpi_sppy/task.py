"""Messages between the engine and its ranks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from planner.formulation.declarations import FamilyKey
from planner.language.instance import Instance


@dataclass(frozen=True)
class RankTask:
    """Task for the ranks; costs are multiplied by `scale`."""

    instances: Mapping[str, Instance]
    algorithm: str
    gap: float
    time_limit: float
    seed: int
    scale: float


@dataclass
class RankResult:
    """Answer so far: bound and value in money, plans of decisions, the best last."""

    bound: float = -math.inf
    objective: float = math.inf
    plans: list[dict[FamilyKey, float]] = field(default_factory=list)
    rounds: int = 0
    finished: bool = False
    message: str = ""
