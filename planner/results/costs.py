"""The costs table: every item of the objective, by part, region and node.

`yearly` is money per year at that node, `discounted` its contribution to total cost.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from planner.common.caching import cached
from planner.formulation.mathematics.construction import work
from planner.formulation.mathematics.security import coupled
from planner.language.units import unit
from planner.program.coupling import beside_values, is_coupled
from planner.program.program import CostItem
from planner.results.rows import TableRow, at
from planner.results.solution import Solution
from planner.tables.frames import conformed, table
from planner.tables.schemas import RUN


@cached
def costs(solution: Solution) -> pd.DataFrame:
    """Every item of cost; kept, for other tables read it too."""
    money = unit(solution.network.base.units, "money")
    rows = (*_operating(solution), *_capital(solution), *_penalties(solution))
    found = table(RUN["costs"], (row | {"unit": money} for row in rows))
    keys = [name for name in found.columns if name not in ("yearly", "discounted")]
    summed = found.groupby(keys, sort=False, as_index=False)[["yearly", "discounted"]].sum()
    return conformed(RUN["costs"], summed[(summed["yearly"] != 0) | (summed["discounted"] != 0)])


def _operating(solution: Solution) -> Iterator[TableRow]:
    """Every cost that a node's own variables or links carry."""
    for node in solution.nodes:
        for item in solution.program.cost_items(node):
            yield from _item(solution, item)


def _penalties(solution: Solution) -> Iterator[TableRow]:
    """Penalties of missed rules on the plan as a whole: paid when the horizon begins, in all futures."""
    network = solution.network
    if not is_coupled(network):
        return
    for key, missed in beside_values(solution.program, solution.outcome.values, "missed_overall").items():
        price = coupled.penalty(network, key)
        if not missed or not price:
            continue
        row = {"item": "penalty", "part": key[0], "region": "*"}
        whole = solution.nodes[0].length  # Windows that are cut stand for a part of the first period.
        for node in solution.nodes:
            if node.period == 0:
                yearly = price * missed / (whole * node.factor)
                yield row | at(node) | {"yearly": yearly, "discounted": yearly * node.weight}


def _item(solution: Solution, item: CostItem) -> Iterator[TableRow]:
    node = item.node
    assert node is not None
    amounts = item.yearly * solution.array(node, item.family)
    place = at(node)
    for i in np.flatnonzero(amounts).tolist():
        (part, region), yearly = item.parts[i], float(amounts[i])
        yield {"item": item.item, "part": part, "region": region, **place, "yearly": yearly,
               "discounted": yearly * node.weight}


def _capital(solution: Solution) -> Iterator[TableRow]:
    """Capital: the annuity in every node it is charged at, or the whole cost at the node of decision."""
    network = solution.network
    for decision in solution.decided:
        for decided in network.tree.groups[decision.group]:
            project = network.instance(decided).projects[decision.project]
            cost = solution.overnight(decision.project, decided)
            region = network.region_of(network.asset_of(project))
            row = {"item": "capital", "part": decision.project, "region": region}
            for charge in work(network).charges(decision.project, decided):
                yearly = charge.yearly * cost
                yield row | at(charge.node) | {"yearly": yearly, "discounted": yearly * charge.weight}
