"""The reference's shocks, measures, work under way and risk against cases worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.generators.instances import by_future
from tests.reference_model.cases import Raw, case, plant, project, solved, supplier, users
from tests.reference_model.futures import Tree
from tests.reference_model.objective import reference_objective
from tests.reference_model.test_reference import tree


def shocked(shock: Raw | None = None, **parts: Any) -> Raw:
    """Magnets from abroad for 1, until an embargo of a year that may begin in any period."""
    raw = case(suppliers={"cn": supplier()}, **parts)
    raw["futures"] = {"base": {"probability": 1.0}}
    raw["shocks"] = {"embargo": {"hazard": 0.1, "length": 1.0, "controls": ["stop"]} | (shock or {})}
    ban = {"exporter": "CN", "kind": "ban", "stages": ["magnet"], "destinations": ["*"], "start": 2050}
    return raw | {"controls": {"stop": ban} | parts.get("controls", {})}


def test_probabilities_of_windows_and_nodes() -> None:
    raw = shocked({"length": 1.5}, time={"periods": [1, 2]})
    found = Tree(by_future(raw)["base"])
    assert {s.name: s.probability for s in found.scenarios} == pytest.approx(
        {"base": 0.9 * 0.81, "embargo@2026": 0.1, "embargo@2027-2028": 0.9 * 0.19}
    )
    nodes: dict[str, object] = {node.name: (node.probability, node.length) for node in found.nodes}
    assert nodes == {
        "base:2026": (pytest.approx(0.9), 1.0),
        # The first window leaves three quarters of this node to its scenario, the second a quarter.
        "base:2027-2028": (pytest.approx(0.9 * 0.81 + 0.1 * 0.75 + 0.9 * 0.19 * 0.25), 2.0),
        "embargo@2026:2026": (pytest.approx(0.1), 1.0),
        "embargo@2026:2027-2028": (pytest.approx(0.1), 0.5),
        "embargo@2027-2028:2027-2028": (pytest.approx(0.9 * 0.19), 1.5),
    }


def test_probabilities_of_two_shocks_in_two_futures() -> None:
    raw = shocked({"latest": 2026}, time={"periods": [1, 2]})
    raw["futures"] = {
        "base": {"probability": 0.75, "range": [0.5, 0.8]},
        "other": {"probability": 0.25, "from": "base", "branches": 2027},
    }
    raw["shocks"]["strike"] = {"hazard": 0.2, "length": 9.0, "from": "other", "range": [0.1, 0.3]}
    scenarios = Tree(by_future(raw)["base"]).scenarios
    assert {s.name: s.probability for s in scenarios} == pytest.approx(
        {
            "base": 0.75 * 0.9, "embargo@2026 then base": 0.75 * 0.1,
            "other": 0.25 * 0.9 * 0.64, "embargo@2026 then other": 0.25 * 0.1,
            "strike@2027-2028": 0.25 * 0.9 * 0.36,
        }
    )  # fmt: skip
    ends = {s.name: (s.low, s.high) for s in scenarios}
    assert ends["base"] == pytest.approx((0.5 * 0.9, 0.8 * 0.9))
    assert ends["strike@2027-2028"] == pytest.approx((0.25 * 0.9 * 0.19, 0.25 * 0.9 * 0.51))
    foreseen = Tree(by_future(raw | {"clairvoyant": True})["base"]).scenarios
    assert [s.probability for s in foreseen] == pytest.approx([s.probability for s in scenarios])


def test_expected_cost_of_a_shock() -> None:
    years = (0.1 + 0.9 * 0.19) * 1.5
    assert solved(shocked({"length": 1.5}, time={"periods": [1, 2]})) == pytest.approx(10 * (3 - years) + 50 * years)
    raw = shocked({"overrides": {"demands.users.amount": 20.0}, "latest": 2026})
    assert solved(raw) == pytest.approx(10 + 0.9 * 10 + 0.1 * 100)


def test_stock_is_there_in_every_window_and_for_its_own_emergency_only() -> None:
    store: Raw = {"commodity": "magnet", "region": "US", "owner": "government", "initial": 10.0, "holding_cost": 0.0}
    store |= {"release": "emergency", "emergency": ["st*"]}
    assert solved(shocked(stockpiles={"store": store})) == pytest.approx(10 * (2 - 0.19))
    store["emergency"] = ["other"]
    other = {"exporter": "JP", "kind": "ban", "stages": ["magnet"], "destinations": ["*"]}
    raw = shocked(stockpiles={"store": store}, controls={"other": other})
    assert solved(raw) == pytest.approx(10 * (2 - 0.19) + 50 * 0.19)


def test_final_value_counts_in_windows_too() -> None:
    store: Raw = {"commodity": "magnet", "region": "US", "owner": "commercial", "initial": 10.0, "holding_cost": 0.0}
    store |= {"release": "emergency", "emergency": ["other"], "final_value": 2.0}
    other = {"exporter": "JP", "kind": "ban", "stages": ["magnet"], "destinations": ["*"]}
    raw = shocked({"earliest": 2027}, stockpiles={"store": store}, controls={"other": other})
    assert solved(raw) == pytest.approx(10 + 0.9 * 10 + 0.1 * 50 - 20)


def test_measures_of_a_shock_count_from_its_onset() -> None:
    raw = shocked({"earliest": 2027})
    gradual: Raw = {"kind": "licence", "passes": 0.5, "phase_in": 1.0, "start": 2030, "end": 2031, "phase_out": 5.0}
    raw["controls"]["stop"] |= gradual
    # Half in force on average: three quarters of 10 t pass.
    assert solved(raw) == pytest.approx(10 + 0.9 * 10 + 0.1 * (7.5 + 2.5 * 5))
    raw["controls"]["stop"]["delay"] = 0.25
    assert solved(raw) == pytest.approx(10 + 0.9 * 10 + 0.1 * (6.25 + 3.75 * 5))


def test_own_measures_go_on_beside_those_of_a_shock() -> None:
    raw = shocked({"earliest": 2027})
    raw["controls"]["stop"] |= {"kind": "licence", "passes": 0.5}
    raw["controls"]["half"] = raw["controls"]["stop"] | {"start": None}
    raw["futures"]["base"]["controls"] = ["half"]
    assert solved(raw) == pytest.approx((1 + 0.9) * (5 + 25) + 0.1 * (2.5 + 7.5 * 5))


def test_a_measure_comes_and_goes_by_degrees() -> None:
    raw = shocked(time={"periods": [1, 1, 1, 1]}) | {"shocks": {}}
    raw["controls"]["stop"] |= {"start": 2027, "end": 2028, "phase_in": 0.5, "phase_out": 1.0}
    raw["futures"]["base"]["controls"] = ["stop"]
    assert solved(raw) == pytest.approx(sum(10 * share + 50 * (1 - share) for share in (1, 0.25, 0.5, 1)))


def test_price_and_quota() -> None:
    raw = shocked() | {"shocks": {}}
    raw["futures"]["base"]["controls"] = ["*"]
    raw["suppliers"]["cn"] |= {"regions": ["US", "JP"], "tariffs": {"US": 0.5}}
    raw["suppliers"]["cn"]["steps"][0]["amount"] = 30.0
    raw["demands"]["japan"] = users(region="JP")
    scope = {"exporter": "CN", "stages": ["magnet"], "destinations": ["*"]}
    raw["controls"] = {"dear": scope | {"kind": "price", "price": 3.0, "phase_in": 1.0, "destinations": ["US"]}}
    assert solved(raw) == pytest.approx(2 * 10 * 1 + 10 * (2 * 1.5) + 10 * (3 * 1.5))
    raw["controls"] = {"quota": scope | {"kind": "quota", "amount": 14.0, "start": 2027}}
    assert solved(raw) == pytest.approx(10 * 1.5 + 10 * 1 + 4 * 1.5 + 10 * 1 + 6 * 5)
    raw["controls"]["quota"]["start"] = 2027.75
    assert solved(raw) == pytest.approx(2 * (10 * 1.5 + 10 * 1)), "the middle of the year is before the quota"


def denied(**control: Any) -> Raw:
    """Defence and industry need 10 t each, of which a plant at home makes 4 and a supplier sells up to 20 for 1."""
    raw = case(**plant(capacity=4.0), suppliers={"cn": supplier(steps=[{"price": 1.0, "amount": 20.0}])})
    raw["demands"] = {"users": users(), "army": users(**{"class": "defence"})}
    raw["controls"] = {"denial": {"exporter": "CN", "stages": ["magnet"], "destinations": ["*"]} | control}
    raw["futures"] = {"base": {"probability": 1.0, "controls": ["*"]}}
    return raw


def test_denial_to_a_class() -> None:
    assert solved(denied(kind="ban", classes=["def*"])) == pytest.approx(2 * (10 + 6 * 5))
    assert solved(denied(kind="ban", exempt=["ev"])) == pytest.approx(2 * (10 + 6 * 5))
    assert solved(denied(kind="ban", classes=["*"])) == pytest.approx(2 * 16 * 5)
    # The army gets 4 from home and as much from abroad, half of its supply.
    assert solved(denied(kind="licence", passes=0.5, classes=["defence"])) == pytest.approx(2 * (14 + 2 * 5))
    raw = denied(kind="ban", classes=["defence"])
    raw["suppliers"]["cn"]["origin"] = "JP"
    assert solved(raw) == pytest.approx(2 * 16)


def test_what_was_bought_before_a_denial_stays_the_exporters() -> None:
    raw = denied(kind="ban", classes=["defence"], start=2027)
    raw["stockpiles"] = {"store": {"commodity": "magnet", "region": "US", "owner": "government", "holding_cost": 0.0}}
    raw["stockpiles"]["store"]["initial"] = 0.0
    del raw["demands"]["users"]
    raw["facilities"]["plant"]["capacity"] = 0.0
    assert solved(raw) == pytest.approx(10 + 50), "the store may not hand it on"
    raw["facilities"]["plant"]["capacity"] = {2026: 10.0, 2027: 0.0}
    assert solved(raw) == pytest.approx(10), "but it may hand on what was made at home meanwhile"


def banned_technology(**control: Any) -> Raw:
    """A plant of a year's work for 20 USD, slowed down in the first year."""
    ban: Raw = {"exporter": "CN", "kind": "technology", "projects": ["b*"], "destinations": ["US"], "end": 2027}
    raw = case(**plant(stage="magnet"), projects={"build": project(lead_time=1.0)}, time={"periods": [1, 1, 1, 1]})
    raw["controls"] = {"tools": ban | control}
    raw["futures"] = {"base": {"probability": 1.0, "controls": ["tools"]}}
    return raw


def test_technology_ban_delays_and_makes_dearer() -> None:
    raw = banned_technology(pace=0.5)
    # Half of the work is done in 2026, the other half by the middle of 2027; 1 USD a year from then.
    assert solved(raw) == pytest.approx(50 + 25 + 2.5)
    raw["controls"]["tools"]["dearer"] = 0.4
    assert solved(raw) == pytest.approx(50 + 25 + 2.5 * 1.2), "half of the work is dearer by 0.4"
    raw["time"]["capital_charge"] = "lump_sum"
    assert solved(raw) == pytest.approx(50 + 25 + 20 * 1.2)
    raw["projects"]["build"]["lead_time"] = 0.0
    assert solved(raw) == pytest.approx(20 * 1.4)
    assert solved(banned_technology(pace=0.0, destinations=["JP"])) == pytest.approx(50 + 3)
    stages = banned_technology(pace=0.0, projects=[], stages=["magnet"])
    assert solved(stages) == pytest.approx(50 + 50 + 2)


def test_work_goes_on_in_a_window_at_its_own_pace() -> None:
    raw = banned_technology(pace=0.0)
    raw["projects"]["build"]["lead_time"] = 1.5
    raw["time"]["periods"] = [1, 1, 1]
    raw["futures"]["base"]["controls"] = []
    raw["shocks"] = {"stop": {"hazard": 0.5, "length": 1.0, "earliest": 2027, "latest": 2027, "controls": ["tools"]}}
    # Half a year of service in 2027 unless the work rests; in 2028 the world is as if nothing had happened.
    assert solved(raw) == pytest.approx(50 + 0.5 * (25 + 0.5) + 0.5 * 50 + 1)


def test_lead_time_that_differs_later_holds_for_work_under_way() -> None:
    raw = case(**plant(), projects={"build": project(lead_time=1.5)}, time={"periods": [1, 1, 1]})
    slow = {"probability": 0.5, "from": "base", "branches": 2027, "overrides": {"projects.build.lead_time": 2.5}}
    raw["futures"] = {"base": {"probability": 0.5}, "slow": slow}
    assert solved(raw) == pytest.approx(50 + 0.5 * (25 + 1.5) + 0.5 * (50 + 25 + 0.5))


def test_emergency_project() -> None:
    raw = shocked({"hazard": 0.5, "earliest": 2027}, **plant(), projects={"build": project(earliest=2027, latest=2027)})
    raw["suppliers"]["cn"]["steps"] = [{"price": 0.05, "amount": 10.0}]
    assert solved(raw) == pytest.approx(0.5 + 0.5 * 0.5 + 0.5 * 50)
    raw["projects"]["build"]["emergency"] = True
    assert solved(raw) == pytest.approx(0.5 + 0.5 * 0.5 + 0.5 * 1)
    raw["project_groups"] = {"pledge": {"projects": ["build"], "least_size": 10.0}}
    assert solved(raw) == pytest.approx(0.5 + 0.5 * 1 + 0.5 * 1), "a pledge is due where the horizon ends"
    raw["project_groups"]["pledge"] = {"projects": ["build"], "at_most": 0}
    assert solved(raw) == pytest.approx(0.5 + 0.5 * 0.5 + 0.5 * 50)


def test_work_that_rests_keeps_its_crew() -> None:
    raw = banned_technology(pace=0.0, end=2028, projects=["build"])
    other = project(earliest=2027, latest=2027, size={"fixed": 4.0}, capital={"fixed": 4.0}, life=4)
    raw["projects"] = {"build": project(lead_time=1.0), "other": other}
    raw["project_groups"] = {"crew": {"projects": ["*"], "building_at_once": 1}}
    # Both cannot be under construction in 2027, so only one is decided: to be ready for 2029, or 4 t from 2027.
    alone, instead = 3 * 50 + 1, 50 + 3 * (6 * 5 + 1)
    assert solved(raw) == pytest.approx(min(alone, instead))
    raw["controls"]["tools"]["end"] = 2027
    assert solved(raw) == pytest.approx(50 + 50 + 2), "4 t more are of no use from 2028, and the crew is busy"


def test_foreseen_shocks_are_hoarded_for() -> None:
    store: Raw = {"commodity": "magnet", "region": "US", "owner": "government", "initial": 0.0}
    raw = shocked({"hazard": 0.5, "earliest": 2027}, stockpiles={"store": store | {"holding_cost": 3.0}})
    raw["suppliers"]["cn"]["steps"] = [{"price": 1.0, "amount": 20.0}]
    assert solved(raw) == pytest.approx(10 + 0.5 * 10 + 0.5 * 50)
    raw["clairvoyant"] = True
    assert solved(raw) == pytest.approx(0.5 * (10 + 10) + 0.5 * (20 + 30))


def test_foresight_changes_no_figures() -> None:
    raw = shocked({"latest": 2026, "hazard": 0.5, "length": 2.0})
    more = {"probability": 0.5, "from": "base", "branches": 2027, "overrides": {"demands.users.amount": 8.0}}
    raw["futures"] = {"base": {"probability": 0.5}, "more": more}
    known = raw | {"clairvoyant": True}
    # The window's figures are those of the future it breaks into, whichever comes after.
    assert solved(raw) == pytest.approx(0.5 * (10 + 0.5 * 10 + 0.5 * 8) + 0.5 * 100)
    assert solved(known) == pytest.approx(0.5 * (10 + 0.5 * 10 + 0.5 * 8) + 0.5 * 100)


def risky(measure: str, plan: str = "common", **risk: Any) -> Raw:
    """Two futures, even chances, in which all is lost: 140 and 50."""
    return tree(2026, plan) | {"objective": {"risk": {"measure": measure} | risk}}


def test_cvar_and_worst() -> None:
    assert solved(risky("cvar", tail=0.25)) == pytest.approx(140)
    assert solved(risky("cvar", tail=0.75)) == pytest.approx((0.5 * 140 + 0.25 * 50) / 0.75)
    assert solved(risky("cvar", tail=0.75, weight=0.5)) == pytest.approx(0.5 * 95 + 0.5 * 110)
    assert solved(risky("cvar", tail=1.0)) == pytest.approx(95)
    assert solved(risky("worst", weight=0.8)) == pytest.approx(0.2 * 95 + 0.8 * 140)
    raw = risky("worst")
    raw["objective"]["sense"] = "maximise"
    assert solved(raw) == pytest.approx(-140)


def test_intervals() -> None:
    raw = risky("intervals")
    raw["futures"]["bad"]["range"], raw["futures"]["good"]["range"] = [0.4, 0.75], [0.3, 0.6]
    assert solved(raw) == pytest.approx(0.7 * 140 + 0.3 * 50)
    raw = shocked({"range": [0.0, 0.2]}, time={"periods": [1]}, objective={"risk": {"measure": "intervals"}})
    assert solved(raw) == pytest.approx(0.8 * 10 + 0.2 * 50)


def test_regret() -> None:
    late = project(earliest=2027, latest=2027, capital={"fixed": 30.0}, life=1.0)
    raw = risky("regret") | plant() | {"projects": {"build": late}}
    # Built: 70 and 70, each against 70 and 50 alone; not built: 140 and 50.
    assert solved(raw) == pytest.approx(20)
    assert solved(raw | {"plan": "adaptive"}) == pytest.approx(0, abs=1e-6)
    given = reference_objective(by_future(raw), alone={"bad": 65.0, "good": 10.0})
    assert given == pytest.approx(60)
