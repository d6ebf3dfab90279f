"""A time limit shared by several solves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import planner.workflows.value_of_information as value_module
from planner.language.instance import Options
from planner.solving.time_budget import LEAST, Allotment
from tests.paths import QUICKSTART


def test_time_that_one_leaves_is_for_the_others() -> None:
    allotment = Allotment(Options(time_limit=90), 3)
    first = allotment.next().time_limit
    allotment.begun -= 10  # The first took 10 seconds.
    second = allotment.next().time_limit
    allotment.begun -= 1000
    assert first == pytest.approx(30, abs=0.5)
    assert second == pytest.approx(40, abs=0.5)
    assert [allotment.next().time_limit, allotment.next().time_limit] == [LEAST, LEAST]
    assert Allotment(Options(), 3).next().time_limit is None


def test_the_questions_of_value_share_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limits, solve = [], value_module.solve_program

    def noting(program: Any, options: Options, *rest: Any, **more: Any) -> Any:
        limits.append(options.time_limit)
        return solve(program, options, *rest, **more)

    monkeypatch.setattr(value_module, "solve_program", noting)
    value_module.value(QUICKSTART, out=tmp_path / "out", options={"time_limit": 900.0})
    assert limits[0] == pytest.approx(900 / len(limits), rel=0.01)
    assert limits[-1] == pytest.approx(900, rel=0.2)
