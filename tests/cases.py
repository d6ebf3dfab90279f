"""Instances small enough to be computed by hand: for requirements, for plants that are lost, for tiny numbers.

In the first two a hundred tonnes a year are needed at home; the exporter sells at 10 USD/t, a plant at home makes at
20, going short costs 50. One tonne is one quantity, one USD one money; nothing is discounted.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import yaml

Raw = dict[str, Any]
BASE: Raw = {
    "name": "by-hand",
    "units": {"quantity": "t", "money": "USD", "price": "USD/t"},
    "time": {"start": 2026, "periods": [1], "discount_rate": 0, "base_year": 2026, "discounting": "mid_period",
             "capital_charge": "annuity"},
    "regions": {"CN": {}, "US": {}},
    "commodities": {"magnet": {"stage": "magnet", "disposal": "free"}},
    "processes": {"make": {"outputs": {"magnet": 1}, "variable_cost": 20}},
    "facilities": {"plant": {"region": "US", "capacity": 100, "processes": ["make"]}},
    "suppliers": {"china": {"commodity": "magnet", "origin": "CN", "regions": ["US"],
                            "steps": [{"price": 10, "amount": 500}]}},
    "demands": {"cars": {"region": "US", "class": "ev", "accepts": {"magnet": 1}, "amount": 100,
                         "shortage": [{"share": 1, "cost": 50}]}},
}
STORE = {"commodity": "magnet", "region": "US", "owner": "government", "initial": 0, "capacity": 1000,
         "holding_cost": 1}
BAN = {"exporter": "CN", "kind": "ban", "commodities": ["magnet"], "destinations": ["*"]}
TWO_YEARS = {"time.periods": [1, 1], "facilities.plant.capacity": 0, "stockpiles": {"store": STORE}}
SHOCK = {**TWO_YEARS, "controls": {"ban": BAN}, "shocks": {
    "embargo": {"length": 1, "hazard": 0, "tested": True, "earliest": 2027, "controls": ["ban"]}}}
TWO_FUTURES = {
    **TWO_YEARS, "controls": {"ban": BAN},
    "futures": {"calm": {"probability": 0.5}, "storm": {"probability": 0.5, "from": "calm", "branches": 2027,
                                                        "controls": ["ban"]}},
}


def case_file(tmp_path: Path, changes: Raw, requirements: Raw) -> Path:
    raw = copy.deepcopy(BASE) | {"requirements": requirements}
    for path, value in changes.items():
        *way, last = path.split(".")
        place: Any = raw
        for key in way:
            place = place[int(key)] if isinstance(place, list) else place[key]
        place[last] = copy.deepcopy(value)
    file = tmp_path / "case.yaml"
    file.write_text(yaml.safe_dump(raw, sort_keys=False))
    return file


# Two plants of 60 t and 20 t in America, one of 60 t in Japan that may be built, China at 10 USD/t, stock at 1 a year.
PLANTS: dict[str, Any] = {
    "time.periods": [1, 1], "regions": {"CN": {}, "US": {}, "JP": {}},
    "facilities": {
        "first": {"region": "US", "capacity": 60, "processes": ["make"]},
        "second": {"region": "US", "capacity": 20, "processes": ["make"]},
        "third": {"region": "JP", "capacity": 0, "processes": ["make"]},
    },
    "projects": {"third": {"facility": "third", "size": {"fixed": 60}, "capital": {"fixed": 300}, "lead_time": 1,
                           "life": 20, "repeatable": False}},
    "lanes": {"pacific": {"commodities": ["magnet"], "from": ["JP"], "to": ["US"], "freight": 2}},
    "suppliers.china.steps": [{"price": 10, "amount": 60}],
    "stockpiles": {"store": {"commodity": "magnet", "region": "US", "owner": "government", "initial": 40,
                             "capacity": 1000, "holding_cost": 1, "release_limit": 25}},
}
RULES: dict[str, Any] = {
    "facility": {"kind": "outage", "loss": "facility", "target": 1},
    "country": {"kind": "outage", "loss": "country", "start": 2027, "target": 0.9},
    "one facility": {"kind": "outage", "loss": "facility", "of": ["first"], "start": 2027, "target": 1},
}


def terbium() -> dict[str, Any]:
    """0.2 kg of terbium a year, of which ore holds 0.8 g a tonne, in megatonnes: an entry below 1e-9."""
    return {
        "name": "c01", "units": {"quantity": "Mt", "money": "MUSD", "price": "USD/kg"},
        "time": {"start": 2030, "periods": [1], "discount_rate": 0, "base_year": 2030, "discounting": "mid_period",
                 "capital_charge": "annuity"},
        "regions": {"US": {}}, "commodities": {"ore": {"disposal": "free"}, "tb": {"disposal": "free"}},
        "processes": {"leach": {"inputs": {"ore": 1}, "outputs": {"tb": 8e-10}, "variable_cost": 3}},
        "facilities": {"f": {"region": "US", "capacity": 10, "processes": ["leach"]}},
        "suppliers": {"s": {"commodity": "ore", "origin": "CN", "regions": ["US"], "steps": [{"price": 0}]}},
        "demands": {"d": {"region": "US", "class": "c", "accepts": {"tb": 1}, "amount": 2e-10}},
    }  # fmt: skip
