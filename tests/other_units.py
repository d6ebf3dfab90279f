"""The same instance in other units, and what it costs."""

from __future__ import annotations

from typing import Any

from planner.language.figure import Part, walk_figures
from planner.language.instance import Instance, Options
from planner.solving.extensive import solve
from planner.solving.formulate import formulate

EXACT = Options(gap=0.0)
# Factors of quantities and prices: tonnes as grams to gigatonnes, money as cents to billions.
SYSTEMS = [
    (1e6, 1e-6), (1e3, 1e-3), (1e-3, 1e3), (1e-6, 1e6), (1e4, 1e-4),
    (1.0, 1e3), (1.0, 1e-3), (1e3, 1.0), (1e-3, 1.0),
]  # fmt: skip


def restated(instance: Instance, quantity: float, price: float) -> Instance:
    """The same instance in other units; every stated amount, price and sum of money is another number."""
    money = quantity * price
    factors = {"quantity": quantity, "quantity/year": quantity, "price": price, "money": money}
    raw = instance.model_dump(by_alias=True, exclude_unset=True)
    for path, _, unit in walk_figures(instance):
        if unit in factors:
            _scale_figure(_at(raw, instance, path), factors[unit])
    for corner in _corners(raw):
        corner["size"] *= quantity
        corner["cost"] *= money
    return Instance.model_validate(raw)


def _at(raw: Any, part: Any, path: tuple[str | int, ...]) -> Any:
    """What stands in a dump at the path of a figure; names of fields become what the language calls them."""
    for key in path:
        if isinstance(part, Part):
            alias = type(part).model_fields[str(key)].alias
            part, raw = getattr(part, str(key)), raw.get(alias or key, {})
        else:
            part, raw = part[key], raw[key]
    return raw


def _scale_figure(figure: dict[str, Any], factor: float) -> None:
    for key in ("low", "high", "range"):
        figure.pop(key, None)
    if figure.get("value") is not None:
        figure["value"] *= factor
    if figure.get("by_year"):
        figure["by_year"] = {year: value * factor for year, value in figure["by_year"].items()}


def _corners(raw: Any) -> list[dict[str, Any]]:
    """The corners of all cost curves."""
    parts = raw.values() if isinstance(raw, dict) else raw if isinstance(raw, list) else []
    own = list(raw["curve"]) if isinstance(raw, dict) and raw.get("curve") else []
    return own + [corner for part in parts for corner in _corners(part)]


def least(variants: dict[str, Instance], quantity: float = 1.0, price: float = 1.0) -> float:
    """The least cost in other units, told in the old ones."""
    changed = {name: restated(instance, quantity, price) for name, instance in variants.items()}
    outcome = solve(formulate(changed, EXACT), EXACT)
    assert outcome.has_plan
    assert outcome.gap <= 1e-6
    return outcome.objective / (quantity * price)
