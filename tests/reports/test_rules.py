"""The section on requirements says what a shadow price proves, and no more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import planner
from planner.reports.run import Run
from tests.cases import case_file

SERVED = {"served": {"kind": "served", "target": 0.6, "classes": ["*"]}}


def solved(folder: Path, project: dict[str, Any], requirements: dict[str, Any], shortage: float) -> Run:
    """A hundred tonnes are needed and made at 20 USD/t by what is built, or go short; nothing can be bought."""
    folder.mkdir(exist_ok=True)
    changes = {
        "facilities.plant.capacity": 0, "suppliers": {}, "demands.cars.shortage": [{"share": 1, "cost": shortage}],
        "projects": {"works": {"facility": "plant", "lead_time": 0, "life": 10, **project}},
    }
    return planner.solve(case_file(folder, changes, requirements), out=folder / "run")


def test_a_rule_with_room_may_still_force_a_yes_or_no(tmp_path: Path) -> None:
    """The plant of 100 t costs 200 a year and makes for 2,000; going short costs 2,100: only the rule builds it."""
    plant = {"size": {"fixed": 100}, "capital": {"fixed": 2000}}
    bound = solved(tmp_path / "bound", plant, SERVED, 21)
    row = bound.tables["requirements"].iloc[0]
    assert (row["slack"], row["shadow_price"], bound.figures["objective"]) == pytest.approx((40, 0, 2200))
    assert bound.view("binding").message == "No requirement binds with the decisions fixed."
    free = solved(tmp_path / "free", plant, {}, 21)
    assert (len(bound.tables["plan"]), len(free.tables["plan"])) == (1, 0)
    assert free.figures["objective"] == pytest.approx(2100)


def test_without_whole_numbers_a_rule_with_room_changes_nothing(tmp_path: Path) -> None:
    """Any size up to 100 t at 0.1 a year and tonne: all is served, with the rule and without it."""
    plant = {"size": {"most": 100}, "capital": {"variable": 1}, "repeatable": True}
    bound, free = solved(tmp_path / "bound", plant, SERVED, 50), solved(tmp_path / "free", plant, {}, 50)
    assert bound.tables["requirements"].iloc[0]["slack"] == pytest.approx(40)
    assert bound.view("binding").message == "No requirement binds: the plan would be the same without them."
    assert bound.figures["objective"] == free.figures["objective"] == pytest.approx(2010)
    assert bound.tables["plan"].equals(free.tables["plan"])
