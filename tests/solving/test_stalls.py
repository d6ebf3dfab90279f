"""An interior point that stalls, which is chance: the relaxation has its value all the same, and its own costs."""

from __future__ import annotations

import numpy as np
import pytest

import planner
from planner.language.instance import Options
from planner.solving.highs import ModelStatus, Solver
from planner.solving.relaxation import FEW, STALLED, Relaxation
from planner.solving.run import load
from tests.paths import QUICKSTART


@pytest.mark.parametrize(("stalls", "solves"), [(0, 1), (1, 3), (2, 4), (3, 4)])
def test_a_stalled_interior_point_is_tried_with_costs_of_other_sizes(stalls: int, solves: int) -> None:
    """The value by the simplex method alone; a last solve has the costs as they are, and ends what none could."""
    program = planner.build(QUICKSTART)
    plain = load(program, Options(), relax=True)
    plain.run()
    ended: list[ModelStatus] = []

    def run(solver: Solver) -> bool:
        if len(ended) < stalls:
            solver.set(presolve="off", solver="simplex", simplex_iteration_limit=1)
            solver.run()
            solver.set(presolve="choose", solver="ipm", simplex_iteration_limit=STALLED * solver.row_count + FEW)
        else:
            solver.run()
        ended.append(solver.status)
        return False

    relaxation = Relaxation(load(program, Options(), relax=True), program, run)
    value = relaxation.begin()
    assert ended == [ModelStatus.ITERATION_LIMIT] * stalls + [ModelStatus.OPTIMAL] * (solves - stalls)
    assert value * program.cost_scale == pytest.approx(plain.objective, rel=1e-9)
    assert np.array_equal(relaxation.solver.costs, program.cost * program.cost_scale)
