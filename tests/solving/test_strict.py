"""A solver object never does less than it is asked: what HiGHS warns of or refuses is an error."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from unittest.mock import Mock

import highspy
import numpy as np
import pytest
import scipy.sparse as sp

from planner.solving.highs import Basis, BasisStatus, ModelStatus, Solver
from planner.solving.outcome import SolverError


@pytest.fixture
def solver() -> Solver:
    """One column of at least 0 that costs 1."""
    made = Solver(output_flag=False)
    made.add_column(1.0, math.inf, [], [])
    return made


def test_an_entry_that_would_be_dropped_is_an_error(solver: Solver) -> None:
    """HiGHS returns a warning, and 1e-12 x >= 1 becomes 0 >= 1: no plan."""
    with pytest.raises(SolverError, match="addRow"):
        solver.add_row(1.0, math.inf, 0, 1e-12)
    solver.add_row(-math.inf, 1.0, [], [])
    with pytest.raises(SolverError, match="addCol"):
        solver.add_column(1.0, math.inf, 0, 1e-12)


def test_what_is_refused_is_an_error(solver: Solver) -> None:
    with pytest.raises(SolverError, match="nonsense"):
        solver.set(nonsense=1)
    with pytest.raises(SolverError, match="changeColsBounds"):
        solver.change_bounds(7, 0.0, 1.0)
    with pytest.raises(SolverError, match="setSolution"):
        solver.suggest({7: 1.0})


def test_what_is_taken_is_done(solver: Solver) -> None:
    solver.change_bounds(0, 3.0, 4.0)
    solver.run()
    assert solver.objective == 3.0
    assert solver.has_plan
    for change in (solver.change_bounds, solver.change_sides):
        change([], 0.0, 1.0)  # Nothing is asked.
    solver.change_costs([], [])
    solver.suggest({})
    solver.run()
    assert solver.values.tolist() == [3.0]


ONE, ROW = np.ones(1), sp.csr_array(np.ones((1, 1)))
CHANGES: dict[str, Callable[[Solver], object]] = {
    "set": lambda solver: solver.set(threads=1),
    "load": lambda solver: solver.load(cost=ONE, lower=ONE, upper=ONE, matrix=ROW, row_lower=ONE, row_upper=ONE),
    "add_column": lambda solver: solver.add_column(1.0, 1.0, 0, 1.0),
    "add_row": lambda solver: solver.add_row(1.0, 1.0, 0, 1.0),
    "delete_columns": lambda solver: solver.delete_columns(0),
    "change_costs": lambda solver: solver.change_costs(0, 1.0),
    "change_bounds": lambda solver: solver.change_bounds(0, 1.0, 1.0),
    "change_sides": lambda solver: solver.change_sides(0, 1.0, 1.0),
    "suggest": lambda solver: solver.suggest({0: 1.0}),
    "forget": lambda solver: solver.forget(),
    "write": lambda solver: solver.write("model.lp", ["x"], ["r"]),
    "start_from": lambda solver: solver.start_from(solver.basis),
}


@pytest.mark.parametrize("status", [highspy.HighsStatus.kWarning, highspy.HighsStatus.kError])
@pytest.mark.parametrize("change", CHANGES)
def test_every_change_is_looked_at(change: str, status: highspy.HighsStatus, solver: Solver) -> None:
    told = Mock(return_value=status)
    names = ("setOptionValue", "passModel", "addCol", "addRow", "deleteCols", "changeColsCost", "changeColsBounds",
             "changeRowsBounds", "setSolution", "clearSolver", "passColName", "setBasis")  # fmt: skip
    solver._highs = Mock(**dict.fromkeys(names, told))
    solver._highs.getNumCol.return_value = solver._highs.getNumRow.return_value = 1
    with pytest.raises(SolverError):
        CHANGES[change](solver)
    assert told.call_count == 1


def test_a_solve_that_ends_in_an_error_is_no_optimum(solver: Solver) -> None:
    solver.run()
    assert solver.is_optimal
    solver._highs.run = lambda: highspy.HighsStatus.kError
    with pytest.raises(SolverError, match="error"):
        solver.run()


def test_a_basis_leads_back_to_where_it_was_found(solver: Solver) -> None:
    """As HiGHS gave it, from its statuses, and from another process."""
    solver.add_column(2.0, 5.0, [], [])
    solver.add_row(7.0, math.inf, [0, 1], [1.0, 1.0])
    solver.set(presolve="off")
    solver.run()
    basis = solver.basis
    assert basis.columns.tolist() == [BasisStatus.BASIC, BasisStatus.LOWER]
    assert basis.rows.tolist() == [BasisStatus.LOWER]
    for start in (basis, Basis.of(basis.columns, basis.rows), pickle.loads(pickle.dumps(basis))):
        solver.forget()
        solver.start_from(start)
        solver.set(simplex_iteration_limit=0)
        solver.run()
        assert (solver.status, solver.values.tolist()) == (ModelStatus.OPTIMAL, [7.0, 0.0])
    solver.forget()
    solver.run()
    assert solver.status is ModelStatus.ITERATION_LIMIT
    with pytest.raises(SolverError, match="another program"):
        solver.start_from(Basis.of(basis.columns[:1], basis.rows))


def test_a_contradiction_has_a_ray(solver: Solver) -> None:
    solver.add_row(-math.inf, -1.0, 0, 1.0)
    solver.run()
    ray = solver.ray
    assert solver.status is ModelStatus.INFEASIBLE
    assert ray is not None
    assert abs(ray[0]) > 0
    solver.change_sides(0, -math.inf, 1.0)
    solver.run()
    assert solver.ray is None
