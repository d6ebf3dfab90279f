"""Check of the capacity of every asset: what exists, is retired, added, online and available."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from planner.check.capital import Decision
from planner.check.case import Case
from planner.check.horizon import Node, available_share
from planner.check.plan import decision_groups
from planner.check.work import progress, targets


@dataclass
class Capacity:
    """Recomputed capacity by asset and node, and what the table says is used."""

    online: dict[tuple[str, Node], float] = field(default_factory=dict)
    available: dict[tuple[str, Node], float] = field(default_factory=dict)
    stated_use: dict[tuple[str, Node], float] = field(default_factory=dict)


def check_capacity(case: Case, decisions: list[Decision]) -> Capacity:
    """Capacity recomputed from the plan and the retirements, compared with the table."""
    capacity = Capacity()
    retired = _retired(case)
    added = _added(case, decisions)
    stated = {(asset, node): row for node, asset, *row in case.tables["capacity"].by_node(
        "asset", "existing", "retired", "added", "online", "available", "used", "kind", "region", "stage")}
    built = set(targets(case).values())
    for node in case.horizon.nodes:
        instance = case.at(node)
        for name, facility in instance.facilities.items():
            existing, share = facility.capacity.at(node.middle), facility.availability.at(node.middle)
            closed = existing * retired.get((name, node), 0.0)
            parts = (existing, closed, added.get((name, node), 0.0), share)
            row = stated.pop((name, node), None)
            _compare(case, capacity, name, node, parts, row)
            if row is not None:
                found = (row[6], row[7], row[8])
                case.described("capacity", case.where(node, name), ("facility", facility.region, facility.stage), found)
        for movement in case.movements:
            limit = instance.lanes[movement.lane].capacity
            if limit is None and movement.key not in built:
                continue
            existing = limit.at(node.middle) if limit is not None else 0.0
            share = case.lane_passes(movement, node)
            parts = (existing, 0.0, added.get((movement.key, node), 0.0), share)
            row = stated.pop((movement.key, node), None)
            _compare(case, capacity, movement.key, node, parts, row, movement.key in built)
    for asset, node in stated:
        case.unknown("capacity", case.where(node, asset))
    return capacity


def _compare(
    case: Case, capacity: Capacity, asset: str, node: Node, parts: tuple[float, float, float, float],
    row: list[float] | None, needed: bool = True,
) -> None:
    """Enter the recomputed capacity of an asset and hold the table's row against it."""
    existing, closed, added, share = parts
    online = existing - closed + added
    capacity.online[asset, node], capacity.available[asset, node] = online, share * online
    where = case.where(node, asset)
    if row is None:
        if needed:
            case.ledger.fault("capacity.missing", where, "a row", "nothing")
        return
    names = ("existing", "retired", "added", "online", "available")
    for name, wanted, found in zip(names, (existing, closed, added, online, share * online), row, strict=False):
        case.ledger.equal(f"capacity.{name}", where, wanted, found, existing + added)
    capacity.stated_use[asset, node] = row[5]


def _retired(case: Case) -> dict[tuple[str, Node], float]:
    """Share of existing capacity closed up to each node, by facility."""
    groups = decision_groups(case)
    shares: dict[tuple[str, Node], float] = {}
    for name, group, period, share in case.tables["retirements"].rows("facility", "group", "period", "share"):
        facility = case.base.facilities.get(name)
        if facility is None or group not in groups:
            case.unknown("retirements", f"{name} {group}")
            continue
        case.described("retirements", f"{name} {group}", (case.horizon.periods[groups[group][0]],), (period,))
        permitted = 1.0 if facility.retirement else 0.0
        case.ledger.at_most("retirement.share", f"{name} in {group}", permitted, share)
        if groups[group][0].onset is not None:
            case.ledger.at_most("retirement.window", f"{name} in {group}", 0.0, share)
        for node in groups[group]:
            shares[name, node] = shares.get((name, node), 0.0) + share
    closed: dict[tuple[str, Node], float] = {}
    for name in {name for name, _ in shares}:
        for node, path in case.horizon.path.items():
            closed[name, node] = math.fsum(shares.get((name, before), 0.0) for before in path)
            case.ledger.at_most("retirement.total", case.where(node, name), 1.0, closed[name, node])
    return closed


def _added(case: Case, decisions: Iterable[Decision]) -> dict[tuple[str, Node], float]:
    """Capacity that projects have added, by asset and node."""
    assets = targets(case)
    added: dict[tuple[str, Node], float] = {}
    taken: dict[Node, list[Decision]] = {}
    for decision in decisions:
        for node in decision.nodes:
            taken.setdefault(node, []).append(decision)
    for node, path in case.horizon.path.items():
        for decided in path:
            for decision in taken.get(decided, ()):
                project = case.at(decided).projects[decision.project]
                begun = progress(case, decision.project, decided, node).commissioned
                share = available_share(project, begun, node)
                key = (assets[decision.project], node)
                added[key] = added.get(key, 0.0) + share * decision.size
    return added
