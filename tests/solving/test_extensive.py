"""A plan in hand is not lost to what comes after it: a start that is a hair off, a tie-break, a row that is tight."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from planner.common.arrays import Array
from planner.common.signals import Requests
from planner.language.instance import Options
from planner.program.program import Program
from planner.reading.document import load
from planner.solving import extensive
from planner.solving.extensive import settled_anew, solve
from planner.solving.formulate import formulate
from planner.solving.highs import Solver
from planner.solving.integer_search import near
from planner.solving.run import SolveContext
from tests.paths import ROOT

EXACT = Options(gap=0.0)
TIGHT: dict[str, Any] = {
    "name": "tight",
    "units": {"quantity": "t", "money": "MUSD", "price": "USD/kg"},
    "time": {"start": 2026, "periods": [1], "discount_rate": 0.05, "base_year": 2026, "discounting": "mid_period",
             "capital_charge": "annuity"},
    "regions": {"US": {}},
    "commodities": {"ore": {"disposal": "free"}, "metal": {"disposal": "free"}},
    "processes": {"smelt": {"inputs": {"ore": 1}, "outputs": {"metal": 1}, "variable_cost": 1}},
    "facilities": {"works": {"region": "US", "capacity": 0, "processes": ["smelt"]}},
    "projects": {"plant": {"facility": "works", "size": {"fixed": 9.99999992}, "capital": {"fixed": 1},
                           "lead_time": 0, "life": 20}},
    "suppliers": {"s": {"commodity": "ore", "regions": ["US"], "steps": [{"price": 2, "amount": 1000}]}},
    "demands": {"d": {"region": "US", "class": "ev", "accepts": {"metal": 1}, "amount": 10}},
}  # fmt: skip


def program_of(instance: Any, *sets: str) -> Program:
    return formulate(load(instance, sets=sets).instances(), EXACT)


def test_a_start_whose_whole_numbers_are_a_hair_off_is_taken() -> None:
    """A plan may be off by 1e-6 in its whole numbers; a start may be off by 1e-7."""
    program = program_of(ROOT / "tests" / "small.yaml")
    plan = solve(program, EXACT)
    values = plan.values.copy()
    values[np.flatnonzero(program.integer & (values > 0.5))[0]] += 5e-7
    run = SolveContext(None, Requests(), time.monotonic())
    found, _ = near(program, EXACT, run, {}, dict(enumerate(values.tolist())))
    assert found == pytest.approx(plan.objective)


def test_a_plan_that_nothing_holds_more_closely_is_kept_if_the_check_would_let_it_pass() -> None:
    """A plant of 9.99999992 t for a need of 10 t: within a solver's tolerance, and not within a closer one."""
    program = program_of(TIGHT)
    plan = solve(program, EXACT)
    assert plan.status == "optimal"
    assert settled_anew(program, plan, EXACT) is plan


def test_a_plan_that_the_check_would_refuse_is_none_where_none_is_near(monkeypatch: pytest.MonkeyPatch) -> None:
    program = program_of(TIGHT)
    plan = solve(program, EXACT)
    without: Array = plan.values.copy()
    without[: program.frame.investments] = 0.0
    monkeypatch.setattr(extensive, "near", lambda *_: (np.inf, None))
    assert settled_anew(program, replace(plan, values=without), EXACT).status == "no_plan"


@pytest.mark.parametrize("seconds", [0.0, 30.0])
def test_a_tie_break_that_takes_too_long_leaves_the_plan_as_it_was(
    seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit of the first solve is reached when it begins; it has seconds of its own."""
    program = program_of(ROOT / "tests" / "small.yaml", "objective.risk={measure: worst, weight: 1}")
    expected, broken = solve(program, EXACT, relax=True), extensive._break_ties

    def late(of: Program, costs: Array, solver: Solver) -> None:
        solver.set(time_limit=solver.seconds)
        broken(of, costs, solver)

    monkeypatch.setattr(extensive, "MOST_LESS", seconds)
    monkeypatch.setattr(extensive, "_break_ties", late)
    found = solve(program, EXACT, relax=True)
    assert (found.status, found.objective) == ("optimal", pytest.approx(expected.objective))
    assert float(program.cost @ found.values) + program.offset == pytest.approx(found.objective)
    whole = solve(program, EXACT)
    assert whole.status == "optimal"
    assert (whole.values[program.integer] == np.round(whole.values[program.integer])).all()
