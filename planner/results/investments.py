"""The tables of what is decided: the plan, what is closed, and the capacity that comes of both."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable

import pandas as pd

from planner.formulation.mathematics.construction import work
from planner.formulation.mathematics.flow import existing
from planner.language.figure import MOMENT
from planner.language.units import unit
from planner.results.rows import NOTHING, TableRow, at
from planner.results.solution import Decision, Solution
from planner.solving.firmness import standing
from planner.tables.frames import table
from planner.tables.schemas import RUN
from planner.tree.nodes import Node


def plan(solution: Solution) -> pd.DataFrame:
    """Decisions: one row per project and decision.

    `planned_online` is the decision plus its lead time. `online_first` and `online_last` are the actual dates, in the
    first and in the last of the branches that reach the planned date. Empty: not by the end of any, or of one.
    `standing`: firm where every plan without the project is proven dearer, else interchangeable; empty: not asked.
    """
    network, units, stands = solution.network, solution.network.base.units, standing(solution.outcome)

    def rows() -> Iterable[TableRow]:
        for decision in solution.decided:
            project = network.base.projects[decision.project]
            asset, node = network.asset_of(project), decision.node
            first, last = _online(solution, decision)
            charged = sum(
                work(network).charge(decision.project, m) * solution.overnight(decision.project, m)
                for m in network.tree.groups[decision.group]
            )
            yield {
                "project": decision.project, "title": project.title or "", "target": asset,
                "region": network.region_of(asset), "stage": network.stage_of(asset), "group": decision.group,
                "period": node.period_name, "decided": node.start,
                "planned_online": node.start + network.instance(node).projects[decision.project].lead_time,
                "online_first": first, "online_last": last,
                "size": decision.size, "size_unit": unit(units, "quantity/year"), "modules": decision.modules,
                "standing": stands.get(decision.project, ""), "capital_cost": decision.capital, "charged": charged,
                "public_money": project.public_money.at(node.middle), "money_unit": units.money,
            }

    return table(RUN["plan"], rows())


def _online(solution: Solution, decision: Decision) -> tuple[float, float]:
    """When a decision's work is over: in the first and in the last of the branches that reach the planned date."""
    network, position = solution.network, work(solution.network).position[decision.project]
    dates = []
    for decided in network.tree.groups[decision.group]:
        planned = decided.start + network.instance(decided).projects[decision.project].lead_time
        dates += [
            float(work(network).progress(decided, leaf).commissioned[position])
            for leaf in network.tree.from_here(decided) if network.tree.is_leaf(leaf) and leaf.end > planned + MOMENT
        ]
    first, last = (end(dates, default=math.inf) for end in (min, max))
    return first if first < math.inf else math.nan, last if last < math.inf else math.nan


def retirements(solution: Solution) -> pd.DataFrame:
    groups = solution.network.tree.groups
    rows = (
        {"facility": facility, "group": group, "period": groups[group][0].period_name, "share": share}
        for (facility, group), share in solution.of(None, "retire") if share > NOTHING
    )
    return table(RUN["retirements"], rows)


def capacity(solution: Solution) -> pd.DataFrame:
    """Capacity of every facility and every lane that has one, and how much of it is used."""
    network, runs = solution.network, defaultdict[str, list[str]](list)
    for facility, process in network.activities:
        runs[facility].append(process)

    def rows() -> Iterable[TableRow]:
        for node in solution.nodes:
            flows, activity = solution.values(node, "flow"), solution.values(node, "activity")
            processes, added = solution.instance(node).processes, _added(solution, node)
            available, online = solution.values(node, "available"), solution.values(node, "online")
            for asset in network.assets:
                movement = network.movement_of_asset.get(asset)
                is_lane = asset not in network.base.facilities
                used = flows[movement] if is_lane and movement is not None else sum(
                    processes[p].use * activity[asset, p] for p in runs[asset]
                )
                there = online[(asset,)] - added.get(asset, 0.0)
                stands = existing(network, asset, node)
                yield {
                    "asset": asset, "kind": "lane" if is_lane else "facility", "region": network.region_of(asset),
                    "stage": network.stage_of(asset), **at(node), "existing": stands, "added": added.get(asset, 0.0),
                    "retired": max(0.0, stands - there), "online": online[(asset,)],
                    "available": available[(asset,)], "used": used, "unit": unit(network.base.units, "quantity/year"),
                }

    return table(RUN["capacity"], rows())


def _added(solution: Solution, node: Node) -> dict[str, float]:
    """Capacity that projects have brought online at a node, by asset."""
    network, added = solution.network, dict[str, float]()
    begun, position = work(network), work(network).position
    shares = {m.group: begun.available_share(m, node) for m in network.tree.path(node) if m.group}
    for decision in solution.decided:
        if decision.group in shares:
            asset = network.asset_of(network.base.projects[decision.project])
            rho = float(shares[decision.group][position[decision.project]])
            added[asset] = added.get(asset, 0.0) + rho * decision.size
    return added
