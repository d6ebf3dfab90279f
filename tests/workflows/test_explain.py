"""Instances that are broken, each in its own way: the culprit is named with its place, and a repair works."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from planner import explain
from planner.formulation.contingencies import withstanding
from planner.language.instance import Options
from planner.reading.document import load
from planner.solving.extensive import solve as solve_program
from planner.workflows.explain import explained, trial_instances
from planner.workflows.explain.bounds import bounds
from planner.workflows.explain.conflict import Explanation
from planner.workflows.explain.deadline import Patience
from planner.workflows.explain.iis import find_core, has_plan
from planner.workflows.explain.iis_filter import RowsUnderTest
from planner.workflows.solve import formulate, solve
from tests.cases import BAN, SHOCK, STORE, TWO_FUTURES, case_file
from tests.other_units import restated
from tests.paths import INSTANCES, ROOT, STARTER

EXACT = Options(gap=0.0)
SECURE = INSTANCES / "rare-earths-secure.yaml"
SERVED = {"kind": "served", "target": 1}
LINE = {"facility": "plant", "size": {"fixed": 60}, "capital": {"fixed": 100}, "lead_time": 2, "life": 20}
NO_CHINA = {"suppliers.china.steps.0.amount": 0}


class Broken(NamedTuple):
    """What makes it infeasible, the rules, and the path of the statement that must be named."""

    changes: dict[str, Any]
    rules: dict[str, Any]
    culprit: str


BROKEN = {
    "too little capacity": Broken({**NO_CHINA, "facilities.plant.capacity": 60}, {"all": SERVED}, "facilities.plant"),
    "a ban and no stock": Broken(
        {**TWO_FUTURES, "stockpiles": {}}, {"all": SERVED | {"futures": ["storm"], "start": 2027}}, "controls.ban"),
    "a project that comes too late": Broken(
        {**NO_CHINA, "time.periods": [1, 1, 1], "facilities.plant.capacity": 60, "projects": {"line": LINE}},
        {"all": SERVED | {"start": 2027}}, "projects.line.lead_time"),
    "nothing may be decided": Broken(
        {**NO_CHINA, "facilities.plant.capacity": 60, "projects": {"line": LINE | {"lead_time": 0}},
         "project_groups": {"crews": {"projects": ["*"], "at_most": 0}}}, {"all": SERVED}, "project_groups.crews"),
    "a budget that is too small": Broken(
        {**NO_CHINA, "facilities.plant.capacity": 60, "projects": {"line": LINE | {"lead_time": 0}}},
        {"all": SERVED, "purse": {"kind": "budget", "of": "capital", "per": "total", "most": 30}},
        "requirements.purse"),
    "a limit on purchases": Broken(
        {"facilities.plant.capacity": 60, "limits": {"port": {"suppliers": ["china"], "most": 10}}}, {"all": SERVED},
        "limits.port"),
    "a contract that cannot be kept": Broken(
        {**NO_CHINA, "outlets": {"buyer": {"commodity": "magnet", "regions": ["US"], "least": 150,
                                           "steps": [{"price": 1}]}}}, {}, "outlets.buyer"),
    "what is denied to a class": Broken(
        {**TWO_FUTURES, "stockpiles": {}, "controls": {"ban": BAN | {"classes": ["ev"]}}},
        {"all": SERVED | {"futures": ["storm"], "start": 2027}}, "controls.ban"),
    "a stock that cannot be there": Broken(
        {**NO_CHINA, "facilities.plant.capacity": 60, "stockpiles": {"store": STORE | {"least": 100}}}, {},
        "stockpiles.store"),
    "users who may not go short": Broken(
        {**NO_CHINA, "facilities.plant.capacity": 60, "demands.cars.shortage": []}, {}, "demands.cars"),
    "dependence without another source": Broken(
        {"facilities.plant.capacity": 10},
        {"all": SERVED, "free": {"kind": "dependence", "exporter": "CN", "commodities": ["magnet"], "share": 0.5}},
        "requirements.free"),
    "two countries cannot be so even": Broken(
        {}, {"all": SERVED, "spread": {"kind": "concentration", "stages": ["magnet"], "largest": 1, "share": 0.4}},
        "requirements.spread"),
    "cover without room for stock": Broken(
        {"stockpiles": {"store": STORE | {"capacity": 5}}}, {"ample": {"kind": "cover", "days": 90}},
        "requirements.ample"),
    "sources that are too small": Broken(
        {"facilities.plant.capacity": 20},
        {"two": {"kind": "supplier_count", "stages": ["magnet"], "count": 2, "least": 30}},
        "requirements.two"),
    "an embargo that cannot be survived": Broken(
        {**SHOCK, "stockpiles.store.capacity": 30},
        {"hold": {"kind": "survive", "shock": "embargo", "years": 1, "target": 0.8}}, "requirements.hold"),
    "a loss that cannot be borne": Broken(
        {**NO_CHINA}, {"n1": {"kind": "outage", "loss": "facility", "target": 0.5}}, "requirements.n1"),
    "leverage that is too great": Broken(
        {**SHOCK, "stockpiles.store.capacity": 30},
        {"fair": {"kind": "leverage", "shock": "embargo", "most": 2000}}, "requirements.fair"),
    "a plant larger than may be built": Broken(
        {**NO_CHINA, "facilities.plant.capacity": 60, "projects": {"line": LINE | {"lead_time": 0}},
         "project_groups": {"small": {"projects": ["*"], "most_size": 50}}}, {"all": SERVED}, "project_groups.small"),
}


@pytest.mark.parametrize("case", BROKEN.values(), ids=list(BROKEN))
def test_culprit_is_named_with_its_line_and_a_repair_makes_a_plan_possible(case: Broken, tmp_path: Path) -> None:
    file = case_file(tmp_path, case.changes, case.rules)
    document = load(file)
    program = formulate(document.instances(), EXACT)
    assert solve_program(program, EXACT).status == "infeasible"
    found = explained(document, program, EXACT)
    assert found is not None
    named = [s for s in found.statements if s.path.startswith(case.culprit)]
    assert named, found
    assert all("case.yaml:" in s.place for s in found.statements)
    lines = file.read_text().splitlines()
    line = int(named[0].place.split(":")[-2])
    assert any(word in " ".join(lines[max(0, line - 6) : line]) for word in case.culprit.split(".")[1:])
    assert found.repairs
    repaired = solve(file, sets=found.repairs[0].sets, out=tmp_path / "repaired", options={"gap": 0.0})
    assert repaired.outcome.has_plan


@pytest.mark.parametrize("quantity", [1e-14, 1e-6, 1e6, 1e10, 1e14])
def test_what_is_missed_is_told_in_any_units(quantity: float, tmp_path: Path) -> None:
    """Of 100 that are needed 60 can be made, whether in tonnes or in the units of others."""
    document = load(case_file(tmp_path, BROKEN["too little capacity"].changes, {"all": SERVED}))
    changed = {name: restated(instance, quantity, 1 / quantity) for name, instance in document.instances().items()}
    program = formulate(changed, EXACT)
    core = find_core(program, EXACT)
    assert core is not None
    assert list(core.missed.values()) == pytest.approx([40 * quantity] * len(core.missed))
    assert core.missed
    best = bounds(program, EXACT)
    assert best["lacking"].max() == pytest.approx(40 * quantity)
    assert not best["reachable"].all()


LANE = """
name: lane
units: {quantity: t, money: MUSD, price: USD/kg}
time:
  {start: 2026, periods: [1, 1], discount_rate: 0, base_year: 2026, discounting: mid_period, capital_charge: annuity}
regions: {NO: {}, US: {}}
commodities: {ore: {disposal: free}}
suppliers: {norway: {commodity: ore, regions: [NO], steps: [{price: 2}]}}
lanes: {ship: {commodities: [ore], from: [NO], to: [US], freight: 0.2}}
projects: {port: {lane: ship, size: {fixed: 100}, capital: {fixed: 3}, lead_time: 1, life: 20}}
demands: {users: {region: US, class: ev, accepts: {ore: 1}, amount: 50}}
"""


def test_a_lane_that_comes_too_late_is_named(tmp_path: Path) -> None:
    """The port is there in 2027, the users are in 2026."""
    (tmp_path / "lane.yaml").write_text(LANE)
    found = explain(tmp_path / "lane.yaml")
    assert found is not None
    said = {statement.path for statement in found.statements}
    assert said == {"demands.users.amount", "lanes.ship.capacity", "projects.port.lead_time"}
    sooner = next(repair for repair in found.repairs if "port" in repair.sets[0])
    assert sooner.sets == ("projects.port.lead_time=0.5",)


def test_repairs_are_ranked_by_money(tmp_path: Path) -> None:
    """Sixty made at 20, forty lack: bought at 10, left out at 50 or not wanted at 50, or by stock or plant.

    Purchases cost 1,600 in all, going without 3,200 however it is called; more of the plant 2,000 without its price.
    """
    case = BROKEN["too little capacity"]
    document = load(case_file(tmp_path, case.changes, case.rules))
    found = explained(document, formulate(document.instances(), EXACT), EXACT)
    assert found is not None
    costs = {r.sets[0].split("+=")[0].split("=")[0]: (r.cost, r.is_priced) for r in found.repairs}
    assert costs["suppliers.china.steps.0.amount"] == (pytest.approx(1600, rel=1e-3), True)
    assert costs["requirements.all.target"] == (pytest.approx(3200, rel=1e-3), True)
    assert costs["demands.cars.amount"] == (pytest.approx(3200, rel=1e-3), True)
    assert costs["facilities.plant.capacity"] == (pytest.approx(2000, rel=1e-3), False)
    priced = [r.cost for r in found.repairs if r.is_priced]
    assert priced == sorted(priced)
    assert not found.repairs[-1].is_priced
    assert "all then costs 1,599.9 USD" in str(found)


def test_every_statement_of_a_core_is_needed(tmp_path: Path) -> None:
    """Leaving out any of the rows found gives a plan."""
    case = BROKEN["too little capacity"]
    program = formulate(load(case_file(tmp_path, case.changes, case.rules)).instances(), EXACT)
    core = find_core(program, EXACT)
    assert core is not None
    for row in core.rows:
        kept = np.ones(len(program.row_lower), dtype=bool)
        kept[row] = False
        assert has_plan(program, EXACT, kept)


def test_no_conflict_where_there_is_a_plan(tmp_path: Path) -> None:
    document = load(case_file(tmp_path, {}, {"all": SERVED}))
    assert explained(document, formulate(document.instances(), EXACT), EXACT) is None


@pytest.mark.parametrize("name", [
    "too little capacity", "a project that comes too late", "cover without room for stock",
    "an embargo that cannot be survived", "a loss that cannot be borne",
])
def test_large_instances_are_repaired_by_their_relaxation(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same repairs as of a small instance, found on relaxations, each from the basis of the one before."""
    case = BROKEN[name]
    document = load(case_file(tmp_path, case.changes, case.rules))
    program = formulate(document.instances(), EXACT)
    small = explained(document, program, EXACT)
    monkeypatch.setattr(trial_instances, "LARGE", 0)
    large = explained(document, program, EXACT)
    assert small is not None
    assert large is not None
    amounts = {r.sets[0].split("=")[0]: r.amount for r in small.repairs}
    assert large.repairs
    for repair in large.repairs:
        assert not repair.is_plan
        assert repair.amount == pytest.approx(amounts[repair.sets[0].split("=")[0]], rel=1e-3, nan_ok=True)
    assert solve(document.path, sets=large.repairs[0].sets, out=tmp_path / "repaired").outcome.has_plan


TWO_RULES = {"served": SERVED, "safe": {"kind": "outage", "loss": "facility", "target": 1}}
TWO_PLANTS = {**NO_CHINA, "facilities": {
    "first": {"region": "US", "capacity": 60, "processes": ["make"]},
    "second": {"region": "US", "capacity": 30, "processes": ["make"]}}}


@pytest.mark.parametrize("large", [False, True])
def test_repairs_withstand_losses_too(large: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten of a hundred lack at once, seventy when the first plant is lost: to ask less of one rule is not enough.

    Nor is more of one plant, which may be the one that is lost.
    """
    if large:
        monkeypatch.setattr(trial_instances, "LARGE", 0)
    file = case_file(tmp_path, TWO_PLANTS, TWO_RULES)
    found = explain(file)
    assert found is not None
    for repair in found.repairs:
        assert solve(file, sets=repair.sets, out=tmp_path / "repaired", force=True).outcome.has_plan
    both = next(r for r in found.repairs if r.sets[0].startswith("requirements.served.target"))
    assert [text.split("+=")[0] for text in both.sets] == ["requirements.served.target", "requirements.safe.target"]
    assert both.amount == pytest.approx(0.7, rel=1e-3)
    assert not any(text.startswith("facilities") for repair in found.repairs for text in repair.sets)


def test_conflict_is_told_as_far_as_time_allows(tmp_path: Path) -> None:
    """Without time nothing is said to be irreducible, and no repair is tried."""
    case = BROKEN["too little capacity"]
    document = load(case_file(tmp_path, case.changes, case.rules))
    program = formulate(document.instances(), EXACT)
    found = explained(document, program, EXACT, patience=Patience(deadline=0.0))
    assert found is not None
    assert "not yet irreducible" in str(found)
    assert not found.repairs


def test_conflict_of_the_secure_instance_is_found_and_irreducible() -> None:
    """Samarium-cobalt for defence: a rule, a ban, and room for stock; without any one row the rest can hold."""
    document = load(SECURE)
    program = formulate(withstanding(document.instances(), ()), Options())
    core = find_core(program, Options())
    assert core is not None
    assert core.is_irreducible
    part = RowsUnderTest(program, np.array(core.rows))
    assert part.conflicts()
    for place in range(len(core.rows)):
        part.leave_out([place])
        assert not part.conflicts()
        part.put_back([place])
    found = explained(document, program, Options(), (), with_repairs=False)
    assert found is not None
    places = {s.path: s.place for s in found.statements}
    assert "rare-earths-secure.yaml:" in places["requirements.defence_served.target"]
    assert "stockpiles.yaml:" in places["stockpiles.com.US.magnet.smco.capacity"]
    assert "controls.samarium_refused" in places
    assert 0 < max(core.missed.values()) < 100  # Some ten tonnes a year.


SOLD = {"commodity": "magnet", "regions": ["US"], "steps": [{"price": 1e4}]}
UNLIMITED = {"suppliers.china.steps": [{"price": 1}], "outlets": {"bottomless": SOLD}}


@pytest.mark.parametrize(
    ("method", "risk"),
    [("extensive", None), ("benders", None), ("extensive", {"measure": "cvar", "weight": 0.5, "tail": 0.5})],
)
def test_what_sells_without_end_is_named(tmp_path: Path, method: str, risk: dict[str, Any] | None) -> None:
    """Whatever magnets cost, a buyer of any amount at a higher price leaves no least cost."""
    changes = {**TWO_FUTURES, **UNLIMITED} | ({"objective": {"risk": risk}} if risk else {})
    path = case_file(tmp_path, changes, {})
    run = solve(path, out=tmp_path / "run", options={"method": method})
    assert run.outcome.status == "unbounded"
    for found in (run.explanation, explain(path)):
        assert found is not None
        paths = [said.path for said in found.statements]
        assert paths[0] == "outlets.bottomless"
        assert "suppliers.china" in paths
        assert "bottomless buys without a limit" in str(found)


def test_a_cost_of_next_to_nothing_is_no_error() -> None:
    """What gains less than a solver can hold in a row has no part in a gain without end."""
    assert explain(STARTER, sets=["processes.mine-and-separate.variable_cost=1e-9"]) is None


def test_a_stock_that_can_be_filled_in_time_is_not_laid_in_at_the_start() -> None:
    """The ban of the starter's embargo is foreseen for years: a stock that begins with nothing is enough."""
    sets = ["facilities.*.capacity=0", "projects={}", "demands.*.shortage=[]"]
    found = explain(ROOT / "planner" / "language" / "starter.yaml", sets=sets)
    assert isinstance(found, Explanation)
    repair = next(repair for repair in found.repairs if "stock" in repair.words)
    assert (repair.words, repair.amount) == ("keep a stock of magnet in HOME", 0.0)
