"""What a job of a sweep need not have validated again: names, as long as nothing but numbers has changed."""

from __future__ import annotations

import pytest

from planner.common.errors import InputError
from planner.reading.document import Document, load
from planner.validation.same_structure import are_kin
from planner.validation.validate import validate
from tests.paths import QUICKSTART


@pytest.fixture(scope="module")
def base() -> Document:
    document = load(QUICKSTART)
    validate(document)
    return document


@pytest.mark.parametrize(("change", "is_kin"), [
    ("demands.*.amount *= 1.1", True),
    ("facilities.*.availability = {2026: 0.5, 2030: 0.7}", True),
    ("time.discount_rate = 0.2", False),  # Time names periods.
    ("facilities.mine.region = elsewhere", False),
    ("facilities.mine.retirement = true", False),
])
def test_kin_differ_in_numbers_alone(base: Document, change: str, is_kin: bool) -> None:
    assert are_kin(base.instances(), base.changed([change]).instances()) is is_kin


def test_a_name_that_stands_for_nothing_is_refused_whatever_it_was_changed_from(base: Document) -> None:
    wrong = base.changed(["facilities.mine.processes = [nothing]"])
    with pytest.raises(InputError, match="nothing"):
        validate(wrong, since=base)


def test_a_number_that_is_wrong_is_refused_whatever_it_was_changed_from(base: Document) -> None:
    wrong = base.changed(["projects.*.lead_time = 40"])
    with pytest.raises(InputError) as alone:
        validate(wrong)
    with pytest.raises(InputError) as since:
        validate(wrong, since=base)
    assert str(since.value) == str(alone.value)
