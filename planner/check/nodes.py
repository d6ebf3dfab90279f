"""Check of the table of nodes, and the labels that the other tables use."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from planner.check.horizon import Horizon, Node, stated_period
from planner.check.reading import MOMENT, moment, read_table
from planner.check.report import Ledger, listed
from planner.schema import Instance


def check_nodes(instance: Instance, horizon: Horizon, frames: Mapping[str, pd.DataFrame], ledger: Ledger) -> None:
    """Every node is listed once with its parent, futures, probability, factor and weight."""
    table = read_table(frames, "nodes", horizon, ledger)
    rows = dict(enumerate(table.rows("node", "future", "period", "year")))
    places = {(node.owner, round(node.start / MOMENT)): node for node in horizon.nodes}
    found: dict[Node, int] = {}
    for number, (label, future, period, year) in rows.items():
        node = places.get((future, round(year / MOMENT)))
        if node is None or node in found:
            ledger.fault("nodes.unknown", str(label), "one row per node of the instance", "another row")
            continue
        found[node] = number
        horizon.labels[node], horizon.periods[node] = label, period
    for node in horizon.nodes:
        if node not in found:
            horizon.periods[node] = stated_period(instance, node) or f"{node.start:.10g}"
            horizon.labels[node] = f"{node.owner}:{horizon.periods[node]}"
            ledger.fault("nodes.missing", horizon.labels[node], "a row", "nothing")
    numbers = list(table.rows("length", "probability", "factor", "weight"))
    texts = list(table.rows("parent", "futures", "group"))
    names = {node.index: horizon.periods[node] for node in reversed(horizon.nodes)}
    for node, number in found.items():
        _check_label(instance, horizon, node, names[node.index], ledger)
        _check_place(instance, horizon, node, texts[number], ledger)
        where = horizon.labels[node]
        stated = (node.length, node.probability, node.factor, node.weight)
        for kind, wanted, given in zip(("length", "probability", "factor", "weight"), stated, numbers[number],
                                       strict=True):
            ledger.equal(f"nodes.{kind}", where, wanted, given)


def _check_label(instance: Instance, horizon: Horizon, node: Node, name: str, ledger: Ledger) -> None:
    label, period, owner = horizon.labels[node], horizon.periods[node], f"{node.owner}:"
    ledger.same("nodes.name", label, owner, label[: len(owner)])
    ledger.same("nodes.name", label, period, moment(label[len(owner) :]))
    stated = stated_period(instance, node)
    if stated is not None:
        ledger.same("nodes.name", label, moment(stated), period)
    ledger.same("nodes.name", label, name, period)


def _check_place(
    instance: Instance, horizon: Horizon, node: Node, texts: tuple[str, str, str], ledger: Ledger
) -> None:
    parent, futures, group = texts
    label = horizon.labels[node]
    ledger.same("nodes.parent", label, horizon.labels[node.parent] if node.parent else "", parent)
    ledger.same("nodes.futures", label, listed(node.futures), listed(futures.split(";")))
    ledger.same("nodes.group", label, horizon.periods[node] if instance.plan == "common" else label, group)
