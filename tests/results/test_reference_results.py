"""The committed results of the shipped instances: a changed answer must show in review.

After a wanted change: `python -m tests.results.test_reference_results` writes them anew; explain the difference in
the commit. The value of the real instance's relaxation is unique, so any change of data or mathematics moves it;
bound and plan depend on the way they were found and are only required to be as good as the gap says.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import pandas as pd
import pytest

from planner.language.instance import Options
from planner.solving import extensive as solver
from planner.workflows.solve import Solved, build, solve
from tests.paths import ROOT

REFERENCE = ROOT / "results" / "reference"
KEPT = {
    "quickstart": ("plan", "summary", "requirements", "stocks", "capacity"),
    "rare-earths": ("plan", "summary"),
}


def run(name: str, folder: Path) -> Solved:
    return solve(ROOT / "instances" / f"{name}.yaml", out=folder / name)


def relaxation(name: str) -> float:
    """Least cost of the extensive form without whole numbers, in the instance's money."""
    program = build(ROOT / "instances" / f"{name}.yaml")
    return solver.solve(program, Options(), relax=True).objective


def figures(folder: Path) -> pd.Series:
    table = pd.read_csv(folder / "summary.csv", dtype=str, keep_default_na=False)
    return table.set_index("key")["value"]


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.long) for name in KEPT])
def test_relaxations_are_as_committed(name: str) -> None:
    committed = pd.read_csv(REFERENCE / name / "relaxation.csv")["value"].item()
    assert relaxation(name) == pytest.approx(committed, rel=1e-6)


def test_quickstart_tables_are_as_committed(tmp_path: Path) -> None:
    folder = run("quickstart", tmp_path).folder
    assert folder is not None
    for name in KEPT["quickstart"]:
        fresh, committed = (pd.read_csv(place / f"{name}.csv") for place in (folder, REFERENCE / "quickstart"))
        if name == "summary":  # Its column of values holds words as well as numbers.
            numbers = (pd.to_numeric(table["value"], errors="coerce") for table in (fresh, committed))
            fresh, committed = (table.assign(number=n, value=table["value"].where(n.isna()))
                                for table, n in zip((fresh, committed), numbers, strict=True))  # fmt: skip
        pd.testing.assert_frame_equal(fresh, committed, rtol=1e-6, atol=1e-6)


@pytest.mark.long
def test_real_instance_is_as_committed(tmp_path: Path) -> None:
    found = run("rare-earths", tmp_path)
    assert found.folder is not None
    committed, fresh = figures(REFERENCE / "rare-earths"), figures(found.folder)
    assert found.outcome.status == "optimal"
    assert found.outcome.gap <= 0.005
    assert float(fresh["objective"]) == pytest.approx(float(committed["objective"]), rel=0.005)


def write() -> None:
    """Solve the shipped instances and keep their small tables."""
    with tempfile.TemporaryDirectory() as folder:
        for name, tables in KEPT.items():
            done = run(name, Path(folder))
            target = REFERENCE / name
            shutil.rmtree(target, ignore_errors=True)
            target.mkdir(parents=True)
            for table in tables:
                shutil.copy(Path(folder) / name / f"{table}.csv", target / f"{table}.csv")
            value = pd.DataFrame({"value": [relaxation(name)]})
            value.to_csv(target / "relaxation.csv", index=False)
            sys.stdout.write(f"{name}: {done.figures['objective']}\n")


if __name__ == "__main__":
    write()
