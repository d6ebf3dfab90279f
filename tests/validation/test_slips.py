"""Slips of the pen are noted at their line with what was probably meant; a base year out of all sense is refused."""

from __future__ import annotations

import pytest

from planner.common.errors import InputError
from planner.reading.document import load
from planner.validation.validate import validate
from tests.paths import STARTER

LANE = "lanes={l: {commodities: [magnet], from: [CN], to: [HOME], freight: 1, customs_value: 50, tariff: 27.1}}"
DEARER = "{exporter: CN, kind: technology, projects: ['*'], destinations: [HOME], dearer: 20}"
SLIPS = {
    "tariff in per cent": (LANE, "lanes.l.tariff: a tariff of 27.1 is 2,710 %", "was 0.271 meant?"),
    "factor in per cent": (
        "controls.ban={exporter: CN, kind: price, commodities: [magnet], destinations: [HOME], price: 130}",
        "ban multiplies prices by 130", "was 1.3 meant?"),
    "added cost in per cent": (
        f"controls.ban={DEARER}", "controls.ban.dearer: an added cost of 20 is 2,000 %", "was 0.2 meant?"),
    "digits of a year": (
        "demands.cars.amount={2062: 600, 2030: 1000}", "demands.cars.amount states the year 2062", "was 2026 meant?"),
    "a year far away": ("demands.cars.amount={2026: 600, 2099: 1000}", "demands.cars.amount states the year 2099", ""),
    "slices that lack a tenth": (
        "demands.cars.shortage.1.share=0.7", "the shares of shortage of cars add up to 0.9", "if they add up to 1"),
    # 0.2 * 500 + 0.8 * 3000 = 2500 USD/kg on 600, 700, ... 1000 t: 2.5 MUSD/t * 4000 t = 10,000 MUSD.
    "dollars for millions": (
        "projects.build-magnet-plant.capital.fixed=20e6", "more than all users lose without any supply (1e+04)",
        "is it in MUSD?"),
    "a base year far away": ("time.base_year=1950", "money is discounted to 1950", ""),
    "thirds of three digits": ("time.periods=[0.333, 0.333, 0.334, 1, 1, 1]", "", ""),
    "thirds of seven digits": (
        "time.periods=[0.3333333, 0.3333333, 0.3333333, 1, 1, 1]", "begins in 2026.9999999, not in 2027", "ten digits"),
}  # fmt: skip


@pytest.mark.parametrize("name", SLIPS)
def test_slips_are_noted_with_what_was_meant(name: str) -> None:
    change, message, hint = SLIPS[name]
    sets = [change, *(["projects.build-magnet-plant.lead_time=1"] if "dearer" in change else [])]
    noted = [problem for problem in validate(load(STARTER, sets=sets)) if problem.code == "doubtful"]
    if not message:
        assert not noted
        return
    found = [problem for problem in noted if message in problem.message]
    assert found, noted
    assert found[0].place is not None
    assert hint in (found[0].hint or "")


def test_a_base_year_out_of_all_sense_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        validate(load(STARTER, sets=["time.base_year=206"]))
    (problem,) = caught.value.problems
    assert problem.code == "outside-horizon"
    assert problem.hint == "was 2026 meant?"


def test_costs_are_not_compared_with_losses_where_users_must_be_served() -> None:
    """The second slice of the starter's users costs more than any price; without it nothing is known of losses."""
    sets = ["demands.cars.shortage=[]", "suppliers.chinese-magnets.steps.1.price=5000"]
    assert not [problem for problem in validate(load(STARTER, sets=sets)) if "loss" in problem.message]
