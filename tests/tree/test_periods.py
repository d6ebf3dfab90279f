"""Periods of any length: they begin where the sum of those before ends, and every plan passes the check."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from planner.common.errors import InputError
from planner.language.instance import Time
from planner.language.units import periods
from planner.reading.document import load
from planner.tree.builder import build_tree
from planner.workflows.solve import solve
from tests.circulation import case, written


def test_starts_of_thirds_do_not_drift() -> None:
    """Three thirds are a year; the thirteenth begins in 2030."""
    time = Time(
        start=2026, periods=[1 / 3] * 13, discount_rate=0, base_year=2026, discounting="mid_period",
        capital_charge="annuity",
    )  # fmt: skip
    starts = [span.start for span in periods(time)]
    assert starts[::3] == [2026, 2027, 2028, 2029, 2030]


@pytest.mark.parametrize("length", [1 / 3, 0.3333333, 0.333333333, 0.1428571, 0.6666667, 0.7, 0.0833333])
def test_every_length_passes_the_check(tmp_path: Path, length: float) -> None:
    """13 periods of users of 10 t a year, who cost 60 a year (see test_circulation)."""
    content = case()
    content["time"] |= {"periods": [length] * 13}
    (tmp_path / "case.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    run = solve(tmp_path / "case.yaml", out=tmp_path / "run", options={"gap": 0.0})
    assert run.figures["objective"] == pytest.approx(60 * length * 13)


def test_a_period_of_a_moment_is_refused(tmp_path: Path) -> None:
    content = case()
    content["time"] |= {"periods": [1e-9, 1]}
    (tmp_path / "case.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    with pytest.raises(InputError, match=r"case\.yaml:\d+:\d+ .*0\.001"):
        load(tmp_path / "case.yaml")


SHORTAGE: dict[str, Any] = {"region": "here", "class": "all", "accepts": {"oxide": 1}, "amount": 10}
PLANT: dict[str, Any] = {
    "facility": "works", "size": {"fixed": 100}, "capital": {"fixed": 0}, "lead_time": 1, "life": 30,
}  # fmt: skip
ORE: dict[str, Any] = {"commodity": "ore", "origin": "there", "regions": ["here"]}
PILE: dict[str, Any] = {"commodity": "oxide", "region": "here", "owner": "government", "initial": 1000}

# What happens in the middle of 2028, or a year later, and what three years then cost: users of 10 t pay 60 a year.
AT_A_MOMENT: dict[str, tuple[dict[str, Any], float]] = {
    "a future branches, ore costs 4 instead of 1": ({
        "futures": {"calm": {"probability": 0.5}, "dear": {
            "probability": 0.5, "from": "calm", "branches": 2028.5,
            "overrides": {"suppliers.ore.steps.0.price": 4}}},
    }, 60 * 1 + (60 + 120) / 2 * 2),
    "a rule begins, for users who would go without at 1 a ton": ({
        "demands": {"users": SHORTAGE | {"shortage": [{"share": 1, "cost": 1}]}},
        "requirements": {"all": {"kind": "served", "start": 2028.5, "target": 1}},
    }, 10 * 1 + 60 * 2),
    "a plant is decided, and works from 2029.5; without it the users pay 12 a ton": ({
        "demands": {"users": SHORTAGE | {"shortage": [{"share": 1, "cost": 12}]}},
        "facilities": {"works": {"region": "here", "capacity": 0, "processes": ["*"]}},
        "projects": {"plant": PLANT | {"earliest": 2028.5, "latest": 2028.5}},
    }, 120 * 2 + 60 * 1),
    "a ban ends that opened a stock; without it the users pay 6 a ton": ({
        "suppliers": {"ore": ORE | {"steps": [{"price": 100, "amount": 20}]}},
        "demands": {"users": SHORTAGE | {"shortage": [{"share": 1, "cost": 6}]}},
        "futures": {"base": {"probability": 1, "controls": ["ban"]}},
        "controls": {"ban": {"exporter": "there", "kind": "ban", "commodities": ["ore"], "destinations": ["*"],
                             "end": 2028.5}},
        "stockpiles": {"pile": PILE | {"release": "emergency", "emergency": ["ban"], "holding_cost": 0}},
    }, 60 * 2),
    "a year begins in the middle of a period: ore costs 4 from 2029 on, step by step": ({
        "suppliers": {"ore": ORE | {"steps": [{"price": {"by_year": {2027: 1, 2029: 4}, "interpolate": "step"}}]}},
    }, 60 * 4 / 3 + 120 * 5 / 3),
    "a shock of one year ends that began in 2027.5 with a chance of 0.1 a year, ore costs 4": ({
        "shocks": {"raid": {"length": 1, "hazard": 0.1, "latest": 2027.5,
                            "overrides": {"suppliers.ore.steps.0.price": 4}}},
    }, 60 * 3 + (1 - 0.9 ** (1 / 3)) * 60),
}  # fmt: skip


@pytest.mark.parametrize("length", [1 / 3, 0.3333333, 0.33333334])
@pytest.mark.parametrize("happens", AT_A_MOMENT)
def test_moments_of_rounded_years_are_one(tmp_path: Path, length: float, happens: str) -> None:
    """Nine thirds from the middle of 2027: three of them end in the middle of 2028, however they are written.

    A period that began a second before was taken for one of before, a period late; a window of a year was followed by
    a period of three seconds, which the check and the model weighed differently.
    """
    parts, expected = AT_A_MOMENT[happens]
    content = case(**parts)
    content["time"] |= {"start": 2027.5, "periods": [length] * 9, "capital_charge": "annuity"}
    path = written(tmp_path, content)
    assert min(node.length for node in build_tree(load(path).instance).nodes) == pytest.approx(1 / 3, rel=1e-5)
    run = solve(path, out=tmp_path / "run", options={"gap": 0.0})
    assert run.figures["objective"] == pytest.approx(expected, rel=1e-5)
