"""The program that a run solved, as MPS or LP by the ending of the file, for other solvers."""

from __future__ import annotations

from pathlib import Path

from planner.common.errors import InputError, Problem
from planner.reports.run import Run


def write(run: Run, target: Path) -> None:
    from planner.solving.formulate import formulate
    from planner.workflows.model_file import write_model

    if run.manifest["given"]:
        message = "this run evaluates a fixed plan; export the run that produced it"
        raise InputError([Problem("no-model", message)])
    write_model(formulate(run.document.instances(), run.instance.options), str(target))
