"""Small instances and their tables, written by hand for the tests of the check."""

from __future__ import annotations

import io
import math
from copy import deepcopy
from typing import Any

import pandas as pd

from planner.check import CheckReport, check_run
from planner.check.reading import LAYOUTS
from planner.language.instance import Instance

T = "t/year"
# Money is what it is at 1 USD/t times t, and a year is worth the same as any other.
PLAIN: dict[str, Any] = {
    "name": "plain",
    "units": {"quantity": "t", "money": "USD", "price": "USD/t"},
    "time": {"start": 2026, "periods": [1, 1], "discount_rate": 0, "base_year": 2026, "discounting": "mid_period",
             "capital_charge": "annuity"},
    "futures": {"calm": {"probability": 1}},
    "regions": {"US": {}, "CN": {}},
    "commodities": {"oxide": {"disposal": "forbidden"}},
}


def with_parts(**parts: Any) -> dict[str, Any]:
    return {**deepcopy(PLAIN), **parts}


def instance_of(data: dict[str, Any]) -> Instance:
    return Instance.model_validate(data)


def variants(data: dict[str, Any]) -> dict[str, Instance]:
    instance = instance_of(data)
    return dict.fromkeys([*instance.futures, *instance.shocks], instance)


def tables_of(**given: tuple[str, list[tuple[Any, ...]]]) -> dict[str, pd.DataFrame]:
    """All tables, those not given without rows; a `node` column brings future, period and year along."""
    tables = {}
    for name, layout in LAYOUTS.items():
        columns, rows = given.get(name, (" ".join(sorted(layout.columns)), []))
        table = pd.DataFrame(rows, columns=columns.split())
        if name in given and layout.by_node:
            parts = [str(node).rpartition(":") for node in table["node"]]
            table["future"], table["period"] = [p[0] for p in parts], [p[2] for p in parts]
            table["year"] = [float(p[2]) for p in parts]
        tables[name] = pd.read_csv(io.StringIO(table.to_csv(index=False)), keep_default_na=False)
    return tables


FIRST, SECOND = "calm:2026", "calm:2027"
NODES = "node parent future period year length probability factor weight futures group source onset"
SCENARIOS = "scenario future onset probability low high cost weight alone unit"
COSTS = "item part region node yearly discounted unit"
CAPACITY = "asset kind region stage node existing added retired online available used unit"
PLAN = ("project title target region stage group period decided planned_online online_first online_last"
        " size size_unit modules standing capital_cost charged public_money money_unit")


def node_row(node: str, parent: str, probability: float = 1.0, **other: Any) -> tuple[Any, ...]:
    """A node of one year that is worth its probability."""
    future, _, period = node.rpartition(":")
    words = {"futures": future, "group": period, "source": future, "onset": None} | other
    return (node, parent, future, period, float(period), 1.0, probability, 1.0, probability, *words.values())


def certain(cost: float) -> tuple[str, list[tuple[Any, ...]]]:
    """The one scenario of a run whose future is known."""
    return SCENARIOS, [("calm", "calm", None, 1.0, 1.0, 1.0, cost, 1.0, None, "USD")]


def checked(data: dict[str, Any], tables: dict[str, pd.DataFrame]) -> CheckReport:
    """The check of a run whose objective is the sum of its costs."""
    return check_run(variants(data), tables, math.fsum(tables["costs"]["discounted"]))


def found(report: CheckReport, kind: str) -> list[tuple[float | str, float | str]]:
    return [(finding.expected, finding.found) for finding in report.of_kind(kind)]


def slowed(**project: Any) -> dict[str, Any]:
    """A plant decided in 2026 that takes two years; in 2027 work goes at half the pace and is a fifth dearer."""
    data = with_parts(
        futures={"calm": {"probability": 1, "controls": ["tools"]}},
        processes={"press": {"outputs": {"oxide": 1}, "variable_cost": 0}},
        facilities={"plant": {"region": "US", "stage": "magnet", "capacity": 0, "processes": "press"}},
        projects={"build": {"facility": "plant", "size": {"fixed": 10}, "capital": {"fixed": 20}, "lead_time": 2,
                            "life": 20, "latest": 2026, **project}},
        controls={"tools": {"exporter": "CN", "kind": "technology", "stages": ["magnet"], "destinations": "U?",
                            "start": 2027, "end": 2028, "pace": 0.5, "dearer": 0.2}},
    )
    data["time"]["periods"] = [1] * 4
    return data
