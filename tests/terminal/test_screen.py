"""The screen after a run: published optima, many futures, small sums, chances near none."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from rich.console import Console

from planner.terminal.run import firmness, show_run
from planner.workflows.solve import Solved, solve
from tests.commands import planner
from tests.paths import PUBLISHED


def shown(run: Solved) -> str:
    page = StringIO()
    show_run(run, Console(width=110, file=page))
    return page.getvalue()


@pytest.mark.parametrize(
    ("sets", "said"),
    [
        ([], "The published optimum, 153.675, is met\n"),
        (["published_optimum=153.674"], "is not met: is this the case as published?\n"),
        (["published_optimum=153.6752"], "is not met"),  # All digits that are printed count.
        (["published_optimum=154", "options.gap=0.01"], "is not met"),  # The gap counts as proven, not as asked.
    ],
)
def test_a_published_optimum_is_met_to_its_digits_or_not(sets: list[str], said: str, tmp_path: Path) -> None:
    assert said in shown(solve(PUBLISHED / "trnsport.yaml", sets=sets, out=tmp_path / "run"))


def test_the_worst_served_of_many_futures_are_shown_and_their_chances(tmp_path: Path) -> None:
    """Dantzig's demands in 300 futures; in the last they are 1,175 cases, and plants make 950: 80.9 % served."""
    stated = yaml.safe_load((PUBLISHED / "trnsport.yaml").read_text())
    stated["demands"]["table"]["common"]["shortage"] = [{"share": 1, "cost": 100}]
    chances = {"f0": 0.9, **{f"f{n}": 0.1 / 299 for n in range(1, 300)}}
    futures = {name: {"probability": chance, "from": "f0", "branches": 1} for name, chance in chances.items()}
    futures["f0"] = {"probability": 0.9}
    futures["f299"]["overrides"] = {"demands.topeka.amount *=": 2}
    (tmp_path / "many.yaml").write_text(yaml.safe_dump(stated | {"futures": futures}))
    text = shown(solve(tmp_path / "many.yaml", out=tmp_path / "run"))
    assert "24 worst served of 300; all are in summary.csv" in text
    assert re.search(r"f299 +0.033% +80.9%", text)
    assert "f298" not in text
    assert len(text.splitlines()) < 50


def test_classes_that_never_go_short_are_named_and_no_more_than_fit_are_shown(tmp_path: Path) -> None:
    """Dantzig's plants make 950: 300 for a class that must be served, 650 for nine of 100 whose losses rise."""
    stated = yaml.safe_load((PUBLISHED / "trnsport.yaml").read_text())
    accepts = stated["demands"]["table"]["common"]["accepts"]
    of = {"region": "chicago", "accepts": accepts}
    must = {"sink": of | {"class": "sink", "amount": 300}}
    assert "Served in full in the only future: sink" in shown(_solved(tmp_path, stated, must))
    some = {f"d{n}": of | {"class": f"class{n}", "amount": 100, "shortage": [{"share": 1, "cost": 50 + n}]}
            for n in range(9)}
    text = shown(_solved(tmp_path, stated, must | some))
    assert re.search(r"future chance class0 class1 class2 *\nbase +100% +0.0% +0.0% +50.0% *\n", text)
    full = re.search(r"Served in full in the only future: (.*) and (.*)", text)
    assert full is not None
    assert {*full[1].split(", "), full[2].strip()} == {"sink", *(f"class{n}" for n in range(3, 9))}
    cheap = {name: part | {"shortage": [{"share": 0.5, "cost": 0.01}]} for name, part in some.items()}
    text = shown(_solved(tmp_path, stated, cheap))
    assert "6 worst served of 9 classes; all are in summary.csv" in text
    assert all(len(line) <= 110 for line in text.splitlines() if not line.startswith("Checked"))


def _solved(place: Path, stated: dict[str, Any], demands: dict[str, Any]) -> Solved:
    (place / "some.yaml").write_text(yaml.safe_dump(stated | {"demands": demands, "published_optimum": None}))
    return solve(place / "some.yaml", out=place / "run", force=True)


def test_that_no_project_is_firm_is_said_as_such() -> None:
    plan = pd.DataFrame({"project": ["a", "b"], "standing": ["interchangeable", "interchangeable"]})
    assert firmness(plan).startswith("No project is firm")
    plan.loc[0, "standing"] = "firm"
    assert firmness(plan).startswith("Firm: 1 of 2 projects")
    assert firmness(plan.assign(standing="firm")).startswith("Firm: all 2 projects")
    assert firmness(plan[:1]).startswith("The project is firm")


def test_planner_alone_says_its_commands(tmp_path: Path) -> None:
    result = planner(cwd=tmp_path)
    assert result.returncode == 0
    assert "solve " in result.stdout
