"""No decision of a plan can be left out at a gain, however loosely the plan was found: asked of another solver."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from scipy.optimize import Bounds, LinearConstraint, milp

from planner.check import check_run
from planner.common.arrays import Array
from planner.common.signals import Requests
from planner.language.instance import Options
from planner.program.program import Program
from planner.reading.document import load as read
from planner.results.write import read_tables
from planner.solving.benders import algorithm
from planner.solving.benders.algorithm import Benders, BendersResult
from planner.solving.benders.cutting_plane import Cutting, Incumbent
from planner.solving.benders.master import Master
from planner.solving.benders.solve import decompose, obstacle
from planner.solving.benders.subproblem_solver import Oracle
from planner.solving.benders.subproblems import Branches
from planner.solving.extensive import settled_anew, solve
from planner.solving.formulate import formulate
from planner.solving.outcome import Outcome
from planner.solving.redundancy import without_spare
from planner.solving.rounding import decided
from planner.solving.run import SolveContext, load
from planner.workflows.solve import solve as solve_instance
from tests.circulation import case, written
from tests.generators.instances import by_future, instances

LOOSE = Options(gap=0.3)


def decisions(program: Program, values: Array) -> list[list[int]]:
    """The columns of the whole numbers of every decision that is taken."""
    layout = program.investment_layout
    found: dict[tuple[Any, ...], list[int]] = {}
    for family in ("start", "modules", "piece"):
        for key in layout.positions[family]:
            found.setdefault(key[:2], []).append(layout.column(family, key))
    return [columns for columns in found.values() if any(values[c] > 0.5 for c in columns)]


def least_without(program: Program, values: Array, columns: list[int]) -> float:
    """Least cost with all whole numbers of a plan but these, which are 0; infinite where there is no plan."""
    a, whole = program.arrays, np.round(values)
    whole[columns] = 0.0
    lower, upper = np.where(a.integer, whole, a.lower), np.where(a.integer, whole, a.upper)
    rows = LinearConstraint(a.matrix, a.row_lower, a.row_upper)
    found = milp(a.cost * program.cost_scale, bounds=Bounds(lower, upper), constraints=rows)
    return float(found.fun) / program.cost_scale + a.offset if found.success else np.inf


def require_no_waste(program: Program, outcome: Outcome) -> None:
    changes_hands = float(np.abs(program.cost) @ np.abs(outcome.values))
    for columns in decisions(program, outcome.values):
        least = least_without(program, outcome.values, columns)
        assert least >= outcome.objective - 1e-6 * max(1.0, changes_hands), columns


@settings(max_examples=25, deadline=None)
@given(raw=instances())
def test_nothing_that_was_decided_can_be_left_out_at_a_gain(raw: dict[str, Any]) -> None:
    program = formulate(by_future(raw), LOOSE)
    require_no_waste(program, solve(program, LOOSE))
    if obstacle(program) is None:
        require_no_waste(program, decompose(program, LOOSE))


PLANT = {"facility": "works", "size": {"most": 10}, "capital": {"fixed": 1}, "lead_time": 0, "life": 9}
FUTURES = {
    "calm": {"probability": 0.5},
    "dear": {"probability": 0.5, "from": "calm", "branches": 2026, "overrides": {"suppliers.ore.steps.0.price": 2}},
}  # fmt: skip


@pytest.mark.parametrize("method", [solve, decompose])
def test_a_plant_that_nobody_needs_is_not_built(method: Any) -> None:
    """Users need 20 t of ore a year at 1 and 20 t each of two steps at 1: 60 a year, and a plant of 1 more is waste.

    A gap of 0.3 allows it.
    """
    raw = case(projects={"plant": PLANT}, futures=FUTURES)
    program = formulate(by_future(raw), LOOSE)
    outcome = method(program, LOOSE)
    assert decisions(program, outcome.values) == []
    assert outcome.objective == pytest.approx((60 + 80) / 2)


def test_when_time_is_over_a_plant_of_no_size_is_still_left_out() -> None:
    """Of two plants that nobody needs the one of no size goes even then; the other is left as it was found."""
    program = formulate(by_future(case(projects={"none": PLANT, "ten": PLANT}, futures=FUTURES)), LOOSE)
    branches = Branches(program.pieces)
    means = branches.clusters(2, 0)
    master = Master(branches, means)
    oracle = Oracle(branches, master.scale, 1)
    benders = Benders(Cutting(oracle, master, means, LOOSE, SolveContext(None, Requests(), time.monotonic())))
    x = master.relax({}).x.copy()
    layout = program.investment_layout
    starts = {key[0]: layout.column("start", key) for key in layout.positions["start"]}
    x[list(starts.values())] = 1.0
    x[layout.column("size", next(key for key in layout.positions["size"] if key[0] == "ten"))] = 10.0
    benders.cutting.carry_out(x)
    benders.leave_idle()
    less = benders.cutting.plan.x
    assert (less[starts["none"]], less[starts["ten"]]) == (0.0, 1.0)
    assert len(np.flatnonzero(less != x)) == 1
    oracle.close()


def test_a_plan_that_is_rescued_when_time_is_over_has_no_plant_of_no_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search found no plan; the rounded one opens a plant of no size, which is left out all the same."""
    def rescue(benders: Benders) -> None:
        x = benders.master.relax({}).x.copy()
        x[[program.investment_layout.column("start", key) for key in program.investment_layout.positions["start"]]] = 1
        benders.cutting.carry_out(x)

    program = formulate(by_future(case(projects={"none": PLANT}, futures=FUTURES)), LOOSE)
    monkeypatch.setattr(Benders, "solve", lambda _: BendersResult("stopped", Incumbent(), -math.inf, "no time"))
    monkeypatch.setattr(Benders, "rescue", rescue)
    outcome = decompose(program, LOOSE)
    assert outcome.has_plan
    assert decisions(program, outcome.values) == []


def test_operation_fits_a_plan_without_the_remainders_of_its_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Users of 26 t need 104 t of throughput a year where 100 t stand; the plant of 4 t counts as a remainder here."""
    monkeypatch.setattr(algorithm, "REMAINDER", 5.0)
    raw = case(projects={"plant": PLANT}, futures=FUTURES | {"dear": FUTURES["dear"] | {"branches": 2027}})
    raw["demands"]["users"]["amount"], raw["time"]["periods"] = 26, [1, 1]
    program = formulate(by_future(raw), Options(gap=0.3, time_limit=5))
    outcome = decompose(program, Options(gap=0.3, time_limit=5))
    activity = program.matrix @ outcome.values
    assert (activity >= program.row_lower - 1e-6).all()
    assert (activity <= program.row_upper + 1e-6).all()


def test_a_plan_that_misses_a_row_is_settled_anew() -> None:
    """One that holds stays as it is, to the object; a decision stays decided."""
    raw = case(projects={"plant": PLANT}, futures=FUTURES)
    raw["demands"]["users"]["amount"] = 26
    program = formulate(by_future(raw), LOOSE)
    outcome = solve(program, LOOSE)
    assert settled_anew(program, outcome, LOOSE) is outcome
    operating = ~program.integer & (outcome.values > 1)
    missing = replace(outcome, values=np.where(operating, outcome.values * (1 - 1e-5), outcome.values))
    again = settled_anew(program, missing, LOOSE)
    activity = program.matrix @ again.values
    assert (activity >= program.row_lower - 1e-7).all()
    assert (activity <= program.row_upper + 1e-7).all()
    assert again.objective == pytest.approx(outcome.objective)
    assert (again.values[program.integer] == outcome.values[program.integer]).all()
    assert (again.bound, again.status, again.without) == (outcome.bound, outcome.status, outcome.without)


def test_where_no_plan_has_its_decisions_one_near_it_is_found() -> None:
    """Users of 26 t need the plant; a plan that lacks it is none."""
    raw = case(projects={"plant": PLANT}, futures=FUTURES)
    raw["demands"]["users"]["amount"] = 26
    program = formulate(by_future(raw), LOOSE)
    outcome = solve(program, LOOSE)
    without = outcome.values.copy()
    without[: program.frame.investments] = 0.0
    again = settled_anew(program, replace(outcome, values=without), LOOSE)
    assert again.objective == pytest.approx(outcome.objective)
    assert len(decisions(program, again.values)) == 1


def test_the_check_finds_a_plant_of_no_size_that_costs(tmp_path: Path) -> None:
    """A plan that is given may have one; the cheapest may not."""
    raw = case(projects={"plant": PLANT | {"size": {"most": 5}}}, demands={
        "users": {"region": "here", "class": "all", "accepts": {"oxide": 1}, "amount": 26},
    })  # fmt: skip
    run = solve_instance(written(tmp_path, raw), out=tmp_path / "run")
    tables = {k: v for k, v in read_tables(tmp_path / "run").items() if k != "summary"}
    instances, objective = read(tmp_path / "case.yaml").instances(), run.figures["objective"]
    assert check_run(instances, tables, objective, is_cheapest=True).passed
    tables["plan"].loc[0, "size"] = "0"
    found = check_run(instances, tables, objective, is_cheapest=True).of_kind("plan.spare")
    assert [finding.found for finding in found] == [pytest.approx(1.0)]
    assert not check_run(instances, tables, objective).of_kind("plan.spare")


LANE = {"commodities": ["oxide"], "from": ["there"], "to": ["here"], "freight": 0, "fixed_cost": 2, "capacity": 50}
DEAR = {"commodity": "oxide", "regions": ["there"], "steps": [{"price": 1000}]}
ORE = {"commodity": "ore", "regions": ["here"], "steps": [{"price": 1}]}


@pytest.mark.parametrize("measure", [None, "worst"])
def test_when_time_is_over_a_lane_opened_for_no_flow_is_still_left_out(measure: str | None) -> None:
    """So is a plant that was sized for nothing, whatever the costs of nodes add up to."""
    objective = {"sense": "minimise"} | ({"risk": {"measure": measure}} if measure else {})
    raw = case(lanes={"lane": LANE}, futures=FUTURES, projects={"ten": PLANT}, objective=objective,
               suppliers={"ore": ORE, "dear": DEAR})  # fmt: skip
    program = formulate(by_future(raw), LOOSE)
    used = [program.column(node, "lane_used", key) for node in program.network.tree.nodes
            for key in program.node_layout.positions["lane_used"]]  # fmt: skip
    start, size = (program.investment_layout.column(name, ("ten", "2026")) for name in ("start", "size"))
    values = np.zeros(len(program.cost))
    values[[*used, start]], values[size] = 1.0, 10.0
    box, fixed = decided(program.arrays, values), load(program, LOOSE, relax=True)
    box.lower[size] = box.upper[size] = 10.0
    fixed.change_bounds(np.arange(len(values)), box.lower, box.upper)
    fixed.run()
    context, options = SolveContext(None, Requests(), 0.0), LOOSE.model_copy(update={"time_limit": 1.0})
    less = without_spare(program, fixed, box, context, options)
    assert less.upper[[*used, start]].tolist() == [0.0] * (len(used) + 1)
