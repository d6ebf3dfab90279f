"""Physics bounds and the worth of projects, computed by hand on a small instance; the command explain."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from planner import project_worth, reach
from planner.language.instance import Options
from planner.reading.document import load
from planner.solving.formulate import formulate
from planner.terminal.explain import show_bounds, show_worth
from planner.workflows.explain.bounds import bounds
from planner.workflows.explain.deadline import Patience
from planner.workflows.explain.project import Worth
from planner.workflows.solve import solve
from tests.cases import case_file
from tests.commands import planner
from tests.workflows.test_explain import LINE, NO_CHINA, SERVED

# Sixty tonnes a year at first; a line of sixty more may be decided in 2026 and is online in 2028.
LATE = {**NO_CHINA, "time.periods": [1, 1, 1], "facilities.plant.capacity": 60, "projects": {"line": LINE}}


def test_bounds_say_what_no_money_could_reach(tmp_path: Path) -> None:
    purse = {"kind": "budget", "of": "capital", "per": "total", "most": 0}
    dear = {"kind": "tail", "of": "cost", "tail": 0.1, "most": 0}
    found = reach(case_file(tmp_path, LATE, {"all": SERVED, "purse": purse, "dear": dear})).set_index("node")
    assert found["requirement"].eq("all").all()  # Money is no physics.
    assert found["best"].tolist() == pytest.approx([0.6, 0.6, 1.0])
    assert found["lacking"].tolist() == pytest.approx([40, 40, 0], abs=1e-9)
    assert found["reachable"].tolist() == [False, False, True]


def test_worth_of_a_project_and_its_break_even_cost(tmp_path: Path) -> None:
    """Online in 2028 only, the line makes 40 t at 20 that would else go short at 50: 1,200 less its charge of 5."""
    file = case_file(tmp_path, LATE, {})
    solve(file, out=tmp_path / "with", options={"gap": 0.0})
    inside = project_worth(tmp_path / "with", "line")
    assert inside.is_in
    assert inside.difference == pytest.approx(1195)
    assert inside.break_even == pytest.approx(100 * (1 + 1195 / 5))
    assert inside.rows["worth"].sum() == pytest.approx(60 * 30, rel=0.5)
    dear = ["projects.line.capital.fixed=30000"]  # A yearly charge of 1,500, 300 more than it saves.
    solve(file, sets=dear, out=tmp_path / "without", options={"gap": 0.0})
    outside = project_worth(tmp_path / "without", "line")
    assert not outside.is_in
    assert outside.difference == pytest.approx(300)
    assert outside.break_even == pytest.approx(24000)
    assert all(worth.proof.is_told for worth in (inside, outside))


def test_a_worth_within_the_proof_is_not_told() -> None:
    """A plan with the project costs 100, any at least 92; without it 103 found, at least 96: worth -4 to 11."""
    rows = pd.DataFrame(columns=["row", "worth", "unit"])
    found = Worth("line", True, "2026", 1.0, "t/year", 100.0, 92.0, 103.0, 96.0, 10.0, 50.0, "MUSD", rows)
    assert (found.proof.least, found.proof.most) == (-4, 11)
    assert not found.proof.is_told
    assert found.break_even_range == pytest.approx((50 * (1 - 4 / 10), 50 * (1 + 11 / 10)))
    with (console := Console(width=100)).capture() as shown:
        show_worth(found, console)
    assert "Whether it pays is not proven" in " ".join(shown.get().split())
    assert replace(found, bound=101.0).proof.is_told


def test_command_explains_and_repairs(tmp_path: Path) -> None:
    file = case_file(tmp_path, LATE, {"all": SERVED})
    result = planner("explain", file, "--json", "--quiet", cwd=tmp_path)
    assert result.returncode == 3, result.stderr
    answer = json.loads(result.stdout)
    assert not answer["feasible"]
    first = answer["explanation"]["repairs"][0]["sets"]
    sets = [word for text in first for word in ("--set", text)]
    assert planner("explain", file, *sets, cwd=tmp_path).returncode == 0
    solved = planner("solve", file, cwd=tmp_path)
    assert solved.returncode == 3
    assert "These statements cannot all hold" in solved.stderr
    assert f"{file}:" in solved.stderr or "case.yaml:" in solved.stderr
    bounds = planner("explain", file, "--bounds", cwd=tmp_path)
    assert bounds.returncode == 0
    assert "60.0%" in bounds.stdout
    assert planner("explain", file, "--project", "line", cwd=tmp_path).returncode == 2


def test_worth_of_knowledge_is_not_told_under_a_rule_on_all_futures(tmp_path: Path) -> None:
    rule = {"kind": "budget", "of": "capital", "per": "total", "most": 1000}
    result = planner("value", case_file(tmp_path, LATE, {"purse": rule}), cwd=tmp_path)
    assert result.returncode == 2
    assert "purse" in result.stderr


def test_bounds_of_an_instance_that_nothing_can_help(tmp_path: Path) -> None:
    """Sixty tonnes for users who must have a hundred, without a rule and with one on another matter."""
    broken = {**NO_CHINA, "facilities.plant.capacity": 60, "demands.cars.shortage": []}
    even = {"kind": "concentration", "stages": ["magnet"], "largest": 1, "share": 1}
    for rules in ({}, {"spread": even}):
        result = planner("explain", case_file(tmp_path, broken, rules), "--bounds", cwd=tmp_path)
        assert result.returncode == 3, result.stderr
        assert "planner explain says why" in result.stderr


def test_what_can_be_reached_alone_but_not_together_is_said(tmp_path: Path) -> None:
    """A hundred tonnes are reached with ninety from China, half of them from elsewhere by buying ten: not both.

    With all served China's ninety exceed half by forty; every tonne served less eases that by half a tonne only.
    """
    free = {"kind": "dependence", "exporter": "CN", "commodities": ["magnet"], "share": 0.5}
    file = case_file(tmp_path, {"facilities.plant.capacity": 10}, {"all": SERVED, "free": free})
    found = reach(file)
    assert found["reachable"].all()
    assert found["lacking_together"].sum() == pytest.approx(40)
    said = " ".join(planner("explain", file, "--bounds", cwd=tmp_path).stdout.split())
    assert "but not all together: free then lacks 40 t/year" in said


def test_bounds_of_rules_on_all_years_are_amounts(tmp_path: Path) -> None:
    """Forty of a hundred tonnes lack in each of two years of three: 80 t, where a tenth of 300 t may."""
    mean = {"kind": "expected_unserved", "share": 0.1}
    (row,) = reach(case_file(tmp_path, LATE, {"mean": mean})).to_dict("records")
    assert (row["unit"], row["lacking"]) == ("t", pytest.approx(80 - 30))


def test_bounds_end_with_their_time(tmp_path: Path) -> None:
    """What is known of all together is kept, and said not to be the least that must lack."""
    file = case_file(tmp_path, LATE, {"all": SERVED})
    program = formulate(load(file).instances(), Options())
    found = bounds(program, Options(), Patience(deadline=time.monotonic()))
    assert found["is_least"].tolist() == [False, False, True]
    with (console := Console(width=100)).capture() as shown:
        show_bounds(found, console)
    assert "The time limit left 2 more unknown" in shown.get()
    assert "Impossible" not in shown.get()
    done = planner("explain", file, "--bounds", "--time-limit", "60", cwd=tmp_path)
    assert (done.returncode, "Impossible at any cost" in done.stdout) == (0, True)


def test_bounds_without_requirements_say_that_there_are_none(tmp_path: Path) -> None:
    result = planner("explain", case_file(tmp_path, {}, {}), "--bounds", cwd=tmp_path)
    assert result.returncode == 0
    assert "no requirement" in result.stdout
