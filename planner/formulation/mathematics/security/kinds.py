"""All kinds of requirements, in the order of their rows, and what is derived from them."""

from __future__ import annotations

from typing import Any

from planner.formulation.mathematics.security.budget import BudgetKind
from planner.formulation.mathematics.security.chance import ChanceKind
from planner.formulation.mathematics.security.concentration import ConcentrationKind
from planner.formulation.mathematics.security.cover import CoverKind
from planner.formulation.mathematics.security.dependence import DependenceKind
from planner.formulation.mathematics.security.expected_unserved import ExpectedUnservedKind
from planner.formulation.mathematics.security.kind import NodeKind, OverallKind, RequirementKind
from planner.formulation.mathematics.security.leverage import LeverageKind
from planner.formulation.mathematics.security.outage import OutageKind
from planner.formulation.mathematics.security.regret import RegretKind
from planner.formulation.mathematics.security.served import RecoverKind, ServedKind, SurviveKind
from planner.formulation.mathematics.security.sharing import SharingKind
from planner.formulation.mathematics.security.supplier_count import SupplierCountKind
from planner.formulation.mathematics.security.tail import TailKind
from planner.language.requirements import Rule

NODE: tuple[NodeKind[Any], ...] = (
    ServedKind(), SurviveKind(), RecoverKind(), DependenceKind(), ConcentrationKind(), SupplierCountKind(),
    CoverKind(), SharingKind(),
)
OVERALL: tuple[OverallKind[Any], ...] = (
    ExpectedUnservedKind(), TailKind(), RegretKind(), ChanceKind(), LeverageKind(), BudgetKind(),
)
EVERY: tuple[RequirementKind[Any], ...] = (*NODE, *OVERALL, OutageKind())
NODE_FAMILIES = {family: kind for kind in NODE for family in kind.families}
OVERALL_FAMILIES = {family: kind for kind in OVERALL for family in kind.families}
FAMILIES = frozenset(NODE_FAMILIES) | frozenset(OVERALL_FAMILIES)
_KINDS = {kind.part: kind for kind in EVERY}


def kind_of(part: Rule) -> RequirementKind[Any]:
    """The kind of a requirement."""
    return _KINDS[type(part)]


def overall_kind_of(part: Rule) -> OverallKind[Any]:
    """The kind of a requirement on the plan as a whole. Raises TypeError for any other."""
    kind = kind_of(part)
    if not isinstance(kind, OverallKind):
        raise TypeError(f"{part} is no requirement on the plan as a whole")
    return kind
