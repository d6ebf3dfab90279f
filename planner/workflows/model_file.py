"""A program as a file for other solvers, whose names every solver takes, and the table that tells what they mean."""

from __future__ import annotations

import csv
import errno
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from planner.common.errors import InputError, Problem
from planner.language.instance import Options
from planner.program.program import Program
from planner.results.atomic_files import workshop
from planner.solving.outcome import SolverError
from planner.solving.run import load

LENGTH = 60  # Characters of a name; the strictest formats take no more than 64.
NAMES = ".names.csv"  # Added to the name of the model's file.


def write_model(program: Program, path: str) -> None:
    """Write the program as .lp or .mps by the file's ending, with the table of its names next to it; both whole.

    A column is called c and its number, a row r and its number, then what can be kept of its name; the table has the
    name in the file and the name in full of each, so that a solution of another solver can be read.
    """
    columns, rows = list(program.column_names()), list(program.row_names())
    names = {"column": _plain("c", columns), "row": _plain("r", rows)}
    try:
        solver = load(program, Options(), scaled=False)
    except SolverError:
        message = "numbers of this model are too large or too small for a file: other solvers would drop them"
        raise InputError([Problem("no-model", message, None, "state the instance in other units")]) from None
    target = Path(path)
    with workshop(target) as place:
        fresh = place / target.name
        if not solver.write(str(fresh), names["column"], names["row"]) or not _is_complete(fresh):
            raise SolverError(f"cannot write {path}") from OSError(errno.ENOSPC, "the file is cut off", path)
        _write_names(fresh.with_name(fresh.name + NAMES), names, columns, rows)
        for file in (fresh, fresh.with_name(fresh.name + NAMES)):
            file.replace(target.with_name(file.name))


def _is_complete(file: Path) -> bool:
    """Whether a model ends as one does: the solver does not say when its file is cut off."""
    return file.is_file() and file.read_bytes()[-20:].strip().lower().endswith((b"end", b"endata"))


def _write_names(file: Path, names: Mapping[str, Sequence[str]], columns: Sequence[str], rows: Sequence[str]) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(["kind", "name_in_file", "name"])
        for kind, full in (("column", columns), ("row", rows)):
            table.writerows([kind, short, name] for short, name in zip(names[kind], full, strict=True))


def _plain(letter: str, names: Iterable[str]) -> list[str]:
    """Names of letters, digits and underscores, each with its number, so that no two are the same."""
    found = (f"{letter}{number}_{re.sub(r'[^A-Za-z0-9]+', '_', name)}" for number, name in enumerate(names))
    return [name[:LENGTH].rstrip("_") for name in found]
