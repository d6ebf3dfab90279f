"""Value of information and flexibility, and the cost of waiting.

All figures are expected costs of one instance, each between a proven bound and the best plan found:
WS <= RP <= EEV, and an adaptive plan costs no more than a common one (Birge and Louveaux, Introduction to
Stochastic Programming, 2011, chapter 4).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from planner.common.errors import InputError, NoAnswerError, Problem
from planner.common.profiling import Clock
from planner.common.signals import listening, stop_if_asked
from planner.formulation.mathematics.security.kind import NodeKind
from planner.formulation.mathematics.security.kinds import kind_of
from planner.formulation.network import build_network
from planner.language.counterfactuals import Instances, expecting, foreseen, later, only, planned
from planner.language.instance import Instance
from planner.program.blocks import MOST_KEPT, Compiled
from planner.program.mean_value import mean_program
from planner.program.program import Program, assemble
from planner.reading.document import AnyInstance
from planner.results.fixed_plan import positions
from planner.results.summary import signed
from planner.solving.extensive import solve as solve_program
from planner.solving.outcome import Outcome
from planner.solving.time_budget import Allotment
from planner.tables.frames import table
from planner.tables.schemas import SCHEMAS
from planner.workflows.solve import SILENT, Listener, Task, prepare
from planner.workflows.tradeoff.answer import AnswerStatus, ended_early, place_for, written

DELAYS = (1.0, 2.0, 3.0)


@dataclass(frozen=True)
class Cost:
    """Expected cost of a question's best plan found, and the proven bound below it [money]; infinite without one."""

    question: str
    meaning: str
    cost: float
    bound: float


@dataclass(frozen=True)
class Values:
    """The costs compared, and what follows from them; both as tables in the instance's own sense.

    `status` says whether all questions were answered.
    """

    instance: Instance
    costs: pd.DataFrame
    values: pd.DataFrame
    folder: Path
    status: AnswerStatus = "complete"


@dataclass(frozen=True)
class QuestionSolver:
    """Solves the questions one after the other and tells who listens; they share the time limit."""

    instances: Instances
    allotment: Allotment
    listener: Listener
    compiled: Compiled = field(default_factory=Compiled)  # Kept from question to question: they have the same blocks.

    def program(self, instances: Instances) -> Program:
        return assemble(build_network(instances), self.compiled)

    def solved(self, program: Program, question: str, or_none: bool = False) -> Outcome:
        if self.listener.phase is not None:
            self.listener.phase(question)
        outcome = solve_program(program, self.allotment.next(), self.listener.progress)
        stop_if_asked()
        if not outcome.has_plan and not (or_none and outcome.status == "infeasible"):
            raise NoAnswerError(f"{question}: no plan was found", outcome.status)
        return outcome

    def cost(self, instances: Instances, question: str, meaning: str) -> Cost:
        outcome = self.solved(self.program(instances), question)
        return Cost(question, meaning, outcome.objective, outcome.bound)

    def cost_if_possible(self, program: Program, question: str, meaning: str) -> Cost:
        """Infinite when there is proven to be no plan: that is an answer."""
        outcome = self.solved(program, question, or_none=True)
        cost, bound = (outcome.objective, outcome.bound) if outcome.has_plan else (math.inf, math.inf)
        return Cost(question, meaning, cost, bound)

    def perfect(self) -> Cost:
        """WS: every future alone, or with shocks all together with a past and decisions of their own."""
        meaning = "everything is known from the start (wait and see, WS)"
        base = next(iter(self.instances.values()))
        if base.shocks:
            return self.cost(foreseen(self.instances), "perfect information", meaning)
        cost = bound = 0.0
        for name, future in base.futures.items():
            if future.probability > 0:
                outcome = self.solved(self.program(only(self.instances, name)), f"{name} for certain")
                cost += future.probability * outcome.objective
                bound += future.probability * outcome.bound
        return Cost("perfect information", meaning, cost, bound)

    def mean(self) -> Iterator[Cost]:
        """EV: the plan for the mean of all futures; EEV: what it costs when carried out in all of them."""
        program = self.program(planned(self.instances, "common"))
        outcome = self.solved(mean_program(program), "mean future")
        yield Cost("mean future", "as if the mean of all futures were certain (EV)", outcome.objective, outcome.bound)
        columns = positions(program)
        meaning = "the plan for the mean future, carried out in every future (EEV)"
        carried = program.holding(columns, outcome.values[columns])
        yield self.cost_if_possible(carried, "plan for the mean future", meaning)


def value(
    instance: AnyInstance,
    scenario: str | None = None,
    sets: Sequence[str] = (),
    out: str | Path | None = None,
    options: dict[str, Any] | None = None,
    delays: Sequence[float] = DELAYS,
    listener: Listener = SILENT,
) -> Values:
    """The value of information and flexibility and the cost of delay of an instance; tables costs and values.

    `delays` are years in which nothing can be decided. Interrupted, or without a plan in the time given, it keeps the
    answers it has. Raises InputError for bad input, NoAnswerError when one of the problems has no plan.
    """
    wrong = [years for years in delays if not 0 < years < math.inf]
    if wrong:
        raise InputError([Problem("bad-option", f"--delays: {wrong[0]:g} is not a number of years above 0")])
    delays = list(dict.fromkeys(delays))
    clock = Clock(None)
    task = prepare(clock, instance, scenario, sets, options, None, {"question": "value", "delays": list(delays)})
    folder = place_for(task, out)
    _refuse_rules_on_futures(task)
    instances, allotment = expecting(task.document.instances()), Allotment(task.options, _count(task, delays))
    solver = QuestionSolver(instances, allotment, listener, Compiled(MOST_KEPT + len(instances)))
    with listening(listener.stopping):
        found, status = _answered(solver, delays)
        costs, values = _compared(task.document.instance, found)
        answer = written(task, {"costs": costs, "values": values}, folder, status)
    return Values(task.document.instance, costs, values, answer.folder, status)


def _answered(solver: QuestionSolver, delays: Sequence[float]) -> tuple[list[Cost], AnswerStatus]:
    """The answers, as far as time and the user allow, and how it ended."""
    found: list[Cost] = []
    try:
        found += asked(solver, delays)
    except (KeyboardInterrupt, NoAnswerError) as error:
        return found, ended_early(error, bool(found))
    return found, "complete"


def _count(task: Task, delays: Sequence[float]) -> int:
    """Number of programs to solve: common and adaptive plan, perfect information, the mean and its plan, the delays."""
    instance = task.document.instance
    known = 1 if instance.shocks else sum(future.probability > 0 for future in instance.futures.values())
    return 4 + known + len(delays)


def _refuse_rules_on_futures(task: Task) -> None:
    """Rules on several futures together, or on losses, have another meaning where one future is certain."""
    names = [
        name for name, part in task.document.instance.requirements.items()
        if not isinstance(kind_of(part), NodeKind)
    ]
    if names:
        message = f"what knowledge is worth cannot be told with {names[0]}, a rule on the plan as a whole"
        place = task.document.place(("requirements", names[0]))
        hint = f"leave it out: --set requirements.{names[0]}=~"
        raise InputError([Problem("incoherent", message, place, hint)])


def asked(solver: QuestionSolver, delays: Sequence[float]) -> Iterator[Cost]:
    """The answer to every question, the plan of the instance first."""
    meaning = "one plan, the same in every future"
    yield solver.cost(planned(solver.instances, "common"), "common plan", f"{meaning} (RP)")
    meaning = "a plan that follows what has happened"
    yield solver.cost(planned(solver.instances, "adaptive"), "adaptive plan", meaning)
    yield solver.perfect()
    yield from solver.mean()
    for years in delays:
        span = f"{years:g} year" + ("" if years == 1 else "s")
        waiting = solver.program(later(planned(solver.instances, "common"), years))
        yield solver.cost_if_possible(waiting, f"common plan {span} later", f"nothing decided for {span}")


def _compared(instance: Instance, costs: list[Cost]) -> tuple[pd.DataFrame, pd.DataFrame]:
    known = {c.question: c for c in costs}
    plan = known["common plan"]
    pairs = [
        ("value of perfect information", "EVPI = RP - WS", plan, known.get("perfect information")),
        ("value of the stochastic solution", "VSS = EEV - RP", known.get("plan for the mean future"), plan),
        ("value of adaptivity", "common less adaptive plan", plan, known.get("adaptive plan")),
        *((f"cost of acting {c.question.split('plan ')[1]}", "less the common plan now", c, plan)
          for c in costs if c.question.endswith("later")),
    ]
    money = instance.units.money
    rows = [
        {"value": name, "meaning": meaning, "amount": more.cost - less.cost, "least": more.bound - less.cost,
         "most": more.cost - less.bound, "share": (more.cost - less.cost) / abs(plan.cost) if plan.cost else 0.0,
         "unit": money}
        for name, meaning, more, less in pairs if more is not None and less is not None
    ]
    listed = [
        {"question": c.question, "meaning": c.meaning, "objective": signed(instance, c.cost),
         "bound": signed(instance, c.bound), "unit": money}
        for c in costs
    ]
    declared = SCHEMAS["value"]
    return table(declared["costs"], listed), table(declared["values"], rows)
