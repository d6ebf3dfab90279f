"""A real run whose tables or objective are tampered with is rejected by the check, and by the run itself."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from planner import run as run_module
from planner.check import check_run
from planner.reading.document import load
from planner.results.write import read_tables
from planner.run import CheckFailedError, Run, solve

QUICKSTART = Path(__file__).parent.parent / "instances" / "quickstart.yaml"
CHANGES = {
    "plan": "size", "capacity": "online", "activity": "activity", "flows": "sent", "purchases": "amount",
    "stocks": "stock", "demand": "amount", "returns": "collected", "requirements": "achieved", "costs": "discounted",
    "nodes": "weight",
}  # fmt: skip


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return solve(QUICKSTART, out=tmp_path_factory.mktemp("runs") / "run")


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_number_in_a_written_table_is_found(name: str, finished: Run, tmp_path: Path) -> None:
    assert finished.folder is not None
    folder = tmp_path / "copy"
    shutil.copytree(finished.folder, folder)
    path = folder / f"{name}.csv"
    table = pd.read_csv(path, keep_default_na=False)
    row = table[CHANGES[name]].astype(float).abs().idxmax()
    table.loc[row, CHANGES[name]] = float(table.loc[row, CHANGES[name]]) * 1.01 + 0.01
    table.to_csv(path, index=False)
    tables = {k: v for k, v in read_tables(folder).items() if k != "summary"}
    report = check_run(load(QUICKSTART).instances(), tables, finished.figures["objective"])
    assert not report.passed


def test_untouched_tables_pass(finished: Run) -> None:
    assert finished.folder is not None
    tables = {k: v for k, v in read_tables(finished.folder).items() if k != "summary"}
    assert check_run(load(QUICKSTART).instances(), tables, finished.figures["objective"]).passed


def test_a_changed_objective_is_found(finished: Run) -> None:
    assert finished.folder is not None
    tables = {k: v for k, v in read_tables(finished.folder).items() if k != "summary"}
    report = check_run(load(QUICKSTART).instances(), tables, finished.figures["objective"] * 1.00001)
    assert not report.passed


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
    with pytest.raises(CheckFailedError, match="balance") as caught:
        solve(QUICKSTART, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
    assert caught.value.folder == tmp_path / "run.rejected"
    assert (caught.value.folder / "purchases.csv").exists()
