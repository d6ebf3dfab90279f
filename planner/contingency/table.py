"""The table of outages: effect of every loss on a plan, and on one that prepares for none, and a fix for the gap.

`fix` is the stock at the users that would have closed the gap of the plan that prepares for nothing, of the commodity
that is cheapest at its price in the period before; `fix_cost` its value at that price, nothing where none is known.
Other answers, such as another plant, may be cheaper: the plan itself answers all losses together, at least cost.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from planner.common.words import number
from planner.contingency.recourse import Borne
from planner.formulation.contingencies import Loss, outage_of
from planner.language.counterfactuals import Instances
from planner.language.units import unit
from planner.program.program import Program
from planner.results.rows import TableRow
from planner.solving.outcome import Outcome
from planner.tables.frames import table
from planner.tables.schemas import RUN
from planner.tree.nodes import Node

DIGITS = 8  # Of a shortfall: what lies below is rounding of the solver.


def outages(
    instances: Instances, program: Program, outcome: Outcome, chosen: Sequence[Loss], borne: Mapping[Loss, Borne],
    unprepared: Mapping[Loss, Borne],
) -> pd.DataFrame:
    """A row per loss: its effect on the plan of an outcome, and on the `unprepared` plan."""
    return table(RUN["outages"], OutageTable(instances, program, outcome, chosen).of(borne, unprepared))


def nothing_tried() -> pd.DataFrame:
    """The table where there is no plan to try losses on."""
    return table(RUN["outages"], [])


def _severity(unprepared: Borne, prepared: Borne) -> tuple[float, ...]:
    """Sort key of losses, worst first: shortfall to the target, then the share served."""
    shortfalls = (round(-b.shortfall, DIGITS) for b in (unprepared, prepared))
    return (*shortfalls, unprepared.served, prepared.served)


class OutageTable:
    """The rows of the table of outages."""

    def __init__(self, instances: Instances, program: Program, outcome: Outcome, chosen: Sequence[Loss]) -> None:
        self.base, self.program, self.chosen = next(iter(instances.values())), program, set(chosen)
        self.nodes = {n.key: n for n in program.network.tree.nodes}
        self.prices = {
            (node.index, key): float(outcome.prices[i])
            for i, (node, family, key) in enumerate(program.rows) if family == "balance" and node is not None
        }

    def of(self, borne: Mapping[Loss, Borne], unprepared: Mapping[Loss, Borne]) -> Iterator[TableRow]:
        order = sorted(borne, key=lambda loss: _severity(unprepared[loss], borne[loss]))
        ranks = {loss: i for i, loss in enumerate(order, 1)}
        units = self.base.units
        for loss, found in borne.items():
            node, part = self.nodes[f"{loss.future}:{loss.period}"], outage_of(self.base, loss)
            before = unprepared[loss]
            fix, quantity, cost = self.fix(before, node)
            yield {
                "requirement": loss.requirement, "loss": part.loss, "lost": loss.words, "node": node.key,
                "future": node.future, "period": node.period_name, "year": node.start,
                "target": part.target.at(node.middle), "served": found.served, "worst_demand": found.worst,
                "worst_served": found.worst_served, "served_unprepared": before.served,
                "lacking_unprepared": sum(before.lacking.values()), "shortfall_unprepared": before.shortfall,
                "rank": ranks[loss], "added": loss in self.chosen,
                "fix": fix, "fix_quantity": quantity, "fix_cost": cost, "unit": unit(units, "quantity"),
                "money_unit": units.money,
            }

    def fix(self, before: Borne, node: Node) -> tuple[str, float, float]:
        """Stock at the users that would have closed the gap, at the price of the period before; nothing if none."""
        words, quantity, cost = [], 0.0, 0.0
        for demand, lacking in before.lacking.items():
            if lacking <= 1e-9:
                continue
            part = self.base.demands[demand]
            amounts = {k: lacking * node.length / effect for k, effect in part.accepts.items()}
            prices = {k: self.price(k, part.region, node) for k in amounts}
            cheapest = min(amounts, key=lambda k: amounts[k] * prices[k] if math.isfinite(prices[k]) else math.inf)
            words.append(f"{number(amounts[cheapest])} {self.base.units.quantity} of {cheapest} in {part.region}")
            quantity += amounts[cheapest]
            cost += amounts[cheapest] * prices[cheapest] * self.program.network.price
        return " and ".join(words), quantity, cost

    def price(self, commodity: str, region: str, node: Node) -> float:
        """Shadow price of a commodity in the period before a loss, or in its own where that is the first."""
        before = self.program.network.tree.parent(node) or node
        dual = self.prices.get((before.index, (commodity, region)), math.nan)
        return dual / (before.weight * self.program.network.price) if before.weight else math.nan
