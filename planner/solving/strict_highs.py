"""Solver objects that make every change as it is asked: HiGHS tells by a status that one was refused, or made in part.

It takes entries below 1e-9 for nothing, for instance, and only warns. A start that it does not take it does without,
and how a solve ended is asked of it afterwards: those two are not looked at here.
"""

from __future__ import annotations

from typing import Any

import highspy

from planner.solving.outcome import SolverError

DUST = 1e-9  # Entries that are no larger are nothing to it.
CHANGES = (
    "passModel", "addCol", "addCols", "addRow", "addRows", "changeColBounds", "changeColsBounds", "changeColCost",
    "changeColsCost", "changeRowBounds", "changeRowsBounds", "setOptionValue",
)


class Solver(highspy.Highs):
    """A solver object whose changes raise SolverError unless they are made as asked."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # It has no types of its own.


def _strict(name: str) -> Any:
    change = getattr(highspy.Highs, name)

    def made(self: Solver, *arguments: Any) -> highspy.HighsStatus:
        status: highspy.HighsStatus = change(self, *arguments)
        if status != highspy.HighsStatus.kOk:
            option = f" {arguments[0]} = {arguments[1]}" if name == "setOptionValue" else ""
            reason = "an option" if option else "its numbers are too large or too small"
            raise SolverError(f"the solver does not take the program as it is ({name}{option}): {reason}")
        return status

    return made


for _name in CHANGES:
    setattr(Solver, _name, _strict(_name))
