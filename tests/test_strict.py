"""A solver object never does less than it is asked: what HiGHS warns of or refuses is an error."""

from __future__ import annotations

import math

import highspy
import numpy as np
import pytest

from planner.solving.outcome import SolverError
from planner.solving.strict_highs import CHANGES, Solver


@pytest.fixture
def solver() -> Solver:
    """One column of at least 0 that costs 1."""
    made = Solver()
    made.setOptionValue("output_flag", False)
    nothing = np.array([], dtype=np.int32)
    made.addCol(1.0, 0.0, math.inf, 0, nothing, nothing.astype(float))
    return made


def test_an_entry_that_would_be_dropped_is_an_error(solver: Solver) -> None:
    """HiGHS returns a warning, and 1e-12 x >= 1 becomes 0 >= 1: no plan."""
    with pytest.raises(SolverError, match="addRow"):
        solver.addRow(1.0, math.inf, 1, np.array([0], dtype=np.int32), np.array([1e-12]))
    solver.addRow(-math.inf, 1.0, 0, np.array([], dtype=np.int32), np.array([]))
    with pytest.raises(SolverError, match="addCol"):
        solver.addCol(1.0, 0.0, math.inf, 1, np.array([0], dtype=np.int32), np.array([1e-12]))


def test_what_is_refused_is_an_error(solver: Solver) -> None:
    with pytest.raises(SolverError, match="nonsense"):
        solver.setOptionValue("nonsense", 1)
    with pytest.raises(SolverError, match="changeColBounds"):
        solver.changeColBounds(7, 0.0, 1.0)


def test_what_is_taken_is_done(solver: Solver) -> None:
    solver.changeColBounds(0, 3.0, 4.0)
    solver.run()
    assert solver.getInfo().objective_function_value == 3.0


def test_every_change_is_looked_at() -> None:
    """All by which HiGHS's own interface changes a program, but for those that we never call."""
    ours = {name for name in dir(highspy.Highs) if name.startswith(("change", "passModel", "addCol", "addRow"))}
    assert ours - set(CHANGES) <= {
        "changeCoeff", "changeColIntegrality", "changeColsIntegrality", "changeObjectiveOffset", "changeObjectiveSense",
    }  # fmt: skip
