"""Every kind of requirement and of control has all that a kind must have, in all places that know of kinds."""

from __future__ import annotations

import inspect
from typing import get_args

import pytest

from planner.formulation.mathematics.security import kinds
from planner.formulation.mathematics.security.kind import NodeKind, OverallKind, RequirementKind
from planner.language.controls import AnyControl
from planner.language.requirements import KINDS, Rule
from planner.manual.equations import equations
from tests.generators.controls import KINDS as GENERATED

EVERY = {type(kind).__name__: kind for kind in kinds.EVERY}


def test_every_kind_of_the_language_is_known_once() -> None:
    assert sorted(kind.part.__name__ for kind in kinds.EVERY) == sorted(part.__name__ for part in KINDS.values())
    families = [family for kind in kinds.EVERY for family in kind.families]
    assert len(families) == len(set(families))


@pytest.mark.parametrize("kind", EVERY.values(), ids=EVERY)
def test_a_kind_has_all_its_parts(kind: RequirementKind[Rule]) -> None:
    """Abstract methods cannot be left out; what is stated as data could be."""
    assert kind.eases, "what could ask for less?"
    for ease in kind.eases:
        assert ease.field in kind.part.model_fields, ease
        assert ease.sign in (-1, 1)
    if isinstance(kind, NodeKind | OverallKind):
        assert kind.families
        assert set(kind.families) <= {equation.name for equation in equations()}
        assert kind.chapters
    assert inspect.getdoc(kind.part)


def test_a_kind_without_a_part_cannot_be_made() -> None:
    class Half(NodeKind[Rule]):
        part = Rule

    with pytest.raises(TypeError, match="abstract"):
        Half()  # type: ignore[abstract]


def test_every_kind_of_control_is_generated_and_so_compared_with_the_reference() -> None:
    union, *_ = get_args(AnyControl)
    kinds_of_language = {get_args(part.model_fields["kind"].annotation)[0] for part in get_args(union)}
    assert kinds_of_language == set(GENERATED)
    assert all(inspect.getdoc(part) for part in get_args(union))
