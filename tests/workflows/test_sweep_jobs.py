"""Jobs of a sweep that are out of the ordinary: projects on lanes, and a neighbour with other decisions."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from planner import solve, sweep
from planner.common.arrays import Array
from planner.language.instance import Options
from planner.solving.relaxation import Relaxation
from planner.workflows.sweep import integer_runs
from planner.workflows.sweep.worker import Bench, Done, StudySetup, WorkerTask
from tests.cases import terbium
from tests.circulation import case, written
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


def job(bench: Bench, number: int, start: bytes | None, *sets: str) -> Done:
    done = bench.solve(WorkerTask(number, sets, 0, start, False))
    assert done.record["status"] == "optimal", done.record["reason"]
    return done


@pytest.mark.parametrize("is_from_neighbour", [True, False])
def test_what_a_neighbour_decides_and_nobody_needs_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_from_neighbour: bool
) -> None:
    """Users of 26 t need a plant of 4 t beside the 100 t that stand; those of 10 t do not, and a gap of 0.3 allows it.

    They pay 20 for ore and 40 for two steps.
    """
    monkeypatch.setattr(integer_runs, "LARGE", 0)
    monkeypatch.setattr(integer_runs, "good_plan", lambda relaxation, *_: (0.0, opened(relaxation)))
    plant = {"facility": "works", "size": {"most": 10}, "capital": {"fixed": 1}, "lead_time": 0, "life": 9}
    path = written(tmp_path, case(projects={"plant": plant}))
    bench = Bench(StudySetup(str(path), None, (), Options(gap=0.3).model_dump(), False))
    first = job(bench, 0, None, "demands.users.amount=26")
    assert list(first.record["projects"]) == ["plant"]
    second = job(bench, 1, first.start if is_from_neighbour else None)
    assert second.record["projects"] == {}
    assert second.record["figures"]["objective"][0] == pytest.approx(60)


def opened(relaxation: Relaxation) -> Array:
    """A plan with every plant opened."""
    columns = np.flatnonzero(relaxation.program.integer)
    relaxation.fix(dict.fromkeys(columns.tolist(), 1.0))
    relaxation.solve()
    values = relaxation.values
    relaxation.free(columns.tolist())
    return values


@pytest.mark.parametrize("is_relaxation", [True, False])
def test_numbers_far_apart_are_solved_in_the_units_of_the_solver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_relaxation: bool
) -> None:
    """0.2 kg of terbium cost 750 MUSD; a plant that doubles them for 1 MUSD more is needed for 16 Mt of ore."""
    monkeypatch.setattr(integer_runs, "LARGE", 0)
    plant = {"facility": "f", "size": {"most": 10}, "capital": {"fixed": 1}, "lead_time": 0, "life": 1}
    path = written(tmp_path, terbium() | {"projects": {"plant": plant}})
    bench = Bench(StudySetup(str(path), None, (), Options(gap=0).model_dump(), is_relaxation))
    first = job(bench, 0, None)
    assert first.record["figures"]["objective"][0] == pytest.approx(750)
    second = job(bench, 1, first.start, "demands.d.amount=128e-10")
    assert second.record["figures"]["objective"][0] == pytest.approx(48000 + (0.6 if is_relaxation else 1))
