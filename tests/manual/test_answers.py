"""The page on tables says which files stand in the folder of which answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import planner
from planner.tables.schemas import SCHEMAS

STUDY = """
study: rates
instance: case.yaml
vary:
  rate: {path: time.discount_rate, values: [0.04, 0.08]}
design: one_way
"""


def manifest(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "manifest.json").read_text("utf-8"))
    return content


@pytest.mark.long
def test_what_stands_in_the_folder_of_an_answer(tmp_path: Path) -> None:
    case, run = planner.new(tmp_path / "case.yaml"), tmp_path / "run"
    planner.solve(case, out=run)
    planner.evaluate(run, out=tmp_path / "evaluate")
    planner.value(case, delays=[], out=tmp_path / "value")
    planner.losses(run, of=["facility"], out=tmp_path / "losses")
    planner.frontier(case, "cars-served", points=2, out=tmp_path / "frontier")
    planner.alternatives(case, count=1, out=tmp_path / "alternatives")
    planner.compare([run, tmp_path / "evaluate"], out=tmp_path / "compare")
    (tmp_path / "study.yaml").write_text(STUDY)
    planner.sweep(tmp_path / "study.yaml", executor=None, out=tmp_path / "sweep")
    folders = {name: tmp_path / name for name in (*SCHEMAS, "evaluate")} | {"sweep": tmp_path / "sweep" / "tables"}
    for name, folder in folders.items():
        assert {"datapackage.json", "manifest.json"} <= {file.name for file in folder.iterdir()}, name
        said, is_run = manifest(folder), name in ("run", "evaluate")
        assert {"versions", "written", "given"} <= set(said), name
        assert is_run or said["given"]["question"] == name
        assert (folder / "summary.json").exists() == is_run, name
        assert ({"files", "seed", "gap"} <= set(said)) == is_run, name
        assert ({"instance_sha256", "options", "status"} <= set(said)) == (name not in ("compare", "sweep")), name
