"""Regret is measured against best plans that are known to a gap: what is said of it stays true."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from planner.language.instance import Options
from planner.reading.document import load
from planner.solving import extensive as solver
from planner.solving import scenario_optima as alone
from planner.solving.formulate import formulate
from planner.solving.outcome import Outcome, without_plan
from planner.workflows.solve import solve
from tests.paths import QUICKSTART

REGRET = ["objective.risk={measure: regret}"]
# Of the quickstart, by the whole Pyomo model and Pyomo's own way to HiGHS: each future alone, then all, to a gap of 0.
LEAST = 123.15601875


@pytest.mark.parametrize("gap", [0.3, 0.1, 0.02])
def test_the_least_regret_lies_between_bound_and_plan(gap: float, tmp_path: Path) -> None:
    found = solve(QUICKSTART, sets=REGRET, out=tmp_path / "run", options={"gap": gap})
    assert found.outcome.bound <= LEAST <= found.outcome.objective * (1 + 1e-6)
    assert found.outcome.status == "optimal"
    assert found.outcome.gap <= gap + 1e-6
    excess = found.tables["scenarios"].eval("cost - alone")
    assert excess.max() == pytest.approx(found.outcome.objective)


def test_regret_that_weighs_nothing_changes_nothing(tmp_path: Path) -> None:
    found = solve(QUICKSTART, sets=["objective.risk={measure: regret, weight: 0}"], out=tmp_path, options={"gap": 1e-6})
    assert found.outcome.objective == pytest.approx(1806.965389, rel=1e-6)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time runs out before any plan is found for a future alone."""
    whole = alone.solve

    def stopped(*given: Any, relax: bool = False, **named: Any) -> Outcome:
        return whole(*given, relax=True, **named) if relax else without_plan("stopped", "time limit", 0.0)

    monkeypatch.setattr(alone, "solve", stopped)


@pytest.mark.usefixtures("hurried")
def test_best_plans_that_time_runs_out_for_lose_nothing_but_the_bound(tmp_path: Path) -> None:
    found = solve(QUICKSTART, sets=REGRET, out=tmp_path / "run", options={"gap": 0.01})
    assert found.outcome.objective >= LEAST
    assert found.outcome.status == "stopped"
    assert found.outcome.bound == -float("inf")
    assert found.check is not None
    assert found.check.passed


def limited(most: float) -> list[str]:
    return [f"requirements.regret={{kind: regret, most: {most}}}"]


def test_a_rule_on_regret_is_kept_against_the_best_plans(tmp_path: Path) -> None:
    """Just above the least regret there is a plan, just below none."""
    found = solve(QUICKSTART, sets=limited(LEAST + 0.01), out=tmp_path / "run", options={"gap": 0.01})
    exact = solve(QUICKSTART, sets=REGRET, out=tmp_path / "exact", options={"gap": 0.0}).tables["scenarios"]
    assert (found.tables["scenarios"]["cost"] - exact["alone"]).max() <= LEAST + 0.011
    below = formulate(load(QUICKSTART, None, limited(LEAST - 0.01)).instances(), Options(gap=0.01))
    assert solver.solve(below, Options(gap=0.01)).status == "infeasible"


@pytest.mark.usefixtures("hurried")
def test_a_rule_on_regret_that_cannot_be_decided_is_not_called_impossible(tmp_path: Path) -> None:
    found = solve(QUICKSTART, sets=limited(LEAST), out=tmp_path / "run", options={"gap": 0.01})
    assert found.outcome.status in ("no_plan", "stopped", "optimal")
    free = solve(QUICKSTART, out=tmp_path / "free", options={"gap": 0.0})
    assert found.outcome.bound <= free.outcome.objective * (1 + 1e-6)
