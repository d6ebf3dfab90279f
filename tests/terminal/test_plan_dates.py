"""Dates of a plan: as planned, and as plants really stand where measures slow the work."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from planner import new
from planner.terminal.run import show_run
from planner.workflows.solve import solve


def test_a_plan_says_when_plants_really_stand_where_a_ban_slows_the_work(tmp_path: Path) -> None:
    """A year of work at half the pace takes two: planned for 2027, the plant stands in 2028 whatever happens.

    Where only the embargo of 2028 slows it, two years of work end as planned in the truce; in the embargo, decided in
    2027, one year is left at half the pace, so that it ends in 2030 instead of 2029.
    """
    new(tmp_path / "base.yaml")
    case = tmp_path / "tech.yaml"
    case.write_text(
        "extends: base.yaml\nname: tech\ncontrols: {knowhow: {exporter: CN, kind: technology,"
        " projects: [build-magnet-plant], destinations: [HOME], pace: 0.5}}\n", "utf-8")
    both = ["futures.truce.controls=[knowhow]", "futures.embargo.controls=[ban, knowhow]"]
    run = solve(case, sets=["projects.build-magnet-plant.lead_time=1", *both], out=tmp_path / "both")
    dates = run.tables["plan"].iloc[0]
    assert [dates[name] for name in ("planned_online", "online_first", "online_last")] == [2027, 2028, 2028]
    added = run.tables["capacity"].set_index(["asset", "node"])["added"]
    assert added["magnet-plant", "truce:2027"] == 0
    assert added["magnet-plant", "truce:2028"] > 0
    later = ["futures.embargo.controls=[ban, knowhow]", "projects.build-magnet-plant.earliest=2027"]
    run = solve(case, sets=["projects.build-magnet-plant.lead_time=2", *later], out=tmp_path / "later")
    dates = run.tables["plan"].iloc[0]
    assert [dates[name] for name in ("decided", "planned_online", "online_first", "online_last")] == [
        2027, 2029, 2029, 2030]
    console = Console(width=120, file=io.StringIO())
    show_run(run, console)
    assert "2029 (2029 to 2030)" in console.file.getvalue()  # type: ignore[attr-defined]
