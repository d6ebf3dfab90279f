"""Two independent ways to the same answer: our program and the plain reference, on generated instances."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from planner.assemble import assemble
from planner.check import check_run
from planner.network import build_network
from planner.reading.document import load
from planner.results.solution import Solution
from planner.results.summary import signed
from planner.results.tables import all_tables
from planner.results.write import read_tables, write_tables
from planner.schema import Options
from planner.solver import solve
from tests.generate import by_future, instances
from tests.reference import reference_objective

ROOT = Path(__file__).parent.parent
EXACT = Options(gap=0.0)


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(raw=instances())
def test_objective_equals_the_reference(raw: dict[str, Any]) -> None:
    variants = by_future(raw)
    outcome = solve(assemble(build_network(variants)), EXACT)
    base = next(iter(variants.values()))
    assert outcome.status == "optimal"
    assert signed(base, outcome.objective) == pytest.approx(reference_objective(variants), rel=1e-6, abs=1e-6)


@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(raw=instances())
def test_tables_pass_the_check(raw: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    variants = by_future(raw)
    program = assemble(build_network(variants))
    outcome = solve(program, EXACT)
    folder = tmp_path_factory.mktemp("run")
    write_tables(all_tables(Solution(program, outcome)), folder)
    base = next(iter(variants.values()))
    report = check_run(variants, read_tables(folder), signed(base, outcome.objective))
    assert report.passed, str(report)


@pytest.mark.long
def test_real_instance_equals_the_reference() -> None:
    """The relaxation of the shipped instance, assembled by stamping and by the reference: equal to 1e-6."""
    variants = load(ROOT / "instances" / "rare-earths.yaml").instances()
    ours = solve(assemble(build_network(variants)), EXACT, relax=True)
    assert ours.objective == pytest.approx(reference_objective(variants, relax=True), rel=1e-6)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(raw=instances())
def test_a_plan_that_follows_the_news_costs_no_more_than_one_for_all_futures(raw: dict[str, Any]) -> None:
    costs = {}
    for plan in ("common", "adaptive"):
        outcome = solve(assemble(build_network(by_future(raw | {"plan": plan}))), EXACT)
        costs[plan] = outcome.objective
    assert costs["adaptive"] <= costs["common"] + 1e-6 * (1 + abs(costs["common"]))
