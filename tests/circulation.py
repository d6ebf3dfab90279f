"""An instance in which acid circulates between two processes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml


def case(acid: float = 1.0, **parts: Any) -> dict[str, Any]:
    """Users of 10 t of oxide a year; acid leaches the ore and some of it is recovered."""
    time = {"start": 2026, "periods": [1], "discount_rate": 0, "base_year": 2026}
    return {
        "name": "loop", "units": {"quantity": "t", "money": "USD", "price": "USD/t"},
        "time": time | {"discounting": "start_of_period", "capital_charge": "lump_sum"},
        "regions": {"here": {}, "there": {}},
        "commodities": {name: {"disposal": "free"} for name in ("ore", "acid", "liquor", "oxide")},
        "processes": {
            "leach": {"inputs": {"ore": 1, "acid": 1}, "outputs": {"liquor": 2}, "variable_cost": 1},
            "precipitate": {"inputs": {"liquor": 2}, "outputs": {"oxide": 0.5, "acid": acid}, "variable_cost": 1},
        },
        "facilities": {"works": {"region": "here", "capacity": 100, "processes": ["*"]}},
        "suppliers": {"ore": {"commodity": "ore", "regions": ["here"], "steps": [{"price": 1}]}},
        "demands": {"users": {"region": "here", "class": "all", "accepts": {"oxide": 1}, "amount": 10}},
    } | parts  # fmt: skip


def written(folder: Path, content: dict[str, Any]) -> Path:
    path = folder / "case.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path
