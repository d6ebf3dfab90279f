"""The parts that the check works out anew: discounting, nodes, service, controls, names."""

from __future__ import annotations

import io
import math
from copy import deepcopy
from typing import Any

import pandas as pd
import pytest

from planner.check.controls import measures_at, passing
from planner.check.horizon import available_share, discount_factor, service_share
from planner.check.rules import matches, movements, price_factor
from planner.check.tree import build_horizon
from planner.language.instance import Instance, Project, Time
from tests.check.worked_out import BASE, changed, check, hand_written


def timing(**fields: Any) -> Time:
    return Time.model_validate({**BASE["time"], **fields})


def test_discount_factors() -> None:
    assert discount_factor(timing(discounting="mid_period"), 2027, 2) == pytest.approx(1.1**-2)
    assert discount_factor(timing(discounting="start_of_period"), 2027, 2) == pytest.approx(1.1**-1)
    assert discount_factor(timing(discounting="end_of_period"), 2027, 2) == pytest.approx(1.1**-3)
    # The mean of 1.1^-(t - 2026) over [2027, 2029].
    mean = (1.1**-1 - 1.1**-3) / (2 * math.log(1.1))
    assert discount_factor(timing(discounting="continuous"), 2027, 2) == pytest.approx(mean)
    assert discount_factor(timing(discounting="continuous", discount_rate=0), 2027, 2) == 1


def test_futures_share_nodes_until_they_branch() -> None:
    data = changed("time/periods", [1, 1, 2])
    data["futures"] = {"a": {"probability": 0.5}, "b": {"probability": 0.3, "from": "a", "branches": 2027},
                       "c": {"probability": 0.2, "from": "b", "branches": 2028}}
    horizon = build_horizon(Instance.model_validate(data))
    found = {(n.owner, n.start): (n.futures, round(n.probability, 12)) for n in horizon.nodes}
    assert found == {
        ("a", 2026): (("a", "b", "c"), 1.0), ("a", 2027): (("a",), 0.5), ("b", 2027): (("b", "c"), 0.5),
        ("a", 2028): (("a",), 0.5), ("b", 2028): (("b",), 0.3), ("c", 2028): (("c",), 0.2),
    }
    last = horizon.path[horizon.nodes[-1]]
    assert [node.owner for node in last] == ["a", "b", "c"]
    assert len(horizon.leaves) == 3


def test_ramp_and_life() -> None:
    data = {**BASE["projects"]["expand"], "ramp": [0.4, 0.8], "life": 4}
    project = Project.model_validate(data)
    horizon = build_horizon(Instance.model_validate(changed("time/periods", [1] * 8)))
    trunk = [node for node in horizon.nodes if node.owner == "calm"]
    # Commissioned in the middle of 2027: half a year of 0.4, then halves of 0.4 and 0.8, ...; over in mid 2031.
    assert [round(available_share(project, 2027.5, node), 9) for node in trunk] == [0, 0.2, 0.6, 0.9, 1, 0.5, 0, 0]
    assert [round(service_share(project, 2027.5, node), 9) for node in trunk] == [0, 0.5, 1, 1, 1, 0.5, 0, 0]


def test_strictest_ban_times_all_licences() -> None:
    data = deepcopy(BASE)
    common = {"exporter": "CN", "destinations": ["US"], "commodities": ["oxide"]}
    data["controls"] = {
        "stop_half": {**common, "kind": "ban", "start": 2027.5},
        "stop_quarter": {**common, "kind": "ban", "start": 2027.75},
        "stop_elsewhere": {**common, "kind": "ban", "start": 2020, "destinations": ["JP"]},
        "stop_scrap": {**common, "kind": "ban", "start": 2020, "commodities": ["scrap"]},
        "stop_by_licence": {**common, "kind": "licence", "start": 2020, "passes": 0.8},
        "stop_slowly": {**common, "kind": "licence", "start": 2027, "end": 2027.5, "passes": 0.6, "delay": 0.75},
        "stopped": {**common, "kind": "ban", "start": 2020, "end": 2027},
    }
    instance = Instance.model_validate(data)
    node = next(n for n in build_horizon(instance).nodes if n.owner == "embargo")
    passes = passing(measures_at(instance, node), node, "CN", "oxide", instance.commodities["oxide"], "US")
    # The last licence: half a year with 40 % held back, and all that still passed is lost to the delay.
    assert passes == pytest.approx(0.5 * 0.8 * (1 - 0.5 * 0.4 - 0.6 * 0.5))


def test_names_patterns_and_prices() -> None:
    assert matches("oxide.ndpr", ["oxide.*"])
    assert matches("mine", ["m?ne"])
    assert not matches("oxideXndpr", ["oxide.ndpr"])
    assert not matches("mines", ["mine"])
    instance = Instance.model_validate(changed("lanes/sea/to", ["*"]))
    assert [m.key for m in movements(instance)] == ["sea/oxide/AU/US", "sea/oxide/AU/CN"]
    for quantity, money, price, factor in (
        ("t", "MUSD", "USD/kg", 1e-3), ("kt", "bnUSD", "USD/t", 1e-6), ("t", "USD", "USD/t", 1),
        ("t", "MXN", "MXN/t", 1), ("bottle", "kEUR", "EUR/bottle", 1e-3), ("g", "USD", "kUSD/kg", 1),
        ("t", "M€", "€/t", 1e-6),
    ):
        data = changed("units", {"quantity": quantity, "money": money, "price": price})
        assert price_factor(Instance.model_validate(data)) == pytest.approx(factor)
    with pytest.raises(ValueError, match="cannot be counted"):
        price_factor(Instance.model_validate(changed("units/money", "MEUR")))


def test_periods_that_look_like_numbers() -> None:
    data = changed("time/periods", [0.5, 0.5])
    data["time"]["start"] = 2026.5
    tables = hand_written()
    names = {"2026": "2026.50", "2027": "2027.00"}
    for table in tables.values():
        for column in {"period", "group", "node", "parent"} & set(table.columns):
            parts = [str(text).split(":") for text in table[column]]
            table[column] = [":".join([*future, names.get(period, "")]) for *future, period in parts]
    tables["nodes"]["year"] = [2026.5, 2027.0, 2027.0]
    as_numbers = {name: pd.read_csv(io.StringIO(table.to_csv(index=False))) for name, table in tables.items()}
    assert as_numbers["nodes"]["period"].tolist() == [2026.5, 2027.0, 2027.0]
    for read in (tables, as_numbers):
        found = check(read, data=data)
        assert not found.of_kind("nodes.name"), str(found)
        assert not found.of_kind("tables.unknown"), str(found)
    tables["nodes"].loc[0, "node"] = "calm:2026"
    assert check(tables, data=data).of_kind("nodes.name")
