"""Figures that no instance can mean are refused where they stand, in any units; generous limits are not."""

from __future__ import annotations

import pytest

from planner.common.errors import InputError
from planner.reading.document import load
from planner.validation.validate import validate
from tests.paths import QUICKSTART

CURVE = "lanes.oxide_to_america.curve=[{size: 0, cost: 0}, {size: 2.e+25, cost: 1}]"
SHOCK = "shocks={raid: {length: 1, hazard: 0.1, overrides: {demands.US.ev.amount: 1.e+20}}}"


@pytest.mark.parametrize(
    ("path", "number"),
    [("demands.*.amount", 1e20), ("demands.*.amount", 1e300), ("suppliers.*.steps.0.price", 1e20),
     ("projects.metal_more.size.most", 1e13), ("projects.magnets_2.size.fixed", 1e13), ("stockpiles.*.capacity", 1e20),
     ("facilities.*.fixed_cost", 1e13), ("demands.*.shortage.*.cost", 1e13),
     ("facilities.*.capacity", 1e25), ("facilities.*.capacity", 1e-30), ("demands.*.amount", 1e-30)],
)  # fmt: skip
def test_impossible_figures_are_refused(path: str, number: float) -> None:
    """Such programs ended in an internal error, or in a proof of something else, after `validate` had said yes."""
    with pytest.raises(InputError) as caught:
        validate(load(QUICKSTART, None, [f"{path}={number}"]))
    first = caught.value.problems[0]
    assert (first.code, f"{number:g}" in first.message) == ("out-of-range", True)
    assert first.place is not None
    assert first.hint is not None


@pytest.mark.parametrize(
    "change", ["futures.embargo.overrides={demands.US.ev.amount: 1.e+20}", SHOCK, CURVE],
)  # fmt: skip
def test_they_are_refused_wherever_they_stand(change: str) -> None:
    """In one future alone, in the window of a shock, in the corner of a cost curve."""
    with pytest.raises(InputError) as caught:
        validate(load(QUICKSTART, None, [change]))
    found = next(problem for problem in caught.value.problems if problem.code == "out-of-range")
    assert found.place is not None
    assert found.place.file.startswith("--set")


@pytest.mark.parametrize("change", ["facilities.*.capacity=1e9", "facilities.*.capacity=1e12",
                                    "projects.metal_more.size.most=1e9", "demands.*.shortage.*.cost=1e9"])  # fmt: skip
def test_a_large_limit_is_none(change: str) -> None:
    validate(load(QUICKSTART, None, [change]))


@pytest.mark.parametrize("change", ["processes.mine.use=1e20", "processes.mine.use=1e300",
                                    "demands.US.ev.accepts={magnet.n: 1.e-20}"])  # fmt: skip
def test_ratios_of_amounts_have_a_range(change: str) -> None:
    """The solver dropped them, or the check found a plan that used more than there was."""
    with pytest.raises(InputError) as caught:
        load(QUICKSTART, None, [change])
    assert [problem.code for problem in caught.value.problems] == ["out-of-range"]


def test_units_in_which_money_and_amounts_do_not_meet_are_refused() -> None:
    """Capital in bn USD beside amounts in grams: one of the two is nothing beside the other, whatever is built."""
    with pytest.raises(InputError) as caught:
        validate(load(QUICKSTART, None, ["units={quantity: g, money: bnUSD, price: USD/t}"]))
    (problem,) = caught.value.problems
    assert (problem.code, problem.place is not None) == ("out-of-range", True)
    assert "check the units" in str(problem.hint)


@pytest.mark.parametrize(
    "change", ["processes.mine.use=1e-300", "facilities.*.availability=1e-300", "lanes.*.loss=1e-30"]
)
def test_shares_of_nothing_are_refused(change: str) -> None:
    with pytest.raises(InputError, match="too small to be told from nothing: write 0"):
        validate(load(QUICKSTART, None, [change]))
