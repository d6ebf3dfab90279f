"""Plans that withstand every loss: only those losses are added to the problem that the plan so far does not survive.

Each round solves the problem with the losses found so far and then tries all others on its plan. It ends when none
fails, so that the plan is the best of the problem with all losses in it, to the gap of the last round. The table says
the effect of each loss on the plan, and on the relaxed plan that prepares for none; `fix` is the stock that would have
closed that gap.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

import pandas as pd

from planner.common.signals import is_asked_to_stop, listening, stop_if_asked
from planner.contingency.recourse import Borne
from planner.contingency.screening import Probe
from planner.contingency.table import nothing_tried, outages
from planner.formulation.contingencies import Loss, losses, withstanding
from planner.language.counterfactuals import Instances
from planner.language.instance import Instance, Options
from planner.program.blocks import Compiled
from planner.program.incremental import Snapshot
from planner.program.program import Program
from planner.solving.dispatch import solve_by_method
from planner.solving.formulate import SILENT, Listener, formulate
from planner.solving.highs import Basis
from planner.solving.outcome import Outcome, without_plan
from planner.solving.relaxation import Optimum, relaxed
from planner.solving.transfer import carried_basis


@dataclass(frozen=True)
class Withstood:
    """The last problem with its plan, the instances behind it, and the effect of every loss."""

    instances: dict[str, Instance]
    program: Program
    outcome: Outcome
    table: pd.DataFrame
    rounds: int
    chosen: tuple[Loss, ...]


@dataclass(frozen=True)
class Way:
    """Settings to formulate and solve problems, by HiGHS or an `engine`. All rounds share the time and the blocks.

    Every program is `shaped` before it is solved, as by fixing a plan that is given.
    """

    options: Options
    listener: Listener = SILENT
    engine: Callable[[Program, Options], Outcome] | None = None
    shaped: Callable[[Program], Program] | None = None
    begun: float = field(default_factory=time.monotonic)
    compiled: Compiled = field(default_factory=lambda: Compiled(snapshot=Snapshot()))

    @property
    def left(self) -> Options:
        """The options with the time that is left."""
        limit = self.options.time_limit
        if limit is None:
            return self.options
        return self.options.model_copy(update={"time_limit": max(1.0, limit - (time.monotonic() - self.begun))})

    @property
    def is_over(self) -> bool:
        limit = self.options.time_limit
        return limit is not None and time.monotonic() - self.begun >= limit

    def form(self, instances: Instances) -> Program:
        program = formulate(instances, self.options, self.listener, self.compiled)
        return program if self.shaped is None else self.shaped(program)

    def relax(self, program: Program, start: Basis | None) -> Optimum | Literal["infeasible"] | None:
        return relaxed(program, self.left, self.listener.stopping, start)

    def solve(self, program: Program, start: Basis | None) -> Outcome:
        if self.engine is not None:
            return self.engine(program, self.left)
        return solve_by_method(program, self.left, self.listener.progress, self.listener.stopping, start=start)


class Posed(NamedTuple):
    """A problem with some losses in it, and a basis near that of its relaxation, if this has an answer."""

    chosen: tuple[Loss, ...]
    program: Program
    start: Basis | None
    is_infeasible: bool = False


def withstand(instances: Instances, way: Way) -> Withstood:
    """Solve, try every loss, add those that fail, until none does.

    Which losses matter is found on relaxations first, each from the basis of the one before; the plan that prepares for
    nothing is the first of them. When time is over the plan so far stands, with the losses it fails in the table.
    """
    with listening(way.listener.stopping):
        return _withstood(instances, way, Probe(instances, losses(instances)))


def _withstood(instances: Instances, way: Way, probe: Probe) -> Withstood:
    posed, unprepared = _foreseen(instances, way, probe)
    rounds = 0
    while True:
        rounds += 1
        outcome = way.solve(posed.program, posed.start) if not posed.is_infeasible else _impossible(way)
        current = withstanding(instances, posed.chosen)
        if not outcome.has_plan:
            return Withstood(current, posed.program, outcome, nothing_tried(), rounds, posed.chosen)
        borne = probe.bear(posed.program, outcome.values)
        more = _failing(borne, posed)
        if not more or is_asked_to_stop() or way.is_over:
            outcome = _cut_short(outcome) if more else outcome
            found = outages(instances, posed.program, outcome, posed.chosen, borne, unprepared or borne)
            return Withstood(current, posed.program, outcome, found, rounds, posed.chosen)
        posed = _with_more(instances, way, posed, more, posed.start)


def doubtful(instances: Instances, way: Way) -> tuple[Loss, ...]:
    """Losses that a relaxed plan fails; some relaxed plan survives each other loss, so each can be survived."""
    every = losses(instances)
    return _foreseen(instances, way, Probe(instances, every))[0].chosen if every else ()


def _foreseen(instances: Instances, way: Way, probe: Probe) -> tuple[Posed, dict[Loss, Borne]]:
    """The problem with the losses that relaxed plans fail, and the effect of each loss on the first of these plans."""
    posed = Posed((), way.form(withstanding(instances, ())), None)
    unprepared: dict[Loss, Borne] = {}
    while isinstance(found := way.relax(posed.program, posed.start), Optimum):
        borne = probe.bear(posed.program, found.values)
        stop_if_asked()  # There is no plan yet.
        unprepared = unprepared or borne
        more = _failing(borne, posed)
        if not more:
            return posed._replace(start=found.basis), unprepared
        posed = _with_more(instances, way, posed, more, found.basis)
    return posed._replace(is_infeasible=found == "infeasible"), unprepared


def _cut_short(outcome: Outcome) -> Outcome:
    """The outcome of a plan that does not withstand every loss, since it was made to end."""
    if outcome.status != "optimal":
        return outcome
    message = "some losses are not withstood: outages.csv tells which"
    return replace(outcome, status="interrupted" if is_asked_to_stop() else "stopped", message=message)


def _impossible(way: Way) -> Outcome:
    return without_plan("infeasible", "the relaxation has no answer", way.begun)


def _failing(borne: Mapping[Loss, Borne], posed: Posed) -> tuple[Loss, ...]:
    return tuple(loss for loss, b in borne.items() if b.fails and loss not in posed.chosen)


def _with_more(
    instances: Instances, way: Way, posed: Posed, more: tuple[Loss, ...], basis: Basis | None
) -> Posed:
    chosen = (*posed.chosen, *more)
    program = way.form(withstanding(instances, chosen))
    return Posed(chosen, program, carried_basis(posed.program, basis, program) if basis is not None else None)
