"""Losses of a facility or a country: found one by one, the same as all at once."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings

from planner import project_worth, reach
from planner.contingency.row_generation import Way, withstand
from planner.formulation.contingencies import losses, withstanding
from planner.language.instance import Options
from planner.reading.document import load
from planner.solving.extensive import solve as solve_program
from planner.workflows.evaluate import evaluate
from planner.workflows.explain.bounds import bounds
from planner.workflows.solve import Solved, formulate, solve
from tests.cases import PLANTS, RULES, case_file
from tests.commands import planner as command
from tests.generators.instances import by_future, instances
from tests.paths import PUBLISHED, ROOT
from tests.reference_model.objective import reference_objective

EXACT = Options(gap=0.0)


def lazy(tmp_path: Path, rule: dict[str, Any], changes: dict[str, Any] | None = None) -> Solved:
    return solve(case_file(tmp_path, PLANTS | (changes or {}), {"safe": rule}), out=tmp_path / "run",
                 options={"gap": 0.0})


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_finding_losses_one_by_one_equals_the_problem_with_all_of_them(rule: dict[str, Any], tmp_path: Path) -> None:
    found = lazy(tmp_path, rule)
    variants = load(tmp_path / "case.yaml").instances()
    every = losses(variants)
    full = solve_program(formulate(variants, EXACT), EXACT)
    assert found.outcome.objective == pytest.approx(full.objective, rel=1e-9)
    assert full.objective == pytest.approx(reference_objective(withstanding(variants, every)), rel=1e-7)
    plain = solve_program(formulate(withstanding(variants, []), EXACT), EXACT)
    assert plain.objective < full.objective - 1
    table = found.tables["outages"]
    assert len(table) == len(every)
    assert 0 < table["added"].sum() <= len(every)
    assert (table["worst_served"] >= rule["target"] - 1e-7).all()
    assert sorted(table["rank"]) == list(range(1, len(every) + 1))


def test_a_loss_is_answered_by_stock_as_computed_by_hand(tmp_path: Path) -> None:
    """Without the first plant the second and China give 80 t in 2027, so 20 t must lie in stock for all to be served.

    Of the 40 t the plan would else have used 25 t, all that can be released, in 2026 already: 5 t lack then.
    """
    found = lazy(tmp_path, RULES["one facility"], {"projects": {}})
    stock = found.tables["stocks"].set_index("node")["stock"]
    assert stock["base:2026"] == pytest.approx(20)
    (row,) = found.tables["outages"].to_dict("records")
    assert row["node"] == "base:2027"
    assert row["served"] == pytest.approx(1)
    assert row["served_unprepared"] == pytest.approx(0.95)
    assert row["fix"] == "5 t of magnet in US"


def test_run_with_losses_is_checked_and_says_so(tmp_path: Path) -> None:
    found = lazy(tmp_path, RULES["facility"])
    assert found.check is not None
    assert found.check.passed
    written = pd.read_csv(tmp_path / "run" / "outages.csv")
    assert list(written.columns) == list(found.tables["outages"].columns)
    kinds = found.tables["requirements"]["kind"]
    assert set(kinds) == {"survive"}


def test_only_losses_in_doubt_are_asked_about_and_plans_are_looked_into(tmp_path: Path) -> None:
    """Bounds and the worth of a project on the losses that matter equal those with all of them; so does a plan kept."""
    found = lazy(tmp_path, RULES["facility"])
    file = tmp_path / "case.yaml"
    some = reach(file)
    every = bounds(formulate(load(file).instances(), EXACT), EXACT).set_index(["requirement", "node"])
    asked = some.set_index(["requirement", "node"])
    assert 0 < len(asked) <= len(every)
    assert asked["best"].to_numpy() == pytest.approx(every.loc[asked.index, "best"].to_numpy())
    left = every.index.difference(asked.index)
    assert every.loc[left, "reachable"].all()
    worth = project_worth(tmp_path / "run", "third", {"gap": 0.0})
    assert worth.cost == pytest.approx(found.outcome.objective)
    kept = evaluate(tmp_path / "run", out=tmp_path / "kept", options={"gap": 0.0}).run
    assert kept.outcome.objective == pytest.approx(found.outcome.objective)
    assert kept.tables["outages"]["worst_served"].to_list() == pytest.approx(
        found.tables["outages"]["worst_served"].to_list())


def test_rounds_share_the_time_there_is(tmp_path: Path) -> None:
    """When it is over the plan so far stands, and the table has the losses it fails."""
    variants = load(case_file(tmp_path, PLANTS, {"safe": RULES["facility"]})).instances()
    found = withstand(variants, Way(EXACT.model_copy(update={"time_limit": 60}), begun=time.monotonic() - 60))
    assert found.rounds == 1
    assert found.outcome.has_plan
    assert len(found.table) == len(losses(variants))
    is_whole = bool((found.table["served"] >= found.table["target"] - 1e-6).all())
    assert (found.outcome.status == "optimal") == is_whole


INTERDICT = PUBLISHED / "interdict-1.yaml"


def test_published_interdiction_is_reproduced(tmp_path: Path) -> None:
    """Most that flows when an attacker removes 0, 1 or 2 links: 80, 10, 0 (Pyomo Gallery, network interdiction)."""
    worst = [100 - solve(INTERDICT, out=tmp_path / "none").outcome.objective]
    for k in (1, 2):
        found = solve(INTERDICT, sets=[f"requirements.attack.together={k}"], out=tmp_path / f"k{k}")
        table = found.tables["outages"]
        assert len(table) == (6, 15)[k - 1]
        worst.append(100 * table["served"].min())
        assert table.loc[table["rank"] == 1, "served"].iloc[0] == table["served"].min()
    assert worst == pytest.approx([80, 10, 0], abs=1e-5)


@settings(max_examples=20)
@given(raw=instances())
def test_lazy_equals_full_on_generated_instances(raw: dict[str, Any]) -> None:
    rules = raw["requirements"] | {"safe": {"kind": "outage", "loss": "facility", "target": 0.4}}
    variants = by_future(raw | {"requirements": rules})

    found = withstand(variants, Way(EXACT))
    full = solve_program(formulate(variants, EXACT), EXACT)
    assert found.outcome.status == full.status
    if full.has_plan:
        assert found.outcome.objective == pytest.approx(full.objective, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("arguments", [["sweep", "study.yaml"], ["sweep", "study.yaml", "--dry-run"], ["frontier"]])
def test_more_losses_than_a_program_holds_are_refused_at_once(arguments: list[str], tmp_path: Path) -> None:
    secure = ROOT / "instances" / "rare-earths-secure.yaml"
    (tmp_path / "study.yaml").write_text(
        f"study: s\ninstance: {secure.name}\nvary:\n  rate: {{path: time.discount_rate, values: [0.03, 0.08]}}\n"
        "design: {kind: grid}\n"
    )
    if "sweep" in arguments:
        arguments = [*arguments, "--instance", str(secure)]
    else:
        arguments = ["frontier", str(secure), "--requirement", "defence_served"]
    done = command(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "too-many-losses the outage requirements name 3,904 losses" in done.stderr
    assert "planner solve" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["study.yaml"]
