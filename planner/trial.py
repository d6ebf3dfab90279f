"""Trying losses on a plan: the operation of one period, best for the users in scope, with something lost.

All that was decided and stored before is as planned; what is lost only changes bounds, so that one small linear program
per period serves for all losses, each from where the last one ended.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import highspy
import numpy as np

from planner.assemble import Program
from planner.mathematics.security.scope import demands_of, unserved
from planner.names import fits_any
from planner.outage import Loss, exporters, is_lost
from planner.outcome import SolverError
from planner.requirement import Outage
from planner.restrict import restricted
from planner.schema import Instance, Options
from planner.solver import load
from planner.template import Array
from planner.tree import Node

FAILS = 1e-6  # Share of the demand in scope.
IDLE = 1e-12  # What runs at no more does not run.
ROOM = 1e-9  # Share by which rows are eased.


class Borne(NamedTuple):
    """How a loss is borne: shares served in all and of the worst demand, and what is lacking [quantity/year]."""

    loss: Loss
    served: float
    worst: str
    worst_served: float
    lacking: dict[str, float]
    amount: float

    @property
    def fails(self) -> bool:
        return sum(self.lacking.values()) > FAILS * (1 + self.amount)


class Best(NamedTuple):
    """An operation that is best for the users in scope: what lacks, what is short, and the value of every column."""

    lacking: dict[str, float]
    short: dict[str, float]
    values: list[float]


def _eased(sides: Array, sign: int) -> Array:
    """Sides with a little room, for what is fixed holds only within the solver's tolerance."""
    return np.where(np.isfinite(sides), sides + sign * ROOM * (1 + np.abs(sides)), sides)


class Trial:
    """One period; `node` is that of a window in which nothing is lost, `known` the plan's values."""

    def __init__(self, base: Instance, probes: Program, node: Node, known: Array) -> None:
        self.base, self.network, self.node, self.probes = base, probes.network, node, probes
        self.instance = self.network.instance(node)
        free = probes.base(node) + np.arange(probes.node_layout.size)
        small, _ = restricted(probes, free, known)
        self.lower, self.upper = small.lower, small.upper
        idle = small.changed(
            cost=np.zeros(len(free)), integer=np.zeros(len(free), dtype=bool), row_lower=_eased(small.row_lower, -1),
            row_upper=_eased(small.row_upper, 1),
        )
        self.solver = load(idle, Options(), relax=True)
        self.solver.setOptionValue("presolve", "off")  # Each trial goes on from the basis of the one before.
        self.width = len(free)
        self.lacks = {
            name: self._lacks(part) for name, part in base.requirements.items() if isinstance(part, Outage)
        }
        self.calm: dict[str, Best] = {}

    def _column(self, family: str, key: Any) -> int:
        return self.probes.node_layout.column(family, key)

    def _lacks(self, part: Outage) -> dict[str, int]:
        """For every demand in scope a variable: what it lacks of its target."""
        found = {}
        for demand in demands_of(self.network, part):
            short = [self._column(family, key) for family, key, _ in unserved(self.network, demand)]
            column = self.solver.getNumCol()
            self.solver.addCol(0.0, 0.0, highspy.kHighsInf, 0, np.array([], dtype=np.int32), np.array([]))
            allowed = (1 - part.target.at(self.node.middle)) * self._amount(demand)
            columns = np.array([*short, column], dtype=np.int32)
            values = np.array([*[1.0] * len(short), -1.0])
            self.solver.addRow(-highspy.kHighsInf, allowed, len(columns), columns, values)
            found[demand] = column
        return found

    def _amount(self, demand: str) -> float:
        return self.instance.demands[demand].amount.at(self.node.middle)

    def bear(self, loss: Loss) -> Borne:
        """Lose something, operate as well as can be, and put everything back."""
        part = self.base.requirements[loss.requirement]
        assert isinstance(part, Outage)
        closed, opened = dict(self._closed(part, loss)), dict(self._opened(part, loss))
        if loss.requirement not in self.calm:
            self.calm[loss.requirement] = self._best(loss.requirement)
        calm = self.calm[loss.requirement]
        if not opened and all(calm.values[column] <= IDLE for column in closed):
            return self._borne(loss, calm.lacking, calm.short)  # Nothing that is lost is needed.
        self._bound(closed | opened)
        found = self._best(loss.requirement)
        self._bound({column: (self.lower[column], self.upper[column]) for column in closed | opened})
        return self._borne(loss, found.lacking, found.short)

    def _best(self, requirement: str) -> Best:
        """The operation that lacks least of the targets of a requirement, and then is least short."""
        lacks = self.lacks[requirement]
        values = self._least(list(lacks.values()))
        lacking = {demand: max(0.0, values[column]) for demand, column in lacks.items()}
        for demand, column in lacks.items():
            self.solver.changeColBounds(column, 0.0, lacking[demand] + 1e-9)
        of_demand = {d: [self._column(f, k) for f, k, _ in unserved(self.network, d)] for d in lacks}
        values = self._least([column for found in of_demand.values() for column in found])
        for column in lacks.values():
            self.solver.changeColBounds(column, 0.0, highspy.kHighsInf)
        short = {demand: sum(max(0.0, values[c]) for c in found) for demand, found in of_demand.items()}
        return Best(lacking, short, values)

    def _closed(self, part: Outage, loss: Loss) -> Iterator[tuple[int, tuple[float, float]]]:
        """What cannot happen in a loss."""
        processes, nothing = self.instance.processes, (0.0, 0.0)
        for key in self.network.activities:
            if processes[key[1]].use > 0 and is_lost(self.base, part, key[0], loss.lost):
                yield self._column("activity", key), nothing
        if part.loss == "country":
            places = exporters(self.base, loss.lost)
            for purchase in self.network.purchases:
                if self.instance.suppliers[purchase[0]].origin in places and self._crosses(purchase, places):
                    yield self._column("purchased", purchase), nothing
            for movement in self.network.movements:
                if movement.origin in places:
                    yield self._column("flow", movement), nothing

    def _crosses(self, purchase: Any, places: list[str]) -> bool:
        """A ban does not act on an exporter's own market."""
        return purchase[2] != self.instance.suppliers[purchase[0]].origin or purchase[2] not in places

    def _opened(self, part: Outage, loss: Loss) -> Iterator[tuple[int, tuple[float, float]]]:
        """The loss of a country is an emergency, in which stocks for such may be released."""
        if part.loss != "country":
            return
        names = [f"{loss.name} from {exporter}" for exporter in exporters(self.base, loss.lost)]
        for name, pile in self.instance.stockpiles.items():
            if pile.release == "emergency" and any(fits_any(pile.emergency, control) for control in names):
                limit = pile.release_limit
                most = limit.at(self.node.middle) if limit is not None else highspy.kHighsInf
                yield self._column("released", (name,)), (0.0, most)

    def _bound(self, bounds: dict[int, tuple[float, float]]) -> None:
        for column, (lower, upper) in bounds.items():
            self.solver.changeColBounds(column, lower, upper)

    def _least(self, columns: list[int]) -> list[float]:
        """All values where the sum of some variables is least."""
        for column in columns:
            self.solver.changeColCost(column, 1.0)
        self.solver.run()
        if self.solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            status = self.solver.modelStatusToString(self.solver.getModelStatus())
            raise SolverError(f"a loss in {self.node.key} could not be tried: {status}")
        for column in columns:
            self.solver.changeColCost(column, 0.0)
        return list(self.solver.getSolution().col_value)

    def _borne(self, loss: Loss, lacking: dict[str, float], short: dict[str, float]) -> Borne:
        amounts = {demand: self._amount(demand) for demand in short}
        total = sum(amounts.values())
        shares = {d: 1 - short[d] / amounts[d] if amounts[d] > 0 else 1.0 for d in short}
        worst = min(shares, key=lambda d: shares[d])
        served = 1 - sum(short.values()) / total if total > 0 else 1.0
        return Borne(loss, served, worst, shares[worst], lacking, total)

