"""A request to stop ends any work soon, and what is known by then is kept, whenever it comes."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import planner.contingency.row_generation as withstand_module
import planner.workflows.comparison.same_plan as same_plan_module
import planner.workflows.explain.project as project_module
import planner.workflows.explain.repair as repair_module
import planner.workflows.loss_ranking as losses_module
import planner.workflows.solve as run_module
import planner.workflows.value_of_information as value_module
from planner.__main__ import main
from planner.cli.exit_codes import GOOD, INFEASIBLE, INTERRUPTED, STOPPED
from planner.common.signals import ending, is_asked_to_stop, listening
from planner.contingency.screening import Probe
from planner.workflows.loss_ranking import losses
from planner.workflows.solve import solve
from planner.workflows.value_of_information import value
from tests.cases import PLANTS, RULES, case_file
from tests.paths import STARTER


def asking(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, call: int = 1) -> list[int]:
    """Press Ctrl-C once at the end of the n-th call of a function; the list counts its calls."""
    real, calls = getattr(owner, name), list[int]()

    def pressed(*arguments: Any, **named: Any) -> Any:
        found = real(*arguments, **named)
        calls.append(len(calls))
        if len(calls) == call:
            signal.raise_signal(signal.SIGINT)
        return found

    monkeypatch.setattr(owner, name, pressed)
    return calls


@pytest.fixture(name="run", scope="module")
def _run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "run"
    solve(STARTER, out=folder)
    return folder


def test_blocks_within_each_other_look_at_one_count() -> None:
    told: list[str] = []
    with listening(lambda: told.append("outer")) as outer:
        with listening(lambda: told.append("inner")) as inner:
            signal.raise_signal(signal.SIGINT)
            assert inner is outer
        assert (is_asked_to_stop(), outer.count, told) == (True, 1, ["outer"])
    assert not is_asked_to_stop()
    with listening() as again:
        assert again.count == 0


def test_what_ends_the_work_is_not_stopped_by_the_request_that_ended_it() -> None:
    with listening() as requests:
        signal.raise_signal(signal.SIGINT)
        with ending():
            assert not is_asked_to_stop()
        assert requests.count == 1


def test_three_requests_end_it_at_once() -> None:
    with pytest.raises(KeyboardInterrupt), listening():  # noqa: PT012
        for _ in range(3):
            signal.raise_signal(signal.SIGINT)
    assert not is_asked_to_stop()


def test_value_keeps_the_answers_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = value(STARTER, out=tmp_path / "whole", delays=[1.0])
    calls = asking(monkeypatch, value_module, "solve_program", 3)
    assert main(["value", str(STARTER), "--out", str(tmp_path / "part"), "--delays", "1"]) == INTERRUPTED
    assert len(calls) == 3
    assert "interrupted after 2 answers" in capsys.readouterr().err
    part = {name: pd.read_csv(tmp_path / "part" / f"{name}.csv") for name in ("costs", "values")}
    assert part["costs"]["question"].tolist() == ["common plan", "adaptive plan"]
    assert part["values"]["value"].tolist() == ["value of adaptivity"]
    expected = whole.values.set_index("value")["amount"]["value of adaptivity"]
    assert part["values"]["amount"].item() == pytest.approx(expected, abs=1e-6)
    assert json.loads((tmp_path / "part" / "manifest.json").read_text())["status"] == "interrupted"


def test_value_interrupted_before_its_first_answer_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking(monkeypatch, value_module, "solve_program")
    assert main(["value", str(STARTER), "--out", str(tmp_path / "part"), "--quiet"]) == INTERRUPTED
    assert not (tmp_path / "part").exists()


@pytest.mark.parametrize("late", [False, True])
def test_losses_keep_those_that_were_tried(
    late: bool, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses(run, out=tmp_path / "whole")
    harm = Probe.harm

    def pressed(*arguments: Any) -> Iterator[Any]:
        for number, tried in enumerate(harm(*arguments)):
            if number == 3 and not late:
                signal.raise_signal(signal.SIGINT)
            yield tried

    line = ["losses", str(run), "--out", str(tmp_path / "part"), "--quiet"]
    monkeypatch.setattr(Probe, "harm", pressed)
    if late:
        monkeypatch.setattr(losses_module.Way, "is_over", property(lambda _: True))
    assert main(line) == (STOPPED if late else INTERRUPTED)
    whole, part = (
        pd.read_csv(tmp_path / name / "losses.csv").set_index(["loss", "lost", "future", "period"])["users_loss"]
        for name in ("whole", "part")
    )
    assert len(part) == (1 if late else 4)
    assert (part - whole.loc[part.index]).abs().max() < 1e-6


def test_explain_keeps_the_conflict_and_the_repairs_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sets = ["requirements.cars-served={kind: served, classes: [ev], target: 1}",
            "suppliers.chinese-magnets.steps.*.amount=1"]  # fmt: skip
    line = ["explain", str(STARTER), *(word for text in sets for word in ("--set", text))]
    assert main(line) == INFEASIBLE
    whole = capsys.readouterr().out
    calls = asking(monkeypatch, repair_module, "_alone")
    assert main(line) == INTERRUPTED
    part = capsys.readouterr().out
    assert len(calls) == 1
    assert whole.splitlines()[0] == part.splitlines()[0]
    assert "Not tried:" in part


def test_the_worth_of_a_project_stops_after_the_first_solve(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = asking(monkeypatch, project_module, "solve_program")
    assert main(["explain", str(run), "--project", "build-magnet-plant"]) == INTERRUPTED
    assert len(calls) == 1
    assert "interrupted" in capsys.readouterr().err


def test_plans_carried_out_in_both_stop_after_the_first(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    calls = asking(monkeypatch, same_plan_module, "evaluate")
    assert main(["compare", str(run), f"{STARTER}@cheap-imports", "--same-plan", "--quiet"]) == INTERRUPTED
    assert len(calls) == 1


@pytest.mark.parametrize("step", ["all_tables", "with_bounds", "key_figures"])
def test_a_plan_is_not_lost_to_a_request_while_it_is_written(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking(monkeypatch, run_module, step)
    assert main(["solve", str(STARTER), "--out", str(tmp_path / "run"), "--quiet"]) == GOOD
    assert (tmp_path / "run" / "plan.csv").exists()


def _late_solve(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    return asking(monkeypatch, withstand_module, "solve_by_method")


def _late_trial(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    monkeypatch.setattr(withstand_module, "_foreseen", lambda instances, way, _: (
        withstand_module.Posed((), way.form(withstand_module.withstanding(instances, ())), None), {}))  # fmt: skip
    return asking(monkeypatch, Probe, "bear")


@pytest.mark.parametrize("press", [_late_solve, _late_trial])
def test_a_plan_that_must_withstand_losses_is_kept(
    press: Callable[[pytest.MonkeyPatch], list[int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = case_file(tmp_path, PLANTS, {"safe": RULES["facility"]})
    calls = press(monkeypatch)
    code = main(["solve", str(file), "--out", str(tmp_path / "run"), "--quiet"])
    assert len(calls) == 1
    unmet = pd.read_csv(tmp_path / "run" / "outages.csv")
    fails = bool((unmet["served"] < unmet["target"] - 1e-6).any())
    assert code == (INTERRUPTED if fails else GOOD)
    assert fails == (press is _late_trial)
