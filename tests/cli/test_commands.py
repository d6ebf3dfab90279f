"""The command line as users meet it: real subprocesses, exit codes, messages, files."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

import pytest

from tests.commands import PATIENCE, digest, planner
from tests.paths import INSTANCES, QUICKSTART, ROOT


def test_solve_ends_on_one_screen_and_writes_the_tables(tmp_path: Path) -> None:
    result = planner("solve", QUICKSTART, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "Build:" in result.stdout
    assert "Share of demand served" in result.stdout
    assert "Checked independently" in result.stdout
    assert len(result.stdout.splitlines()) < 50
    (folder,) = (tmp_path / "results" / "quickstart").iterdir()
    assert len(folder.name) == 8
    assert f"results/quickstart/{folder.name}/" in result.stdout
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["status"] == "optimal"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["check"]["passed"]
    assert manifest["versions"]["highspy"] == "1.15.1"
    package = json.loads((folder / "datapackage.json").read_text())
    for resource in package["resources"]:
        with (folder / resource["path"]).open(newline="") as file:
            assert next(csv.reader(file)) == [field["name"] for field in resource["schema"]["fields"]]


def test_json_output_is_the_summary(tmp_path: Path) -> None:
    result = planner("solve", QUICKSTART, "--json", "--quiet", "--out", "run", cwd=tmp_path)
    printed = json.loads(result.stdout)
    written = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert printed["objective"] == written["objective"]
    assert printed["folder"] == "run"
    assert not result.stderr


def test_same_seed_gives_the_same_plan_whatever_the_hash_seed(tmp_path: Path) -> None:
    for seed in ("1", "2"):
        result = planner("solve", QUICKSTART, "--quiet", "--out", f"run{seed}", cwd=tmp_path, PYTHONHASHSEED=seed)
        assert result.returncode == 0, result.stderr
    for name in sorted(path.name for path in (tmp_path / "run1").glob("*.csv")):
        assert digest(tmp_path / "run1" / name) == digest(tmp_path / "run2" / name), name


def test_override_on_the_line_changes_the_run(tmp_path: Path) -> None:
    base = planner("solve", QUICKSTART, "--json", "--quiet", cwd=tmp_path)
    more = planner("solve", QUICKSTART, "--set", "demands.*.amount*=1.1", "--json", "--quiet", cwd=tmp_path)
    assert json.loads(more.stdout)["objective"] > json.loads(base.stdout)["objective"]
    assert len(list((tmp_path / "results" / "quickstart").iterdir())) == 2


def test_infeasible_instance_names_the_conflict(tmp_path: Path) -> None:
    starter = (ROOT / "planner" / "language" / "starter.yaml").read_text()
    strict = starter.replace(", elastic: {penalty: 2000}", "").replace("target: 0.9", "target: 1")
    (tmp_path / "case.yaml").write_text(strict)
    result = planner("solve", "case.yaml", "--set", "facilities.mine.capacity=10", cwd=tmp_path)
    assert result.returncode == 3
    assert "requirements.cars-served" in result.stderr
    assert "case.yaml:" in result.stderr
    assert "--set" in result.stderr
    assert not (tmp_path / "results").exists()


def test_unbounded_instance_says_so(tmp_path: Path) -> None:
    starter = (ROOT / "planner" / "language" / "starter.yaml").read_text()
    outlet = "outlets:\n  gold: {commodity: magnet, regions: [HOME], steps: [{price: 900}]}\n"
    text = starter.replace("demands:", f"{outlet}demands:")
    steps = "steps: [{price: 60, amount: 800}, {price: 90, amount: 800}]"
    (tmp_path / "case.yaml").write_text(text.replace(steps, "steps: [{price: 60}]"))
    result = planner("solve", "case.yaml", cwd=tmp_path)
    assert result.returncode == 3, result.stdout + result.stderr
    assert "No plan is best" in result.stderr
    assert "Unbounded: these together have no limit" in result.stderr
    assert "outlets.gold: gold buys without a limit" in result.stderr
    assert "case.yaml:" in result.stderr
    asked = planner("explain", "case.yaml", cwd=tmp_path)
    assert asked.returncode == 3, asked.stdout + asked.stderr
    assert "outlets.gold: gold buys without a limit" in asked.stdout + asked.stderr


@pytest.mark.long
def test_time_limit_keeps_the_best_plan_and_its_gap(tmp_path: Path) -> None:
    """The limit is the clock's; that the gap is below a fifth takes half a minute of work, which others may delay."""
    before = getrusage(RUSAGE_CHILDREN).ru_utime
    result = planner(
        "solve", INSTANCES / "rare-earths.yaml", "--time-limit", "120", "--gap", "0", "--quiet", "--out", "run",
        cwd=tmp_path,
    )
    worked = getrusage(RUSAGE_CHILDREN).ru_utime - before
    assert result.returncode == 4, result.stderr
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["status"] == "stopped"
    assert (tmp_path / "run" / "plan.csv").stat().st_size > 500
    if summary["bound"] is not None:
        assert summary["bound"] < summary["objective"]
        assert summary["gap"] == pytest.approx(1 - summary["bound"] / summary["objective"])
    if worked > 30:
        assert summary["gap"] < 0.2


@pytest.mark.long
@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_keeps_the_best_plan(kind: signal.Signals, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "planner", "solve", str(INSTANCES / "rare-earths.yaml"), "--gap", "0.001", "--out",
         "run"],
        cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert process.stderr is not None
    deadline = time.monotonic() + PATIENCE
    for line in process.stderr:
        if ("solving" in line and "gap" in line) or time.monotonic() > deadline:
            break
    process.send_signal(kind)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert json.loads((tmp_path / "run" / "summary.json").read_text())["status"] == "interrupted"


def test_interrupt_before_a_plan_writes_nothing(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "planner", "solve", str(INSTANCES / "rare-earths.yaml"), "--gap", "0", "--out", "run"],
        cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert process.stderr is not None
    assert any("build" in line for line in process.stderr)  # It is at work, and knows no plan yet.
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_a_run_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    result = planner("solve", QUICKSTART, "--out", "mine", cwd=tmp_path)
    assert result.returncode == 2
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


def loaded(code: str, modules: tuple[str, ...]) -> str:
    """Which of some modules a process has imported after some code."""
    code = f"import sys; {code}; print([m for m in {modules} if m in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, env=os.environ
    )
    return result.stdout.strip()


def test_help_needs_no_heavy_library(tmp_path: Path) -> None:
    heavy = ("pydantic", "pandas", "pyomo", "numpy", "highspy", "yaml")
    assert loaded("from planner.cli.parser import parser; parser().format_help()", heavy) == "[]"
    for verb in ("solve", "evaluate", "value", "futures", "validate", "show", "schema", "new"):
        assert planner(verb, "--help", cwd=tmp_path).returncode == 0
        assert f"    {verb} " in planner("--help", cwd=tmp_path).stdout


def test_a_run_needs_no_statistics() -> None:
    unused = ("scipy.stats", "scipy.spatial", "scipy.optimize", "altair")
    assert loaded("import planner.cli.dispatch; planner.build('instances/quickstart.yaml').arrays", unused) == "[]"


def test_validate_says_what_the_instance_holds(tmp_path: Path) -> None:
    result = planner("validate", QUICKSTART, cwd=tmp_path)
    assert result.returncode == 0
    assert "valid instance" in result.stdout


def test_show_says_where_a_value_came_from(tmp_path: Path) -> None:
    change = ("--set", "time.discount_rate=0.05")
    result = planner("show", QUICKSTART, *change, "--why", "time.discount_rate", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    first, last = result.stdout.splitlines()
    assert "quickstart.yaml:" in first
    assert "0.08" in first
    assert "--set" in last
    assert "0.05" in last


def test_show_resolved_is_an_instance_again(tmp_path: Path) -> None:
    result = planner("show", QUICKSTART, "--resolved", "--set", "demands.*.amount*=2", cwd=tmp_path)
    (tmp_path / "resolved.yaml").write_text(result.stdout)
    again = planner("solve", "resolved.yaml", "--json", "--quiet", cwd=tmp_path)
    direct = planner("solve", QUICKSTART, "--set", "demands.*.amount*=2", "--json", "--quiet", cwd=tmp_path)
    assert json.loads(again.stdout)["objective"] == pytest.approx(json.loads(direct.stdout)["objective"], rel=1e-9)


def test_schema_is_json_schema_of_every_section(tmp_path: Path) -> None:
    schema = json.loads(planner("schema", cwd=tmp_path).stdout)
    assert {"facilities", "projects", "extends", "include", "scenarios"} <= set(schema["properties"])


def test_new_writes_an_instance_that_solves_and_never_overwrites(tmp_path: Path) -> None:
    assert planner("new", "mine.yaml", cwd=tmp_path).returncode == 0
    assert planner("solve", "mine.yaml", "--quiet", cwd=tmp_path).returncode == 0
    assert planner("new", "mine.yaml", cwd=tmp_path).returncode == 2
    assert planner("new", "nowhere/mine.yaml", cwd=tmp_path).returncode == 2


def test_model_file_holds_the_same_optimum(tmp_path: Path) -> None:
    import highspy

    result = planner("solve", QUICKSTART, "--json", "--quiet", "--gap", "0", "--write-model", "m.mps", cwd=tmp_path)
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.readModel(str(tmp_path / "m.mps"))
    solver.setOptionValue("mip_rel_gap", 0.0)
    solver.run()
    assert solver.getInfo().objective_function_value == pytest.approx(json.loads(result.stdout)["objective"], rel=1e-7)
