"""An interior point that stalls, which is chance: the relaxation has its value all the same, and its own costs."""

from __future__ import annotations

import highspy
import numpy as np
import pytest

import planner
from planner.language.instance import Options
from planner.solving.highs import KIND, load
from planner.solving.primal_heuristics import Relaxation
from tests.test_commands import QUICKSTART


@pytest.mark.parametrize(("stalls", "solves"), [(0, 1), (1, 3), (2, 4), (3, 4)])
def test_a_stalled_interior_point_is_tried_with_costs_of_other_sizes(stalls: int, solves: int) -> None:
    """The value by the simplex method alone; a last solve has the costs as they are, and ends what none could."""
    program = planner.build(QUICKSTART)
    plain = load(program, Options(), relax=True)
    plain.run()
    ended: list[highspy.HighsModelStatus] = []

    def run(solver: highspy.Highs) -> bool:
        if len(ended) < stalls:
            _, limit = solver.getOptionValue("simplex_iteration_limit")
            for name, value in (("presolve", "off"), ("solver", "simplex"), ("simplex_iteration_limit", 1)):
                solver.setOptionValue(name, value)
            solver.run()
            for name, value in (("presolve", "choose"), ("solver", "ipm"), ("simplex_iteration_limit", limit)):
                solver.setOptionValue(name, value)
        else:
            solver.run()
        ended.append(solver.getModelStatus())
        return False

    relaxation = Relaxation(load(program, Options(), relax=True), program, run)
    value = relaxation.begin()
    assert ended == [KIND.kIterationLimit] * stalls + [KIND.kOptimal] * (solves - stalls)
    assert value * program.cost_scale == pytest.approx(plain.getInfo().objective_function_value, rel=1e-9)
    assert np.array_equal(relaxation.solver.getLp().col_cost_, program.cost * program.cost_scale)
