"""Recourse of a plan after a loss: the operation of one period, best for the users in scope.

Decisions and stocks from before the loss are as planned. A loss only changes bounds, so one small linear program per
period serves all losses, each warm-started from the last.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner.common.arrays import Array
from planner.common.patterns import fits_any
from planner.formulation.contingencies import Loss, exporters, is_lost
from planner.formulation.mathematics.security.scope import demands_of, unserved
from planner.language.instance import Options
from planner.language.requirements import Outage, Served
from planner.program.program import Program
from planner.solving.outcome import SolverError
from planner.solving.reduced import restricted, with_room
from planner.solving.run import load, told
from planner.tree.nodes import Node

Scopes = Mapping[str, Outage | Served]  # Whose users are meant, and what they should get, by name.
FAILS = 1e-6  # Share of the demand in scope.
MANDATORY = 100.0  # Mandatory demand is worth this multiple of the dearest other value.
IDLE = 1e-12  # What runs at no more does not run.


class Borne(NamedTuple):
    """Effect of a loss on a plan: shares served, in total and of the worst demand, and the shortfall [quantity/year].

    `short` is the users' shortage, and `users_loss` its cost to them at the stated values [money/year].
    """

    loss: Loss
    served: float
    worst: str
    worst_served: float
    lacking: dict[str, float]
    amount: float
    short: float
    users_loss: float

    @property
    def fails(self) -> bool:
        return sum(self.lacking.values()) > FAILS * (1 + self.amount)

    @property
    def shortfall(self) -> float:
        """Shortfall to the target, as a share of the need in scope."""
        return sum(self.lacking.values()) / self.amount if self.amount > 0 else 0.0


class BestOperation(NamedTuple):
    """An operation that is best for the users in scope: what lacks, what is short, and the value of every column."""

    lacking: dict[str, float]
    short: dict[str, float]
    values: Array


class Trial:
    """One period; `node` is that of a window in which nothing is lost, `known` the plan's values.

    Operation minimizes the shortfall to the target of the scope, and then the shortage; if `valued`, the users' loss
    of money. Mandatory demand may go short too, as the last resort.
    """

    def __init__(self, scopes: Scopes, probes: Program, node: Node, known: Array, valued: bool = False) -> None:
        self.scopes, self.network, self.node, self.probes, self.valued = scopes, probes.network, node, probes, valued
        self.base, self.instance = self.network.base, self.network.instance(node)
        free = probes.base(node) + np.arange(probes.node_layout.size)
        small, rows = restricted(probes, free, known)
        self.lower, self.upper = small.lower, small.upper
        idle = small.changed(cost=np.zeros(len(free)), integer=np.zeros(len(free), dtype=bool))
        self.solver = load(with_room(idle), Options(), relax=True)
        self.solver.set(presolve="off")  # Each trial goes on from the basis of the one before.
        self.users = {name: demands_of(self.network, part) for name, part in scopes.items()}
        self.unmet = self._unmet(rows)
        self.lacks = {name: self._lacks(name) for name in scopes} if not valued else {}
        self.worth = {name: self._worth(name) for name in scopes} if valued else {}
        self.calm: dict[str, BestOperation] = {}

    def _column(self, family: str, key: Any) -> int:
        return self.probes.node_layout.column(family, key)

    def _short(self, demand: str) -> list[int]:
        """The columns that say what a demand goes short of."""
        unmet = [self.unmet[demand]] if demand in self.unmet else []
        return [self._column(family, key) for family, key, _ in unserved(self.network, demand)] + unmet

    def _unmet(self, rows: NDArray[np.int64]) -> dict[str, int]:
        """For every demand that must be served in part or whole a variable: what of that it does not get."""
        places = {
            key[0]: place for place, row in enumerate(rows.tolist()) for node, family, key in [self.probes.rows[row]]
            if family == "demand" and node is self.node
        }
        return {
            name: self.solver.add_column(0.0, math.inf, places[name], 1.0)
            for name, demand in self.instance.demands.items()
            if math.fsum(tranche.share for tranche in demand.shortage) < 1
        }

    def _lacks(self, scope: str) -> dict[str, int]:
        """For every demand in scope a variable: what it lacks of its target."""
        found, target = {}, self.scopes[scope].target.at(self.node.middle)
        for demand in self.users[scope]:
            short, column = self._short(demand), self.solver.add_column(0.0, math.inf, [], [])
            allowed = (1 - target) * self._amount(demand)
            self.solver.add_row(-math.inf, allowed, [*short, column], [*[1.0] * len(short), -1.0])
            found[demand] = column
        return found

    def _values(self, scope: str) -> list[tuple[int, float]]:
        """Cost to users in scope of each unit short, as far as its value is stated [money/quantity]."""
        demands, price = self.instance.demands, self.network.price
        return [
            (self._column("short", (name, i)), price * tranche.cost.at(self.node.middle))
            for name in self.users[scope] for i, tranche in enumerate(demands[name].shortage, 1)
        ]

    def _worth(self, scope: str) -> dict[int, float]:
        """The cost of every unit short; what must be served has no value stated and is worth more than all else."""
        found = dict(self._values(scope))
        most = MANDATORY * max((abs(worth) for worth in found.values()), default=1.0) or 1.0
        return found | {column: most for name, column in self.unmet.items() if name in self.users[scope]}

    def _amount(self, demand: str) -> float:
        return self.instance.demands[demand].amount.at(self.node.middle)

    def bear(self, loss: Loss) -> Borne:
        """Lose something, operate as well as can be, and put everything back."""
        closed, opened = dict(self._closed(loss)), dict(self._opened(loss))
        calm = self._calm(loss.requirement)
        if not opened and all(calm.values[column] <= IDLE for column in closed):
            return self._borne(loss, calm)  # Nothing that is lost is needed.
        self._bound(closed | opened)
        found = self._best(loss.requirement)
        self._bound({column: (self.lower[column], self.upper[column]) for column in closed | opened})
        return self._borne(loss, found)

    def undisturbed(self, loss: Loss) -> Borne:
        """The same period with nothing lost."""
        return self._borne(loss, self._calm(loss.requirement))

    def _calm(self, scope: str) -> BestOperation:
        if scope not in self.calm:
            self.calm[scope] = self._best(scope)
        return self.calm[scope]

    def _best(self, scope: str) -> BestOperation:
        """The operation that is best for the users of a scope."""
        if self.valued:
            return self._read(scope, self._least(self.worth[scope]))
        lacks = self.lacks[scope]
        values = self._least(dict.fromkeys(lacks.values(), 1.0))
        lacking = {demand: max(0.0, values[column]) for demand, column in lacks.items()}
        self.solver.change_bounds(list(lacks.values()), 0.0, [most + 1e-9 for most in lacking.values()])
        values = self._least({column: 1.0 for demand in lacks for column in self._short(demand)})
        self.solver.change_bounds(list(lacks.values()), 0.0, math.inf)
        return self._read(scope, values)._replace(lacking=lacking)

    def _read(self, scope: str, values: Array) -> BestOperation:
        """Shortage of the users of a scope; for a target of their whole need, it is also the shortfall."""
        short = {d: sum(max(0.0, values[column]) for column in self._short(d)) for d in self.users[scope]}
        return BestOperation(short, short, values)

    def _closed(self, loss: Loss) -> Iterator[tuple[int, tuple[float, float]]]:
        """Columns that a loss closes, each with its bounds."""
        processes, nothing = self.instance.processes, (0.0, 0.0)
        places = exporters(self.base, loss.lost) if loss.kind == "country" else []
        for key in self.network.activities:
            if processes[key[1]].use > 0 and is_lost(self.base, loss.kind, key[0], loss.lost):
                yield self._column("activity", key), nothing
        for purchase in self.network.purchases:
            is_from = self.instance.suppliers[purchase[0]].origin in places and self._crosses(purchase, places)
            if is_from or (loss.kind == "supplier" and purchase[0] in loss.lost):
                yield self._column("purchased", purchase), nothing
        for movement in self.network.movements:
            if movement.origin in places or (loss.kind == "lane" and movement.lane in loss.lost):
                yield self._column("flow", movement), nothing

    def _crosses(self, purchase: Any, places: list[str]) -> bool:
        """A ban does not act on an exporter's own market."""
        return purchase[2] != self.instance.suppliers[purchase[0]].origin or purchase[2] not in places

    def _opened(self, loss: Loss) -> Iterator[tuple[int, tuple[float, float]]]:
        """The loss of a country is an emergency, in which stocks for such may be released."""
        if loss.kind != "country":
            return
        names = [f"{loss.name} from {exporter}" for exporter in exporters(self.base, loss.lost)]
        for name, pile in self.instance.stockpiles.items():
            if pile.release == "emergency" and any(fits_any(pile.emergency, control) for control in names):
                limit = pile.release_limit
                most = limit.at(self.node.middle) if limit is not None else math.inf
                yield self._column("released", (name,)), (0.0, most)

    def _bound(self, bounds: dict[int, tuple[float, float]]) -> None:
        sides = np.array(list(bounds.values())).reshape(-1, 2)
        self.solver.change_bounds(list(bounds), sides[:, 0], sides[:, 1])

    def _least(self, costs: Mapping[int, float]) -> Array:
        """All values where the sum of some variables, each times its cost, is least."""
        self.solver.change_costs(list(costs), list(costs.values()))
        self._run()
        self.solver.change_costs(list(costs), 0.0)
        return self.solver.values

    def _run(self) -> None:
        """Solve from the last basis; where the solver loses its way from there, from nothing."""
        for presolve in ("off", "off", "on"):
            self.solver.set(presolve=presolve)
            self.solver.run()
            if self.solver.is_optimal:
                break
            self.solver.forget()
        self.solver.set(presolve="off")
        if not self.solver.is_optimal:
            status = told(self.solver)
            raise SolverError(f"a loss in {self.node.key} could not be tried: {status}")

    def _borne(self, loss: Loss, best: BestOperation) -> Borne:
        short, amounts = best.short, {demand: self._amount(demand) for demand in best.short}
        total = sum(amounts.values())
        shares = {d: 1 - short[d] / amounts[d] if amounts[d] > 0 else 1.0 for d in short}
        worst = min(shares, key=lambda d: shares[d])
        served = 1 - sum(short.values()) / total if total > 0 else 1.0
        users_loss = sum(worth * max(0.0, best.values[column]) for column, worth in self._values(loss.requirement))
        return Borne(loss, served, worst, shares[worst], best.lacking, total, sum(short.values()), users_loss)
