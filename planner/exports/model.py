"""The program that a run solved, as MPS or LP by the ending of the file, for other solvers."""

from __future__ import annotations

from pathlib import Path

from planner.errors import InputError, Problem
from planner.reports.opened import Opened
from planner.results.write import RESOLVED


def write(run: Opened, target: Path) -> None:
    from planner.model_file import write_model
    from planner.run import build

    if run.manifest["given"]:
        message = "the plan of this run was given, not chosen: export the run it comes from"
        raise InputError([Problem("no-model", message)])
    write_model(build(run.folder / RESOLVED), str(target))
