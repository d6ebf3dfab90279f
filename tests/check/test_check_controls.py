"""The independent check of controls, of who may be given what, and of work under way: cases worked out by hand."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

from planner.check.case import Case
from planner.check.controls import in_force, mean_degree, measures_at, passing, raised
from planner.check.horizon import Node
from planner.check.report import Ledger
from planner.check.tree import build_horizon
from planner.check.work import progress
from planner.language.controls import Ban
from tests.check.check_tables import (
    CAPACITY,
    COSTS,
    FIRST,
    NODES,
    PLAN,
    SECOND,
    T,
    certain,
    checked,
    found,
    instance_of,
    node_row,
    slowed,
    tables_of,
    variants,
    with_parts,
)

# --- the controls -----------------------------------------------------------------------------------------


def span(start: float, length: float, source: str = "calm", onset: float | None = None) -> Node:
    return Node("any", source, 0, start, length, None, (), 1.0, onset)


def test_the_degree_is_the_mean_of_a_trapezoid() -> None:
    control = Ban.model_validate({
        "exporter": "CN", "kind": "ban", "commodities": "*", "destinations": "*", "start": 2026, "end": 2030,
        "phase_in": 2, "phase_out": 1})
    for start, length, degree in (
        (2025, 1, 0), (2026, 1, 0.25), (2027, 1, 0.75), (2028, 2, 1), (2030, 1, 0.5), (2031, 1, 0),
        # From 2027.5 to 2030.5: half a year around 0.875, two years at 1, half a year around 0.75.
        (2027.5, 3, (0.5 * 0.875 + 2 + 0.5 * 0.75) / 3),
        (2025, 8, (1 + 2 + 0.5) / 8),
    ):
        assert mean_degree(control, 2026, 2030, 1, span(start, length)) == pytest.approx(degree)


def controlled(**control: Any) -> dict[str, Any]:
    """A control in force in the calm, and once more in the shock that breaks into it."""
    return with_parts(
        futures={"calm": {"probability": 1, "controls": ["curb"]}},
        shocks={"stop": {"hazard": 0.1, "length": 2, "controls": ["c*"]}},
        controls={"curb": {"exporter": "CN", "commodities": "*", "destinations": "US", **control}},
    )


def test_a_shock_brings_its_controls_beside_those_of_its_future() -> None:
    instance = instance_of(controlled(kind="price", price=3, start=2026, end=2027, phase_in=1))
    oxide = instance.commodities["oxide"]

    def factor(node: Node, to: str = "US", exporter: str | None = "CN") -> float:
        return raised(measures_at(instance, node), exporter, "oxide", oxide, to)

    assert factor(span(2026, 1)) == pytest.approx(2)  # 1 + 0.5 * (3 - 1)
    assert factor(span(2026, 1), to="CN") == 1
    assert factor(span(2026, 1), exporter=None) == 1
    assert factor(span(2027, 1)) == 1
    assert factor(span(2026, 1, "stop", 2026)) == pytest.approx(4)  # both rise through the year
    assert factor(span(2027, 1, "stop", 2026)) == pytest.approx(3)  # that of the calm has ended
    assert factor(span(2028, 1, "stop", 2026)) == 1


def test_a_licence_in_a_shock_waits_from_the_onset() -> None:
    instance = instance_of(controlled(kind="licence", passes=0.6, delay=0.5, start=2020))
    oxide = instance.commodities["oxide"]

    def share(node: Node) -> float:
        return passing(measures_at(instance, node), node, "CN", "oxide", oxide, "US")

    assert share(span(2027, 1)) == pytest.approx(0.6)
    assert share(span(2027, 1, "stop", 2027)) == pytest.approx(0.6 * 0.3)  # 1 - 0.4 - 0.6 / 2
    assert share(span(2028, 1, "stop", 2027)) == pytest.approx(0.36)


def test_controls_of_classes_do_not_stop_trade() -> None:
    instance = instance_of(controlled(kind="ban", classes="defence"))
    node = span(2026, 1)
    assert passing(measures_at(instance, node), node, "CN", "oxide", instance.commodities["oxide"], "US") == 1


def test_an_emergency_is_made_by_the_named_controls() -> None:
    instance = instance_of(controlled(kind="price", price=3, start=2027))
    assert not in_force(measures_at(instance, span(2026, 1)), ["*"], span(2026, 1))
    assert in_force(measures_at(instance, span(2027, 1)), ["cu*"], span(2027, 1))
    assert not in_force(measures_at(instance, span(2027, 1)), ["ban*"], span(2027, 1))
    assert in_force(measures_at(instance, span(2026, 1, "stop", 2026)), ["curb"], span(2026, 1, "stop", 2026))


# --- a market: two years, users who may be denied, a stockpile --------------------------------------------


def market(**control: Any) -> dict[str, Any]:
    data = with_parts(
        suppliers={"china": {"commodity": "oxide", "origin": "CN", "regions": "US", "steps": [{"price": 5}],
                             "tariffs": {"US": 0.1}},
                   "home": {"commodity": "oxide", "regions": "US", "steps": [{"price": 8}]}},
        demands={name: {"region": "US", "class": name, "accepts": {"oxide": 1}, "amount": amount}
                 for name, amount in (("ev", 60), ("defence", 40))},
        stockpiles={"reserve": {"commodity": "oxide", "region": "US", "owner": "government", "initial": 0,
                                "holding_cost": 0}},
        futures={"calm": {"probability": 1, "controls": ["*"]}},
    )
    common = {"exporter": "CN", "commodities": "oxide", "destinations": "*", "start": 2027}
    return data | {"controls": {"curb": common | control}} if control else data


def bought(
    china: float, home: float, price: float = 5.0, given: tuple[float, ...] = (), stored: tuple[float, ...] = ()
) -> dict[str, pd.DataFrame]:
    """130 t from China and 30 t of them put aside in the first year; bought and taken out again in the second.

    `given`: China's part of what each class is given, in both years; `stored`: China's part put in and taken out.
    """
    costs = {(FIRST, "purchase", "china"): 650.0, (FIRST, "tariff", "china"): 65.0,
             (SECOND, "purchase", "china"): price * china, (SECOND, "tariff", "china"): 0.1 * price * china,
             (SECOND, "purchase", "home"): 8 * home}
    return tables_of(
        nodes=(NODES, [node_row(FIRST, ""), node_row(SECOND, FIRST)]),
        scenarios=certain(sum(costs.values())),
        purchases=("supplier commodity origin region step node amount price unit", [
            ("china", "oxide", "CN", "US", 1, FIRST, 130.0, 5.0, T),
            ("china", "oxide", "CN", "US", 1, SECOND, china, price, T),
            ("home", "oxide", "", "US", 1, SECOND, home, 8.0, T)]),
        stocks=("stockpile commodity region owner node before fill release stock unit", [
            ("reserve", "oxide", "US", "government", FIRST, 0.0, 30.0, 0.0, 30.0, "t"),
            ("reserve", "oxide", "US", "government", SECOND, 30.0, 0.0, 30.0, 0.0, "t")]),
        demand=("demand region class node measure item amount unit", [
            (name, "US", name, node, measure, item, amount, T) for node in (FIRST, SECOND)
            for name, amount in (("ev", 60.0), ("defence", 40.0))
            for measure, item in (("required", ""), ("delivered", "oxide"))]),
        origin=("measure name commodity region to level node amount unit", by_level(given, stored)),
        costs=(COSTS, [(item, part, "US", node, money, money, "USD") for (node, item, part), money in costs.items()]),
    )


def by_level(given: tuple[float, ...], stored: tuple[float, ...]) -> list[tuple[Any, ...]]:
    """What of the defence's 40 t and of the 30 t in stock is China's."""
    rows: list[tuple[Any, ...]] = []
    for measure, name, whole, node, part in (
        *(("delivered", "defence", 40.0, n, p) for n, p in zip((FIRST, SECOND), given, strict=False)),
        *(("fill", "reserve", 30.0, FIRST, p) for p in stored[:1]),
        *(("release", "reserve", 30.0, SECOND, p) for p in stored[1:]),
    ):
        rows += [(measure, name, "oxide", "US", "", level, node, amount, T)
                 for level, amount in (("clean", whole - part), ("from CN", part)) if amount]
    return rows


def test_the_market_passes() -> None:
    report = checked(market(), bought(40, 30))
    assert report.passed, str(report)


def test_raised_prices_and_their_tariff() -> None:
    dear = market(kind="price", price=1.4, phase_in=1)
    assert checked(dear, bought(40, 30, price=6.0)).passed  # 5 * (1 + 0.4 / 2)
    report = checked(dear, bought(40, 30))
    assert found(report, "supplier.price") == [(pytest.approx(6), 5)]
    assert found(report, "cost.tariff")[0] == (pytest.approx(24), 20)
    assert report.of_kind("cost.purchase")


def test_a_quota_holds_for_all_sales_together_in_its_years() -> None:
    assert checked(market(kind="quota", amount=40), bought(40, 30)).passed
    report = checked(market(kind="quota", amount=39), bought(40, 30))
    assert found(report, "supplier") == [(39, 40)]
    assert checked(market(kind="quota", amount=39, destinations="CN"), bought(40, 30)).passed
    assert checked(market(kind="quota", amount=39, start=2027.75), bought(40, 30)).passed  # after the middle
    assert found(checked(market(kind="quota", amount=99, start=2026), bought(40, 30)), "supplier") == [(99, 130)]


def test_denied_classes_are_given_nothing_of_the_exporter() -> None:
    denial = market(kind="ban", classes="defence")
    followed: dict[str, Any] = {"given": (40, 0), "stored": (30, 30)}
    # What is drawn from the stockpile is the exporter's too: home's 40 t of the second year are all there is without.
    assert checked(denial, bought(30, 40, **followed)).passed, str(checked(denial, bought(30, 40, **followed)))
    assert found(checked(denial, bought(40, 30, **followed)), "origin") == [(30, 40)]
    assert checked(market(kind="ban", exempt="ev"), bought(30, 40, **followed)).passed
    some: dict[str, Any] = {"given": (40, 10), "stored": (30, 30)}
    assert found(checked(denial, bought(40, 30, **some)), "origin") == [(0, 10)]
    assert checked(market(kind="licence", classes="def*", passes=0.25), bought(40, 30, **some)).passed
    stage = market(kind="ban", classes="defence", phase_in=1)
    assert checked(stage, bought(50, 20, given=(40, 20), stored=(30, 30))).passed
    assert found(checked(stage, bought(51, 19, given=(40, 21), stored=(30, 30))), "origin") == [(20, 21)]


def test_a_stockpile_does_not_launder_what_is_denied() -> None:
    denial = market(kind="ban", classes="defence")
    # Said to be taken out clean though put in from China; or put in clean though nothing else came in.
    report = checked(denial, bought(60, 10, given=(40, 0), stored=(30, 0)))
    assert found(report, "origin.stock") == [(0, -30)]
    report = checked(denial, bought(60, 10, given=(40, 0), stored=(0, 0)))
    assert found(report, "origin.better") == [(0, 30)]


def test_rows_of_origin_are_complete_and_true() -> None:
    denial = market(kind="ban", classes="defence")
    assert len(checked(denial, bought(30, 40)).of_kind("origin.whole")) == 4
    assert len(checked(market(), bought(40, 30, given=(40, 0))).of_kind("tables.unknown")) == 2
    tables = bought(30, 40, given=(40, 0), stored=(30, 30))
    tables["origin"].loc[1, "level"] = "from US"
    assert checked(denial, tables).of_kind("tables.unknown")


# --- work under way ---------------------------------------------------------------------------------------


YEARS = [f"calm:{year}" for year in range(2026, 2030)]


def built(added: list[float], costs: dict[str, float], online: float = 2028.5) -> dict[str, pd.DataFrame]:
    total = sum(costs.values())
    return tables_of(
        nodes=(NODES, [node_row(node, parent) for node, parent in zip(YEARS, ["", *YEARS], strict=False)]),
        scenarios=certain(total),
        plan=(PLAN, [("build", "", "plant", "US", "magnet", "2026", "2026", 2026.0, 2028.0, online, online, 10.0, T,
                      None, "", 20.0, total, 0.0, "USD")]),
        capacity=(CAPACITY, [("plant", "facility", "US", "magnet", node, 0, online, 0, online, online, 0, T)
                             for node, online in zip(YEARS, added, strict=True)]),
        costs=(COSTS, [("capital", "build", "US", node, money, money, "USD") for node, money in costs.items()]),
    )


def test_a_technology_ban_delays_the_work_and_makes_it_dearer() -> None:
    # One year done in 2026, half of one in 2027, the rest by mid 2028. A quarter of the work is a fifth dearer.
    late = built([0, 0, 5, 10], {"calm:2028": 1.05 / 2, "calm:2029": 1.05})
    assert checked(slowed(), late).passed, str(checked(slowed(), late))
    on_time = built([0, 0, 10, 10], {"calm:2028": 1.05, "calm:2029": 1.05})
    assert found(checked(slowed(), on_time), "capacity.added") == [(5, 10)]
    cheap = built([0, 0, 5, 10], {"calm:2028": 0.5, "calm:2029": 1.0})
    assert found(checked(slowed(), cheap), "plan.cost") == [(pytest.approx(1.575), 1.5)]
    assert len(checked(slowed(), cheap).of_kind("cost.capital")) == 4


def test_a_lump_sum_pays_for_dearer_work_when_it_is_done() -> None:
    data = slowed()
    data["time"]["capital_charge"] = "lump_sum"
    assert checked(data, built([0, 0, 5, 10], {"calm:2026": 20.0, "calm:2027": 1.0})).passed
    assert checked(data, built([0, 0, 5, 10], {"calm:2026": 21.0})).of_kind("cost.capital")


def test_who_builds_at_once_is_known_after_the_delay() -> None:
    late = built([0, 0, 5, 10], {"calm:2028": 1.05 / 2, "calm:2029": 1.05})
    for latest, number in ((2026, 1), (2027, 2), (2029, 2)):  # 2028 and 2029 are too late to serve anybody
        data = slowed(latest=latest) | {"project_groups": {"crew": {"projects": "*", "building_at_once": 0}}}
        assert len(checked(data, late).of_kind("plan.group")) == number
    data = slowed(latest=2029, lead_time=1)
    data["projects"]["other"] = {**data["projects"]["build"], "lead_time": 0.5}
    data["project_groups"] = {"crew": {"projects": "*", "building_at_once": 0}}
    assert len(checked(data, late).of_kind("plan.group")) == 1  # done at the start of 2027


def walk(data: dict[str, Any], owner: str, decided: float = 2026) -> list[tuple[float, float, float]]:
    """Commissioning, share of the cost added so far and in the node, along the path to a branch's last node."""
    instances = variants(data)
    horizon = build_horizon(next(iter(instances.values())))
    case = Case(instances, horizon, {}, Ledger(1e-6), (), 1.0)
    path = horizon.path[next(n for n in reversed(horizon.nodes) if n.owner == owner)]
    first = next(node for node in path if node.start == decided)
    steps = [progress(case, "build", first, node) for node in path if node.start >= decided]
    return [(step.commissioned, round(step.dearer, 12), round(step.added, 12)) for step in steps]


def test_work_goes_on_through_the_window_of_a_shock() -> None:
    data = slowed()
    data["shocks"] = {"stop": {"hazard": 0.1, "length": 3, "earliest": 2027, "latest": 2027, "controls": "halt"}}
    data["controls"]["halt"] = {"exporter": "CN", "kind": "technology", "projects": ["bu*"], "destinations": "*",
                                "pace": 0.25, "dearer": 0.4}
    inf = math.inf
    assert walk(data, "calm") == [(inf, 0, 0), (inf, 0.05, 0.05), (2028.5, 0.05, 0), (2028.5, 0.05, 0)]
    # A quarter of a year is done in each of three years: the slower and the dearer measure counts.
    assert walk(data, "stop@2027") == [(inf, 0, 0), (inf, 0.05, 0.05), (inf, 0.1, 0.05), (inf, 0.15, 0.05)]


def test_what_takes_no_time_is_bought_at_the_price_of_the_day() -> None:
    assert walk(slowed(lead_time=0), "calm", 2027) == [(2027, 0.2, 0.2), (2027, 0.2, 0), (2027, 0.2, 0)]
    assert walk(slowed(lead_time=0), "calm")[0] == (2026, 0, 0)
