"""Questions put to a program: solved one after the other, settled at least cost, and every plan checked."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from planner.assemble import Program
from planner.errors import NoAnswerError
from planner.outcome import Outcome
from planner.restrict import polished
from planner.results.solution import Solution
from planner.results.summary import signed
from planner.results.tables import all_tables
from planner.results.verify import verified
from planner.run import CheckFailedError, Listener
from planner.schema import Options
from planner.solver import solve
from planner.template import Array
from planner.tradeoff.memory import Memory
from planner.tradeoff.rows import SLACK, Row, aimed, with_rows


@dataclass(frozen=True)
class Asker:
    """Solves a program and tells who listens; what it has found before it knows."""

    options: Options
    listener: Listener
    memory: Memory = field(default_factory=Memory)

    def __call__(self, program: Program, question: str, relax: bool = False) -> Outcome:
        if self.listener.phase is not None:
            self.listener.phase(question)
        told, requests = self.listener, list[None]()

        def stopping() -> None:
            requests.append(None)
            if told.stopping is not None:
                told.stopping()

        outcome = self.memory.recall(
            program, relax, lambda: solve(program, self.options, told.progress, relax, stopping)
        )
        if requests or outcome.status == "interrupted":  # A solve may be over before it can heed the request.
            raise KeyboardInterrupt
        return outcome

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
        held = with_rows(program, Row(aim, upper=reached + SLACK * max(1.0, abs(reached))))
        settled = self(held.changed(lower=lower, upper=upper), question, relax=True)
        if not settled.has_plan:
            raise NoAnswerError(f"{question}: the plan found cannot be carried out", settled.status)
        return replace(settled, status=found.status)


def cost_of(program: Program, outcome: Outcome) -> float:
    """What a plan costs, whatever it was looked for."""
    return float(program.cost @ outcome.values[: len(program.cost)]) + program.offset


def checked(program: Program, outcome: Outcome, question: str) -> dict[str, pd.DataFrame]:
    """The tables of a plan, independently checked; CheckFailedError if they do not bear it out.

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
