"""Two independent ways to the same answer: our program and the plain reference, on generated instances."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings

from planner.check import check_run
from planner.formulation.network import build_network
from planner.language.figure import walk_figures
from planner.language.instance import Instance, Options
from planner.reading.document import load
from planner.results.solution import Solution
from planner.results.summary import signed
from planner.results.tables import all_tables
from planner.results.write import read_tables, write_tables
from planner.solving.extensive import solve
from planner.tables.schemas import RUN
from planner.validation.validate import validate
from planner.workflows.solve import formulate
from tests.generators.instances import by_future, instances
from tests.paths import ROOT
from tests.reference_model.futures import Tree
from tests.reference_model.objective import reference_objective

EXACT = Options(gap=0.0)


@settings(max_examples=200)
@given(raw=instances())
def test_objective_equals_the_reference(raw: dict[str, Any]) -> None:
    variants = by_future(raw)
    outcome = solve(formulate(variants, EXACT), EXACT)
    base = next(iter(variants.values()))
    assert outcome.status == "optimal"
    assert signed(base, outcome.objective) == pytest.approx(reference_objective(variants), rel=1e-6, abs=1e-6)


@settings(max_examples=200)
@given(raw=instances())
def test_nodes_and_scenarios_equal_the_reference(raw: dict[str, Any]) -> None:
    variants = by_future(raw)
    tree, reference = build_network(variants).tree, Tree(next(iter(variants.values())))
    ours = {node.key: (node.start, node.length, node.probability) for node in tree.nodes}
    theirs = {node.name: (node.start, node.length, node.probability) for node in reference.nodes}
    assert ours.keys() == theirs.keys()
    for key, numbers in ours.items():
        assert numbers == pytest.approx(theirs[key]), key
    assert [s.name for s in tree.scenarios] == [s.name for s in reference.scenarios]
    for one, other in zip(tree.scenarios, reference.scenarios, strict=True):
        expected = (other.probability, other.low, other.high)
        assert (one.probability, one.low, one.high) == pytest.approx(expected, abs=1e-12), one.name


@settings(max_examples=150)
@given(raw=instances())
def test_tables_pass_the_check(raw: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    variants = by_future(raw)
    program = formulate(variants, EXACT)
    outcome = solve(program, EXACT)
    folder = tmp_path_factory.mktemp("run")
    write_tables(all_tables(Solution(program, outcome)), folder, RUN)
    base = next(iter(variants.values()))
    report = check_run(variants, read_tables(folder), signed(base, outcome.objective))
    assert report.passed, str(report)


@settings(max_examples=100)
@given(raw=instances())
def test_generated_instances_are_valid(raw: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    """What the other tests rest on: a user could have written these, and the variants are the loader's."""
    path = tmp_path_factory.mktemp("instance") / "random.yaml"
    path.write_text(yaml.safe_dump(raw, sort_keys=False), encoding="utf-8")
    document = load(path)
    validate(document)
    ours, loaded = by_future(raw), document.instances()
    assert list(ours) == list(loaded)
    for name, instance in loaded.items():
        assert _numbers(instance) == _numbers(ours[name]), name


def _numbers(instance: Instance) -> dict[tuple[str | int, ...], list[float]]:
    """All figures without their provenance, which an override keeps."""
    return {found.path: found.figure.numbers() for found in walk_figures(instance)}


@pytest.mark.long
def test_real_instance_equals_the_reference() -> None:
    """The relaxation of the shipped instance, assembled by stamping and by the reference: equal to 1e-6."""
    variants = load(ROOT / "instances" / "rare-earths.yaml").instances()
    ours = solve(formulate(variants, EXACT), EXACT, relax=True)
    assert ours.objective == pytest.approx(reference_objective(variants, relax=True), rel=1e-6)


@settings(max_examples=60)
@given(raw=instances())
def test_a_plan_that_follows_the_news_costs_no_more_than_one_for_all_futures(raw: dict[str, Any]) -> None:
    costs = {}
    for plan in ("common", "adaptive"):
        outcome = solve(formulate(by_future(raw | {"plan": plan}), EXACT), EXACT)
        costs[plan] = outcome.objective
    assert costs["adaptive"] <= costs["common"] + 1e-6 * (1 + abs(costs["common"]))
