"""The commands on what may happen, as users meet them: solve, evaluate, value, futures, show; real subprocesses."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.commands import digest, planner
from tests.paths import QUICKSTART

SAMPLING = (
    "sampling={controls: ['*'], onset: [2027, 2031], duration: [1, 4], depth: [0.5, 1], demand: [0.9, 1.1],"
    " project_delay: [0, 1.5]}"
)
BLOCKADE = "shocks={blockade: {earliest: 2031, length: 2, hazard: 0.05, controls: [ban]}}"
CAP = "controls.cap={exporter: CN, kind: quota, amount: 500, stages: [magnet], destinations: [US], start: 2030}"
EXACT = ("--gap", "0")
STORM = """futures:
  truce: {probability: 0.5}
  storm:
    probability: 0.5
    from: truce
    branches: 2028
    controls: [ban, squeeze]
"""
SQUEEZE = """controls:
  squeeze: {exporter: CN, kind: price, price: 2, commodities: [metal.ndpr], destinations: [US]}
"""


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def bytes_of(folder: Path) -> dict[str, str]:
    return {path.name: digest(path) for path in folder.iterdir()}


# Help


HELP = {
    "evaluate": ["plan", "--on", "--instance", "--scenario", "--set", "--quiet", "--json", "--out", "--gap"],
    "value": ["instance", "--delays", "--out", "--json", "--time-limit", "--threads", "--seed"],
    "futures": ["instance", "--count", "--seed", "--out", "--set"],
    "show": ["--controls", "--nodes", "--resolved", "--why"],
}


@pytest.mark.parametrize("verb", HELP)
def test_help_names_every_option(verb: str, tmp_path: Path) -> None:
    result = planner(verb, "--help", cwd=tmp_path)
    assert result.returncode == 0
    assert [word for word in HELP[verb] if word not in result.stdout] == []


# planner solve


def test_shocks_are_solved_shown_and_written(tmp_path: Path) -> None:
    result = planner("solve", QUICKSTART, "--set", BLOCKADE, "--out", "run", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "blockade, worst of 2 onsets" in result.stdout
    assert "Checked independently" in result.stdout
    scenarios = {row["scenario"]: row for row in rows(tmp_path / "run" / "scenarios.csv")}
    assert list(scenarios) == ["truce", "blockade@2031", "blockade@2032", "embargo"]
    assert sum(float(row["probability"]) for row in scenarios.values()) == pytest.approx(1)
    assert float(scenarios["blockade@2031"]["probability"]) == pytest.approx(0.7 * 0.05)
    assert float(scenarios["blockade@2032"]["probability"]) == pytest.approx(0.7 * 0.95 * 0.05)
    assert [row["onset"] for row in scenarios.values()] == ["", "2031.0", "2032.0", ""]
    windows = [row for row in rows(tmp_path / "run" / "nodes.csv") if row["onset"]]
    assert [row["node"] for row in windows] == ["blockade@2031:2031", "blockade@2031:2032", "blockade@2032:2032"]
    assert {row["source"] for row in windows} == {"blockade"}
    figures = json.loads((tmp_path / "run" / "summary.json").read_text())
    expected = sum(float(row["probability"]) * float(row["cost"]) for row in scenarios.values())
    assert figures["objective"] == pytest.approx(expected)
    assert {row["future"] for row in figures["served"]} == {"truce", "embargo", "blockade@2031", "blockade@2032"}


def measured(sets: list[str], cwd: Path) -> tuple[dict[str, Any], dict[str, dict[str, str]]]:
    """Figures and scenarios of the quickstart solved with these changes."""
    changes = [word for change in sets for word in ("--set", change)]
    result = planner("solve", QUICKSTART, *changes, *EXACT, "--json", "--quiet", "--out", "run", cwd=cwd)
    assert result.returncode == 0, result.stderr
    assert not result.stderr
    return json.loads(result.stdout), {row["scenario"]: row for row in rows(cwd / "run" / "scenarios.csv")}


def test_cvar_in_json(tmp_path: Path) -> None:
    figures, found = measured(["objective={risk: {measure: cvar, weight: 0.5, tail: 0.2}}"], tmp_path)
    worst = max(float(row["cost"]) for row in found.values())
    assert figures["worst_cost"] == pytest.approx(worst)
    assert figures["objective"] == pytest.approx(0.5 * figures["expected_cost"] + 0.5 * worst)
    assert float(found["embargo"]["weight"]) == pytest.approx(0.5 * 0.3 + 0.5)
    assert sum(float(row["weight"]) for row in found.values()) == pytest.approx(1)


def test_worst_in_json(tmp_path: Path) -> None:
    figures, _ = measured(["objective={risk: {measure: worst}}", BLOCKADE], tmp_path)
    assert figures["objective"] == pytest.approx(figures["worst_cost"])
    assert figures["expected_cost"] < figures["worst_cost"]


def test_regret_in_json(tmp_path: Path) -> None:
    figures, found = measured(["objective={risk: {measure: regret}}"], tmp_path)
    excess = [float(row["cost"]) - float(row["alone"]) for row in found.values()]
    assert min(excess) > -1e-4
    assert figures["objective"] == pytest.approx(max(excess))


def test_intervals_in_json(tmp_path: Path) -> None:
    ranges = ["futures.truce.range=[0.4, 0.9]", "futures.embargo.range=[0.2, 0.5]"]
    figures, found = measured(["objective={risk: {measure: intervals}}", *ranges], tmp_path)
    costs = {name: float(row["cost"]) for name, row in found.items()}
    assert figures["objective"] == pytest.approx(0.5 * costs["truce"] + 0.5 * costs["embargo"])
    assert [float(row["high"]) for row in found.values()] == [0.9, 0.5]


def test_the_screen_says_how_risk_was_weighed(tmp_path: Path) -> None:
    risk = "objective={risk: {measure: cvar, weight: 0.5, tail: 0.2}}"
    result = planner("solve", QUICKSTART, "--set", risk, "--set", BLOCKADE, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "weighs risk (cvar, weight 0.5)" in result.stdout
    assert "expected cost" in result.stdout
    assert "worst" in result.stdout


def test_a_shock_stated_wrongly_on_the_line_is_refused(tmp_path: Path) -> None:
    wrong = "shocks={blockade: {lenght: 2, hazard: 0.05}}"
    result = planner("solve", QUICKSTART, "--set", wrong, "--quiet", cwd=tmp_path)
    assert result.returncode == 2
    assert result.stderr == f"--set {wrong} unknown-key shocks.blockade has no lenght - did you mean length?\n"
    assert list(tmp_path.iterdir()) == []


NO_PLAN = ("--set", "demands.*.shortage=[]", "--set", "requirements={}")


def test_regret_without_a_plan_for_a_future_alone_is_no_internal_error(tmp_path: Path) -> None:
    risk = ("--set", "objective={risk: {measure: regret}}")
    result = planner("solve", QUICKSTART, *NO_PLAN, *risk, "--quiet", cwd=tmp_path)
    assert "embargo" in result.stderr
    assert result.returncode == 3
    assert "internal" not in result.stderr


# planner show and validate


def test_controls_shown_by_future_and_window(tmp_path: Path) -> None:
    uses = "futures.embargo.controls=[ban, cap]"
    changes = [word for change in (BLOCKADE, CAP, uses) for word in ("--set", change)]
    result = planner("show", QUICKSTART, "--controls", *changes, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    blocked = "passes CN magnet.n metal.ndpr US all"
    assert lines[0] == "embargo"
    assert f"{blocked} 2028-2032: 0" in lines
    assert lines[lines.index("blockade@2031") + 2] == f"{blocked} 2031-2032: 0"
    assert lines[lines.index("blockade@2032") + 2] == f"{blocked} 2032: 0"
    assert any(line.startswith("quota CN cap US all") and line.endswith("2030-2032: 500") for line in lines)
    assert "truce" not in lines


def test_periods_without_a_quota_are_shown_together(tmp_path: Path) -> None:
    changes = ("--set", CAP, "--set", "futures.embargo.controls=[ban, cap]")
    result = planner("show", QUICKSTART, "--controls", *changes, cwd=tmp_path)
    assert "cap" in result.stdout
    assert "2028-2029: no limit, 2030-2032: 500" in result.stdout


def test_controls_as_json(tmp_path: Path) -> None:
    result = planner("show", QUICKSTART, "--controls", "--json", "--set", BLOCKADE, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    passes = {
        (row["node"], row["item"]): row["value"] for row in json.loads(result.stdout) if row["measure"] == "passes"
    }
    assert passes["truce:2028", "magnet.n"] == 1
    assert passes["embargo:2028", "magnet.n"] == 0
    assert passes["blockade@2032:2032", "metal.ndpr"] == 0


def test_controls_that_are_never_in_force(tmp_path: Path) -> None:
    none = ("--set", "controls={}", "--set", "futures.embargo.controls=[]")
    result = planner("show", QUICKSTART, "--controls", *none, cwd=tmp_path)
    assert (result.returncode, result.stdout) == (0, "No control is ever in force.\n")
    result = planner("show", QUICKSTART, "--controls", "--set", "controls.ban.start=2040", cwd=tmp_path)
    assert result.returncode == 2
    assert "ban is never in force" in result.stderr


def test_nodes_of_windows_are_shown(tmp_path: Path) -> None:
    result = planner("show", QUICKSTART, "--nodes", "--set", BLOCKADE.replace("length: 2", "length: 1.5"), cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "blockade@2031:2032  2032 +0.5 y  probability 0.035" in result.stdout
    result = planner("show", QUICKSTART, "--nodes", "--set", "futures.embargo.from=nobody", cwd=tmp_path)
    assert result.returncode == 2, result.stderr
    assert "nobody" in result.stderr


def test_validate_counts_shocks(tmp_path: Path) -> None:
    result = planner("validate", QUICKSTART, "--set", BLOCKADE, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "1 shock\n" in result.stdout


# planner futures


def test_futures_are_the_same_for_a_seed_whatever_the_hash_seed(tmp_path: Path) -> None:
    command = ("futures", QUICKSTART, "--set", SAMPLING, "--count", "4")
    first = planner(*command, "--seed", "7", cwd=tmp_path, PYTHONHASHSEED="1")
    again = planner(*command, "--seed", "7", "--out", "drawn.yaml", cwd=tmp_path, PYTHONHASHSEED="2")
    other = planner(*command, "--seed", "8", cwd=tmp_path)
    assert first.returncode == again.returncode == other.returncode == 0, first.stderr
    assert (tmp_path / "drawn.yaml").read_text("utf-8") == first.stdout != other.stdout
    assert again.stdout == "wrote drawn.yaml; now: planner evaluate RUN --on drawn.yaml\n"
    drawn = yaml.safe_load(first.stdout)
    assert list(drawn["futures"]) == ["truce", "f1", "f2", "f3", "f4"]
    assert sum(future["probability"] for future in drawn["futures"].values()) == pytest.approx(1)
    for name, future in list(drawn["futures"].items())[1:]:
        (control,) = future["controls"]
        assert control == f"ban@{name}"
        window = drawn["controls"][control]
        assert window["start"] == future["branches"]
        assert 2027 <= window["start"] <= 2031
        assert 1 <= window["end"] - window["start"] <= 4
        assert 0 <= window.get("passes", 0) <= 0.5
        assert 0.9 <= future["overrides"]["demands.*.amount *="] <= 1.1
        assert 0 <= future["overrides"]["projects.*.lead_time +="] <= 1.5


FUTURES_REFUSED = {
    "count 0": (["--set", SAMPLING, "--count", "0"], "bad-option --count: 0 futures cannot be drawn"),
    "count below 0": (["--set", SAMPLING, "--count", "-3"], "bad-option --count: -3 futures cannot be drawn"),
    "count of words": (["--set", SAMPLING, "--count", "few"], "argument --count: invalid int value: 'few'"),
    "seed of words": (["--set", SAMPLING, "--seed", "few"], "argument --seed: invalid int value: 'few'"),
    "no sampling": ([], "quickstart.yaml:11:1 missing random futures need a section sampling"),
    "file that exists": (["--set", SAMPLING, "--out", "mine.yaml"], "mine.yaml exists the file exists"),
    "folder that does not": (["--set", SAMPLING, "--out", "a/b.yaml"], "a/b.yaml no-folder there is no folder a"),
    "onset outside": (["--set", SAMPLING.replace("2031", "2041")], "onsets from 2027 to 2041 leave the horizon"),
}


@pytest.mark.parametrize("name", FUTURES_REFUSED)
def test_futures_that_cannot_be_drawn(name: str, tmp_path: Path) -> None:
    arguments, says = FUTURES_REFUSED[name]
    (tmp_path / "mine.yaml").write_text("mine")
    result = planner("futures", QUICKSTART, *arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert says in result.stderr
    assert not result.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["mine.yaml"]
    assert (tmp_path / "mine.yaml").read_text() == "mine"


def test_a_pattern_of_the_trunk_does_not_reach_the_drawn_controls(tmp_path: Path) -> None:
    both = ("--set", "futures.truce.controls=[ba*]", "--set", SAMPLING, "--count", "2")
    result = planner("futures", QUICKSTART, *both, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert yaml.safe_load(result.stdout)["futures"]["f1"]["controls"] == ["ban", "ban@f1"]


def test_drawn_demand_comes_on_top_of_that_of_the_trunk(tmp_path: Path) -> None:
    draw = "sampling={controls: [ban], onset: [2028, 2028], duration: [1, 1], demand: [1.1, 1.1]}"
    trunk = ("--set", "futures.truce.overrides={demands.*.amount *=: 1.5}")
    result = planner("futures", QUICKSTART, "--set", draw, *trunk, "--count", "1", "--seed", "0", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    (tmp_path / "drawn.yaml").write_text(result.stdout)
    factors = yaml.safe_load(result.stdout)["futures"]["f1"]["overrides"]
    assert factors["demands.*.amount *="] == pytest.approx(1.65)
