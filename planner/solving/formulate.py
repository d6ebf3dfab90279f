"""From instances to a program: assembled, weighed for risk, with the rules that couple nodes and every loss in it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from planner.formulation.contingencies import with_every_loss
from planner.formulation.mathematics.security import regret
from planner.formulation.network import build_network
from planner.language.instance import Instance, Options
from planner.program.blocks import Compiled
from planner.program.coupling import secured
from planner.program.program import Program, assemble
from planner.program.risk_objective import weighed
from planner.solving.extensive import solve
from planner.solving.listener import SILENT, Listener
from planner.solving.scenario_optima import Alone
from planner.solving.time_budget import Allotment

__all__ = ["SILENT", "Listener", "formulate"]

FIRST = 0.1  # Share of the gap to which the best plans for futures alone are solved at first,
LATER = 0.25  # and the share of it that doubt about them may take of the least regret.
EXACT = 1e-7  # Gap where a rule limits regret: what holds is a matter of yes or no.


def formulate(
    instances: Mapping[str, Instance], options: Options, listener: Listener = SILENT, compiled: Compiled | None = None
) -> Program:
    """The program of all futures and shocks with the objective the instance asks for, and every loss in it.

    `compiled` keeps blocks for instances that differ in numbers alone. Regret needs the best cost of every future
    alone, which is found here, in a part of the time limit.
    """
    instances = with_every_loss(instances)
    program = assemble(build_network(instances), compiled)
    if listener.rebuilt is not None:
        listener.rebuilt(program.pieces.rebuild)
    network, risk = program.network, program.network.base.objective.risk
    if regret.keys(network) or (risk is not None and risk.measure == "regret"):
        futures = dict.fromkeys(s.future for s in network.tree.scenarios)
        alone = Alone(instances, Allotment(options, 2 * len(futures) + 1), listener)
        return _regretting(program, alone, list(futures), options)
    return secured(program if risk is None else weighed(program, risk))


def _regretting(program: Program, alone: Alone, futures: list[str], options: Options) -> Program:
    """The program with regret measured from what the best plan of each future alone costs at least.

    So no plan's regret is more than it says, and the least regret may be lower by `doubt`, which is made a small part
    of the gap.
    """
    risk, has_rule = program.network.base.objective.risk, bool(regret.keys(program.network))
    weight = risk.weight if risk is not None and risk.measure == "regret" else 0.0
    alone.find(futures, min(EXACT, options.gap) if has_rule else FIRST * options.gap)
    made = _measured(program, {future: best.bound for future, best in alone.best.items()})
    if options.gap and weight and not has_rule:
        room = LATER * options.gap * abs(_relaxed(made, options)) / weight
        doubtful = [future for future in futures if alone.best[future].doubt > room]
        for future in doubtful:
            alone.find([future], max(EXACT * options.gap, room / max(abs(alone.best[future].bound), room)))
        made = _measured(program, {future: best.bound for future, best in alone.best.items()})
    ceiling = math.inf
    if has_rule and alone.doubt > EXACT * max(abs(best.bound) for best in alone.best.values()):
        ceiling = _relaxed(_measured(program, {future: best.cost for future, best in alone.best.items()}), options)
    return replace(made, doubt=weight * alone.doubt if weight else 0.0, ceiling=ceiling)


def _measured(program: Program, best: Mapping[str, float]) -> Program:
    """The program with regret measured from these costs of every future alone."""
    risk = program.network.base.objective.risk
    alone = {scenario.name: best[scenario.future] for scenario in program.network.tree.scenarios}
    return secured(program if risk is None else weighed(program, risk, alone), alone)


def _relaxed(program: Program, options: Options) -> float:
    """Optimum without whole numbers; infinite without a plan."""
    return solve(program, options.model_copy(update={"time_limit": None}), relax=True).objective
