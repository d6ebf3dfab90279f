"""Benders and the extensive form agree on whether there is a plan, and on what it costs to do without a project."""

from __future__ import annotations

import pytest

from planner.language.instance import Options
from planner.program.program import Program
from planner.solving.benders.solve import decompose, obstacle
from planner.solving.extensive import solve
from planner.solving.formulate import formulate
from tests.generators.instances import by_future

EXACT = Options(gap=0.0)


def one_plant(size: float, branches: int = 2027) -> Program:
    """Users of 10 t of metal a year, and a plant of one size that alone can make it."""
    return formulate(by_future({
        "name": "tight", "units": {"quantity": "t", "money": "MUSD", "price": "USD/kg"},
        "time": {"start": 2026, "periods": [1, 1, 1], "discount_rate": 0.05, "base_year": 2026,
                 "discounting": "mid_period", "capital_charge": "annuity"},
        "futures": {
            "calm": {"probability": 0.6},
            "storm": {"probability": 0.4, "from": "calm", "branches": branches,
                      "overrides": {"suppliers.mine.steps.0.price": 4}},
        },
        "regions": {"here": {}},
        "commodities": {"ore": {"disposal": "free"}, "metal": {"disposal": "free"}},
        "processes": {"smelt": {"inputs": {"ore": 1}, "outputs": {"metal": 1}, "variable_cost": 1}},
        "facilities": {"works": {"region": "here", "capacity": 0, "processes": ["smelt"]}},
        "projects": {"plant": {"facility": "works", "size": {"fixed": size}, "capital": {"fixed": 1}, "lead_time": 0,
                               "life": 20}},
        "suppliers": {"mine": {"commodity": "ore", "regions": ["here"], "steps": [{"price": 2, "amount": 1000}]}},
        "demands": {"users": {"region": "here", "class": "all", "accepts": {"metal": 1}, "amount": 10}},
    }), EXACT)  # fmt: skip


@pytest.mark.parametrize("branches", [2026, 2027])
@pytest.mark.parametrize(("size", "status"), [
    (12, "optimal"), (9.99999992, "optimal"), (9.9999, "infeasible"), (5, "infeasible"),
])  # fmt: skip
def test_both_methods_say_alike_whether_there_is_a_plan(size: float, status: str, branches: int) -> None:
    """A plant that is short by less than the solver's tolerance has a plan, one that is short by more has none."""
    program = one_plant(size, branches)
    assert obstacle(program) is None
    whole, apart = solve(program, EXACT), decompose(program, EXACT)
    assert (whole.status, apart.status) == (status, status)
    if whole.has_plan:
        assert apart.objective == pytest.approx(whole.objective, rel=1e-6)
