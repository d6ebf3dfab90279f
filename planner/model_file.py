"""A program as a file for other solvers, with names."""

from __future__ import annotations

import highspy

from planner.assemble import Program
from planner.outcome import SolverError
from planner.schema import Options
from planner.solver import load


def write_model(program: Program, path: str) -> None:
    """Write the program with names, as .lp or .mps by the file's ending."""
    solver = load(program, Options(), scaled=False)
    lp = solver.getLp()
    lp.col_names_ = [_plain(name) for name in program.column_names()]
    lp.row_names_ = [_plain(name) for name in program.row_names()]
    solver.passModel(lp)
    if solver.writeModel(path) == highspy.HighsStatus.kError:
        raise SolverError(f"cannot write {path}")


def _plain(name: str) -> str:
    """A name that the LP format accepts: no spaces or operators."""
    return "".join(c if c.isalnum() or c in "_.()[],|/" else "_" for c in name)
