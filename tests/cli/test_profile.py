"""`planner solve --profile`: seconds and peak memory of each phase, on the screen and for programs."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from planner.common import profiling as clock
from planner.common.profiling import Clock
from tests.commands import planner
from tests.paths import QUICKSTART

PHASES = ["start", "load", "validate", "build", "solve", "firmness", "tables", "write", "check", "other", "total"]


def test_profile_for_programs(tmp_path: Path) -> None:
    result = planner("solve", QUICKSTART, "--profile", "--json", "--quiet", "--out", "run", cwd=tmp_path)
    phases = json.loads(result.stdout)["profile"]
    assert [phase["name"] for phase in phases] == PHASES
    total = phases[-1]
    assert sum(phase["seconds"] for phase in phases[:-1]) == pytest.approx(total["seconds"])
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["seconds"]["solve"] == pytest.approx(phases[4]["seconds"], abs=0.001)
    assert 50 < phases[4]["peak_megabytes"] <= total["peak_megabytes"] < 2000


def test_a_profile_says_what_was_built_and_why(tmp_path: Path) -> None:
    plain = planner("solve", QUICKSTART, "--profile", "--json", "--quiet", cwd=tmp_path)
    assert json.loads(plain.stdout)["rebuilt"] == [["all", "first run"]]
    losses = "requirements.spare={kind: outage, loss: facility, target: 0.1}"
    several = planner("solve", QUICKSTART, "--set", losses, "--profile", "--json", "--quiet", cwd=tmp_path)
    first, *later = json.loads(several.stdout)["rebuilt"]
    assert first == ["all", "first run"]
    assert later
    assert {(extent, why.partition(":")[0]) for extent, why in later} <= {("all", "structure changed"),
                                                                          ("nothing", "nothing changed")}


def test_profile_on_the_screen(tmp_path: Path) -> None:
    result = planner("solve", QUICKSTART, "--profile", cwd=tmp_path)
    lines = [line.split() for line in result.stdout.splitlines()]
    assert [line[0] for line in lines[-len(PHASES):]] == PHASES
    plain = planner("solve", QUICKSTART, cwd=tmp_path)
    assert "peak MB" in result.stdout
    assert "peak MB" not in plain.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the peak of a phase")
def test_each_phase_has_its_own_peak() -> None:
    timer = Clock(None, profile=True)
    with timer.phase("large"):
        bytearray(300 * clock.MEGABYTE)
    with timer.phase("small"):
        pass
    assert timer.peaks["large"] - timer.peaks["small"] > 250
    assert timer.marks == "phase"


def test_elsewhere_the_highest_so_far_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_forget", lambda: "so far")
    timer = Clock(None, profile=True)
    with timer.phase("first"):
        pass
    with timer.phase("second"):
        pass
    assert 0 < timer.peaks["first"] <= timer.peaks["second"]
    assert timer.marks == "so far"
