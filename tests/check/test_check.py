"""The independent check: a run worked out by hand passes, every corruption of it is found."""

from __future__ import annotations

import io
import math
from typing import Any

import pandas as pd
import pytest

from planner.check import check_run
from planner.language.instance import Instance
from tests.check.worked_out import (
    BASE,
    CALM,
    EMBARGO,
    LATER,
    OBJECTIVE,
    T,
    changed,
    check,
    frame,
    hand_written,
    variants,
)


def test_the_run_worked_out_by_hand_passes() -> None:
    report = check()
    assert report.passed, str(report)
    assert report.findings == ()
    assert report.largest_residual < 1e-12
    assert report.tests["balance"] == 9  # oxide in AU and US, scrap in US, in three nodes
    assert "passed" in str(report)


def test_ordinary_reading_of_the_files_passes_too() -> None:
    tables = {name: pd.read_csv(io.StringIO(table.to_csv(index=False))) for name, table in hand_written().items()}
    assert check(tables).passed


def test_a_maximised_objective_is_the_negative_cost() -> None:
    data = changed("objective", {"sense": "maximise"})
    assert check(data=data, objective=-OBJECTIVE).passed
    assert check(data=data).of_kind("objective.reported")


# One cell of one table changed: (table, row, column, value, kind of finding).
CELLS = [
    ("nodes", 1, "probability", 0.5, "nodes.probability"),
    ("nodes", 1, "factor", 1.0, "nodes.factor"),
    ("nodes", 2, "parent", LATER, "nodes.parent"),
    ("nodes", 2, "weight", 0.4, "nodes.weight"),
    ("nodes", 0, "futures", "calm", "nodes.futures"),
    ("nodes", 2, "group", EMBARGO, "nodes.group"),
    ("nodes", 2, "source", "calm", "nodes.source"),
    ("nodes", 2, "onset", 2027.0, "nodes.onset"),
    ("scenarios", 0, "scenario", "still", "tables.unknown"),
    ("scenarios", 1, "future", "calm", "scenario.future"),
    ("scenarios", 1, "onset", 2027.0, "scenario.onset"),
    ("scenarios", 1, "probability", 0.5, "scenario.probability"),
    ("scenarios", 1, "low", 0.3, "scenario.low"),
    ("scenarios", 1, "high", 0.5, "scenario.high"),
    ("scenarios", 0, "cost", 1.0, "scenario.cost"),
    ("scenarios", 0, "weight", 0.5, "scenario.weight"),
    ("scenarios", 0, "alone", 0.5, "scenario.alone"),
    ("scenarios", 0, "unit", "USD", "tables.unit"),
    ("plan", 0, "size", 60.0, "plan.size"),
    ("plan", 0, "size", 5.0, "plan.size"),
    ("plan", 0, "size", 21.0, "capacity.added"),
    ("plan", 0, "group", "2027", "plan.window"),
    ("plan", 0, "modules", 2, "plan.modules"),
    ("plan", 0, "planned_online", 2026.0, "plan.dates"),
    ("plan", 0, "online_first", 2026.0, "plan.dates"),
    ("plan", 0, "online_last", 2027.5, "plan.dates"),
    ("plan", 0, "online_last", None, "plan.dates"),
    ("plan", 0, "capital_cost", 1.0, "plan.cost"),
    ("plan", 0, "charged", 0.2, "plan.cost"),
    ("plan", 0, "target", "plant", "tables.label"),
    ("plan", 0, "project", "shrink", "tables.unknown"),
    ("plan", 0, "size_unit", "kt/year", "tables.unit"),
    ("capacity", 2, "added", 30.0, "capacity.added"),
    ("capacity", 2, "online", 130.0, "capacity.online"),
    ("capacity", 2, "used", 110.0, "capacity.used"),
    ("capacity", 0, "retired", 10.0, "capacity.retired"),
    ("activity", 0, "activity", 101.0, "capacity.exceeded"),
    ("activity", 0, "activity", 99.0, "balance"),
    ("activity", 0, "activity", -100.0, "negative"),
    ("activity", 0, "process", "recycle", "tables.unknown"),
    ("activity", 0, "node", "calm:2030", "tables.node"),
    ("activity", 0, "period", "2027", "tables.node"),
    ("flows", 1, "sent", 119.0, "balance"),
    ("flows", 1, "arrived", 120.0, "lane.arrived"),
    ("flows", 1, "origin", "CN", "tables.unknown"),
    ("purchases", 0, "amount", 101.0, "supplier.step"),
    ("purchases", 0, "amount", 71.0, "balance"),
    ("purchases", 0, "price", 4.0, "supplier.price"),
    ("purchases", 0, "origin", "AU", "tables.label"),
    ("purchases", 0, "amount", 90.0, "requirement.dependence"),
    ("sales", 0, "amount", 7.0, "outlet.depth"),
    ("sales", 0, "price", 2.0, "outlet.price"),
    ("stocks", 1, "stock", 30.0, "stock.dynamics"),
    ("stocks", 1, "before", 10.0, "stock.before"),
    ("stocks", 1, "release", 1.0, "stock.emergency"),
    ("stocks", 1, "stock", 41.0, "stock.capacity"),
    ("demand", 0, "amount", 140.0, "demand.required"),
    ("demand", 1, "amount", 140.0, "demand.met"),
    ("demand", 11, "amount", 90.0, "demand.tranche"),
    ("demand", 2, "amount", 8.0, "substitution.growth"),
    ("demand", 6, "amount", 3.0, "substitution.kept"),
    ("demand", 6, "amount", 33.0, "substitution.most"),
    ("demand", 3, "item", "2", "tables.unknown"),
    ("demand", 2, "item", "oxide", "tables.unknown"),
    ("flows", 0, "used", 0, "lane.used"),
    ("plan", 0, "title", "Another", "tables.label"),
    ("returns", 1, "collected", 15.0, "returns.collected"),
    ("returns", 1, "returning", 25.0, "returns.returning"),
    ("requirements", 2, "violation", 4.0, "requirement.served"),
    ("requirements", 2, "achieved", 0.99, "requirement.achieved"),
    ("requirements", 0, "target", 0.9, "requirement.target"),
    ("requirements", 1, "slack", 9.0, "requirement.slack"),
    ("requirements", 3, "violation", 1.0, "requirement.violation"),
    ("costs", 0, "discounted", 0.3, "cost.variable"),
    ("costs", 3, "yearly", 0.3, "cost.purchase"),
    ("costs", 0, "region", "US", "cost.variable"),
    ("costs", 0, "item", "luck", "tables.unknown"),
    ("costs", 0, "yearly", float("nan"), "tables.number"),
]


@pytest.mark.parametrize(("table", "row", "column", "value", "kind"), CELLS)
def test_a_changed_cell_is_found(table: str, row: int, column: str, value: Any, kind: str) -> None:
    tables = hand_written()
    tables[table][column] = tables[table][column].astype(object)
    tables[table].loc[row, column] = value
    report = check(tables)
    assert not report.passed
    assert report.of_kind(kind), str(report)
    assert "FAILED" in str(report)


# One statement of the instance changed under unchanged tables: (path, value, kind of finding).
STATEMENTS = [
    ("time/discount_rate", 0.2, "nodes.factor"),
    ("time/capital_charge", "lump_sum", "cost.capital"),
    ("futures/embargo/controls", [], "stock.emergency"),
    ("commodities/oxide/disposal", 1.0, None),
    ("processes/dig/use", 1.1, "capacity.exceeded"),
    ("processes/recycle/outputs", {"oxide": 0.7}, "balance"),
    ("facilities/mine/availability", 0.9, "capacity.available"),
    ("facilities/plant/minimum_load", 0.6, "capacity.minimum_load"),
    ("facilities/mine/variable_costs", {"dig": 1.0}, "cost.variable"),
    ("projects/expand/lead_time", 1.5, "capacity.added"),
    ("projects/expand/ramp", [0.5], "capacity.added"),
    ("projects/expand/cost_of_capital", 0.05, "cost.capital"),
    ("projects/expand/earliest", 2027, "plan.window"),
    ("projects/expand/size", {"module": 10, "modules": 3}, "plan.modules"),
    ("projects/expand/size", {"fixed": 30}, "plan.size"),
    ("projects/expand/capital", {"curve": [{"size": 0, "cost": 0}, {"size": 40, "cost": 3}]}, "plan.cost"),
    ("projects/expand/public_money", 2.0, "plan.cost"),
    ("project_groups", {"few": {"projects": ["*"], "at_most": 0}}, "plan.group"),
    ("project_groups", {"crew": {"projects": ["*"], "building_at_once": 0}}, "plan.group"),
    ("project_groups", {"big": {"projects": ["exp*"], "least_size": 30}}, "plan.group"),
    ("project_groups", {"small": {"projects": ["exp*"], "most_size": 15}}, "plan.group"),
    ("project_groups", {"money": {"projects": ["exp*"], "most_capital": 1.1}}, "plan.group"),
    ("project_groups", {"other": {"projects": ["x*"], "at_most": 0}}, None),
    ("lanes/sea/capacity", 110, "lane.capacity"),
    ("lanes/sea/fixed_cost", 1.0, "cost.lane_fixed"),
    ("lanes/sea/curve", [{"size": 0, "cost": 0}, {"size": 100, "cost": 1}], "lane.curve"),
    ("lanes/sea/curve", [{"size": 0, "cost": 0}, {"size": 200, "cost": 1}], "cost.freight"),
    ("lanes/sea/curve", [{"size": 0, "cost": 0}, {"size": 90, "cost": 0.009}, {"size": 200, "cost": 0.02}], None),
    ("suppliers/china/region_limits", {"US": 60}, "supplier.region"),
    ("suppliers/china/steps", [{"price": 5, "reserve": 109}], "supplier.reserve"),
    ("suppliers/china/steps", [{"price": 5, "reserve": 110}], None),
    ("suppliers/china/tariffs", {}, "cost.tariff"),
    ("outlets/market/least", 3, "outlet.least"),
    ("outlets/market/delivery_costs", {"AU": 0.5}, "cost.sales_delivery"),
    ("limits", {"in": {"suppliers": ["*"], "lanes": ["sea"], "most": 160}}, "limit.most"),
    ("limits", {"dug": {"activities": ["mine/*"], "least": 110}}, "limit.least"),
    ("limits", {"all": {"suppliers": ["*"], "lanes": ["*"], "outlets": ["*"], "least": 120, "most": 170}}, None),
    ("stockpiles/reserve/least", 1, "stock.least"),
    ("stockpiles/reserve/fill_limit", 9, "stock.fill_limit"),
    ("stockpiles/reserve/release_limit", 10, "stock.release_limit"),
    ("stockpiles/reserve/decay", 0.0, "stock.dynamics"),
    ("stockpiles/reserve/final_value", 2, "cost.final_value"),
    ("returns/old_motors/lifetime", {0: 0.4}, "returns.returning"),
    ("requirements/served/elastic", None, "requirement.violation"),
    ("requirements/served/futures", ["calm"], "tables.unknown"),
    ("requirements/served/start", 2028, "tables.unknown"),
    ("requirements/origin/share", 0.4, "requirement.dependence"),
    ("controls/stop_oxide/start", 2028, "stock.emergency"),
    ("units/money", "USD", "cost.variable"),
]


@pytest.mark.parametrize(("path", "value", "kind"), STATEMENTS)
def test_a_changed_statement_is_found(path: str, value: Any, kind: str | None) -> None:
    report = check(data=changed(path, value))
    if kind is None:
        assert report.passed, str(report)
    else:
        assert report.of_kind(kind), str(report)


def test_purchases_under_a_ban_are_found() -> None:
    data = changed("futures/calm/controls", ["stop*"])
    assert check(data=data).of_kind("supplier.control")


def test_half_of_the_volume_under_a_licence_is_found() -> None:
    data = changed("futures/calm/controls", ["slow"])
    data["controls"]["slow"] = {"exporter": "CN", "kind": "licence", "stages": ["separation"], "destinations": ["US"],
                                "start": 2026, "end": 2027, "passes": 0.8, "delay": 0.25}
    found = check(data=data).of_kind("supplier.control")
    # 100 * (1 - 0.2 - 0.8 * 0.25): the licence share, and a quarter's volume lost at the onset.
    assert [(finding.expected, finding.found) for finding in found] == [(pytest.approx(60), 70)]


def test_overrides_of_a_future_hold_in_its_own_nodes() -> None:
    instances = variants(BASE)
    instances["embargo"] = Instance.model_validate(changed("facilities/mine/capacity", 110))
    found = check_run(instances, hand_written(), OBJECTIVE).of_kind("capacity.existing")
    assert [finding.where for finding in found] == [f"mine in {EMBARGO}"]


def test_a_project_decided_twice_is_found() -> None:
    tables = hand_written()
    again = tables["plan"].assign(
        group="2027", period="2027", decided=2027.0, planned_online=2028.0, online_first=None, online_last=None,
        charged=0.0)
    tables["plan"] = pd.concat([tables["plan"], again], ignore_index=True)
    data = changed("projects/expand/latest", None)
    assert check(tables, data=data).of_kind("plan.once")
    data["projects"]["expand"]["repeatable"] = True
    assert check(tables, data=data).passed  # what is commissioned in 2028 adds neither capacity nor cost


def test_a_missing_prerequisite_is_found() -> None:
    data = changed("projects/road", {**BASE["projects"]["expand"], "facility": "plant"})
    data["projects"]["expand"]["requires"] = ["road"]
    assert len(check(data=data).of_kind("plan.requires")) == 2  # one per path


def test_closing_without_permission_and_twice_is_found() -> None:
    tables = hand_written()
    tables["retirements"] = frame("facility group period share", ("mine", "2026", "2026", 0.6),
                                  ("mine", "2027", "2027", 0.6), ("plant", "2026", "2026", 0.1))
    report = check(tables)
    assert report.of_kind("retirement.total")
    assert [finding.where for finding in report.of_kind("retirement.share")] == ["plant in 2026"]
    assert report.of_kind("capacity.retired")


def test_forbidden_disposal_is_found() -> None:
    tables = hand_written()
    tables["disposal"] = frame("commodity region node amount unit", ("oxide", "US", CALM, 1.0, T))
    assert check(tables).of_kind("disposal.forbidden")


def test_rows_left_out_are_found() -> None:
    for table, row, kind in (
        ("nodes", 2, "nodes.missing"), ("scenarios", 1, "scenario.missing"),
        ("capacity", 0, "capacity.missing"), ("stocks", 2, "stock.missing"),
        ("demand", 0, "demand.missing"), ("activity", 0, "balance"), ("purchases", 1, "balance"),
        ("requirements", 2, "requirement.served"), ("requirements", 0, "requirement.missing"),
        ("returns", 1, "returns.missing"), ("costs", 5, "cost.delivery"), ("plan", 0, "capacity.added"),
    ):
        tables = hand_written()
        tables[table] = tables[table].drop(index=row)
        assert check(tables).of_kind(kind), (table, kind)


def test_missing_and_unknown_tables_and_columns_are_findings() -> None:
    for table in hand_written():
        tables = hand_written()
        del tables[table]
        assert [f.where for f in check(tables).of_kind("tables.missing")] == [table]
        tables = hand_written()
        column = tables[table].columns[0]
        tables[table] = tables[table].rename(columns={column: "nonsense"})
        assert len(check(tables).of_kind("tables.columns")) == 2
    assert check({**hand_written(), "guesses": frame("node")}).of_kind("tables.unknown")
    assert not check({}).passed


def test_a_row_given_twice_is_found() -> None:
    for table in ("plan", "capacity", "activity", "stocks", "demand", "requirements"):
        tables = hand_written()
        tables[table] = pd.concat([tables[table], tables[table].iloc[:1]], ignore_index=True)
        assert check(tables).of_kind("tables.duplicate"), table


def test_a_wrong_objective_is_found() -> None:
    assert check(objective=OBJECTIVE * (1 + 1e-5)).of_kind("objective.reported")
    assert check(objective=OBJECTIVE * (1 + 1e-8)).passed
    assert check(objective=math.nan).of_kind("objective.reported")


def test_findings_stand_in_order_of_severity() -> None:
    tables = hand_written()
    tables["activity"].loc[0, "activity"] = 99.0
    tables["stocks"].loc[1, "stock"] = 500.0
    tables["activity"].loc[1, "process"] = "alchemy"
    report = check(tables)
    assert math.isinf(report.findings[0].difference)
    assert not math.isinf(report.largest_residual)
    assert report.largest_residual > 0.5
