"""Choices of the switches of a run's page, in order, and their state when it opens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from planner.reports.terms import ALL

if TYPE_CHECKING:
    from planner.reports.run import Run

Choices = dict[str, list[tuple[str, str, bool]]]  # By switch: value, label, chosen at first.


def options(run: Run) -> dict[str, list[Any]]:
    """The values of every switch: futures, years, elements and regions."""
    return {
        "future": list(run.paths), "year": sorted(float(year) for year in run.tables["nodes"]["year"].unique()),
        "element": _elements(run), "region": [ALL, *run.instance.regions],
    }


def first(run: Run) -> dict[str, Any]:
    """The first future, the year in the middle, the element of which most is delivered, all regions."""
    return {name: values[len(values) // 2 if name == "year" else 0] for name, values in options(run).items() if values}


def switches(run: Run) -> Choices:
    """The choices of every switch that has more than one."""
    futures = {name: part.title or name for name, part in run.instance.futures.items()}
    nodes = run.tables["nodes"]
    labels: dict[str, dict[Any, str]] = {
        "future": futures, "year": {float(y): str(p) for y, p in zip(nodes["year"], nodes["period"], strict=True)},
        "region": {name: run.region(name) for name in run.instance.regions},
    }
    return {
        switch: [(repr(value) if switch == "year" else value, labels.get(switch, {}).get(value, value),
                  value == run.first[switch]) for value in values]
        for switch, values in options(run).items() if len(values) > 1
    }


def _elements(run: Run) -> list[str]:
    """Elements of the instance, the one of which most is delivered first: what leaves is negative."""
    balance = run.tables["element_balance"]
    delivered = balance[balance["measure"] == "delivered"].groupby("element")["amount"].sum()
    return sorted(run.instance.elements, key=lambda name: float(delivered.get(name, 0.0)))
