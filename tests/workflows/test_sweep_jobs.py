"""Jobs of a sweep that are out of the ordinary: projects on lanes, and a neighbour with other decisions."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from planner import solve, sweep
from planner.language.instance import Options
from planner.workflows.sweep import integer_runs
from planner.workflows.sweep.worker import Bench, StudySetup, WorkerTask
from tests.paths import SMALL


def small_study(folder: Path, more: str = "") -> Path:
    """A study of the small chain: demand for cars at its two ends."""
    shutil.copy(SMALL, folder)
    path = folder / "study.yaml"
    path.write_text(
        f"study: small\ninstance: {SMALL.name}\nvary:\n"
        f"  cars: {{path: demands.ev.amount *=, range: [0.9, 1.1]}}\ndesign: one_way\n{more}"
    )
    return path


def test_a_project_on_a_lane_has_the_region_that_the_lane_begins_in(tmp_path: Path) -> None:
    done = sweep(small_study(tmp_path), out=tmp_path / "out", executor="inline")
    for name in ("projects", "no_regret"):
        rows = done.tables[name].set_index("project")
        assert set(zip(rows.loc[["port"], "region"], rows.loc[["port"], "stage"], strict=True)) == {("NO", "lane")}
        assert set(rows.loc[["new_works"], "region"]) == {"US"}
    built = done.tables["projects"].query("run == 0 and built == 1").set_index("project")
    plan = solve(tmp_path / SMALL.name, out=tmp_path / "alone").tables["plan"].groupby("project")
    assert built["region"].to_dict() == plan["region"].first().to_dict()


def test_the_plan_of_a_neighbour_with_fewer_decisions_is_no_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fixed cost on a lane is a decision more."""
    monkeypatch.setattr(integer_runs, "LARGE", 0)
    bench = Bench(StudySetup(str(SMALL), None, (), Options(gap=0.0).model_dump(), False))
    more = "lanes.ship_magnets.fixed_cost=1"
    first = bench.solve(WorkerTask(0, (), 0, None, False))
    assert first.start is not None
    second = bench.solve(WorkerTask(1, (more,), 0, first.start, False))
    alone = solve(SMALL, sets=[more], options={"gap": 0.0}, out=None)
    assert second.record["status"] == "optimal", second.record.get("reason")
    assert second.record["figures"]["objective"][0] == pytest.approx(alone.figures["objective"])
