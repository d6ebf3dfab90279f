"""Sweeps: the same tables wherever they run, whatever happens to them, and the same numbers as single solves."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import planner.workflows.sweep.engine as engine_module
import planner.workflows.sweep.integer_runs as whole_module
import planner.workflows.sweep.sweep as sweep_module
import planner.workflows.sweep.worker as worker_module
from planner import solve, sweep
from planner.common.errors import InputError
from planner.results.atomic_files import OccupiedError
from planner.results.manifest import versions
from planner.results.summary import summary_table
from planner.workflows.sweep.ledger import ShardLedger, damaged, read_records
from planner.workflows.sweep.ledger import written as line
from tests.commands import PATIENCE, digest
from tests.commands import planner as command
from tests.paths import QUICKSTART, ROOT

STUDY = """study: trial
instance: {instance}
vary:
  demand: {{path: demands.*.amount *=, range: [0.8, 1.4]}}
  capital: {{path: [projects.*.capital.fixed *=, projects.*.capital.variable *=], range: [0.5, 3]}}
  rate: {{path: time.discount_rate, values: [0.03, 0.08]}}
design: {{kind: latin_hypercube, runs: {runs}}}
relaxation: {relaxation}
"""


def study(folder: Path, runs: int = 10, relaxation: bool = False, instance: Path = QUICKSTART, more: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "study.yaml"
    shutil.copy(instance, folder)
    path.write_text(STUDY.format(instance=instance.name, runs=runs, relaxation=str(relaxation).lower()) + more)
    return path


def tables(folder: Path) -> dict[str, str]:
    return {path.name: digest(path) for path in sorted((folder / "tables").glob("*.csv"))}


@pytest.mark.parametrize("relaxation", [False, True])
def test_a_sweep_finds_what_single_runs_find(relaxation: bool, tmp_path: Path) -> None:
    done = sweep(study(tmp_path, 6, relaxation), out=tmp_path / "out", executor="inline")
    assert done.solved == 7
    figures = done.tables["figures"].set_index(["run", "figure"])["value"]
    projects = done.tables["projects"].set_index(["run", "project"])
    for job in done.jobs if not relaxation else ():
        run = solve(QUICKSTART, sets=job.sets, out=tmp_path / "single")
        single = summary_table(run.figures).set_index("key")["value"]
        for key in ("objective", "expected_cost", "capital_cost", "cost.shortage", "served.embargo.ev"):
            assert figures[job.number, key] == pytest.approx(float(single.get(key, 0.0)), rel=1e-6, abs=1e-6)
        plan = run.tables["plan"].groupby("project")["size"].sum()
        for name, size in projects.loc[job.number]["size"].items():
            assert size == pytest.approx(plan.get(name, 0.0), abs=1e-6)
    runs = done.tables["runs"]
    assert set(runs["status"]) == {"optimal"}
    assert runs["again"].notna().sum() == 1
    assert relaxation or (runs["tests_passed"] > 100).all()


def test_whole_runs_from_a_neighbours_plan_are_proven_and_the_same_in_any_shard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = study(tmp_path, 8, more="chain: 4\nchecked: 0.2\noptions: {gap: 0.1}\n")
    one_by_one = sweep(path, out=tmp_path / "cold", executor="inline")
    solve_cold, begun_cold = whole_module.solve_cold, []
    monkeypatch.setattr(whole_module, "solve_cold", lambda *given: begun_cold.append(given) or solve_cold(*given))
    monkeypatch.setattr(whole_module, "LARGE", 0)  # As large instances are solved.
    hot = sweep(path, out=tmp_path / "hot", executor="inline")
    assert len(begun_cold) < len(hot.jobs) / 2
    for shard in ("1/2", "2/2"):
        sweep(path, out=tmp_path / "shards", executor="inline", shard=shard)
    assert tables(tmp_path / "shards") == tables(tmp_path / "hot")
    assert not hot.wrong
    for number, record in hot.records.items():
        found, cold = record["figures"], one_by_one.records[number]["figures"]
        assert record["status"] == "optimal"
        assert record["gap"] <= 0.1
        assert record["hot"] is (number > 0)
        assert found["objective"][0] >= cold["bound"][0] - 1e-6
        assert cold["objective"][0] >= found["bound"][0] - 1e-6


@pytest.mark.long
@pytest.mark.parametrize("relaxation", [False, True])
def test_the_same_tables_by_processes_mpi_and_dask(relaxation: bool, tmp_path: Path) -> None:
    path = study(tmp_path, 4, relaxation)
    found = {}
    for executor in ("inline", "processes:2", "mpi:2", "dask:2"):
        sweep(path, out=tmp_path / executor.replace(":", ""), executor=executor)
        found[executor] = tables(tmp_path / executor.replace(":", ""))
    assert len(found["inline"]) == 6
    for executor, digests in found.items():
        assert digests == found["inline"], executor


@pytest.mark.parametrize("scrambled", [1, 2])
def test_when_a_job_is_done_makes_no_difference(
    scrambled: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of several optima the same is found whatever the worker did before: as if timing had mixed up all jobs."""
    path = study(tmp_path, 12, relaxation=True)
    sweep(path, out=tmp_path / "first", executor="inline")

    def mixed(parents: dict[int, int | None]) -> list[int]:
        numbers = sorted(parents)
        random.Random(scrambled).shuffle(numbers)
        return numbers

    monkeypatch.setattr(engine_module, "in_order", mixed)
    sweep(path, out=tmp_path / "second", executor="inline")
    order = [[key for key, _ in read_records(tmp_path / name / "runs.jsonl")] for name in ("first", "second")]
    assert order[0] != order[1]
    assert sorted(order[0]) == sorted(order[1])
    assert tables(tmp_path / "first") == tables(tmp_path / "second")


@pytest.mark.long
@pytest.mark.parametrize("relaxation", [False, True])
def test_killed_in_the_middle_it_continues(relaxation: bool, tmp_path: Path) -> None:
    path = study(tmp_path, 24, relaxation)
    whole = sweep(path, out=tmp_path / "whole", executor="processes:2")
    ledger = tmp_path / "out" / "runs.jsonl"
    process = subprocess.Popen(
        [sys.executable, "-m", "planner", "sweep", str(path), "--out", str(tmp_path / "out"), "--executor",
         "processes:2", "--quiet"], env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and not (ledger.exists() and len(ledger.read_bytes().splitlines()) >= 5):
        time.sleep(0.01)
    process.kill()
    process.wait()
    before = [key for key, _ in read_records(ledger)]
    assert 5 <= len(before) <= 25  # All, where this process was not given time to look.
    with ledger.open("ab") as file:
        file.write(b'{"job": "torn')
    result = command("sweep", path, "--out", "out", "--executor", "processes:2", "--json", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    assert told["solved_now"] == 25 - len(before)
    keys = [key for key, _ in read_records(ledger)]
    assert keys[: len(before)] == before
    assert len(set(keys)) == len(keys) == 25
    assert tables(tmp_path / "out") == tables(tmp_path / "whole")
    assert len(whole.records) == 25


def test_solved_again_it_is_known(tmp_path: Path) -> None:
    path = study(tmp_path, 4, relaxation=True)
    first = sweep(path, out=tmp_path / "out", executor="inline")
    again = sweep(path, out=tmp_path / "out", executor="inline")
    assert (first.solved, again.solved) == (5, 0)
    with pytest.raises(InputError):
        sweep(path, out=tmp_path / "out", executor="nobody", force=True)
    forced = sweep(path, out=tmp_path / "out", executor="inline", force=True)
    assert forced.solved == 5
    pd.testing.assert_frame_equal(forced.tables["figures"], first.tables["figures"])
    with pytest.raises(OccupiedError, match="not of this study as it stands"):
        sweep(study(tmp_path, 5, relaxation=True), out=tmp_path / "out", executor="inline")


def test_what_other_versions_began_is_said_to_be_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = study(tmp_path, 2, relaxation=True)
    sweep(path, out=tmp_path / "out", executor="inline")
    monkeypatch.setattr(sweep_module, "versions", lambda: versions() | {"highspy": "9"})
    with pytest.raises(OccupiedError, match=r"is of this study with highspy \S+ then, 9 now: choose another"):
        sweep(path, out=tmp_path / "out", executor="inline")
    monkeypatch.undo()
    text = (tmp_path / QUICKSTART.name).read_text()
    (tmp_path / QUICKSTART.name).write_text(text.replace("discount_rate: 0.08", "discount_rate: 0.07"))
    with pytest.raises(OccupiedError, match="with an instance that has changed since: choose another"):
        sweep(path, out=tmp_path / "out", executor="inline")


@pytest.mark.parametrize("relaxation", [False, True])
def test_shards_make_the_whole(relaxation: bool, tmp_path: Path) -> None:
    path = study(tmp_path, 9, relaxation, more="chain: 3\n")
    for part in ("1/3", "3/3"):
        assert not sweep(path, out=tmp_path / "out", executor="inline", shard=part).tables
    last = sweep(path, out=tmp_path / "out", executor="inline", shard="2/3")
    sweep(path, out=tmp_path / "whole", executor="inline")
    assert last.tables
    assert tables(tmp_path / "out") == tables(tmp_path / "whole")
    for wrong in ("0/3", "4/3", "x", "1/4"):
        with pytest.raises(InputError):
            sweep(path, out=tmp_path / "out", executor="inline", shard=wrong)


def test_a_failed_run_is_a_row_with_its_reason(tmp_path: Path) -> None:
    path = study(tmp_path, 2)
    text = re.sub("design:.*", "design: {kind: list, runs: [{demand: 1}, {demand: -1}, {rate: 7}, {demand: 1.1}]}",
                  path.read_text())  # fmt: skip
    path.write_text(text)
    done = sweep(path, out=tmp_path / "out", executor="inline")
    runs = done.tables["runs"].set_index("run")
    assert runs["status"].to_list() == ["optimal", "optimal", "failed", "failed", "optimal"]
    assert "factor must not be negative" in runs.loc[2, "reason"]
    assert "discount_rate" in runs.loc[3, "reason"]
    assert done.tables["no_regret"]["runs"].eq(5).all()  # Shares are of all runs.
    assert done.tables["no_regret"]["plans"].eq(3).all()
    result = command("sweep", path, "--out", "out", cwd=tmp_path)
    assert result.returncode == 0
    assert "2 failed" in result.stdout


def test_a_difference_from_scratch_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make = worker_module.from_scratch

    def other(*arguments: Any, **words: Any) -> Any:
        found = make(*arguments, **words)
        return type(found)(**{**vars(found), "objective": found.objective * 1.001, "bound": found.bound * 1.001})

    monkeypatch.setattr(worker_module, "from_scratch", other)
    done = sweep(study(tmp_path, 3, relaxation=True), out=tmp_path / "out", executor="inline")
    assert len(done.wrong) == 1
    assert "from scratch" in done.wrong[0]["reason"]


def test_the_independent_check_is_made_of_every_integer_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make = worker_module.verified

    def strict(instances: Any, found: Any, objective: float, is_cheapest: bool) -> Any:
        return make(instances, found, objective * 1.01, is_cheapest)

    monkeypatch.setattr(worker_module, "verified", strict)
    done = sweep(study(tmp_path, 2), out=tmp_path / "out", executor="inline")
    assert len(done.wrong) == 3
    assert "independent check failed" in done.wrong[0]["reason"]


def test_only_one_at_a_time_and_torn_lines_go(tmp_path: Path) -> None:
    (tmp_path / "runs.jsonl").write_bytes(line({"job": "a", "number": 1}) + b'{"job": "b", "num')
    with ShardLedger(tmp_path, "") as ledger:
        assert list(ledger.records()) == ["a"]
        with pytest.raises(InputError, match="another sweep"), ShardLedger(tmp_path, ""):
            pass
        ledger.append("c", {"number": 2}, b"state")
        assert ledger.start("c") == b"state"
        ledger.drop("c")
        assert ledger.start("c") is None
    assert [key for key, _ in read_records(tmp_path / "runs.jsonl")] == ["a", "c"]


def test_the_command_from_dry_run_to_screen(tmp_path: Path) -> None:
    path = study(tmp_path, 6, relaxation=True)
    dry = command("sweep", path, "--dry-run", cwd=tmp_path)
    assert dry.returncode == 0, dry.stderr
    assert "7 linear relaxations" in dry.stdout
    assert "about" in dry.stdout
    assert not (tmp_path / "results").exists()
    result = command("sweep", path, "--executor", "inline", "--profile", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "7 of 7 runs done" in result.stdout
    told = [line.split() for line in result.stdout.partition("rebuilt")[2].splitlines()[1:]]
    assert sum(int(line[0]) for line in told if line) == 7
    assert ["1", "nothing", "nothing", "changed"] in told
    assert any("figures changed" in " ".join(line) for line in told)
    assert "7 of 7 runs done, 0 running, 0 failed" in result.stderr
    assert "Share of runs that build each project" in result.stdout
    assert "Sensitivity of the objective" in result.stdout
    assert command("sweep", path, "--executor", "nobody", "--force", cwd=tmp_path).returncode == 2


def test_an_interrupted_sweep_keeps_what_it_has(tmp_path: Path) -> None:
    path = study(tmp_path, 60)
    process = subprocess.Popen(
        [sys.executable, "-m", "planner", "sweep", str(path), "--out", str(tmp_path / "out"), "--executor", "inline"],
        env=os.environ | {"PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE, text=True,
    )
    ledger = tmp_path / "out" / "runs.jsonl"
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and not (ledger.exists() and len(ledger.read_bytes().splitlines()) >= 3):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "run the same command to resume" in errors
    assert len(list(read_records(ledger))) >= 3


@pytest.mark.parametrize("harm", [
    lambda text: text.replace(b'"optimal"', b'"optimum"', 1), lambda text: b"\0" * len(text),
    lambda text: b"[" * 5000, lambda text: text.replace(b'"objective": [', b'"objective": [1', 1),
])  # fmt: skip
def test_a_damaged_line_costs_its_own_run_alone(harm: Callable[[bytes], bytes], tmp_path: Path) -> None:
    path = study(tmp_path, 3, relaxation=True)
    sweep(path, out=tmp_path / "out", executor="inline")
    before = tables(tmp_path / "out")
    ledger = tmp_path / "out" / "runs.jsonl"
    lines = ledger.read_bytes().splitlines()
    lines[-1] = harm(lines[-1])
    ledger.write_bytes(b"\n".join(lines) + b"\n")
    assert (len(list(read_records(ledger))), damaged(ledger)) == (3, 1)
    done = sweep(path, out=tmp_path / "out", executor="inline")
    assert done.damaged == 1
    assert 1 <= done.solved <= 4
    assert tables(tmp_path / "out") == before


def test_what_a_study_is_stays_whole_when_it_is_killed_while_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = study(tmp_path, 2, relaxation=True)
    sweep(path, out=tmp_path / "out", executor="inline")
    mark = tmp_path / "out" / "study.json"
    before = mark.read_bytes()

    def killed(*_: object) -> None:
        raise SystemExit

    monkeypatch.setattr("planner.workflows.sweep.ledger.os.fsync", killed)
    with pytest.raises(SystemExit):
        sweep(path, out=tmp_path / "out", executor="inline")
    assert mark.read_bytes() == before
