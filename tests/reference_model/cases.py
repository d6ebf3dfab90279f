"""Cases small enough to work out by hand: users of 10 t a year, and what may supply them."""

from __future__ import annotations

from typing import Any

from tests.generators.instances import by_future
from tests.reference_model.objective import reference_objective

Raw = dict[str, Any]


def case(**parts: Any) -> Raw:
    """Users of 10 t a year in one region, who lose 5 USD per t they lack; two years, no discounting."""
    time = {"start": 2026, "periods": [1, 1], "discount_rate": 0.0, "base_year": 2026}
    time |= {"discounting": "mid_period", "capital_charge": "annuity"} | parts.pop("time", {})
    raw: Raw = {"name": "case", "units": {"quantity": "t", "money": "USD", "price": "USD/t"}, "time": time}
    raw["regions"] = {"US": {}, "JP": {}, "CN": {}}
    raw["commodities"] = {"magnet": {"disposal": "free", "stage": "magnet"}, "oxide": {"disposal": "free"}}
    raw["demands"] = {"users": users()}
    return raw | parts


def users(**parts: Any) -> Raw:
    shortage = [{"share": 1.0, "cost": 5.0}]
    return {"region": "US", "class": "ev", "accepts": {"magnet": 1}, "amount": 10.0, "shortage": shortage} | parts


def plant(**parts: Any) -> Raw:
    """A plant that makes magnets from nothing, and its recipe."""
    facility = {"region": "US", "capacity": 0.0, "processes": ["make"]} | parts
    return {"processes": {"make": {"outputs": {"magnet": 1}, "variable_cost": 0.0}}, "facilities": {"plant": facility}}


def project(**parts: Any) -> Raw:
    """10 t a year at the plant for 20 USD, decided at the start."""
    base: Raw = {"facility": "plant", "size": {"fixed": 10.0}, "capital": {"fixed": 20.0}, "lead_time": 0.0}
    return base | {"life": 20.0, "latest": 2026} | parts


def supplier(**parts: Any) -> Raw:
    steps = [{"price": 1.0, "amount": 10.0}]
    return {"commodity": "magnet", "origin": "CN", "regions": ["US"], "steps": steps} | parts


def solved(raw: Raw, relax: bool = False) -> float:
    return reference_objective(by_future(raw), relax)
