"""Questions put to a program: solved one after the other, settled at least cost, and every plan checked."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from planner.common.arrays import Array
from planner.common.errors import NoAnswerError
from planner.common.signals import listening, stop_if_asked
from planner.language.instance import Options
from planner.program.program import Program
from planner.results.solution import Solution
from planner.results.summary import signed
from planner.results.tables import all_tables
from planner.results.verify import verified
from planner.solving.extensive import solve
from planner.solving.outcome import Outcome, without_plan
from planner.solving.reduced import polished
from planner.workflows.explain.deadline import Patience
from planner.workflows.solve import CheckFailedError, Listener
from planner.workflows.tradeoff.memory import Memory
from planner.workflows.tradeoff.rows import SLACK, LinearRow, aimed, with_rows

OPEN = ("stopped", "no_plan")
MOST = 0.8  # Of the time limit.


@dataclass
class MemoizedSolver:
    """Solves a program and tells who listens; what it has found before it knows.

    All questions share the time limit, which runs from the first one that is not known; `unanswered` are those that
    it did not suffice for.
    """

    options: Options
    listener: Listener
    memory: Memory = field(default_factory=Memory)
    patience: Patience | None = None
    unanswered: list[str] = field(default_factory=list)

    def __call__(self, program: Program, question: str, relax: bool = False) -> Outcome:
        if self.listener.phase is not None:
            self.listener.phase(question)
        with listening(self.listener.stopping):
            outcome = self.memory.recall(program, relax, lambda: self._solved(program, relax), self._is_answer)
            stop_if_asked()
        if outcome.status == "interrupted":
            raise KeyboardInterrupt
        if outcome.status in OPEN:
            self.unanswered.append(question)
        return outcome

    def _solved(self, program: Program, relax: bool) -> Outcome:
        if self.patience is None:
            self.patience = Patience.of(self.options)
        if self.patience.is_over:
            return without_plan("no_plan", "the time was used up before", time.monotonic())
        return solve(program, self.patience.limited(self.options), self.listener.progress, relax)

    def _is_answer(self, outcome: Outcome) -> bool:
        """Whether it need not be asked again: it ended by itself, or has had most of the time that is given now."""
        limit = self.options.time_limit
        return outcome.status not in OPEN or (limit is not None and outcome.seconds >= MOST * limit)

    def plan(self, program: Program, question: str) -> Outcome:
        """As asked; NoAnswerError without a plan."""
        outcome = self(program, question)
        if not outcome.has_plan:
            raise NoAnswerError(f"{question}: no plan was found", outcome.status)
        return outcome

    def aimed_plan(self, program: Program, aim: Array, question: str) -> Outcome:
        """A plan that is best by `aim`, and cheapest among those of its starts that are: an aim does not see costs.

        Without a plan the outcome says so; its objective is the cost.
        """
        found = self(aimed(program, aim), question)
        if not found.has_plan:
            return found
        columns = np.flatnonzero(program.integer)
        lower, upper = program.lower.copy(), program.upper.copy()
        lower[columns] = upper[columns] = np.round(found.values[columns])
        reached = float(aim @ found.values)
        held = with_rows(program, LinearRow(aim, upper=reached + SLACK * max(1.0, abs(reached))))
        settled = self(held.changed(lower=lower, upper=upper), question, relax=True)
        if not settled.has_plan:
            raise NoAnswerError(f"{question}: the plan found cannot be carried out", settled.status)
        return replace(settled, status=found.status)


def cost_of(program: Program, outcome: Outcome) -> float:
    """Cost of a plan, by the program's costs and not by the objective of the search."""
    return float(program.cost @ outcome.values[: len(program.cost)]) + program.offset


def checked(program: Program, outcome: Outcome, question: str) -> dict[str, pd.DataFrame]:
    """The tables of a plan, independently checked; CheckFailedError if they contradict it.

    `program` is what the instance alone makes: columns and rows that were added for the question are left out.
    """
    own = replace(
        outcome, values=outcome.values[: len(program.cost)], prices=np.full(len(program.row_lower), math.nan),
        objective=cost_of(program, outcome),
    )
    tables = all_tables(Solution(program, polished(program, own)))
    instances = program.network.instances
    report = verified(instances, tables, signed(program.network.base, own.objective))
    if not report.passed:
        raise CheckFailedError(report, question=question)
    return tables
