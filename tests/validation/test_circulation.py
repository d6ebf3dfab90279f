"""What circulates between processes needs no supply as long as all of it comes back; nothing is made from nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from planner.common.errors import InputError
from planner.reading.document import load
from planner.validation.cone import together
from planner.validation.validate import validate
from planner.workflows.solve import solve
from tests.circulation import case, written


def refused(folder: Path, content: dict[str, Any]) -> set[str]:
    """Codes and hints of an instance that is refused."""
    with pytest.raises(InputError) as caught:
        validate(load(written(folder, content)))
    return {problem.code for problem in caught.value.problems} | {p.hint or "" for p in caught.value.problems}


@pytest.mark.parametrize("acid", [1.0, 1.1])
def test_acid_that_comes_back_in_full_needs_no_supplier(tmp_path: Path, acid: float) -> None:
    """10 t of oxide take 20 t of ore at 1, and 20 of each process at 1."""
    run = solve(written(tmp_path, case(acid)), out=tmp_path / "run", options={"gap": 0.0})
    assert run.figures["objective"] == pytest.approx(20 * 1 + 20 * 1 + 20 * 1)


def test_acid_that_is_lost_needs_a_supplier(tmp_path: Path) -> None:
    assert any("someone must sell the rest" in said for said in refused(tmp_path, case(0.9)))
    make_up = {"acid": {"commodity": "acid", "regions": ["here"], "steps": [{"price": 5}]}}
    content = case(0.9)
    content["suppliers"] |= make_up
    run = solve(written(tmp_path, content), out=tmp_path / "run", options={"gap": 0.0})
    assert run.figures["objective"] == pytest.approx(60 + 20 * 0.1 * 5)


def test_what_goes_back_and_forth_is_not_had(tmp_path: Path) -> None:
    """Lanes both ways, and processes both ways, could turn for ever: users get nothing of it."""
    lanes = {"web": {"commodities": ["*"], "from": ["*"], "to": ["*"], "freight": 0}}
    content = case(1.0, lanes=lanes, suppliers={})
    assert {"unobtainable", "unreachable-demand"} <= refused(tmp_path, content)
    content["processes"] = {
        "forth": {"inputs": {"oxide": 1}, "outputs": {"liquor": 1}, "variable_cost": 0},
        "back": {"inputs": {"liquor": 1}, "outputs": {"oxide": 1}, "variable_cost": 0},
    }
    assert "unreachable-demand" in refused(tmp_path, content)


def test_steps_that_run_together() -> None:
    """Two loops and a chain: one loop makes up for what the other loses, the chain lacks its start."""
    steps = [
        ({"a": 1.0}, {"b": 1.0}), ({"b": 1.0}, {"a": 0.5, "c": 1.0}), ({"c": 1.0}, {"a": 0.5}),
        ({"x": 1.0}, {"y": 1.0}), ({"y": 1.0}, {"z": 1.0}),
    ]  # fmt: skip
    assert together(steps, set()) == ([0, 1, 2], [])
    assert together(steps, {"x"}) == ([0, 1, 2, 3, 4], ["y", "z"])
    assert together(steps, {"c"}) == ([0, 1, 2], ["a", "b"])
