"""mpi-sppy on our rules finds what we find: its plans cost the same and its bounds hold, or it refuses."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings

import planner.solving.mpi_sppy.engine as engine_module
from planner.common.errors import InputError
from planner.language.instance import Instance, Options
from planner.reading.document import load
from planner.solving.extensive import solve
from planner.solving.mpi_sppy.engine import Sppy
from planner.solving.mpi_sppy.ranks import METHODS, Desk
from planner.solving.mpi_sppy.scenarios import Split
from planner.solving.mpi_sppy.task import RankTask
from planner.workflows.solve import formulate
from tests.commands import PATIENCE, planner
from tests.generators.instances import by_future, instances
from tests.paths import INSTANCES, QUICKSTART, ROOT

EXACT = Options(gap=0.0)
EXACT_ENOUGH = 1e-4


def answered(instances: dict[str, Instance], algorithm: str, folder: Path) -> Any:
    """What one rank answers, in this process; and our own program."""
    program = formulate(instances, EXACT)
    Sppy(algorithm).refuse(program)
    task = RankTask(instances, algorithm, 0.0, math.inf, 0, 1.0)
    desk = Desk(task, Split(program.network), folder / "answer", 0)
    METHODS[algorithm](desk)
    return desk.answer


@pytest.mark.long
@pytest.mark.filterwarnings("ignore::DeprecationWarning:mpisppy", "ignore::SyntaxWarning")
@settings(max_examples=12)
@given(raw=instances())
def test_extensive_form_of_generated_instances(raw: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    variants = by_future(raw)
    program = formulate(variants, EXACT)
    assume(not program.weighing.constraints)  # Neither risk nor rules across branches.
    ours = solve(program, EXACT)
    assume(ours.status == "optimal")
    answer = answered(variants, "extensive", tmp_path_factory.mktemp("sppy"))
    assert answer.objective == pytest.approx(ours.objective, rel=1e-6, abs=1e-6)


SMALL = [
    (QUICKSTART, "extensive", 1), (QUICKSTART, "lshaped", 2), (QUICKSTART, "ph", 2),
    (INSTANCES / "published" / "farmer.yaml", "lshaped", 2),
]  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize(("instance", "algorithm", "ranks"), SMALL)
def test_the_same_answer_as_ours(instance: Path, algorithm: str, ranks: int, tmp_path: Path) -> None:
    ours = solve(formulate(load(instance).instances(), EXACT), EXACT).objective
    result = planner(
        "solve", instance, "--engine", "mpi-sppy", "--algorithm", algorithm, "--ranks", str(ranks), "--gap",
        str(EXACT_ENOUGH), "--quiet", "--out", "run", cwd=tmp_path,
    )  # fmt: skip
    exact = algorithm != "ph"  # Its bound has a gap of its own when there are integers.
    assert result.returncode == (0 if exact else 4), result.stderr
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["objective"] == pytest.approx(ours, rel=EXACT_ENOUGH if exact else 0.01)
    assert summary["bound"] <= ours + 1e-6 * abs(ours)
    assert summary["bound"] == pytest.approx(ours, rel=EXACT_ENOUGH if exact else 0.01)
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["check"]["passed"]
    assert manifest["given"]["engine"] == "mpi-sppy"


@pytest.mark.long
@pytest.mark.filterwarnings("ignore::DeprecationWarning:mpisppy", "ignore::SyntaxWarning")
def test_adaptive_plans(tmp_path: Path) -> None:
    variants = load(QUICKSTART, None, ["plan=adaptive"]).instances()
    ours = solve(formulate(variants, EXACT), EXACT)
    assert answered(variants, "extensive", tmp_path).objective == pytest.approx(ours.objective, rel=1e-6)
    with pytest.raises(InputError, match="L-shaped"):
        answered(variants, "lshaped", tmp_path)


@pytest.mark.parametrize(
    ("sets", "algorithm", "ranks"),
    [(["objective.risk={measure: cvar, weight: 0.5, tail: 0.2}"], "extensive", 1), ([], "extensive", 2),
     ([], "lshaped", 0), ([], "lshaped", 9)],
)  # fmt: skip
def test_what_it_cannot_do_is_refused(sets: list[str], algorithm: str, ranks: int) -> None:
    with pytest.raises(InputError):
        Sppy(algorithm, ranks).refuse(formulate(load(QUICKSTART, None, sets).instances(), EXACT))


def test_ranks_that_do_not_end_are_ended_when_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    endless = [sys.executable, "-c", "import time; time.sleep(3600)"]
    monkeypatch.setattr(engine_module, "launched", lambda *_: subprocess.Popen(endless))
    outcome = Sppy("extensive")(formulate(load(QUICKSTART).instances(), EXACT), Options(time_limit=1.0))
    assert outcome.status == "no_plan"
    assert "time limit" in outcome.message


def test_refusal_is_one_line(tmp_path: Path) -> None:
    result = planner("solve", QUICKSTART, "--engine", "mpi-sppy", "--ranks", "2", cwd=tmp_path)
    assert result.returncode == 2
    assert "--engine mpi-sppy cannot-split" in result.stderr
    assert not (tmp_path / "results").exists()


@pytest.mark.long
def test_a_killed_rank_leaves_the_best_plan(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "planner", "solve", str(QUICKSTART), "--engine", "mpi-sppy", "--algorithm", "ph",
         "--ranks", "2", "--gap", "0", "--out", "run"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, env=os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    latest = time.monotonic() + PATIENCE
    while not list(tmp_path.glob("*/answer")) and time.monotonic() < latest:
        time.sleep(0.05)
    (answer,) = tmp_path.glob("*/answer")
    ranks = [int(p.parent.name) for p in Path("/proc").glob("[0-9]*/cmdline") if _is_rank(p, str(answer))]
    os.kill(max(ranks), signal.SIGKILL)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 4, said
    assert "MPI rank was lost" in said
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["status"] == "stopped"
    assert manifest["check"]["passed"]


def _is_rank(cmdline: Path, answer: str) -> bool:
    """Whether a process is a rank that writes this answer."""
    try:
        words = cmdline.read_bytes().decode().split("\0")
    except OSError:
        return False
    return answer in words and "mpiexec" not in words[0] and "hydra" not in words[0]
