"""Measure of a frontier: the figure of a requirement that is its level, and the points found."""

from __future__ import annotations

import math
from dataclasses import dataclass

from planner.common.errors import InputError, Problem, did_you_mean
from planner.language.requirements import Rule
from planner.reading.document import Document
from planner.solving.outcome import Outcome

FINE = 1e-7  # To which level a plan is checked: the solver's tolerance.
# The figure of a requirement that can be a level: whether more of it is safer, and the most it can be.
MEASURES = {
    "target": (1, 1.0), "share": (-1, 1.0), "hhi": (-1, 1.0), "max_gap": (-1, 1.0), "most": (-1, math.inf),
    "days": (1, math.inf), "least": (1, math.inf),
}


@dataclass(frozen=True)
class RequirementLevel:
    """The figure of a requirement that is its level: the level is sign * figure."""

    document: Document
    requirement: str
    field: str
    sign: int
    most: float

    def at(self, figure: float) -> Document:
        """The instance that asks strictly for this figure."""
        part = f"requirements.{self.requirement}"
        rule = self.document.instance.requirements[self.requirement]
        strict = [f"{part}.elastic = null"] if getattr(rule, "elastic", None) is not None else []
        return self.document.changed([*strict, f"{part}.{self.field} = {figure!r}"])

    def figure(self, level: float) -> float:
        """The figure that a level stands for."""
        return self.sign * level + 0.0

    def below(self, level: float) -> float:
        """The figure of a level that was reached, a little less safe."""
        return min(max(self.sign * (level - FINE * max(1.0, abs(level))), 0.0), self.most)


@dataclass(frozen=True)
class FrontierPoint:
    """A plan on the frontier: level reached, cost and its bound [money]."""

    asked: float
    level: float
    cost: float
    bound: float
    outcome: Outcome


def measure_of(document: Document, requirement: str) -> RequirementLevel:
    """The figure of a requirement that can be a level; InputError when there is none."""
    known = document.instance.requirements
    if requirement not in known:
        hint = did_you_mean(requirement, known) or f"it has {', '.join(known) or 'none'}"
        raise InputError([Problem("unknown-requirement", f"there is no requirement {requirement}",
                                  document.place(()), hint)])  # fmt: skip
    rule: Rule = known[requirement]
    for field, (sign, most) in MEASURES.items():
        if getattr(rule, field, None) is not None:
            return RequirementLevel(document, requirement, field, sign, most)
    message = f"requirement {requirement} has no limit that can be a level"
    place = document.place(("requirements", requirement))
    raise InputError([Problem("no-level", message, place, "sweep over its figures instead")])
