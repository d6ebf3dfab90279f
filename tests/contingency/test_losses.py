"""Losses tried on a plan that is given, without a requirement that asks for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import Mock, PropertyMock

import pytest

from planner import losses
from planner.common.errors import InputError
from planner.contingency.recourse import Trial
from planner.solving.outcome import SolverError
from planner.workflows.solve import solve
from tests.cases import PLANTS, case_file
from tests.commands import planner as command
from tests.paths import ROOT

WITHOUT_JAPAN: dict[str, Any] = PLANTS | {"projects": {}}


def test_losses_of_every_kind_as_computed_by_hand(tmp_path: Path) -> None:
    """100 t needed: plants of 60 t and 20 t, China sells 60 t, 40 t lie in stock of which 25 t a year can be drawn.

    China is the cheapest, so 2026 draws 25 t and makes 15 t at 20; 15 t are left for 2027, when 25 t are made.
    Without a source the rest give all they can: of first 20 + 60 + stock, of second 60 + 60, of China 80 + stock, of
    America stock and China alone. What is short costs 50 a tonne.
    """
    solve(case_file(tmp_path, WITHOUT_JAPAN, {}), out=tmp_path / "run", options={"gap": 0.0})
    found = losses(tmp_path / "run", out=tmp_path / "losses").table.set_index(["lost", "year"])
    short = {("first", 2026): 0, ("first", 2027): 5, ("second", 2027): 0, ("CN", 2026): 0, ("CN", 2027): 5,
             ("china", 2027): 5, ("US", 2026): 15, ("US", 2027): 25, ("third", 2027): 0, ("pacific", 2027): 0}
    for place, amount in short.items():
        assert found.loc[place, "short"] == pytest.approx(amount, abs=1e-6), place
        assert found.loc[place, "users_loss"] == pytest.approx(50 * amount, abs=1e-4), place
    assert found["rank"].is_monotonic_increasing
    assert found["users_loss"].is_monotonic_decreasing
    assert set(found["loss"]) == {"facility", "country", "supplier", "lane"}


def test_demands_that_must_be_served_go_short_in_a_loss(tmp_path: Path) -> None:
    """Dantzig's plants of 350 and 600 cases serve 900: without one, users get what the other makes."""
    case = ROOT / "instances" / "published" / "trnsport.yaml"
    solve(case, out=tmp_path / "run")
    found = losses(tmp_path / "run", ["country"], out=tmp_path / "losses").table.set_index("lost")
    served = found["served"].to_dict()
    assert served["seattle"] == pytest.approx(600 / 900)
    assert served["san-diego"] == pytest.approx(350 / 900)
    assert found.loc["san-diego", "short"] == pytest.approx(550)


@pytest.mark.parametrize(("changes", "said"), [
    ({"of": ["ship"]}, "nothing is known of losses of a ship"), ({"classes": ["army"]}, "no demand is of class army"),
])  # fmt: skip
def test_questions_about_nothing_are_refused(changes: dict[str, Any], said: str, tmp_path: Path) -> None:
    solve(case_file(tmp_path, WITHOUT_JAPAN, {}), out=tmp_path / "run")
    with pytest.raises(InputError, match=said):
        losses(tmp_path / "run", out=tmp_path / "losses", **changes)
    assert not (tmp_path / "losses").exists()


def test_command_shows_the_worst_of_each(tmp_path: Path) -> None:
    solve(case_file(tmp_path, WITHOUT_JAPAN, {}), out=tmp_path / "run")
    done = command("losses", "run", "--of", "facility", "--out", "losses", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "6 losses of 3 assets tested" in done.stdout
    assert (tmp_path / "losses" / "losses.csv").exists()


def test_a_trial_that_loses_its_way_begins_anew() -> None:
    """The solver ends undecided from the last basis now and then; from nothing it finds the optimum."""
    trial = Trial.__new__(Trial)
    trial.node, trial.solver = Mock(key="base:2026"), Mock()
    type(trial.solver).is_optimal = PropertyMock(side_effect=[False, True, True])
    trial._run()
    assert trial.solver.forget.call_count == 1
    trial.solver = Mock(is_optimal=False)
    with pytest.raises(SolverError, match="base:2026 could not be tried"):
        trial._run()
