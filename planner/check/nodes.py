"""Check of the table of nodes, and the labels that the other tables use."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import pandas as pd

from planner.check.horizon import Horizon, Node, default_period, stated_period
from planner.check.reading import MOMENT, branch, moment, read_table
from planner.check.report import Ledger, listed
from planner.language.instance import Instance

Rows = dict[int, tuple[str, str, str, float]]


def check_nodes(instance: Instance, horizon: Horizon, frames: Mapping[str, pd.DataFrame], ledger: Ledger) -> None:
    """Every node is listed once with its parent, futures, probability, factor and weight."""
    table = read_table(frames, "nodes", horizon, ledger)
    rows: Rows = dict(enumerate(table.rows("node", "future", "period", "year")))
    windows = {node for window in horizon.windows for node in window.nodes}
    found = _find(horizon, (node for node in horizon.nodes if node not in windows), rows)
    # A window is called after the period of its onset, whose name the rows found so far tell.
    names = {node.index: horizon.periods[node] for node in reversed(found)}
    for index in range(len(instance.time.periods)):
        names.setdefault(index, default_period(instance, index))
    for window in horizon.windows:
        window.rename(names[window.hung.index])
    found |= _find(horizon, windows, rows)
    for label, *_ in rows.values():
        ledger.fault("nodes.unknown", str(label), "one row per node of the instance", "another row")
    for node in horizon.nodes:
        if node not in found:
            horizon.periods[node] = names[node.index]
            horizon.labels[node] = f"{node.owner}:{names[node.index]}"
            ledger.fault("nodes.missing", horizon.labels[node], "a row", "nothing")
    numbers = list(table.rows("length", "probability", "factor", "weight", "onset"))
    texts = list(table.rows("parent", "futures", "group", "source"))
    for node, number in found.items():
        _check_label(instance, horizon, node, names[node.index], ledger)
        _check_place(instance, horizon, node, texts[number], ledger)
        _check_numbers(horizon.labels[node], node, numbers[number], ledger)


def _find(horizon: Horizon, nodes: Iterable[Node], rows: Rows) -> dict[Node, int]:
    """The row of each node: of its branch, beginning when it does; such rows are taken out."""
    waiting: dict[str, list[Node]] = {}
    for node in nodes:
        waiting.setdefault(node.owner, []).append(node)
    found: dict[Node, int] = {}
    for number, (label, future, period, year) in list(rows.items()):
        same = next((node for node in waiting.get(future, ()) if abs(node.start - year) <= MOMENT), None)
        if same is not None:
            waiting[future].remove(same)
            found[same] = number
            horizon.labels[same], horizon.periods[same] = label, period
            del rows[number]
    return {node: found[node] for node in horizon.nodes if node in found}


def _check_label(instance: Instance, horizon: Horizon, node: Node, name: str, ledger: Ledger) -> None:
    label, period = horizon.labels[node], horizon.periods[node]
    owner, _, tail = label.rpartition(":")
    ledger.same("nodes.name", label, node.owner, branch(owner))
    ledger.same("nodes.name", label, period, moment(tail))
    stated = stated_period(instance, node.index)
    if stated is not None:
        ledger.same("nodes.name", label, moment(stated), period)
    ledger.same("nodes.name", label, name, period)


def _check_place(
    instance: Instance, horizon: Horizon, node: Node, texts: tuple[str, str, str, str], ledger: Ledger
) -> None:
    parent, futures, group, source = texts
    label = horizon.labels[node]
    ledger.same("nodes.parent", label, horizon.labels[node.parent] if node.parent else "", parent)
    ledger.same("nodes.futures", label, listed(node.futures), listed(map(branch, futures.split(";"))))
    ledger.same("nodes.source", label, node.source, source)
    expected = horizon.periods[node] if instance.plan == "common" else label
    if node.onset is not None:
        # In a window nothing is decided but emergency projects, by each node for itself.
        expected = label if any(project.emergency for project in instance.projects.values()) else ""
    ledger.same("nodes.group", label, expected, group)


def _check_numbers(label: str, node: Node, stated: tuple[float, ...], ledger: Ledger) -> None:
    *numbers, onset = stated
    wanted = (node.length, node.probability, node.factor, node.weight)
    for kind, expected, given in zip(("length", "probability", "factor", "weight"), wanted, numbers, strict=True):
        ledger.equal(f"nodes.{kind}", label, expected, given)
    if node.onset is not None and not math.isnan(onset):
        ledger.equal("nodes.onset", label, node.onset, onset)
    elif node.onset is not None or not math.isnan(onset):
        ledger.fault("nodes.onset", label, "blank" if node.onset is None else node.onset, str(onset))
