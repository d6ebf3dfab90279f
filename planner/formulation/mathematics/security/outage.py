"""Losses of a facility or a country: their rows are those of `survive` in windows of their own (`contingencies`)."""

from __future__ import annotations

from planner.common.words import number
from planner.formulation.mathematics.security.kind import Ease, Kind
from planner.language.instance import Units
from planner.language.requirements import Outage


class OutageKind(Kind[Outage]):
    part, families = Outage, ()
    eases = (Ease("target", -1, "share", 0.0),)

    def asks(self, part: Outage, moment: float, units: Units) -> str:
        return f"that {number(part.target.at(moment))} of the need be served"
