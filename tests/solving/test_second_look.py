"""A second look at every proof: the plain reference of the instance, in its own sizes, by another build of a solver.

What the planner says is proven is the optimum of rows written a second time (`reference`), scaled another way
(`reference_sizes`), searched by the solver that comes with scipy.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import diags_array

from planner.language import starter
from planner.language.instance import Options
from planner.reading.document import load
from planner.solving.benders.solve import decompose, obstacle
from planner.solving.extensive import solve
from planner.solving.formulate import formulate
from planner.solving.outcome import Outcome
from tests.paths import INSTANCES
from tests.reference_model.objective import Reference
from tests.reference_model.sizes import Array, sizes

LOSSES = {"interdict-1"}  # Enumerated in tests/contingency/test_outage.py: the reference knows no losses.
SMALL = [INSTANCES / "quickstart.yaml", Path(starter.__file__).with_suffix(".yaml"),
         *(path for path in sorted((INSTANCES / "published").glob("*.yaml")) if path.stem not in LOSSES)]  # fmt: skip
LONG = {"fcnet-r20x100", "fcnet-g40x132"}
CASES = [pytest.param(path, scenario, marks=[pytest.mark.long] if path.stem in LONG else [])
         for path in SMALL for scenario in (None, *load(path).scenarios)]  # fmt: skip
GAP = 1e-4


def second_look(path: Path, scenario: str | None) -> float:
    """The least cost of an instance."""
    reference = Reference(load(path, scenario).instances(), None)
    reference.limit_used(relax=False, gap=1e-9)
    program = reference.program
    integer, matrix = np.array(program.integer, dtype=bool), program.matrix()
    sides = np.array([side for _, *side in program.rows], dtype=float).reshape(-1, 2)
    limits = np.array([program.lower, program.upper], dtype=float)
    columns, rows = sizes(matrix, integer, _size(sides.T), _size(limits))
    cost = np.array(program.cost) * columns
    money = float(np.median(np.abs(cost[cost != 0])))
    found = milp(
        cost / money, integrality=integer.astype(int), bounds=Bounds(*(limits / columns)),
        constraints=LinearConstraint(diags_array(1 / rows) @ matrix @ diags_array(columns), *(sides.T / rows)),
        options={"mip_rel_gap": 1e-9},
    )
    assert found.success, found.message
    return float(found.fun) * money


def _size(limits: Array) -> Array:
    return np.asarray(np.where(np.isfinite(limits), np.abs(limits), 0.0).max(axis=0))


def agrees(outcome: Outcome, cost: float) -> None:
    """The bound is one, and the plan is as near to the best as is said."""
    size = max(abs(cost), 1e-6)
    assert outcome.status == "optimal"
    assert outcome.bound <= cost + 1e-6 * size
    assert cost - 1e-6 * size <= outcome.objective <= cost + (outcome.gap + 1e-6) * size
    assert outcome.gap <= GAP


@pytest.mark.parametrize(("path", "scenario"), CASES, ids=lambda part: getattr(part, "stem", str(part or "as it is")))
def test_what_is_proven_is_so_for_another_solver_too(path: Path, scenario: str | None) -> None:
    options, cost = Options(gap=GAP), second_look(path, scenario)
    program = formulate(load(path, scenario).instances(), options)
    agrees(solve(program, options), cost)
    if obstacle(program) is None:
        agrees(decompose(program, options), cost)

