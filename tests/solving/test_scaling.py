"""An answer does not depend on the units it is asked in: the same programs in grams and megatonnes, cents and bn."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.common.signals import Requests
from planner.reading.document import load
from planner.solving.benders.solve import decompose
from planner.solving.extensive import solve
from planner.solving.formulate import formulate
from planner.solving.highs import ModelStatus
from planner.solving.run import SolveContext, status_of, told
from planner.solving.scaling import row_factors, scaled
from tests.cases import terbium
from tests.circulation import case
from tests.generators.instances import by_future, instances
from tests.other_units import EXACT, SYSTEMS, least, restated
from tests.paths import INSTANCES
from tests.reference_model.objective import reference_objective


@settings(max_examples=10)
@given(raw=instances(), system=st.sampled_from(SYSTEMS))
def test_generated_programs_cost_the_same_in_any_units(raw: dict[str, Any], system: tuple[float, float]) -> None:
    """All of them, and more of them, by `python -m tests.benchmarks.units`."""
    variants = by_future(raw)
    assert least(variants, *system) == pytest.approx(least(variants), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("system", [*SYSTEMS, (1e30, 1e30), (1e-30, 1e-30), (1.0, 1e20)])
def test_quickstart_costs_the_same_in_any_units(system: tuple[float, float]) -> None:
    variants = load(INSTANCES / "quickstart.yaml").instances()
    assert least(variants, *system) == pytest.approx(1806.965389, rel=1e-6)


@pytest.mark.parametrize("system", [(1e6, 1e-6), (1e-6, 1e6), (1.0, 1e12), (1.0, 1e-9), (1e-9, 1.0)])
def test_the_reference_says_the_same_in_any_units(system: tuple[float, float]) -> None:
    """Handed over as it was it missed optima of sums of 1e-6 by 3 % and those of 1e11 by half."""
    variants = load(INSTANCES / "quickstart.yaml").instances()
    found = reference_objective({name: restated(part, *system) for name, part in variants.items()})
    assert found / (system[0] * system[1]) == pytest.approx(1806.965389, rel=1e-6)


@pytest.mark.parametrize("system", [(1.0, 1e12), (1e-6, 1e18), (1e6, 1e-12)])
def test_branches_solved_apart_cost_the_same_in_any_units(system: tuple[float, float]) -> None:
    """In sums of 1e14 no price of a branch was told from nothing, and the best plan was said to cost nothing."""
    variants = load(INSTANCES / "quickstart.yaml").instances()
    program = formulate({name: restated(part, *system) for name, part in variants.items()}, EXACT)
    outcome = decompose(program, EXACT)
    assert outcome.objective / (system[0] * system[1]) == pytest.approx(1806.965389, rel=1e-6)
    assert outcome.gap <= 1e-6


@pytest.mark.parametrize(
    ("name", "factor"), [("orlib-cap71", 1e4), ("orlib-cap71", 1e6), ("farmer", 1e-3), ("netdes-10-10-L-01", 1e4)]
)
def test_published_optima_are_met_in_any_units(name: str, factor: float) -> None:
    """Amounts times 1e4 came out as 950,470 for 932,616 and "proven", or as without a plan."""
    variants = load(INSTANCES / "published" / f"{name}.yaml").instances()
    stated = next(iter(variants.values())).published_optimum
    sign = -1 if next(iter(variants.values())).objective.sense == "maximise" else 1
    assert sign * least(variants, factor, 1 / factor) == pytest.approx(stated, rel=1e-6)


def test_a_tiny_coefficient_counts() -> None:
    """0.2 kg of terbium need 0.25 Mt of ore at 3 USD/kg, 750 MUSD; solvers drop entries below 1e-9."""
    assert least(by_future(terbium())) == pytest.approx(750.0)


def test_rows_of_whole_numbers_are_scaled_by_their_own_entries() -> None:
    """A limit on capital of whole plants kept 1.2e12 as a coefficient; where amounts stand in a row, they count."""
    matrix = sp.csr_array(np.array([[2.0**40, 2.0**40, 0.0], [2.0**40, 0.0, 2.0**10], [1.0, 1.0, 0.0]]))
    factors = row_factors(matrix, np.ones(3), np.array([True, True, False]))
    assert factors.tolist() == [2.0**-40, 2.0**-10, 1.0]


def test_entries_that_the_solver_takes_for_nothing_are_left_out_where_they_are_nothing() -> None:
    """A limit of 9 USD on plants of 1 USD and 2e18 USD a Mt: the fixed cost of one is nothing beside the size."""
    project = {"facility": "works", "size": {"most": 1}, "lead_time": 0, "life": 9,
               "capital": {"fixed": 1, "variable": 2e6}}
    raw = case(projects={"plant": project}, units={"quantity": "Mt", "money": "USD", "price": "USD/g"},
               project_groups={"frugal": {"projects": ["plant"], "most_capital": 9}},
               demands={"users": {"region": "here", "class": "all", "accepts": {"oxide": 1}, "amount": 26,
                                  "shortage": [{"share": 1, "cost": 1000}]}})  # fmt: skip
    program = formulate(by_future(raw), EXACT)
    entries = program.matrix.nnz
    suited, _ = scaled(program)
    assert (suited.matrix.nnz, program.matrix.nnz) == (entries - 1, entries)
    assert solve(program, EXACT).objective == pytest.approx(1e12 * (25 * 6 + 1 * 1000), rel=1e-6)


def test_a_solve_that_ends_undecided_begins_anew() -> None:
    """From the last basis the solver ends so now and then; from nothing it finds the optimum."""
    solver = Mock(status=ModelStatus.UNKNOWN)
    assert not SolveContext(None, Requests(), 0.0)(solver)
    assert (solver.forget.call_count, solver.run_until.call_count) == (1, 2)
    assert status_of(solver, interrupted=False) == "stopped"
    assert "precision" in told(solver)
