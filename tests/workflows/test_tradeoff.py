"""Frontier and alternatives against the enumeration of all plans of small instances."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import planner.workflows.tradeoff.subsolves as asking_module
from planner.common.errors import InputError, NoAnswerError
from planner.formulation.mathematics.investment import decisions
from planner.language.instance import Options
from planner.program.program import Program
from planner.reading.document import load
from planner.reports.report import report
from planner.solving.extensive import solve
from planner.solving.outcome import Outcome
from planner.workflows.solve import SILENT, CheckFailedError, formulate
from planner.workflows.tradeoff.alternatives import NearOptimal, alternatives, different, distance, nearby, proof
from planner.workflows.tradeoff.frontier import frontier, levelled, measure_of, points_of
from planner.workflows.tradeoff.subsolves import MemoizedSolver
from tests.commands import planner

EXACT = Options(gap=0.0)
TINY = """name: tiny
units: {quantity: t, money: MUSD, price: USD/kg}
time: {start: 2026, periods: [1, 1, 2], discount_rate: 0.05, base_year: 2026, discounting: mid_period,
       capital_charge: annuity}
regions: {US: {}, AU: {}, CN: {}}
commodities: {magnet: {disposal: free}}
processes: {press: {outputs: {magnet: 1}, adds_mass: 1, variable_cost: 30}}
facilities:
  old: {region: US, capacity: 100, processes: [press]}
  west: {region: US, capacity: 0, processes: [press]}
  south: {region: AU, capacity: 0, processes: [press]}
lanes: {ship: {commodities: [magnet], from: [AU], to: [US], freight: 1}}
projects:
  west_1: {facility: west, size: {fixed: 200}, capital: {fixed: 8}, lead_time: 0.5, life: 20}
  west_2: {facility: west, size: {fixed: 300}, capital: {fixed: 15}, lead_time: 1, life: 20, requires: [west_1]}
  south_1: {facility: south, size: {fixed: 250}, capital: {fixed: 11}, lead_time: 1, life: 20}
suppliers: {china: {commodity: magnet, origin: CN, regions: [US], steps: [{price: 60, amount: 250}]}}
demands:
  cars: {region: US, class: ev, accepts: {magnet: 1}, amount: 700, shortage: [{share: 1, cost: 65}]}
requirements: {cars: {kind: served, classes: [ev], target: 0.1, start: 2027, elastic: {penalty: 10}}}
"""


@pytest.fixture(name="tiny")
def _tiny(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY)
    return path


def every_plan(program: Program) -> Iterator[Program]:
    """The program with its starts fixed in every possible way."""
    columns: dict[str, list[int]] = {}
    for project, group in decisions(program.network):
        columns.setdefault(project, []).append(program.column(None, "start", (project, group)))
    for chosen in itertools.product(*([None, *each] for each in columns.values())):
        lower, upper = program.lower.copy(), program.upper.copy()
        for each, start in zip(columns.values(), chosen, strict=True):
            lower[each] = upper[each] = 0.0
            if start is not None:
                lower[start] = upper[start] = 1.0
        yield program.changed(lower=lower, upper=upper)


def least(programs: list[Program]) -> list[Outcome]:
    return [outcome for outcome in (solve(p, EXACT) for p in programs) if outcome.has_plan]


def test_no_plan_beats_the_frontier(tiny: Path) -> None:
    tiny.write_text(TINY.replace("cost: 65", "cost: 40"))  # To serve more costs more.
    program = levelled(measure_of(load(tiny), "cars"))
    points = list(points_of(program, 6, MemoizedSolver(EXACT, SILENT)))
    plans = list(every_plan(program))
    assert 4 <= len(points) <= 6
    for point in points:
        for better, at_least in ((0.0, True), (1e-4, False)):
            lower = [p.lower.copy() for p in plans]
            for bounds in lower:
                bounds[-1] = min(1.0, point.level + better)
            found = least([p.changed(lower=b) for p, b in zip(plans, lower, strict=True)])
            costs = [o.objective for o in found]
            if at_least:
                assert min(costs) == pytest.approx(point.cost, abs=1e-5)
            elif point.level + better <= 1 and costs:
                assert min(costs) > point.cost + 1e-7
    assert [p.level for p in points] == sorted(p.level for p in points)
    assert [p.cost for p in points] == sorted(p.cost for p in points)
    assert points[-1].level == pytest.approx(max(-o.objective for o in least(_highest(plans))), abs=1e-6)
    assert points[0].cost == pytest.approx(min(o.objective for o in least(plans)), abs=1e-5)
    even = np.linspace(points[0].level, points[-1].level, 6)
    assert all(min(abs(even - p.asked)) < 1e-6 for p in points)


def _highest(plans: list[Program]) -> list[Program]:
    aim = np.zeros(len(plans[0].cost))
    aim[-1] = -1.0
    return [plan.changed(cost=aim, offset=0.0) for plan in plans]


def neighbourhood(path: Path, slack: float) -> tuple[NearOptimal, list[Outcome]]:
    near = nearby(formulate(load(path).instances(), EXACT), slack, MemoizedSolver(EXACT, SILENT))
    return near, least(list(every_plan(near.program)))


@pytest.mark.parametrize("slack", [0.001, 0.02, 0.2])
def test_verdicts_are_those_of_all_plans(slack: float, tiny: Path) -> None:
    near, found = neighbourhood(tiny, slack)
    within = [o for o in found if o.objective <= near.budget + 1e-6]
    assert within
    for project in near.projects:
        columns = [near.program.column(None, "start", key) for key in decisions(near.program.network)
                   if key[0] == project]  # fmt: skip
        built = {bool(outcome.values[columns].sum() > 0.5) for outcome in within}
        expected = {(True, False): "optional", (True,): "must", (False,): "never"}[tuple(sorted(built, reverse=True))]
        shown = proof(near, project, 0.01)
        assert shown.verdict == expected, project
        without = [o.objective for o in found if o.values[columns].sum() < 0.5]
        assert shown.without == pytest.approx(min(without, default=math.inf), abs=1e-5)


def test_alternatives_are_the_farthest_within_the_budget(tiny: Path) -> None:
    near, found = neighbourhood(tiny, 0.2)
    within = [o for o in found if o.objective <= near.budget + 1e-6]
    before = [near.best]
    for _, outcome in different(near, 3):
        cost = float(near.program.cost @ outcome.values[:-1]) + near.program.offset
        assert cost <= near.budget + 1e-5
        reached = min(distance(near, outcome, other) for other in before)
        assert reached == pytest.approx(max(min(distance(near, o, other) for other in before) for o in within))
        before.append(outcome)
    assert len(before) > 2


def test_countries_and_tables(tiny: Path, tmp_path: Path) -> None:
    found = alternatives(tiny, 0.2, 2, out=tmp_path / "out", options={"gap": 0.0})
    countries = found.tables["countries"].set_index("country")
    assert (countries["least"] <= countries["best"] + 1e-6).all()
    assert (countries["best"] <= countries["most"] + 1e-6).all()
    plans = found.tables["alternatives"]
    assert (plans["extra"] <= 0.2 + 1e-6).all()
    assert (tmp_path / "out" / "projects.csv").exists()


def test_no_plan_is_told_twice_and_projects_are_counted_once(tiny: Path, tmp_path: Path) -> None:
    """Where only one plan is cheap enough it is told once; the countries have all that they spend at most and least."""
    found = alternatives(tiny, 1e-6, 3, out=tmp_path / "one", options={"gap": 0.0}).tables
    assert list(found["alternatives"]["plan"]) == ["best"]
    assert (found["countries"]["least"] - found["countries"]["most"]).abs().max() < 1e-3
    wide = alternatives(tiny, 0.3, 4, out=tmp_path / "more", options={"gap": 0.0}).tables
    plans = wide["plans"].groupby("plan")
    decided = plans.apply(lambda plan: frozenset(zip(plan["project"], plan["decided"], plan["size"], strict=True)))
    assert decided.nunique() == len(decided)
    counts = wide["alternatives"].set_index("plan")["projects"]
    assert counts[counts > 0].to_dict() == plans["project"].nunique().to_dict()
    assert wide["projects"]["in_best"].sum() == counts["best"]


def test_a_page_tells_projects_without_which_there_is_no_plan(tmp_path: Path) -> None:
    """Without the first western plant 600 t of 693 t can be served: infinitely dear."""
    text = TINY.replace("target: 0.1, start: 2027, elastic: {penalty: 10}", "target: 0.99, start: 2027")
    (tmp_path / "strict.yaml").write_text(text)
    found = alternatives(tmp_path / "strict.yaml", 0.1, 0, out=tmp_path / "out").tables["projects"]
    row = found.set_index("project").loc["west_1"]
    assert (row["verdict"], row["cost_without"]) == ("must", math.inf)
    assert "no plan without it" in report(tmp_path / "out").read_text()


def test_what_has_no_frontier_is_refused(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="did you mean cars"):
        frontier(tiny, "car", out=tmp_path / "out")
    with pytest.raises(InputError):
        frontier(tiny, "cars", 1, out=tmp_path / "out")
    with pytest.raises(InputError):
        alternatives(tiny, -0.1, out=tmp_path / "out")
    short = TINY.replace("shortage: [{share: 1, cost: 65}]", "shortage: []")
    (tmp_path / "short.yaml").write_text(short)
    with pytest.raises((NoAnswerError, InputError)):
        alternatives(tmp_path / "short.yaml", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


RULES = {  # A rule, the figure of it that is the level, whether it falls, and how dear a shortage is.
    "unserved": ("{kind: expected_unserved, classes: [ev], share: 0.5, elastic: {penalty: 10}}", "share", True, 40),
    "budget": ("{kind: budget, of: capital, per: total, most: 5}", "most", True, 65),
    "dependence": (
        "{kind: dependence, exporter: CN, commodities: [magnet], share: 0.5, elastic: {penalty: 10}}", "share", True, 65
    ),
    "cover": ("{kind: cover, days: 10}", "days", False, 65),
}
STOCK = """stockpiles:
  reserve: {commodity: magnet, region: US, owner: government, initial: 0, capacity: 90, holding_cost: 1}
"""


@pytest.mark.parametrize("name", RULES)
def test_any_limit_of_a_requirement_has_a_frontier(name: str, tiny: Path, tmp_path: Path) -> None:
    """Every point costs what the instance costs at least that asks strictly for the level reached."""
    rule, field, is_falling, shortage = RULES[name]
    text = TINY[: TINY.index("requirements:")].replace("cost: 65", f"cost: {shortage}") + STOCK
    tiny.write_text(f"{text}requirements: {{rule: {rule}}}\n")
    found = frontier(tiny, "rule", 4, out=tmp_path / "out", options={"gap": 0.0}).tables["frontier"]
    assert set(found["measure"]) == {field}
    assert len(found) >= 2
    levels, costs = found["level"].to_list(), found["cost"].to_list()
    assert levels == sorted(levels, reverse=is_falling)
    assert costs == sorted(costs)
    for level, cost in zip(levels, costs, strict=True):
        eased = level * (1 + 1e-7 if is_falling else 1 - 1e-7)
        assert cost_at(tiny, field, eased, rule).objective == pytest.approx(cost, rel=1e-5)
    free = cost_at(tiny, field, {"days": 0.0, "most": 1e6}.get(field, 1.0), rule)
    assert costs[0] == pytest.approx(free.objective, rel=1e-5)


def cost_at(path: Path, field: str, figure: float, rule: str) -> Outcome:
    strict = ["requirements.rule.elastic = null"] if "elastic" in rule else []
    document = load(path).changed([*strict, f"requirements.rule.{field} = {figure}"])
    return solve(formulate(document.instances(), EXACT), EXACT)


@pytest.mark.parametrize("name", ["dependence", "cover"])
def test_the_ends_of_a_frontier_asked_level_by_level_are_ends(name: str, tiny: Path, tmp_path: Path) -> None:
    """A little beyond the safest point there is no plan, a little beyond the cheapest it costs more."""
    rule, field, is_falling, shortage = RULES[name]
    text = TINY[: TINY.index("requirements:")].replace("cost: 65", f"cost: {shortage}") + STOCK
    tiny.write_text(f"{text}requirements: {{rule: {rule}}}\n")
    found = frontier(tiny, "rule", 4, out=tmp_path / "out", options={"gap": 0.0}).tables["frontier"]
    first, last = found.iloc[0], found.iloc[-1]
    beyond = 0.002 if is_falling else -0.002 * last["level"]
    assert cost_at(tiny, field, first["level"] - beyond, rule).objective > first["cost"] + 1e-6
    if last["level"] - beyond >= 0:
        assert not cost_at(tiny, field, last["level"] - beyond, rule).has_plan


def test_every_plan_is_checked(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny.write_text(TINY.replace("cost: 65", "cost: 40"))
    make, objectives, wrong = asking_module.verified, [], set()

    def strict(instances: Any, found: Any, objective: float) -> Any:
        objectives.append(objective)
        return make(instances, found, objective * (1.01 if len(objectives) in wrong else 1.0))

    def ask(question: str) -> int:
        objectives.clear()
        if question == "alternatives":
            alternatives(tiny, 0.2, 2, out=tmp_path / question)
        else:
            frontier(tiny, "cars", 3, out=tmp_path / question)
        return len(objectives)

    monkeypatch.setattr(asking_module, "verified", strict)
    for question in ("alternatives", "frontier"):
        wrong.clear()
        count = ask(question)
        assert count >= 2
        wrong.add(count)
        with pytest.raises(CheckFailedError, match="independent check of"):
            ask(question)


def test_the_commands(tiny: Path, tmp_path: Path) -> None:
    result = planner("frontier", tiny, "--requirement", "cars", "--points", "3", "--gap", "0", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "per point of target" in result.stdout
    result = planner("alternatives", tiny, "--within", "0.1", "--count", "1", "--json", "--gap", "0", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert {row["verdict"] for row in json.loads(result.stdout)["projects"]} <= {"must", "optional", "never"}
    assert planner("frontier", tiny, "--requirement", "x", cwd=tmp_path).returncode == 2
