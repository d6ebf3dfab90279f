"""Frontier and alternatives that end early: what was found is kept, and the same question goes on from there."""

from __future__ import annotations

import json
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import planner.workflows.tradeoff.subsolves as asking_module
from planner.__main__ import main
from planner.cli.exit_codes import INTERRUPTED
from planner.language.instance import Options
from planner.program.program import Program
from planner.reading.document import load
from planner.reports.report import report
from planner.solving.extensive import solve
from planner.solving.outcome import Outcome, without_plan
from planner.workflows.explain.deadline import Patience
from planner.workflows.solve import SILENT, formulate
from planner.workflows.tradeoff.alternatives import alternatives
from planner.workflows.tradeoff.frontier import frontier
from planner.workflows.tradeoff.subsolves import MemoizedSolver
from tests.workflows.test_tradeoff import EXACT, STOCK, TINY


@pytest.fixture(name="tiny")
def _tiny(tmp_path: Path) -> Path:
    file = tmp_path / "tiny.yaml"
    file.write_text(TINY)
    return file


def stopped_after(count: int, monkeypatch: pytest.MonkeyPatch, status: str = "interrupted") -> list[int]:
    """Let the solver answer so many questions and then end with this status; the list counts all that reach it."""
    answered: list[int] = []

    def limited(program: Program, options: Options, *rest: Any) -> Outcome:
        answered.append(len(answered))
        if len(answered) > count:
            return without_plan(status, "", time.monotonic())  # type: ignore[arg-type]
        return solve(program, options, *rest)

    monkeypatch.setattr(asking_module, "solve", limited)
    return answered


FALLING = TINY.replace("cost: 65", "cost: 40")
BY_STEPS = f"{FALLING[: FALLING.index('requirements:')]}{STOCK}requirements: {{cars: {{kind: cover, days: 10}}}}\n"


@pytest.mark.parametrize("text", [FALLING, BY_STEPS], ids=["levelled", "by steps"])
def test_an_interrupted_frontier_goes_on_to_the_same_answer(
    text: str, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny.write_text(text)
    with monkeypatch.context() as patch:
        asked = stopped_after(10**6, patch)
        whole = frontier(tiny, "cars", 5, out=tmp_path / "whole", options={"gap": 0.0})
    out, most = tmp_path / "out", len(asked) - 1
    with monkeypatch.context() as patch:
        stopped_after(most, patch)
        part = frontier(tiny, "cars", 5, out=out, options={"gap": 0.0})
    assert part.status == "interrupted"
    kept = part.tables["frontier"]
    assert 1 <= len(kept) < len(whole.tables["frontier"])
    assert json.loads((out / "manifest.json").read_text())["status"] == "interrupted"
    assert "not complete" in report(out).read_text()
    with monkeypatch.context() as patch:
        again = stopped_after(10**6, patch)
        rest = frontier(tiny, "cars", 5, out=out, options={"gap": 0.0})
    assert len(again) == len(asked) - most
    assert rest.status == "complete"
    for name in ("frontier.csv", "plans.csv"):
        assert (out / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert not (out / "asked.npz").exists()
    assert "not complete" not in report(out).read_text()


def test_a_frontier_without_time_for_a_point_keeps_the_others(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny.write_text(FALLING)
    with monkeypatch.context() as patch:
        stopped_after(6, patch, "no_plan")
        part = frontier(tiny, "cars", 5, out=tmp_path / "out", options={"gap": 0.0})
    assert part.status == "stopped"
    assert len(part.tables["frontier"]) >= 1


def test_a_frontier_interrupted_before_its_first_point_writes_nothing(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped_after(1, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        frontier(tiny, "cars", 5, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_part_of_a_frontier_stands_beside_a_complete_one_and_a_changed_one_is_not_believed(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny.write_text(FALLING)
    out = tmp_path / "out"
    whole = frontier(tiny, "cars", 3, out=out, options={"gap": 0.0}).tables["frontier"]
    with monkeypatch.context() as patch:
        stopped_after(6, patch)
        part = frontier(tiny, "cars", 5, out=out, options={"gap": 0.0})
    assert part.folder == tmp_path / "out.unfinished"
    assert len(pd.read_csv(out / "frontier.csv")) == len(whole)
    file = part.folder / "asked.npz"
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with monkeypatch.context() as patch:
        asked = stopped_after(10**6, patch)
        frontier(tiny, "cars", 5, out=out, options={"gap": 0.0})
    assert len(asked) > 6


def test_ctrl_c_keeps_the_points(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                 capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    tiny.write_text(FALLING)
    stopped_after(6, monkeypatch)
    line = ["frontier", str(tiny), "--requirement", "cars", "--points", "5", "--out", str(tmp_path / "out"), "--quiet"]
    assert main(line) == INTERRUPTED
    assert "of 5 points, which are saved; run the same command to resume" in capsys.readouterr().err


def test_a_request_to_stop_that_a_finished_solve_could_not_heed_still_stops(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny.write_text(FALLING)
    asked: list[Outcome] = []

    def late(program: Program, options: Options, *rest: Any) -> Outcome:
        asked.append(solve(program, options, *rest))
        if len(asked) == 6:
            signal.raise_signal(signal.SIGINT)
        return asked[-1]

    monkeypatch.setattr(asking_module, "solve", late)
    part = frontier(tiny, "cars", 5, out=tmp_path / "out", options={"gap": 0.0})
    assert (part.status, len(asked)) == ("interrupted", 6)
    assert frontier(tiny, "cars", 5, out=tmp_path / "out", options={"gap": 0.0}).status == "complete"


def test_interrupted_alternatives_go_on_to_the_same_answer(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Stopped after the best plan, while plans are looked for, and while projects are: what was found is kept."""
    with monkeypatch.context() as patch:
        asked = stopped_after(10**6, patch)
        alternatives(tiny, 0.2, 2, out=tmp_path / "whole", options={"gap": 0.0})
    out, done = tmp_path / "out", 0
    for most in (1, 4, len(asked) - 8):
        with monkeypatch.context() as patch:
            stopped_after(most, patch)
            line = ["alternatives", str(tiny), "--within", "0.2", "--count", "2", "--gap", "0", "--out", str(out)]
            assert main(line) == INTERRUPTED
        told = capsys.readouterr()
        assert "which are saved; run the same command to resume" in told.err
        assert "interrupted: some answers are" in told.out
        assert json.loads((out / "manifest.json").read_text())["status"] == "interrupted"
        assert "not complete" in report(out).read_text()
        done += most
    assert {"alternative 1", "best"} <= set(pd.read_csv(out / "alternatives.csv")["plan"])
    with monkeypatch.context() as patch:
        rest = stopped_after(10**6, patch)
        assert alternatives(tiny, 0.2, 2, out=out, options={"gap": 0.0}).status == "complete"
    assert len(rest) == len(asked) - done
    for name in ("projects.csv", "alternatives.csv", "countries.csv", "plans.csv"):
        assert (out / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert not (out / "asked.npz").exists()


def test_alternatives_without_time_for_a_question_keep_the_others_and_say_so(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped_after(3, monkeypatch, "no_plan")
    part = alternatives(tiny, 0.2, 2, out=tmp_path / "out", options={"gap": 0.0})
    assert part.status == "stopped"
    assert {"best", "alternative 1"} <= set(part.tables["alternatives"]["plan"])


def test_the_unfinished_part_beside_a_complete_answer_goes_when_it_is_complete_too(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    alternatives(tiny, 0.2, 0, out=out, options={"gap": 0.0})
    with monkeypatch.context() as patch:
        stopped_after(2, patch)
        assert alternatives(tiny, 0.1, 0, out=out, options={"gap": 0.0}).folder == tmp_path / "out.unfinished"
    assert alternatives(tiny, 0.1, 0, out=out, options={"gap": 0.0}).status == "complete"
    assert not (tmp_path / "out.unfinished").exists()


@pytest.mark.parametrize(("seconds", "reaching"), [(10.0, 2), (90.0, 1)])
def test_a_question_cut_off_by_the_time_limit_is_asked_again_unless_it_had_most_of_it(
    seconds: float, reaching: int, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, asked = formulate(load(tiny).instances(), EXACT), list[float | None]()

    def cut(program: Program, options: Options, *rest: Any) -> Outcome:
        asked.append(options.time_limit)
        return replace(solve(program, options, *rest), status="stopped", seconds=seconds)

    monkeypatch.setattr(asking_module, "solve", cut)
    options = EXACT.model_copy(update={"time_limit": 100.0})
    ask = MemoizedSolver(options, SILENT, patience=Patience(time.monotonic() + 50))
    ask(program, "one")
    ask(program, "two")
    assert len(asked) == reaching
    longer = MemoizedSolver(options.model_copy(update={"time_limit": 1000.0}), SILENT, ask.memory, ask.patience)
    assert (longer(program, "again").status, len(asked)) == ("stopped", reaching + 1)
    assert all(limit is not None and limit <= 50 for limit in asked)
    late = MemoizedSolver(options, SILENT, patience=Patience(time.monotonic() - 1))
    assert (late(program, "three").status, late.unanswered, len(asked)) == ("no_plan", ["three"], reaching + 1)
