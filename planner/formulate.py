"""From instances to a program: assembled, weighed for risk, with the rules that couple nodes and every loss in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from planner.allotment import Allotment
from planner.assemble import Program, assemble
from planner.errors import NoAnswerError
from planner.mathematics.security.expected import regrets
from planner.network import build_network
from planner.outage import with_every_loss
from planner.outcome import Progress
from planner.pieces import Compiled
from planner.schema import Instance, Options
from planner.secure import secured
from planner.solver import solve as solve_program
from planner.weigh import weighed
from planner.worlds import only


@dataclass(frozen=True)
class Listener:
    """Who wants to hear how a run goes on."""

    phase: Callable[[str], None] | None = None
    progress: Callable[[Progress], None] | None = None
    stopping: Callable[[], None] | None = None


SILENT = Listener()


def formulate(
    instances: Mapping[str, Instance], options: Options, listener: Listener = SILENT, compiled: Compiled | None = None
) -> Program:
    """The program of all futures and shocks with the objective the instance asks for, and every loss in it.

    `compiled` keeps blocks for instances that differ in numbers alone. Regret needs the best cost of every future
    alone, which is found here, to the gap of the options and in a part of their time limit.
    """
    instances = with_every_loss(instances)
    program = assemble(build_network(instances), compiled)
    network, risk = program.network, program.network.base.objective.risk
    alone: dict[str, float] = {}
    if regrets(network) or (risk is not None and risk.measure == "regret"):
        scenarios = program.network.tree.scenarios
        allotment = Allotment(options, len(scenarios) + 1)  # The last part is for the program itself.
        for scenario in scenarios:
            certain = assemble(build_network(only(instances, scenario.future)))
            outcome = solve_program(certain, allotment.next(), listener.progress, stopping=listener.stopping)
            if outcome.status == "interrupted":
                raise KeyboardInterrupt
            if outcome.status != "optimal":
                message = f"regret needs the best plan for {scenario.future} alone, which was not found"
                raise NoAnswerError(message, outcome.status)
            alone[scenario.name] = outcome.objective
    return secured(program if risk is None else weighed(program, risk, alone), alone)
