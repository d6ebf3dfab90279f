"""A run whose every figure is worked out by hand: its instance, its tables, its costs.

Two periods, two futures, a common plan. One mine in AU (to be expanded), one demand in US that is also
served from CN until the second future's embargo, a stockpile, returns that are recycled, an outlet.
"""

from __future__ import annotations

import io
from copy import deepcopy
from typing import Any

import pandas as pd

from planner.check import CheckReport, check_run
from planner.language.instance import Instance

BASE: dict[str, Any] = {
    "name": "tiny",
    "units": {"quantity": "t", "money": "MUSD", "price": "USD/kg"},
    "time": {"start": 2026, "periods": [1, 1], "discount_rate": 0.1, "base_year": 2026,
             "discounting": "start_of_period", "capital_charge": "annuity"},
    "futures": {
        "calm": {"probability": 0.6},
        "embargo": {"probability": 0.4, "from": "calm", "branches": 2027, "controls": ["stop*"]},
    },
    "regions": {"AU": {}, "US": {}, "CN": {}},
    "elements": ["NdPr"],
    "commodities": {
        "oxide": {"stage": "separation", "elements": {"NdPr": 0.9}, "disposal": "forbidden"},
        "scrap": {"disposal": "free"},
    },
    "processes": {
        "dig": {"outputs": {"oxide": 1}, "variable_cost": 2},
        "recycle": {"inputs": {"scrap": 1}, "outputs": {"oxide": 0.8}, "variable_cost": 3},
    },
    "facilities": {
        "mine": {"region": "AU", "stage": "mine", "capacity": 100, "processes": ["dig"], "fixed_cost": 0.5,
                 "retirement": True},
        "plant": {"region": "US", "capacity": 20, "processes": ["rec*"]},
    },
    "projects": {
        "expand": {"facility": "mine", "size": {"least": 10, "most": 50}, "capital": {"fixed": 1, "variable": 10},
                   "lead_time": 1, "life": 10, "cost_of_capital": 0, "latest": 2026},
    },
    "lanes": {"sea": {"commodities": ["oxide"], "from": ["AU"], "to": ["US"], "freight": 0.1, "loss": 0.1}},
    "suppliers": {
        "china": {"commodity": "oxide", "origin": "CN", "regions": ["US"], "steps": [{"price": 5, "amount": 100}],
                  "tariffs": {"US": 0.2}, "delivery_costs": {"US": 0.3}},
    },
    "outlets": {"market": {"commodity": "oxide", "regions": ["AU"], "steps": [{"price": 1, "amount": 6}]}},
    "demands": {
        "motors": {"region": "US", "class": "ev", "accepts": {"oxide": 1}, "amount": {2026: 150, 2027: 160},
                   "shortage": [{"share": 0.5, "cost": 20}],
                   "substitution": {"growth": 0.05, "most": 0.2, "cost": 4}},
    },
    "stockpiles": {
        "reserve": {"commodity": "oxide", "region": "US", "owner": "government", "initial": 10, "capacity": 40,
                    "decay": 0.1, "release": "emergency", "holding_cost": 0.2, "final_value": 1},
    },
    "returns": {
        "old_motors": {"commodity": "scrap", "region": "US", "delivered": {"oxide": 0.5}, "demands": ["*"],
                       "lifetime": {1: 0.4}, "rate": 0.5, "cost": 1},
    },
    "controls": {
        "stop_oxide": {"exporter": "CN", "kind": "ban", "elements": ["NdPr"], "destinations": ["*"], "start": 2027},
    },
    "requirements": {
        "served": {"kind": "served", "target": 0.95, "elastic": {"penalty": 3}},
        "origin": {"kind": "dependence", "exporter": "CN", "commodities": ["oxide"], "share": 0.5,
                   "by": ["commodity"]},
    },
}

CALM, LATER, EMBARGO = "calm:2026", "calm:2027", "embargo:2027"
PLACES = {CALM: ("calm", "2026", 2026.0), LATER: ("calm", "2027", 2027.0), EMBARGO: ("embargo", "2027", 2027.0)}
# What a yearly cost counts with: probability * length * factor.
WEIGHTS = {CALM: 1.0, LATER: 0.6 / 1.1, EMBARGO: 0.4 / 1.1}
T = "t/year"


def frame(columns: str, *rows: tuple[Any, ...]) -> pd.DataFrame:
    """A table; a `node` column brings future, period and year along. Read back as from a file."""
    names = columns.split()
    table = pd.DataFrame([list(row) for row in rows], columns=names)
    if "node" in names and "parent" not in names:
        for position, name in enumerate(("future", "period", "year")):
            table[name] = [PLACES[node][position] for node in table["node"]]
    return pd.read_csv(io.StringIO(table.to_csv(index=False)), keep_default_na=False)


# Money per year at each node, by item and part, each worked out as k * price * amount with k = 0.001.
YEARLY: dict[str, dict[tuple[str, str, str], float]] = {
    CALM: {
        ("variable", "mine", "AU"): 0.2,  # 2 * 100
        ("fixed", "mine", "AU"): 0.05,  # 0.5 * 100
        ("freight", "sea", "AU"): 0.0095,  # 0.1 * 95
        ("purchase", "china", "US"): 0.35,  # 5 * 70
        ("tariff", "china", "US"): 0.07,  # 20 % of it
        ("delivery", "china", "US"): 0.021,  # 0.3 * 70
        ("sales", "market", "AU"): -0.005,  # 1 * 5
        ("substitution", "motors", "US"): 0.016,  # 4 * 4
        ("holding", "reserve", "US"): 0.0037,  # 0.2 * 18.5
    },
    LATER: {
        ("variable", "mine", "AU"): 0.24,
        ("variable", "plant", "US"): 0.03,  # 3 * 10
        ("fixed", "mine", "AU"): 0.06,  # 0.5 * 120
        ("freight", "sea", "AU"): 0.012,
        ("purchase", "china", "US"): 0.2,  # 5 * 40
        ("tariff", "china", "US"): 0.04,
        ("delivery", "china", "US"): 0.012,
        ("substitution", "motors", "US"): 0.04,  # 4 * 10
        ("holding", "reserve", "US"): 0.00453,  # 0.2 * 22.65
        ("collection", "old_motors", "US"): 0.01,
        ("final_value", "reserve", "US"): -0.02265,
        ("capital", "expand", "AU"): 0.12,  # (1 + 0.001 * 10 * 20) / 10 years
    },
    EMBARGO: {
        ("variable", "mine", "AU"): 0.24,
        ("variable", "plant", "US"): 0.0438,  # 3 * 14.6
        ("fixed", "mine", "AU"): 0.06,
        ("freight", "sea", "AU"): 0.012,
        ("substitution", "motors", "US"): 0.048,  # 4 * 12
        ("shortage", "motors", "US"): 0.2464,  # 20 * 12.32
        ("penalty", "served", "US"): 0.01296,  # 3 * 4.32
        ("holding", "reserve", "US"): 0.00013,  # 0.2 * 0.65
        ("collection", "old_motors", "US"): 0.0146,
        ("final_value", "reserve", "US"): -0.00065,
        ("capital", "expand", "AU"): 0.12,
    },
}
OBJECTIVE = sum(WEIGHTS[node] * sum(items.values()) for node, items in YEARLY.items())
# What each future costs if it comes for certain.
COSTS = {
    future: sum(YEARLY[CALM].values()) + sum(YEARLY[node].values()) / 1.1
    for future, node in (("calm", LATER), ("embargo", EMBARGO))
}


def hand_written() -> dict[str, pd.DataFrame]:
    """The tables of the run, each number worked out by hand."""
    return {
        "nodes": frame(
            "node parent future period year length probability factor weight futures group source onset",
            (CALM, "", "calm", "2026", 2026.0, 1.0, 1.0, 1.0, 1.0, "calm;embargo", "2026", "calm", None),
            (LATER, CALM, "calm", "2027", 2027.0, 1.0, 0.6, 1 / 1.1, 0.6 / 1.1, "calm", "2027", "calm", None),
            (EMBARGO, CALM, "embargo", "2027", 2027.0, 1.0, 0.4, 1 / 1.1, 0.4 / 1.1, "embargo", "2027", "embargo",
             None),
        ),
        "scenarios": frame(
            "scenario future onset probability low high cost weight alone unit",
            ("calm", "calm", None, 0.6, 0.6, 0.6, COSTS["calm"], 0.6, None, "MUSD"),
            ("embargo", "embargo", None, 0.4, 0.4, 0.4, COSTS["embargo"], 0.4, None, "MUSD"),
        ),
        "origin": frame("measure name commodity region to level node amount unit"),
        "plan": frame(
            "project title target region stage group period decided planned_online online_first online_last size"
            " size_unit modules standing capital_cost charged public_money money_unit",
            ("expand", "", "mine", "AU", "mine", "2026", "2026", 2026.0, 2027.0, 2027.0, 2027.0, 20.0, T, None, "", 1.2,
             0.12 / 1.1, 0.0, "MUSD"),
        ),
        "retirements": frame("facility group period share"),
        "capacity": frame(
            "asset kind region stage node existing added retired online available used unit",
            ("mine", "facility", "AU", "mine", CALM, 100, 0, 0, 100, 100, 100, T),
            ("plant", "facility", "US", "", CALM, 20, 0, 0, 20, 20, 0, T),
            ("mine", "facility", "AU", "mine", LATER, 100, 20, 0, 120, 120, 120, T),
            ("plant", "facility", "US", "", LATER, 20, 0, 0, 20, 20, 10, T),
            ("mine", "facility", "AU", "mine", EMBARGO, 100, 20, 0, 120, 120, 120, T),
            ("plant", "facility", "US", "", EMBARGO, 20, 0, 0, 20, 20, 14.6, T),
        ),
        "activity": frame(
            "facility process region stage node activity unit",
            ("mine", "dig", "AU", "mine", CALM, 100.0, T),
            ("mine", "dig", "AU", "mine", LATER, 120.0, T),
            ("plant", "recycle", "US", "", LATER, 10.0, T),
            ("mine", "dig", "AU", "mine", EMBARGO, 120.0, T),
            ("plant", "recycle", "US", "", EMBARGO, 14.6, T),
        ),
        "flows": frame(
            "lane commodity origin destination node sent arrived used unit",
            ("sea", "oxide", "AU", "US", CALM, 95.0, 85.5, 1.0, T),
            ("sea", "oxide", "AU", "US", LATER, 120.0, 108.0, 1.0, T),
            ("sea", "oxide", "AU", "US", EMBARGO, 120.0, 108.0, 1.0, T),
        ),
        "purchases": frame(
            "supplier commodity origin region step node amount price unit",
            ("china", "oxide", "CN", "US", 1, CALM, 70.0, 5.0, T),
            ("china", "oxide", "CN", "US", 1, LATER, 40.0, 5.0, T),
        ),
        "sales": frame(
            "outlet commodity region step node amount price unit", ("market", "oxide", "AU", 1, CALM, 5.0, 1.0, T)
        ),
        "stocks": frame(
            "stockpile commodity region owner node before fill release stock unit",
            ("reserve", "oxide", "US", "government", CALM, 10.0, 9.5, 0.0, 18.5, "t"),
            ("reserve", "oxide", "US", "government", LATER, 18.5, 6.0, 0.0, 22.65, "t"),
            ("reserve", "oxide", "US", "government", EMBARGO, 18.5, 0.0, 16.0, 0.65, "t"),
        ),
        "demand": frame(
            "demand region class node measure item amount unit",
            *(("motors", "US", "ev", node, measure, item, amount, T) for node, measure, item, amount in (
                (CALM, "required", "", 150.0), (CALM, "delivered", "oxide", 146.0),
                (CALM, "substituted", "", 4.0), (CALM, "short", "1", 0.0),
                (LATER, "required", "", 160.0), (LATER, "delivered", "oxide", 150.0),
                (LATER, "substituted", "", 10.0), (LATER, "short", "1", 0.0),
                (EMBARGO, "required", "", 160.0), (EMBARGO, "delivered", "oxide", 135.68),
                (EMBARGO, "substituted", "", 12.0), (EMBARGO, "short", "1", 12.32),
            )),
        ),
        "returns": frame(
            "returns commodity region node returning collected unit",
            ("old_motors", "scrap", "US", CALM, 0.0, 0.0, T),
            ("old_motors", "scrap", "US", LATER, 29.2, 10.0, T),  # 0.4 * 0.5 * 146
            ("old_motors", "scrap", "US", EMBARGO, 29.2, 14.6, T),
        ),
        "disposal": frame("commodity region node amount unit"),
        "requirements": frame(
            "requirement kind scope node target achieved slack violation target_unit shadow_price unit price_unit",
            *((*row, "share", None, T, "USD/kg") for row in (
                ("served", "served", "demand=motors", CALM, 0.95, 1.0, 7.5, 0.0),
                ("served", "served", "demand=motors", LATER, 0.95, 1.0, 8.0, 0.0),
                ("served", "served", "demand=motors", EMBARGO, 0.95, 0.923, 0.0, 4.32),
                ("origin", "dependence", "region=*;commodity=oxide", CALM, 0.5, 70 / 146, 3.0, 0.0),
                ("origin", "dependence", "region=*;commodity=oxide", LATER, 0.5, 40 / 150, 35.0, 0.0),
                ("origin", "dependence", "region=*;commodity=oxide", EMBARGO, 0.5, 0.0, 67.84, 0.0),
            )),
        ),
        "cover": frame("requirement place measure name item node amount unit"),
        "costs": frame(
            "item part region node yearly discounted unit",
            *((*key, node, money, money * WEIGHTS[node], "MUSD")
              for node, items in YEARLY.items() for key, money in items.items()),
        ),
    }


def variants(data: dict[str, Any]) -> dict[str, Instance]:
    instance = Instance.model_validate(data)
    return dict.fromkeys([*instance.futures, *instance.shocks], instance)


def changed(path: str, value: Any) -> dict[str, Any]:
    """The tiny instance with one field stated otherwise; `#0` names the first of a list."""
    data = deepcopy(BASE)
    *above, last = path.split("/")
    part: Any = data
    for word in above:
        part = part[int(word[1:])] if word.startswith("#") else part[word]
    part[last] = value
    return data


def check(
    tables: dict[str, pd.DataFrame] | None = None, objective: float = OBJECTIVE, data: dict[str, Any] | None = None
) -> CheckReport:
    return check_run(variants(data or BASE), hand_written() if tables is None else tables, objective)
