"""Units must not matter, tolerances must not be exploited, and no input may steer files or the terminal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from planner.solving.outcome import Outcome
from planner.workflows import solve as run_module
from planner.workflows.solve import solve
from tests.commands import planner
from tests.paths import ROOT

STARTER = (ROOT / "planner" / "language" / "starter.yaml").read_text("utf-8")


def test_the_unit_of_money_does_not_change_the_plan(tmp_path: Path) -> None:
    """In billions all costs fall below the solver's absolute tolerances unless they are scaled."""
    (tmp_path / "millions.yaml").write_text(STARTER)
    text = STARTER.replace("money: MUSD", "money: bnUSD")
    text = text.replace("fixed: 20, variable: 90", "fixed: 0.02, variable: 90")
    (tmp_path / "billions.yaml").write_text(text)
    millions = solve(tmp_path / "millions.yaml", out=tmp_path / "a", options={"gap": 0.0})
    billions = solve(tmp_path / "billions.yaml", out=tmp_path / "b", options={"gap": 0.0})
    assert billions.outcome.objective * 1000 == pytest.approx(millions.outcome.objective, rel=1e-7)
    assert billions.tables["plan"]["size"].to_list() == pytest.approx(millions.tables["plan"]["size"].to_list())


def test_a_huge_size_limit_does_not_let_a_project_start_a_little(tmp_path: Path) -> None:
    """With most: 1e9 a start of 1e-6, which the solver takes for 0, would be room for a whole plant."""
    (tmp_path / "case.yaml").write_text(STARTER)
    sets = ["projects.build-magnet-plant.capital.fixed=200", "projects.build-magnet-plant.size.least=0"]
    honest = solve(tmp_path / "case.yaml", sets=[*sets, "projects.build-magnet-plant.size.most=5000"],
                   out=tmp_path / "a", options={"gap": 0.0})
    huge = solve(tmp_path / "case.yaml", sets=[*sets, "projects.build-magnet-plant.size.most=1e9"],
                 out=tmp_path / "b", options={"gap": 0.0})
    assert huge.outcome.objective == pytest.approx(honest.outcome.objective, rel=1e-5)


def test_a_future_of_probability_zero_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "case.yaml").write_text(STARTER)
    sets = ["futures.truce.probability=1", "futures.embargo.probability=0"]
    run = solve(tmp_path / "case.yaml", sets=sets, out=tmp_path / "run")
    assert set(run.tables["nodes"]["future"]) == {"truce"}


def test_a_folder_with_someone_elses_manifest_is_not_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "extension"
    folder.mkdir()
    (folder / "manifest.json").write_text('{"manifest_version": 3}')
    (folder / "main.js").write_text("code")
    (tmp_path / "case.yaml").write_text(STARTER)
    result = planner("solve", "case.yaml", "--out", "extension", cwd=tmp_path)
    assert result.returncode == 2
    assert (folder / "main.js").exists()


def test_a_run_folder_is_replaced_only_by_the_same_instance_and_without_foreign_files(tmp_path: Path) -> None:
    (tmp_path / "case.yaml").write_text(STARTER)
    (tmp_path / "other.yaml").write_text(STARTER.replace("name: my-case", "name: other"))
    assert planner("solve", "case.yaml", "--out", "run", "--quiet", cwd=tmp_path).returncode == 0
    assert planner("solve", "case.yaml", "--out", "run", "--quiet", "--force", cwd=tmp_path).returncode == 0
    assert planner("solve", "other.yaml", "--out", "run", cwd=tmp_path).returncode == 2
    (tmp_path / "run" / "notes.txt").write_text("mine")
    assert planner("solve", "case.yaml", "--out", "run", "--force", cwd=tmp_path).returncode == 2
    assert (tmp_path / "run" / "notes.txt").exists()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("stage: magnet, capacity", 'stage: "[/bold]", capacity'),
        ("name: my-case", "name: ..my..case"),
        ("title: One mine", "title: '[red]=HYPERLINK(1)"),
    ],
)
def test_hostile_texts_are_text(old: str, new: str, tmp_path: Path) -> None:
    text = STARTER.replace(old, new, 1)
    if "HYPERLINK" in new:
        text = text.replace("country that needs magnets", "country that needs magnets'", 1)
    (tmp_path / "case.yaml").write_text(text)
    result = planner("solve", "case.yaml", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"case.yaml", "results"}


@pytest.mark.parametrize("name", ["../evil", "/tmp/evil", "a:b", "=cmd", "@x"])
def test_names_that_would_be_paths_or_formulas_are_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "case.yaml").write_text(STARTER.replace("name: my-case", f'name: "{name}"'))
    result = planner("solve", "case.yaml", cwd=tmp_path)
    assert result.returncode == 2
    assert "case.yaml:3" in result.stderr


def test_control_characters_are_refused_and_never_reach_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "case.yaml").write_text(STARTER.replace("title: One mine", 'title: "\\e[31mOne mine', 1).replace(
        "country that needs magnets", 'country that needs magnets"', 1))
    result = planner("solve", "case.yaml", cwd=tmp_path)
    assert result.returncode == 2
    assert "\x1b" not in result.stderr
    assert "control characters" in result.stderr


def test_model_file_needs_a_folder(tmp_path: Path) -> None:
    (tmp_path / "case.yaml").write_text(STARTER)
    result = planner("solve", "case.yaml", "--write-model", "nowhere/m.lp", cwd=tmp_path)
    assert result.returncode == 2
    assert "nowhere" in result.stderr


def test_an_interrupted_rerun_does_not_replace_the_finished_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "case.yaml").write_text(STARTER)
    finished = solve(tmp_path / "case.yaml", out=tmp_path / "run")
    before = (tmp_path / "run" / "summary.json").read_text()
    make = run_module.solve_by_method

    def stopped(*arguments: Any, **words: Any) -> Outcome:
        return replace(make(*arguments, **words), status="interrupted", gap=0.3)

    monkeypatch.setattr(run_module, "solve_by_method", stopped)
    again = solve(tmp_path / "case.yaml", out=tmp_path / "run", force=True)
    assert finished.folder == tmp_path / "run"
    assert again.folder == tmp_path / "run.interrupted"
    assert (tmp_path / "run" / "summary.json").read_text() == before
