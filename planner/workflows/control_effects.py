"""Effect of all controls on what passes, by commodity, destination, class of users and period."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pandas as pd

from planner.formulation.mathematics.construction import work
from planner.formulation.mathematics.control import class_passing, for_all, passing, price_multiple, quota
from planner.formulation.network import Network
from planner.language.controls import Quota
from planner.results.rows import TableRow, at
from planner.tables.frames import looked_up, table
from planner.tables.schemas import SHOWN
from planner.tree.nodes import Node

ALL = "all"
NEUTRAL = {"passes": 1.0, "price": 1.0, "quota": math.inf, "pace": 1.0, "dearer": 0.0}  # What no control touches.


def passing_table(network: Network) -> pd.DataFrame:
    """One row per measure, exporter, what it touches, destination, class and node, with all controls combined.

    `passes`: share of the usual volume (of a class: most of what it is given); `price`: factor on prices; `quota`:
    most in all [quantity/year]; `pace` and `dearer`: work on projects.
    """
    rows = [row for node in network.tree.nodes for row in _rows(network, node)]
    return table(SHOWN["passing"], rows)


def _rows(network: Network, node: Node) -> Iterator[TableRow]:
    for exporter, commodity, region in _routes(network):
        place = {"exporter": exporter, "item": commodity, "destination": region, **at(node)}
        yield place | {"measure": "passes", "class": ALL, "value": passing(network, exporter, commodity, region, node)}
        for user in _classes(network, commodity, region):
            share = class_passing(network, exporter, commodity, region, user, node)
            yield place | {"measure": "passes", "class": user, "value": share}
    for (supplier, region) in dict.fromkeys((s, r) for s, _, r in network.purchases):
        part = network.base.suppliers[supplier]
        if part.origin is not None:
            yield {"measure": "price", "exporter": part.origin, "item": supplier, "destination": region, "class": ALL,
                   **at(node), "value": price_multiple(network, supplier, region, node)}
    for name, control in network.base.controls.items():
        if isinstance(control, Quota):
            yield {"measure": "quota", "exporter": control.exporter, "item": name,
                   "destination": " ".join(control.destinations), "class": ALL, **at(node),
                   "value": quota(network, name, node)}
    pace, dearer = work(network).technology(node)
    for project, position in work(network).position.items():
        region = network.region_of(network.asset_of(network.base.projects[project]))
        for measure, values in (("pace", pace), ("dearer", dearer)):
            yield {"measure": measure, "exporter": "", "item": project, "destination": region, "class": ALL,
                   **at(node), "value": float(values[position])}


def _routes(network: Network) -> list[tuple[str, str, str]]:
    """Exporter, commodity and destination of every supply and movement that a control could touch."""
    exporters = {control.exporter for control in network.base.controls.values()}
    suppliers = network.base.suppliers
    bought = ((suppliers[s].origin, suppliers[s].commodity, r) for s, _, r in network.purchases)
    sent = ((m.origin, m.commodity, m.destination) for m in network.movements)
    return list(dict.fromkeys((x, k, r) for x, k, r in (*bought, *sent) if x is not None and x in exporters))


def _classes(network: Network, commodity: str, region: str) -> list[str]:
    if all(for_all(control) for control in network.base.controls.values()):
        return []
    demands = network.base.demands
    balance = network.balance.get((commodity, region))
    return list(dict.fromkeys(demands[d].user_class for d, _ in balance.delivered)) if balance is not None else []


def touched(frame: pd.DataFrame) -> pd.DataFrame:
    """One row per distinct course over the periods, with all that shares it; what no control touches is left out."""
    neutral = looked_up(frame["measure"], NEUTRAL)
    keys = ["future", "measure", "exporter", "item", "destination", "class"]
    changed = frame.assign(changed=(frame["value"] - neutral).abs() > 1e-12).groupby(keys, sort=False)["changed"].any()
    courses: dict[tuple[Any, ...], list[tuple[str, float]]] = {}
    for row in frame.to_dict("records"):
        key = tuple(row[k] for k in keys)
        if changed[key]:
            courses.setdefault(key, []).append((row["period"], row["value"]))
    by_item: dict[tuple[Any, ...], list[str]] = {}
    for (future, measure, exporter, item, destination, user), course in courses.items():
        by_item.setdefault((future, measure, exporter, item, user, tuple(course)), []).append(destination)
    merged: dict[tuple[Any, ...], list[str]] = {}
    for (future, measure, exporter, item, user, course), places in by_item.items():
        merged.setdefault((future, measure, exporter, tuple(places), user, course), []).append(item)
    rows = [
        {"future": future, "measure": measure, "exporter": exporter, "items": " ".join(items),
         "destinations": " ".join(places), "class": user, "course": _course(course)}
        for (future, measure, exporter, places, user, course), items in merged.items()
    ]
    return pd.DataFrame(rows, columns=["future", "measure", "exporter", "items", "destinations", "class", "course"])


def _course(course: tuple[tuple[str, float], ...]) -> str:
    """Values by period, equal neighbours together: 2026: 0.95, 2027-2031: 0.6."""
    spans: list[tuple[str, str, float]] = []
    for period, value in course:
        if spans and (spans[-1][2] == value or abs(spans[-1][2] - value) < 1e-12):
            spans[-1] = (spans[-1][0], period, value)
        else:
            spans.append((period, period, value))
    return ", ".join(
        f"{_between(first, last)}: {f'{value:.3g}' if math.isfinite(value) else 'no limit'}"
        for first, last, value in spans
    )


def _between(first: str, last: str) -> str:
    return first if first == last else f"{first.partition('-')[0]}-{last.rpartition('-')[2]}"
