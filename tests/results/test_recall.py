"""Runs are known by what determines them: the same one is read back, anything else is solved."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import planner.workflows.solve as run_module
from planner.common.errors import InputError
from planner.solving.outcome import Outcome
from planner.workflows.evaluate import evaluate
from planner.workflows.solve import solve
from tests.commands import planner
from tests.paths import INSTANCES, QUICKSTART


@pytest.mark.parametrize("name", ["planner/language/starter.yaml", "instances/quickstart.yaml", "tests/small.yaml"])
def test_the_same_run_is_read_back_as_it_was(name: str, tmp_path: Path) -> None:
    path = INSTANCES.parent / name
    first, again = (solve(path, out=tmp_path / "run") for _ in range(2))
    assert (first.recalled, again.recalled) == (False, True)
    assert again.figures["objective"] == first.figures["objective"]
    assert again.check is not None
    assert first.check is not None
    assert again.check.tests == first.check.tests
    assert list(again.tables) == list(first.tables)
    for table, frame in first.tables.items():
        pd.testing.assert_frame_equal(again.tables[table], frame, check_exact=True)


def test_whatever_differs_is_solved(tmp_path: Path) -> None:
    solve(QUICKSTART, out=tmp_path / "run")
    assert not solve(QUICKSTART, out=tmp_path / "run", force=True).recalled
    assert not solve(QUICKSTART, out=tmp_path / "run", options={"gap": 0.01}).recalled
    assert not solve(QUICKSTART, out=tmp_path / "run", sets=["time.discount_rate=0.07"], options={"gap": 0.01}).recalled
    assert solve(QUICKSTART, out=tmp_path / "run", sets=["time.discount_rate=0.07"], options={"gap": 0.01}).recalled


def test_a_run_that_stopped_early_is_solved_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make = run_module.solve_by_method

    def stopped(*arguments: Any, **words: Any) -> Outcome:
        return replace(make(*arguments, **words), status="stopped", gap=0.3)

    with monkeypatch.context() as patch:
        patch.setattr(run_module, "solve_by_method", stopped)
        solve(QUICKSTART, out=tmp_path / "run")
    assert not solve(QUICKSTART, out=tmp_path / "run").recalled
    assert solve(QUICKSTART, out=tmp_path / "run").recalled


def test_a_run_that_was_changed_is_solved_again_only_when_asked(tmp_path: Path) -> None:
    run = tmp_path / "run"
    solve(QUICKSTART, out=run)
    (run / "plan.csv").write_text((run / "plan.csv").read_text().replace("1000.0", "1001.0"))
    with pytest.raises(InputError, match=r"plan\.csv is not as it was written - solve it again with --force"):
        solve(QUICKSTART, out=run)
    assert "1001.0" in (run / "plan.csv").read_text()
    assert not solve(QUICKSTART, out=run, force=True).recalled
    assert solve(QUICKSTART, out=run).recalled


def test_an_evaluation_is_read_back_too(tmp_path: Path) -> None:
    solve(QUICKSTART, out=tmp_path / "run")
    found = [evaluate(tmp_path / "run", out=tmp_path / "on", force=force).run for force in (False, False, True)]
    assert [run.recalled for run in found] == [False, True, False]


def test_the_command_says_that_it_did_not_solve(tmp_path: Path) -> None:
    planner("solve", QUICKSTART, "--quiet", cwd=tmp_path)
    again = planner("solve", QUICKSTART, cwd=tmp_path)
    assert again.returncode == 0
    assert "use --force to solve again" in again.stdout
    assert "solving" not in again.stderr
    assert json.loads(planner("solve", QUICKSTART, "--json", cwd=tmp_path).stdout)["recalled"]
    forced = planner("solve", QUICKSTART, "--force", cwd=tmp_path)
    assert "use --force to solve again" not in forced.stdout
    assert "solving" in forced.stderr
