"""A run that was made before: read back instead of solved again, if it is the same one, whole and checked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from planner.check import CheckReport
from planner.results.atomic_files import recover
from planner.results.folder import Folder, open_folder
from planner.results.seal import stated_manifest
from planner.results.write import SUMMARY
from planner.solving.outcome import Outcome


@dataclass(frozen=True, eq=False)
class Recalled:
    """A run read from its folder; the outcome has no values or prices beyond its tables."""

    outcome: Outcome
    tables: dict[str, pd.DataFrame]
    figures: dict[str, Any]
    check: CheckReport
    seconds: dict[str, float]


def recall(folder: Path, digest: str) -> Recalled | None:
    """The run of that digest if the folder holds it, solved to the gap asked and checked.

    InputError when the folder holds it, but not as it was written.
    """
    recover(folder)
    if not _is_finished(stated_manifest(folder), digest):
        return None
    return told(open_folder(folder))


def told(held: Folder) -> Recalled:
    """The run in an opened folder."""
    mark, figures = held.manifest, held.json(SUMMARY)
    return Recalled(_outcome(mark, figures), held.tables(), figures, _report(mark["check"]), mark["seconds"])


def _is_finished(mark: Mapping[str, Any], digest: str) -> bool:
    return mark.get("run_sha256") == digest and mark.get("status") == "optimal"


def _outcome(mark: Mapping[str, Any], figures: Mapping[str, Any]) -> Outcome:
    sign = -1 if mark["sense"] == "maximise" else 1
    objective, bound = sign * float(figures["objective"]), figures["bound"]
    return Outcome(
        status=mark["status"], values=np.zeros(0), prices=np.zeros(0), objective=objective,
        bound=sign * float(bound) if bound is not None else -math.inf,
        gap=float(mark["gap"]) if mark["gap"] is not None else math.inf, nodes=int(mark["nodes"]),
        seconds=float(figures["seconds"]), message=str(mark["solver_message"]),
    )


def _report(verdict: Mapping[str, Any]) -> CheckReport:
    return CheckReport(True, (), dict(verdict["tests"]), float(verdict["largest_residual"]), "")
