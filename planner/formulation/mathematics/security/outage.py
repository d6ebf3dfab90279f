"""Losses of a facility or a country: their rows are those of `survive` in windows of their own (`contingencies`)."""

from __future__ import annotations

from planner.formulation.declarations import Key
from planner.formulation.mathematics.security.kind import Ease, RequirementKind, served_share
from planner.formulation.network import Network
from planner.language.instance import Units
from planner.language.requirements import Outage


class OutageKind(RequirementKind[Outage]):
    part, families = Outage, ()
    eases = (Ease("target", -1, "share", 0.0),)

    def keys(self, network: Network) -> tuple[Key, ...]:
        return ()

    def asks(self, part: Outage, moment: float, units: Units) -> str:
        return served_share(part.target, moment)
