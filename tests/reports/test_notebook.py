"""Runs that show themselves, and the worked examples."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest

from planner.reports.run import Run, open_run
from planner.reports.terms import ALL
from tests.commands import PATIENCE, planner
from tests.paths import INSTANCES, QUICKSTART, ROOT

EXAMPLES = sorted((INSTANCES / "examples").glob("*.py"))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    place = tmp_path_factory.mktemp("notebook")
    result = planner("solve", QUICKSTART, "--quiet", "--out", "run", cwd=place)
    assert result.returncode == 0, result.stderr
    return open_run(place / "run")


def test_a_run_shows_every_view_in_words(run: Run) -> None:
    shown = run._repr_html_()
    assert all(f"<code>{view.name}</code>" in shown for view in run.views)
    assert "<script" not in shown


def test_every_view_shows_itself_with_a_still_chart(run: Run) -> None:
    for view in run.views:
        shown = run.show(view.name)._repr_html_()
        assert "<table" in shown
        assert "<script" not in shown
        assert "var(--" not in shown
        picture = re.search(r"<svg.*</svg>", shown, re.DOTALL)
        assert (picture is not None) == (view.chart is not None), view.name
        if picture is not None:
            ElementTree.fromstring(picture[0])
        assert "<table" in view._repr_html_()


def test_switches_choose_the_rows(run: Run) -> None:
    prices = run.show("prices", future="embargo", year=2030.0, element="NdPr", region="US").table
    written = pd.read_csv(run.folder / "prices.csv")
    expected = written[(written["node"] == "embargo:2030") & (written["region"] == "US")]
    assert prices[prices["kind"] == "shadow price"]["price"].tolist() == expected["price"].tolist()
    everywhere = run.show("cost_by_year", future="truce").table
    assert set(everywhere["region"]) == {ALL}
    assert set(everywhere["future"]) == {"truce"}
    with pytest.raises(KeyError, match="no future peace"):
        run.show("plan", future="peace")
    with pytest.raises(KeyError, match="no switch element"):
        run.show("plan", element="NdPr")
    with pytest.raises(KeyError, match="no view chart"):
        run.view("chart")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs(example: Path, tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, str(example)], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=PATIENCE,
        env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert result.returncode == 0, result.stderr
    assert len(result.stdout.splitlines()) >= 4
    assert (tmp_path / "runs").is_dir()


def test_there_is_an_example_for_every_reader() -> None:
    assert [path.stem for path in EXAMPLES] == ["policy_analyst", "purchasing", "researcher"]
