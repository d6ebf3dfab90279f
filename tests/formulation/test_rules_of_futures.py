"""What only a future states: a limit that the trunk leaves open, a cost or a duty that is nothing there.

Users of 10 t a year who lose 5 USD per t they lack, for two years; from the second on it may be `storm` as likely as
not. Each case says what a year costs in the trunk and in the storm; the arithmetic stands beside it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from planner.common.errors import InputError
from planner.workflows.solve import solve
from tests.generators.instances import by_future
from tests.reference_model.cases import Raw, case, plant, project, supplier, users
from tests.reference_model.objective import reference_objective

ENDLESS = supplier(steps=[{"price": 1.0}])
TWENTY = supplier(steps=[{"price": 1.0, "amount": 20.0}])
LANE = {"commodities": ["magnet"], "from": ["CN"], "to": ["US"], "freight": 1.0}
BY_LANE: Raw = {"suppliers": {"cn": supplier(regions=["CN"], steps=[{"price": 1.0, "amount": 20.0}])}}
OUTLET = {"commodity": "magnet", "regions": ["US"], "steps": [{"price": 0.5, "amount": 5.0}]}
DEAR_OUTLET = OUTLET | {"steps": [{"price": 3.0}]}
LATER = project(
    size={"most": 20.0}, capital={"variable": 1.0}, life=1.0, repeatable=True, earliest=2027, latest=2027
)
SLAG: Raw = plant(capacity=10.0)
SLAG["processes"] = {"make": {"outputs": {"magnet": 1, "slag": 1}, "variable_cost": 0.0}}
COMMODITIES = {"magnet": {"disposal": "free", "stage": "magnet"}, "slag": {"disposal": "free"}}

# Parts of the instance, overrides of the storm, cost of the first year, of the second in the trunk and in the storm.
CASES: dict[str, tuple[Raw, Raw, float, float, float]] = {
    "amount of a step": ({"suppliers": {"cn": ENDLESS}}, {"suppliers.cn.steps.0.amount": 4.0}, 10, 10, 4 + 6 * 5),
    "amount that two regions share": (
        {"suppliers": {"cn": ENDLESS | {"regions": ["US", "JP"]}}, "demands": {"a": users(), "b": users(region="JP")}},
        {"suppliers.cn.steps.0.amount": 4.0}, 20, 20, 4 + 16 * 5,
    ),
    "limit of a region": (
        {"suppliers": {"cn": ENDLESS}}, {"suppliers.cn.region_limits": {"US": 4.0}}, 10, 10, 4 + 6 * 5
    ),
    "capacity of a lane": (BY_LANE | {"lanes": {"sea": LANE}}, {"lanes.sea.capacity": 4.0}, 20, 20, 4 * 2 + 6 * 5),
    "fixed cost of a lane that is paid": (
        BY_LANE | {"lanes": {"sea": LANE | {"capacity": 50.0}}}, {"lanes.sea.fixed_cost": 7.0}, 20, 20, 20 + 7
    ),
    "fixed cost of a lane that is too dear": (
        BY_LANE | {"lanes": {"sea": LANE | {"capacity": 50.0}}}, {"lanes.sea.fixed_cost": 40.0}, 20, 20, 10 * 5
    ),
    "fixed cost of a lane without limit before": (
        BY_LANE | {"lanes": {"sea": LANE}}, {"lanes.sea.capacity": 8.0, "lanes.sea.fixed_cost": 7.0},
        20, 20, 8 * 2 + 2 * 5 + 7,
    ),
    "sales that are due": (
        {"suppliers": {"cn": TWENTY}, "outlets": {"c": OUTLET}}, {"outlets.c.least": 3.0}, 10, 10, 10 + 3 * 0.5
    ),
    "depth of a market": (
        {"suppliers": {"cn": TWENTY}, "outlets": {"c": DEAR_OUTLET}}, {"outlets.c.steps.0.amount": 4.0},
        20 - 10 * 3, 20 - 10 * 3, 14 - 4 * 3,
    ),
    "most of a limit": (
        {"suppliers": {"cn": ENDLESS}, "limits": {"cap": {"suppliers": ["cn"], "least": 0.0}}},
        {"limits.cap.most": 4.0}, 10, 10, 4 + 6 * 5,
    ),
    "least of a limit": (
        {"suppliers": {"cn": ENDLESS}, "limits": {"cap": {"suppliers": ["cn"], "most": 100.0}}},
        {"limits.cap.least": 15.0}, 10, 10, 15,
    ),
    "minimum load": (
        plant(capacity=20.0, variable_costs={"make": 1.0}), {"facilities.plant.minimum_load": 0.75}, 10, 10, 15
    ),
    "cost of disposal": (SLAG | {"commodities": COMMODITIES}, {"commodities.slag.disposal": 0.5}, 0, 0, 10 * 0.5),
    "fixed cost of a project": (  # Half a plant is not to be had for half of it.
        plant() | {"projects": {"build": LATER}}, {"projects.build.capital.fixed": 20.0}, 50, 10, 20 + 10
    ),
    "cost of capital": (
        plant() | {"projects": {"build": project(earliest=2027, latest=2027)}},
        {"projects.build.cost_of_capital": 0.1}, 50, 20 / 20, 20 * 0.1 / (1 - 1.1**-20),
    ),
}  # fmt: skip


def stormy(parts: Raw, overrides: Raw) -> Raw:
    storm = {"probability": 0.5, "from": "calm", "branches": 2027, "overrides": overrides}
    return case(**parts) | {"plan": "adaptive", "futures": {"calm": {"probability": 0.5}, "storm": storm}}


def written(tmp_path: Path, raw: dict[str, Any]) -> Path:
    path = tmp_path / "instance.yaml"
    path.write_text(yaml.safe_dump(raw, sort_keys=False), "utf-8")
    return path


@pytest.mark.parametrize("name", CASES)
def test_a_future_may_state_what_the_trunk_does_not(tmp_path: Path, name: str) -> None:
    parts, overrides, first, calm, storm = CASES[name]
    raw, expected = stormy(parts, overrides), first + 0.5 * calm + 0.5 * storm
    assert reference_objective(by_future(raw)) == pytest.approx(expected)
    run = solve(written(tmp_path, raw), out=tmp_path / "run", options={"gap": 0.0})
    assert run.figures["objective"] == pytest.approx(expected)
    assert run.check is not None
    assert run.check.passed


@pytest.mark.parametrize("name", ["minimum load", "amount of a step", "limit of a region"])
def test_a_decomposed_program_has_the_rules_of_its_futures(tmp_path: Path, name: str) -> None:
    parts, overrides, first, calm, storm = CASES[name]
    raw, idle = stormy(parts, overrides), plant()
    raw["processes"] = idle["processes"]
    raw["facilities"] = raw.get("facilities", {}) | {"idle": idle["facilities"]["plant"]}
    raw["projects"] = {"never": project(facility="idle", capital={"fixed": 1000.0})}
    run = solve(written(tmp_path, raw), out=tmp_path / "run", options={"gap": 0.0, "method": "benders"})
    assert run.figures["objective"] == pytest.approx(first + 0.5 * calm + 0.5 * storm)


def test_a_reserve_is_stated_in_the_trunk(tmp_path: Path) -> None:
    raw = stormy({"suppliers": {"cn": ENDLESS}}, {"suppliers.cn.steps.0.reserve": 4.0})
    with pytest.raises(InputError, match=r"suppliers.cn.steps.0.reserve cannot differ between futures"):
        solve(written(tmp_path, raw), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_share_may_pass_where_the_future_states_the_amount(tmp_path: Path) -> None:
    raw = stormy({"suppliers": {"cn": ENDLESS}}, {"suppliers.cn.steps.0.amount": 8.0})
    licence = {"exporter": "CN", "kind": "licence", "stages": ["magnet"], "destinations": ["US"], "passes": 0.5}
    raw["controls"] = {"half": licence}
    raw["futures"]["storm"]["controls"] = ["half"]
    run = solve(written(tmp_path, raw), out=tmp_path / "run", options={"gap": 0.0})
    assert run.figures["objective"] == pytest.approx(10 + 0.5 * 10 + 0.5 * (4 + 6 * 5))
