"""Plans that withstand every loss: only those losses are added to the problem that the plan so far does not survive.

Each round solves the problem with the losses found so far and then tries all others on its plan. It ends when none
fails, so that the plan is the best of the problem with all losses in it, to the gap of the last round.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from planner.assemble import Program, assemble
from planner.network import build_network
from planner.outage import Instances, Loss, losses, relieved, withstanding
from planner.requirement import Outage
from planner.results.rows import NODE, Row, table
from planner.schema import Instance, Shock
from planner.solver import Outcome
from planner.template import Array
from planner.tree import Node
from planner.trial import Borne, Trial
from planner.units import unit

CALM = "nothing lost in"  # Begin of the names of the shocks that stand for periods in which losses are tried.
COLUMNS = (
    f"requirement loss lost {NODE} target served worst_demand worst_served served_unprepared lacking_unprepared rank"
    " added fix fix_quantity fix_cost unit money_unit"
)


@dataclass(frozen=True)
class Withstood:
    """The last problem with its plan, the instances behind it, and how every loss is borne."""

    instances: dict[str, Instance]
    program: Program
    outcome: Outcome
    table: pd.DataFrame
    rounds: int
    chosen: tuple[Loss, ...]


Solve = Callable[[Instances], tuple[Program, Outcome]]


def withstand(instances: Instances, solve: Solve) -> Withstood:
    """Solve, try every loss, add those that fail, until none does; `solve` formulates and solves instances."""
    every, chosen = losses(instances), list[Loss]()
    unprepared: dict[Loss, Borne] = {}
    rounds = 0
    while True:
        rounds += 1
        current = withstanding(instances, chosen)
        program, outcome = solve(current)
        if not outcome.has_plan:
            return Withstood(current, program, outcome, table(COLUMNS, []), rounds, tuple(chosen))
        borne = probe(instances, program, outcome.values, every)
        unprepared = unprepared or borne
        failing = [loss for loss, b in borne.items() if b.fails and loss not in chosen]
        if not failing or outcome.status == "interrupted":
            rows = Rows(instances, program, outcome, chosen)
            found = table(COLUMNS, rows.of(borne, unprepared))
            return Withstood(current, program, outcome, found, rounds, tuple(chosen))
        chosen += failing


def probe(
    instances: Instances, program: Program, values: Array, every: Sequence[Loss]
) -> dict[Loss, Borne]:
    """How a plan bears each loss, when operation is best for the users in its scope."""
    base = next(iter(instances.values()))
    probes = assemble(build_network(_with_probes(instances)))
    known = _carried_over(program, values, probes)
    found: dict[Loss, Borne] = {}
    for node in probes.network.tree.nodes:
        here = [loss for loss in every if node.source == _calm(loss)]
        if here:
            trial = Trial(base, probes, node, known)
            found |= {loss: trial.bear(loss) for loss in here}
    return {loss: found[loss] for loss in every}


def _calm(loss: Loss) -> str:
    return f"{CALM} {loss.future} {loss.period}"


def _with_probes(instances: Instances) -> dict[str, Instance]:
    """The instances with a tested shock for every period in which a loss may begin, in which nothing is lost."""
    plain = withstanding(instances, ())
    moments = {_calm(loss): loss for loss in losses(instances)}
    shocks = dict(next(iter(instances.values())).shocks)
    for name, loss in moments.items():
        shocks[name] = Shock.model_validate({
            "from": loss.future, "earliest": loss.start, "latest": loss.start, "length": loss.length, "hazard": 0.0,
            "tested": True,
        })
    made = {id(i): i.model_copy(update={"shocks": shocks}) for i in plain.values()}
    found = {name: made[id(i)] for name, i in plain.items()}
    easier = {future: relieved(found[future]) for future in {loss.future for loss in moments.values()}}
    return found | {name: easier[loss.future] for name, loss in moments.items()}


def _carried_over(program: Program, values: Array, probes: Program) -> Array:
    """The plan's values in the columns of the probes' program, wherever both have them."""
    known = np.zeros(len(probes.cost))
    ours = {node.key: node for node in program.network.tree.nodes}
    same: list[tuple[Node | None, Node | None]] = [(None, None)]
    same += [(ours[n.key], n) for n in probes.network.tree.nodes if n.key in ours]
    for mine, theirs in same:
        own = program.investments if mine is None else program.operation
        keys = {family.name: family.keys for family in own.variables}
        for family in (probes.investments if theirs is None else probes.operation).variables:
            there = dict(zip(keys[family.name], values[program.slice(mine, family.name)].tolist(), strict=True))
            known[probes.slice(theirs, family.name)] = [there.get(key, 0.0) for key in family.keys]
    return known


class Rows:
    """The rows of the table of outages."""

    def __init__(self, instances: Instances, program: Program, outcome: Outcome, chosen: Sequence[Loss]) -> None:
        self.base, self.program, self.chosen = next(iter(instances.values())), program, set(chosen)
        self.nodes = {n.key: n for n in program.network.tree.nodes}
        self.prices = {
            (node.index, key): float(outcome.prices[i])
            for i, (node, family, key) in enumerate(program.rows) if family == "balance" and node is not None
        }

    def of(self, borne: Mapping[Loss, Borne], unprepared: Mapping[Loss, Borne]) -> Iterator[Row]:
        order = sorted(borne, key=lambda loss: (-sum(unprepared[loss].lacking.values()), borne[loss].worst_served))
        ranks = {loss: i for i, loss in enumerate(order, 1)}
        units = self.base.units
        for loss, found in borne.items():
            node, part, before = self.nodes[f"{loss.future}:{loss.period}"], self.base.requirements[loss.requirement], (
                unprepared[loss])
            assert isinstance(part, Outage)
            fix, quantity, cost = self.fix(before, node)
            yield {
                "requirement": loss.requirement, "loss": part.loss, "lost": loss.words, "node": node.key,
                "future": node.future, "period": node.period_name, "year": node.start,
                "target": part.target.at(node.middle), "served": found.served, "worst_demand": found.worst,
                "worst_served": found.worst_served, "served_unprepared": before.served,
                "lacking_unprepared": sum(before.lacking.values()), "rank": ranks[loss], "added": loss in self.chosen,
                "fix": fix, "fix_quantity": quantity, "fix_cost": cost, "unit": unit(units, "quantity"),
                "money_unit": units.money,
            }

    def fix(self, before: Borne, node: Node) -> tuple[str, float, float]:
        """What stock at the users would have closed the gap, at the price of the period before; nothing if none."""
        words, quantity, cost = [], 0.0, 0.0
        for demand, lacking in before.lacking.items():
            if lacking <= 1e-9:
                continue
            part = self.base.demands[demand]
            amounts = {k: lacking * node.length / effect for k, effect in part.accepts.items()}
            prices = {k: self.price(k, part.region, node) for k in amounts}
            cheapest = min(amounts, key=lambda k: amounts[k] * prices[k] if math.isfinite(prices[k]) else math.inf)
            words.append(f"{amounts[cheapest]:,.6g} {self.base.units.quantity} of {cheapest} in {part.region}")
            quantity += amounts[cheapest]
            cost += amounts[cheapest] * prices[cheapest] * self.program.network.price
        return " and ".join(words), quantity, cost

    def price(self, commodity: str, region: str, node: Node) -> float:
        """Shadow price of a commodity in the period before a loss, or in its own where that is the first."""
        before = self.program.network.tree.parent(node) or node
        dual = self.prices.get((before.index, (commodity, region)), math.nan)
        return dual / (before.weight * self.program.network.price) if before.weight else math.nan
