"""The independent check of futures: trees, windows of shocks and risk measures worked out by hand."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from planner.check import check_run
from planner.check.case import Case
from planner.check.horizon import Horizon
from planner.check.report import Ledger
from planner.check.risk import scenario_name
from planner.check.tree import build_horizon
from planner.language.instance import Instance
from tests.check.check_tables import (
    CAPACITY,
    COSTS,
    FIRST,
    NODES,
    PLAN,
    SCENARIOS,
    SECOND,
    T,
    checked,
    instance_of,
    node_row,
    slowed,
    tables_of,
    with_parts,
)

# --- the tree ---------------------------------------------------------------------------------------------


def two_futures_and_a_shock(**parts: Any) -> Horizon:
    data = with_parts(
        futures={"calm": {"probability": 0.75, "range": [0.5, 0.8]},
                 "heat": {"probability": 0.25, "from": "calm", "branches": 2027}},
        shocks={"stop": {"hazard": 0.1, "range": [0.0, 0.2], "length": 1.5}}, **parts,
    )
    data["time"]["periods"] = [1, 1, 2]
    return build_horizon(instance_of(data))


Numbers = dict[Any, tuple[float, ...]]


def rounded(numbers: Numbers) -> Numbers:
    return {key: tuple(round(number, 9) for number in values) for key, values in numbers.items()}


def facts(horizon: Horizon) -> Numbers:
    """Length and probability of every node by its owner and start."""
    return rounded({(n.owner, n.start): (n.length, n.probability) for n in horizon.nodes})


def test_windows_take_the_place_of_nodes_with_their_probability() -> None:
    horizon = two_futures_and_a_shock()
    # Calm: 0.1, then 0.9 * 0.1, then 0.81 * 0.19 begin; heat has left the calm's path before the second onset.
    assert facts(horizon) == rounded({
        ("calm", 2026): (1, 0.9),
        ("calm", 2027): (1, 0.492075 + 0.075 / 2 + 0.115425),
        ("heat", 2027): (1, 0.225 + 0.025 / 2),
        ("calm", 2028): (2, 0.492075 + 0.075 + 0.0675 * 0.75 + 0.115425 * 0.25),
        ("heat", 2028): (2, 0.25),
        ("stop@2026", 2026): (1, 0.1), ("stop@2026", 2027): (0.5, 0.1),
        ("stop@2027", 2027): (1, 0.0675), ("stop@2027", 2028): (0.5, 0.0675),
        ("stop@2028-2029", 2028): (1.5, 0.115425),
    })
    by_place = {(n.owner, n.start): n for n in horizon.nodes}
    assert by_place["stop@2026", 2026].parent is None
    assert by_place["stop@2027", 2027].parent is by_place["calm", 2026]
    assert by_place["stop@2027", 2028].parent is by_place["stop@2027", 2027]
    assert [(n.source, n.onset) for n in horizon.path[by_place["stop@2027", 2028]]] == [
        ("calm", None), ("stop", 2027), ("stop", 2027)]
    assert len(horizon.leaves) == 5


def test_scenarios_are_named_and_ranged() -> None:
    horizon = two_futures_and_a_shock()
    horizon.labels.update({n: f"{n.owner}:2026" for n in horizon.nodes})
    case = Case({}, horizon, {}, Ledger(1e-6), (), 1.0)
    found = rounded({scenario_name(case, s): (s.probability, s.low, s.high) for s in horizon.scenarios})
    # At the ends of the hazard's range, 0 and 0.2: 0.8 * 0.8 * 0.64 stay calm at worst, all of it at best.
    assert found == rounded({
        "calm": (0.492075, 0.5 * 0.4096, 0.8),
        "stop@2026 then calm": (0.075, 0.0, 0.8 * 0.2),
        "stop@2027": (0.0675, 0.0, 0.8 * 0.16),
        "stop@2028-2029": (0.115425, 0.0, 0.8 * 0.64 * 0.36),
        "heat": (0.225, 0.25 * 0.8, 0.25),
        "stop@2026 then heat": (0.025, 0.0, 0.05),
    })
    assert list(found) == ["calm", "stop@2026 then calm", "stop@2027", "stop@2028-2029", "heat", "stop@2026 then heat"]


def test_with_hindsight_everything_has_a_past_of_its_own() -> None:
    horizon = two_futures_and_a_shock(clairvoyant=True)
    assert facts(horizon) == rounded({
        ("calm", 2026): (1, 0.492075), ("heat", 2026): (1, 0.225),
        # The window of 2026 ends in the middle of 2027; from then on it is calm, or heat.
        ("calm", 2027): (1, 0.492075 + 0.075 / 2), ("heat", 2027): (1, 0.225 + 0.025 / 2),
        ("calm", 2028): (2, 0.492075 + 0.075 + 0.0675 * 0.75 + 0.115425 * 0.25), ("heat", 2028): (2, 0.25),
        ("stop@2026", 2026): (1, 0.075), ("stop@2026", 2027): (0.5, 0.075),
        ("stop@2026 then heat", 2026): (1, 0.025), ("stop@2026 then heat", 2027): (0.5, 0.025),
        ("stop@2027", 2026): (1, 0.0675), ("stop@2027", 2027): (1, 0.0675), ("stop@2027", 2028): (0.5, 0.0675),
        ("stop@2028-2029", 2026): (1, 0.115425), ("stop@2028-2029", 2027): (1, 0.115425),
        ("stop@2028-2029", 2028): (1.5, 0.115425),
    })
    past = [(n.source, n.onset) for n in horizon.nodes if n.owner == "stop@2028-2029"]
    assert past == [("calm", None), ("calm", None), ("stop", 2028)]
    # What is known beforehand does not happen any earlier.
    assert [n.source for n in horizon.nodes if n.owner == "heat"] == ["calm", "heat", "heat"]
    assert [n.source for n in horizon.nodes if n.owner == "stop@2026 then heat"] == ["stop", "stop"]
    assert sorted(s.probability for s in horizon.scenarios) == sorted(
        s.probability for s in two_futures_and_a_shock().scenarios)


def test_onsets_keep_to_their_years_and_to_the_branch() -> None:
    data = with_parts(
        futures={"calm": {"probability": 0.5}, "heat": {"probability": 0.5, "from": "calm", "branches": 2027}},
        shocks={"late": {"hazard": 0.1, "length": 1, "earliest": 2027}, "early": {"hazard": 0.1, "length": 1,
                "latest": 2026}, "branch": {"hazard": 0.1, "length": 9, "from": "heat"},
                "never": {"hazard": 0, "length": 1}},
    )
    windows = build_horizon(instance_of(data)).windows
    assert [(w.shock, w.hung.owner, w.hung.start, w.ends) for w in windows] == [
        ("late", "calm", 2027, 2028), ("early", "calm", 2026, 2027), ("branch", "heat", 2027, 2028)]


# --- decisions within the window of a shock ---------------------------------------------------------------


def raided(**project: Any) -> dict[str, Any]:
    data = slowed(lead_time=0, latest=None, **project)
    data["time"] |= {"periods": [1, 1], "capital_charge": "lump_sum"}
    data["shocks"] = {"raid": {"hazard": 0.2, "length": 1, "earliest": 2027}}
    data["controls"] = {}
    return data


def decided_in(group: str, node: str, is_emergency: bool) -> dict[str, pd.DataFrame]:
    """The plant decided at the second of the two nodes that follow the first year, or instead of it."""
    window, odds = "raid@2027:2027", {FIRST: 1.0, SECOND: 0.8, "raid@2027:2027": 0.2}
    price = {at: 20.0 if at == node else 0.0 for at in odds}
    return tables_of(
        nodes=(NODES, [
            node_row(FIRST, ""), node_row(SECOND, FIRST, 0.8),
            node_row(window, FIRST, 0.2, group=window if is_emergency else "", source="raid", onset=2027.0)]),
        scenarios=(SCENARIOS, [("calm", "calm", None, 0.8, 0.8, 0.8, price[SECOND], 0.8, None, "USD"),
                               ("raid@2027", "calm", 2027.0, 0.2, 0.2, 0.2, price[window], 0.2, None, "USD")]),
        plan=(PLAN, [("build", "", "plant", "US", "magnet", group, "2027", 2027.0, 2027.0, 2027.0, 2027.0, 10.0, T,
                      None, "", 20.0, 20 * odds[node], 0.0, "USD")]),
        capacity=(CAPACITY, [("plant", "facility", "US", "magnet", at, 0, size, 0, size, size, 0, T)
                             for at in odds for size in [10 if at == node else 0]]),
        costs=(COSTS, [("capital", "build", "US", node, 20.0, 20 * odds[node], "USD")]),
    )


def test_only_emergency_projects_are_decided_in_a_window() -> None:
    window = "raid@2027:2027"
    report = checked(raided(emergency=True), decided_in(window, window, is_emergency=True))
    assert report.passed, str(report)
    report = checked(raided(), decided_in(window, window, is_emergency=False))
    assert [finding.kind for finding in report.findings] == ["plan.window"]
    assert checked(raided(), decided_in(window, window, is_emergency=True)).of_kind("nodes.group")


def test_capacity_is_not_closed_in_a_window() -> None:
    tables = decided_in("raid@2027:2027", "raid@2027:2027", is_emergency=True)
    tables["retirements"] = pd.DataFrame([("plant", "raid@2027:2027", "2027", 0.5)],
                                         columns=["facility", "group", "period", "share"])
    data = raided(emergency=True)
    data["facilities"]["plant"]["retirement"] = True
    assert [finding.kind for finding in checked(data, tables).findings] == ["retirement.window"]


def test_a_least_size_does_not_bind_a_window() -> None:
    data = raided() | {"project_groups": {"big": {"projects": "*", "least_size": 10}}}
    report = checked(data, decided_in("2027", SECOND, is_emergency=False))
    assert report.passed, str(report)  # the raid takes the year's place in which it is decided
    data["project_groups"]["big"]["least_size"] = 11
    assert len(checked(data, decided_in("2027", SECOND, is_emergency=False)).of_kind("plan.group")) == 1


def renamed(tables: dict[str, pd.DataFrame], old: str, new: str) -> dict[str, pd.DataFrame]:
    """The tables of a horizon with another name of a period."""
    labels = {"node", "parent", "future", "futures", "period", "group", "scenario"}
    return {
        name: table.assign(**{c: [str(v).replace(old, new) for v in table[c]] for c in labels & set(table.columns)})
        for name, table in tables.items()
    }


def test_names_of_windows_follow_those_of_the_periods() -> None:
    window = "raid@2027:2027"
    data, tables = raided(emergency=True), decided_in(window, window, is_emergency=True)
    data["time"]["periods"] = [1, {"length": 1, "name": "second"}]
    assert checked(data, renamed(tables, "2027", "second")).passed
    assert {f.found for f in checked(data, tables).of_kind("nodes.name")} == {"2027"}


def test_names_of_windows_in_parts_of_years() -> None:
    window = "raid@2027:2027"
    data, tables = raided(emergency=True), decided_in(window, window, is_emergency=True)
    data["time"] |= {"start": 2026.5, "periods": [0.5, 0.5]}
    tables["nodes"]["year"] = [2026.5, 2027.0, 2027.0]
    for table in tables.values():
        if "year" in table:
            table["year"] = table["year"].replace(2026, 2026.5)
    tables = renamed(renamed(tables, "2027", "2027.00"), "2026", "2026.50")
    report = checked(data, tables)
    assert not report.of_kind("nodes.name"), str(report)
    assert not report.of_kind("tables"), str(report)
    assert not report.of_kind("scenario.missing"), str(report)


# --- cost and risk ----------------------------------------------------------------------------------------

FUTURES = {"good": (0.5, [0.3, 0.6], 100.0), "fair": (0.3, [0.2, 0.4], 200.0), "bad": (0.2, [0.1, 0.3], 400.0)}
EXPECTED = 190.0
# Measure, its own fields, the objective, and the weights of the futures.
MEASURES = [
    (None, {}, EXPECTED, [0.5, 0.3, 0.2]),
    # The worst 0.4: all of the bad and as much of the fair, 300 on average; half of that and of what is expected.
    ("cvar", {"tail": 0.4, "weight": 0.5}, 245.0, [0.25, 0.15 + 0.25, 0.1 + 0.25]),
    ("worst", {}, 400.0, [0, 0, 1]),
    ("worst", {"weight": 0.25}, 0.75 * 190 + 100, [0.375, 0.225, 0.15 + 0.25]),
    # The fair future costs 50 more than it would have to; the others 10 and 20.
    ("regret", {"weight": 0.5}, 120.0, [0.25, 0.15 + 0.5, 0.1]),
    # 0.3 for the bad future at most, then 0.4 for the fair one: 120 + 80 + 30.
    ("intervals", {}, 230.0, [0.3, 0.4, 0.3]),
]  # fmt: skip
ALONE = {"good": 90.0, "fair": 150.0, "bad": 380.0}


def risky(measure: str | None, fields: dict[str, Any], sense: str = "minimise") -> dict[str, Instance]:
    """One year in which 10 t are bought at what they cost in each future."""
    data = with_parts(
        futures={name: {"probability": p, "range": ends} for name, (p, ends, _) in FUTURES.items()},
        suppliers={"shop": {"commodity": "oxide", "regions": "US", "steps": [{"price": 1}]}},
        demands={"users": {"region": "US", "class": "ev", "accepts": {"oxide": 1}, "amount": 10}},
        objective={"sense": sense, "risk": {"measure": measure, **fields} if measure else None},
    )
    data["time"]["periods"] = [1]
    instances = {}
    for name, (_, _, cost) in FUTURES.items():
        data["suppliers"]["shop"]["steps"] = [{"price": cost / 10}]
        instances[name] = instance_of(data)
    return instances


def priced(measure: str | None, weights: list[float]) -> dict[str, pd.DataFrame]:
    return tables_of(
        nodes=(NODES, [node_row(f"{name}:2026", "", p) for name, (p, _, _) in FUTURES.items()]),
        purchases=("supplier commodity origin region step node amount price unit",
                   [("shop", "oxide", "", "US", 1, f"{name}:2026", 10.0, cost / 10, T)
                    for name, (_, _, cost) in FUTURES.items()]),
        demand=("demand region class node measure item amount unit",
                [("users", "US", "ev", f"{name}:2026", kind, item, 10.0, T) for name in FUTURES
                 for kind, item in (("required", ""), ("delivered", "oxide"))]),
        costs=(COSTS, [("purchase", "shop", "US", f"{name}:2026", cost, cost * p, "USD")
                       for name, (p, _, cost) in FUTURES.items()]),
        scenarios=(SCENARIOS, [
            (name, name, None, p, *ends, cost, weight, ALONE[name] if measure == "regret" else None, "USD")
            for (name, (p, ends, cost)), weight in zip(FUTURES.items(), weights, strict=True)]),
    )


@pytest.mark.parametrize(("measure", "fields", "objective", "weights"), MEASURES)
def test_risk_measures(measure: str | None, fields: dict[str, Any], objective: float, weights: list[float]) -> None:
    tables = priced(measure, weights)
    report = check_run(risky(measure, fields), tables, objective)
    assert report.passed, str(report)
    assert check_run(risky(measure, fields, "maximise"), tables, -objective).passed
    assert check_run(risky(measure, fields), tables, objective + 1).of_kind("objective.reported")
    wrong = priced(measure, [weights[0] + 0.01, weights[1], weights[2] - 0.01])
    kinds = {finding.kind for finding in check_run(risky(measure, fields), wrong, objective).findings}
    assert kinds == {"scenario.weight"}


def test_weights_are_such_as_the_measure_allows() -> None:
    # 1 of the worst future costs 400; 1.5 of it and -0.25 and -0.25 of the others more: no probabilities at all.
    report = check_run(risky("worst", {}), priced("worst", [-0.5, 0.5, 1.0]), 400.0)
    assert report.of_kind("negative")
    # The same mean from other probabilities than those of the tail.
    report = check_run(risky("cvar", {"tail": 0.5}), priced("cvar", [0.4, 0.0, 0.6]), 280.0)
    assert [(f.where, f.expected) for f in report.of_kind("scenario.weight")] == [("bad", pytest.approx(0.4))]


def test_regret_needs_what_each_future_would_cost_alone() -> None:
    report = check_run(risky("regret", {}), priced(None, [0, 1, 0]), 50.0)
    assert len(report.of_kind("scenario.alone")) == 3
    report = check_run(risky("worst", {}), priced("regret", [0, 0, 1]), 400.0)
    assert len(report.of_kind("scenario.alone")) == 3


def test_intervals_that_no_probabilities_fit_are_found() -> None:
    instances = risky("intervals", {})
    for name, instance in instances.items():
        futures = {n: f.model_copy(update={"range": [f.probability, f.probability - 0.01]})
                   for n, f in instance.futures.items()}
        instances[name] = instance.model_copy(update={"futures": futures})
    report = check_run(instances, priced("intervals", [0.5, 0.3, 0.2]), 190.0)
    assert report.of_kind("objective.intervals")
