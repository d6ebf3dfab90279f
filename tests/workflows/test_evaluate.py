"""Plans evaluated: on their own futures they cost what they cost, on drawn ones the tables pass the check."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyomo.environ as pyo
import pytest
import yaml
from hypothesis import given, settings
from rich.console import Console

from planner.common.errors import InputError
from planner.results.write import read_table
from planner.terminal.uncertainty import show_evaluation
from planner.workflows.evaluate import evaluate
from planner.workflows.futures_sampling import futures
from planner.workflows.solve import build, solve
from tests.generators.instances import instances
from tests.paths import QUICKSTART

SAMPLING = (
    "sampling={controls: ['*'], onset: [2027, 2031], duration: [1, 4], depth: [0.5, 1], demand: [0.9, 1.1],"
    " project_delay: [0, 1.5]}"
)


@settings(max_examples=40)
@given(raw=instances())
def test_a_plan_on_its_own_futures_costs_what_it_costs(
    raw: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("plan")
    path = folder / "random.yaml"
    path.write_text(yaml.safe_dump(raw, sort_keys=False), "utf-8")
    made = solve(path, out=folder / "run", options={"gap": 0.0})
    found = evaluate(folder / "run", out=folder / "again", options={"gap": 0.0}).run
    assert found.check is not None
    assert found.check.passed
    assert found.figures["objective"] == pytest.approx(made.figures["objective"], rel=1e-6, abs=1e-6)
    assert sorted(found.tables["plan"]["project"]) == sorted(made.tables["plan"]["project"])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "run"
    solve(QUICKSTART, sets=[SAMPLING], out=folder)
    return folder


def test_drawn_futures_are_the_same_for_the_same_seed() -> None:
    first, again, other = (futures(QUICKSTART, 8, seed, sets=[SAMPLING]) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    drawn = yaml.safe_load(first)
    assert len(drawn["futures"]) == 9
    assert sum(f["probability"] for f in drawn["futures"].values()) == pytest.approx(1)


def test_a_plan_meets_drawn_futures(made: Path, tmp_path: Path) -> None:
    (tmp_path / "drawn.yaml").write_text(futures(QUICKSTART, 6, 3, sets=[SAMPLING]), "utf-8")
    found = evaluate(made, on=tmp_path / "drawn.yaml", out=tmp_path / "run")
    assert found.run.check is not None
    assert found.run.check.passed
    assert len(found.run.tables["scenarios"]) == 6
    before, after = (json.loads((p / "manifest.json").read_text("utf-8")) for p in (made, tmp_path / "run"))
    assert before["given"] == {}
    assert after["given"]["plan_sha256"]
    columns = ["project", "group", "size"]
    stated = solve(QUICKSTART, sets=[SAMPLING], out=made).tables["plan"][columns]
    assert found.run.tables["plan"][columns].equals(stated)


def test_delays_and_demand_of_drawn_futures_matter(made: Path, tmp_path: Path) -> None:
    """More demand and later plants can only cost more, the plan being the same."""
    costs = []
    for demand, delay in ((1.0, 0.0), (1.2, 0.0), (1.2, 1.5)):
        draw = f"sampling={{controls: ['*'], onset: [2027, 2027], duration: [2, 2], demand: [{demand}, {demand}],"
        text = futures(QUICKSTART, 1, 0, sets=[f"{draw} project_delay: [{delay}, {delay}]}}"])
        (tmp_path / "drawn.yaml").write_text(text, "utf-8")
        found = evaluate(made, on=tmp_path / "drawn.yaml", out=tmp_path / "run")
        costs.append(found.run.figures["objective"])
    assert costs[0] < costs[1] < costs[2]


def test_a_plan_in_tonnes_is_none_in_kilotonnes(made: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="plan-does-not-fit its sizes are in t/year, those there in kt/year"):
        evaluate(made, sets=["units.quantity=kt"], out=tmp_path / "there")
    assert list(tmp_path.iterdir()) == []


def test_a_plan_that_does_not_fit_is_refused(made: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"plan-does-not-fit .* cannot be decided in 2026"):
        evaluate(made, sets=["projects.*.earliest=2028"], out=tmp_path / "run")
    with pytest.raises(InputError, match="no-run"):
        evaluate(tmp_path, out=tmp_path / "run")
    (tmp_path / "wrong.yaml").write_text("demands: {}\n", "utf-8")
    with pytest.raises(InputError, match=r"wrong.yaml:1:\d+ unknown-key demands does not belong in a file of futures"):
        evaluate(made, on=tmp_path / "wrong.yaml", out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


DEARER = ["projects.*.capital.variable*=50", "demands.*.amount*=0.5"]  # Nobody would decide such plans so.


def carried_out(path: Path, sets: list[str], folder: Path) -> float:
    """Cost of the plan in a folder by the whole Pyomo model, its decisions fixed by hand from the tables."""
    model = build(path, sets=sets, whole=True)
    decided = model.investments
    for family in (decided.start, decided.size, decided.retire):
        for key in family:
            family[key].fix(0.0)
    for row in read_table(folder / "plan.csv").to_dict("records"):
        key = row["project"], row["group"]
        decided.start[key].fix(1.0)
        if key in decided.size:
            decided.size[key].fix(float(row["size"]))
    for row in read_table(folder / "retirements.csv").to_dict("records"):
        decided.retire[row["facility"], row["group"]].fix(float(row["share"]))
    pyo.SolverFactory("appsi_highs").solve(model)
    return float(pyo.value(next(model.component_data_objects(pyo.Objective))))


@pytest.mark.parametrize("method", ["benders", "extensive"])
def test_a_plan_is_frozen_however_it_is_solved(method: str, made: Path, tmp_path: Path) -> None:
    found = evaluate(made, sets=DEARER, out=tmp_path / "run", options={"method": method, "gap": 0.0}).run
    decided = ["project", "group", "size", "modules"]
    before, after = (read_table(folder / "plan.csv")[decided] for folder in (made, tmp_path / "run"))
    assert after.equals(before)
    assert found.figures["objective"] == pytest.approx(carried_out(QUICKSTART, [SAMPLING, *DEARER], made), rel=1e-7)
    free = solve(QUICKSTART, sets=[SAMPLING, *DEARER], out=tmp_path / "free", options={"gap": 0.0})
    assert len(free.tables["plan"]) < len(before)


def test_costs_of_unlike_futures_are_not_set_side_by_side(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    solve(QUICKSTART, out=tmp_path / "run")
    for sets, is_alike in ((), True), (["demands.*.amount *= 0.5"], False):
        found = evaluate(tmp_path / "run", sets=sets, out=tmp_path / f"again-{is_alike}")
        show_evaluation(found, Console(width=120))
        lines = capsys.readouterr().out.splitlines()
        assert any(line.strip().startswith("made for") for line in lines) is is_alike
        assert found.alike is is_alike
