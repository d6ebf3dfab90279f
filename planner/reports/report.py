"""Write the report of a run as one HTML file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from planner.errors import InputError, Place, Problem
from planner.reports.opened import open_run
from planner.results.write import REPORT

MARK = '<meta name="generator" content="planner'


def report(runs: str | Path | Sequence[str | Path], out: str | Path | None = None) -> Path:
    """Write the report of a run to `out`, by default `report.html` in its folder; returns the file.

    Several runs are put side by side, the first being what the others are measured by.

    InputError when a folder holds no run, when the file is not a report that may be replaced, or when the libraries
    of the extra `report` are not installed.
    """
    folders = [runs] if isinstance(runs, str | Path) else list(runs)
    opened = [open_run(folder) for folder in folders]
    target = Path(out) if out is not None else opened[0].folder / REPORT
    require_replaceable(target)
    try:
        from planner.reports.page import page
        from planner.reports.subject import of_run, of_several
    except ImportError as error:
        message = f"the report needs {error.name}: pip install 'planner[report]'"
        raise InputError([Problem("missing-extra", message)]) from None
    return write_whole(target, page(of_run(opened[0]) if len(opened) == 1 else of_several(opened)))


def require_replaceable(target: Path) -> None:
    """InputError unless the file can be written and is not something else already."""
    place = Place(str(target), 0, 0)
    if not target.absolute().parent.is_dir():
        raise InputError([Problem("no-folder", f"there is no folder {target.parent}", place)])
    if target.is_dir():
        raise InputError([Problem("occupied", "a folder stands where the report would be", place)])
    if target.exists() and MARK not in target.read_text("utf-8", errors="replace")[:4000]:
        raise InputError([Problem("occupied", "the file is not a report and is left as it is", place)])


def write_whole(target: Path, text: str) -> Path:
    """Write a file whole or not at all."""
    handle, name = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.absolute().parent)
    fresh = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        fresh.chmod(0o644)
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)
    return target
