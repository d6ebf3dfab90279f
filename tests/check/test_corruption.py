"""A real run whose tables or objective are tampered with is rejected by the check, and by the run itself."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

import pandas as pd
import pytest

from planner.check import CheckReport, check_run
from planner.reading.document import load
from planner.results.write import read_tables
from planner.workflows import solve as run_module
from planner.workflows.solve import CheckFailedError, Solved, solve
from tests.paths import QUICKSTART

CHANGES = {
    "plan": "size", "capacity": "online", "activity": "activity", "flows": "sent", "purchases": "amount",
    "stocks": "stock", "demand": "amount", "returns": "collected", "requirements": "achieved", "costs": "discounted",
    "nodes": "weight", "scenarios": "cost",
}  # fmt: skip
# The same chain, into which an embargo may break in any year; all along some users are denied what comes from China,
# and its tools.
SHOCKS = """
extends: quickstart.yaml
futures: {truce: {controls: [denial, dearer, tools]}}
shocks: {raid: {hazard: 0.05, range: [0.01, 0.1], length: 1.5, earliest: 2027, controls: [ban, dearer]}}
projects: {recycling: {emergency: true}}
controls:
  denial: {exporter: CN, kind: licence, stages: [magnet], destinations: [US], classes: [defence], passes: 0.2}
  dearer: {exporter: CN, kind: price, stages: [metal, magnet], destinations: [US], price: 1.2, phase_in: 3}
  tools: {exporter: CN, kind: technology, stages: [magnet], destinations: [US], start: 2027, pace: 0.5, dearer: 0.3}
"""
SHOCK_CHANGES = [
    *CHANGES.items(), ("origin", "amount"), ("purchases", "price"),
    ("plan", "charged"), ("nodes", "probability"), ("nodes", "onset"), ("scenarios", "probability"),
    ("scenarios", "low"), ("scenarios", "high"), ("scenarios", "weight"), ("scenarios", "onset"),
]  # fmt: skip


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Solved:
    return solve(QUICKSTART, out=tmp_path_factory.mktemp("runs") / "run")


def report_of(run: Solved, source: Path, tables: dict[str, pd.DataFrame]) -> CheckReport:
    given = {name: table for name, table in tables.items() if name != "summary"}
    return check_run(load(source).instances(), given, run.figures["objective"])


def change(folder: Path, name: str, column: str) -> None:
    """Change the largest number of a column of a written table."""
    path = folder / f"{name}.csv"
    table = pd.read_csv(path, keep_default_na=False)
    row = pd.to_numeric(table[column], errors="coerce").abs().idxmax()
    table[column] = table[column].astype(object)
    table.loc[row, column] = float(table.loc[row, column]) * 1.01 + 0.01
    table.to_csv(path, index=False)


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_number_in_a_written_table_is_found(name: str, finished: Solved, tmp_path: Path) -> None:
    assert finished.folder is not None
    folder = tmp_path / "copy"
    shutil.copytree(finished.folder, folder)
    change(folder, name, CHANGES[name])
    assert not report_of(finished, QUICKSTART, read_tables(folder)).passed


@pytest.fixture(scope="module")
def raided(tmp_path_factory: pytest.TempPathFactory) -> tuple[Solved, Path]:
    folder = tmp_path_factory.mktemp("raided")
    shutil.copy(QUICKSTART, folder)
    (folder / "raided.yaml").write_text(SHOCKS)
    return solve(folder / "raided.yaml", out=folder / "run"), folder / "raided.yaml"


@pytest.mark.parametrize(("name", "column"), SHOCK_CHANGES)
def test_a_changed_number_is_found_where_shocks_may_happen(
    name: str, column: str, raided: tuple[Solved, Path], tmp_path: Path
) -> None:
    run, source = raided
    assert run.folder is not None
    folder = tmp_path / "copy"
    shutil.copytree(run.folder, folder)
    assert report_of(run, source, read_tables(folder)).passed
    change(folder, name, column)
    assert not report_of(run, source, read_tables(folder)).passed


def test_the_objective_weighs_the_scenarios_by_their_table(raided: tuple[Solved, Path]) -> None:
    run, _ = raided
    scenarios = run.tables["scenarios"]
    assert (scenarios["weight"] * scenarios["cost"]).sum() == pytest.approx(run.figures["objective"])
    assert scenarios["weight"].sum() == pytest.approx(1)


def test_untouched_tables_pass(finished: Solved) -> None:
    assert finished.folder is not None
    assert report_of(finished, QUICKSTART, read_tables(finished.folder)).passed


def test_a_changed_objective_is_found(finished: Solved) -> None:
    assert finished.folder is not None
    tables = {k: v for k, v in read_tables(finished.folder).items() if k != "summary"}
    report = check_run(load(QUICKSTART).instances(), tables, finished.figures["objective"] * 1.00001)
    assert not report.passed


def no_room(target: Path, *_: object) -> Path:
    if target.name == "run":
        return target
    raise OSError(errno.ENOSPC, "no space left")


def test_a_run_whose_tables_are_wrong_is_an_error_and_is_put_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run itself fails when what is written is not what was solved."""
    make = run_module.all_tables

    def tampered(*arguments: object) -> dict[str, pd.DataFrame]:
        tables = make(*arguments)  # type: ignore[arg-type]
        tables["purchases"].loc[0, "amount"] += 5.0
        return tables

    monkeypatch.setattr(run_module, "all_tables", tampered)
    (tmp_path / "run.rejected").mkdir()
    (tmp_path / "run.rejected" / "notes.txt").write_text("somebody else's")
    for folder in ("run.rejected-2", None):
        with pytest.raises(CheckFailedError, match="balance") as caught:
            solve(QUICKSTART, out=tmp_path / "run")
        assert not (tmp_path / "run").exists()
        assert caught.value.folder == (tmp_path / folder if folder else None)
        monkeypatch.setattr(run_module, "free_place", no_room)
    assert (tmp_path / "run.rejected-2" / "purchases.csv").exists()
    assert [file.name for file in (tmp_path / "run.rejected").iterdir()] == ["notes.txt"]
