"""Write the report of a run, of several side by side, or of a study as one HTML file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planner.common.errors import InputError, Place, Problem
from planner.results.atomic_files import REPORT, is_page
from planner.results.folder import stands
from planner.workflows.solve import SILENT, Listener

if TYPE_CHECKING:
    from planner.reports.subject import Subject
    from planner.workflows.comparison.compare import Comparison


def report(
    runs: str | Path | Sequence[str | Path], out: str | Path | None = None, options: dict[str, Any] | None = None,
    listener: Listener = SILENT,
) -> Path:
    """Write a page about what folders hold to `out`, by default `report.html` in the first; returns the file.

    A run has a page of its own; several are compared with the first as `planner compare` does, which also solves
    instances. The folders of a sweep, a frontier and alternatives, one of each, make one page.

    InputError when a folder holds none of these, when runs and studies are mixed, or when the file is not a report
    that may be replaced.
    """
    paths = [Path(runs)] if isinstance(runs, str | Path) else [Path(run) for run in runs]
    target = Path(out) if out is not None else _home(paths[0]) / REPORT
    require_replaceable(target)
    return write_whole(target, _page(_subject(paths, options, listener)))


def report_comparison(found: Comparison, out: str | Path) -> Path:
    """Write the page of a comparison that was made; errors as of `report`."""
    require_replaceable(Path(out))
    from planner.reports.comparison import of_comparison

    return write_whole(Path(out), _page(of_comparison(found)))


def _home(path: Path) -> Path:
    """The folder for the report of a run that may have to be solved first: next to its instance."""
    return path if stands(path) else path.parent


def _page(subject: Subject) -> str:
    from planner.reports.page import page

    return page(subject)


def _subject(paths: Sequence[Path], options: dict[str, Any] | None, listener: Listener) -> Subject:
    """Subject of the page of these folders."""
    from planner.reports.studies.answered import open_answer, question_of

    answers = [path for path in paths if question_of(path) is not None]
    if len(answers) == len(paths):
        from planner.reports.studies.subject import of_answers

        return of_answers([open_answer(path) for path in paths])
    if answers:
        message = "a page shows runs or studies, not both: write a page for each"
        raise InputError([Problem("mixed", message, Place(str(answers[0]), 0, 0))])
    if len(paths) == 1:
        from planner.reports.run import open_run
        from planner.reports.subject import of_run

        return of_run(open_run(paths[0]))
    from planner.reports.comparison import of_comparison
    from planner.workflows.comparison.compare import compare

    return of_comparison(compare([str(path) for path in paths], None, options, listener))


def require_replaceable(target: Path) -> None:
    """InputError unless the file can be written and is not something else already."""
    place = Place(str(target), 0, 0)
    if not target.absolute().parent.is_dir():
        raise InputError([Problem("no-folder", f"there is no folder {target.parent}", place)])
    if target.is_dir():
        raise InputError([Problem("occupied", "a folder stands where the report would be", place)])
    if target.exists() and not is_page(target):
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
