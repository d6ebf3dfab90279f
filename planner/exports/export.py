"""Write a run in the format of another tool, whole or not at all."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from planner.common.errors import InputError, Place, Problem, did_you_mean, extra_hint
from planner.reports.run import Run, open_run
from planner.results.atomic_files import NEW, workshop


class Format(NamedTuple):
    """One format: the ending of its files, the module with its `write(run, target)`, the extra it needs."""

    ending: str
    module: str
    extra: str | None


FORMATS = {
    "xlsx": Format(".xlsx", "workbook", "excel"),
    "iamc": Format(".iamc.csv", "iamc", None),
    "parquet": Format(".parquet", "parquet", "parquet"),
    "mps": Format(".mps", "model", None),
    "lp": Format(".lp", "model", None),
    "graphml": Format(".graphml", "graph", None),
    "datapackage": Format(".datapackage.zip", "package", None),
}


def export(run: str | Path | Run, format: str, out: str | Path | None = None) -> Path:
    """Write a run as `format`, by default next to its folder; returns the file, for Parquet a folder.

    InputError when the folder holds no run, or the format is unknown, needs an extra that is not installed or cannot
    express the run. InputError when something stands at the target already.
    """
    if format not in FORMATS:
        hint = did_you_mean(format, FORMATS) or f"there are {', '.join(FORMATS)}"
        raise InputError([Problem("wrong-choice", f"{format} is not a format of planner export", hint=hint)])
    opened = run if isinstance(run, Run) else open_run(run)
    chosen, folder = FORMATS[format], opened.held.path.resolve()
    target = _ended(Path(out), chosen) if out is not None else folder.with_name(folder.name + chosen.ending)
    _require_free(target)
    return _written(target, opened, _writer(chosen))


def _writer(chosen: Format) -> Callable[[Run, Path], None]:
    try:
        write: Callable[[Run, Path], None] = importlib.import_module(f"planner.exports.{chosen.module}").write
    except ImportError as error:
        message = f"this format needs {error.name}: {extra_hint(chosen.extra)}"
        raise InputError([Problem("missing-extra", message)]) from None
    return write


def _ended(target: Path, chosen: Format) -> Path:
    """The file as named, with the format's ending where it has none, or where others tell the format by it."""
    if not target.name:
        raise InputError([Problem("bad-option", f"--out: {str(target)!r} names no file")])
    is_told = chosen.module != "model" or target.suffix == chosen.ending
    return target if target.suffix and is_told else target.with_name(target.name + chosen.ending)


def _require_free(target: Path) -> None:
    place = Place(str(target), 0, 0)
    if target.exists():
        raise InputError([Problem("occupied", "something stands there already: choose another --out", place)])
    if not target.absolute().parent.is_dir():
        raise InputError([Problem("no-folder", f"there is no folder {target.parent}", place)])


def _written(target: Path, run: Run, write: Callable[[Run, Path], None]) -> Path:
    """Write next to the target and move it there when it is complete."""
    with workshop(target) as place:
        aside = place / NEW
        aside.mkdir()
        fresh = aside / target.name
        write(run, fresh)
        beside = [file for file in aside.iterdir() if file != fresh]  # Such as the names of a model.
        for file in beside:
            _require_free(target.absolute().parent / file.name)
        for file in [*beside, fresh]:
            os.replace(file, target.absolute().parent / file.name)
    return target
