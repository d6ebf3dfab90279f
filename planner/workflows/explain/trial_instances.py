"""Trials of a changed instance: whether all its rules can then be met, and at what cost.

Losses that plans must survive are added when a plan fails them, and stay for later trials. A large program is answered
by its relaxation, warm-started from the last one that had an optimum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from planner.common.arrays import Array
from planner.common.errors import InputError
from planner.contingency.screening import Probe
from planner.formulation.contingencies import Loss, losses, withstanding
from planner.language.counterfactuals import Instances
from planner.language.instance import Options
from planner.program.blocks import Compiled
from planner.program.program import Program
from planner.reading.document import Document
from planner.solving.extensive import solve
from planner.solving.formulate import formulate
from planner.solving.highs import Basis, Solver
from planner.solving.relaxation import Optimum, relaxed
from planner.solving.run import load
from planner.solving.scaling import scaled
from planner.solving.transfer import carried_basis
from planner.validation.validate import validate
from planner.workflows.explain.deadline import Patience
from planner.workflows.explain.iis import has_plan

LARGE = 50_000  # Nonzeros from which the relaxation stands for the plan.


@dataclass(frozen=True)
class FeasibleTrial:
    """A changed instance that can meet all its rules: at what cost, the values there and prices of rows.

    `is_plan` is False where that is known of its relaxation alone.
    """

    program: Program
    cost: float
    values: Array
    prices: Array
    is_plan: bool


class Ground:
    """One instance under changes; `given` are the losses its program withstands (None: all there are)."""

    def __init__(
        self, document: Document, options: Options, patience: Patience, given: Sequence[Loss] | None
    ) -> None:
        self.document, self.options, self.patience = document, options, patience
        self.losses = tuple(losses(document.instances()) if given is None else given)
        self.every = losses(document.instances())
        self._compiled = Compiled()
        self._last: tuple[Program, Basis] | None = None
        self._plain: Program | None = None
        self._withstood: tuple[Loss, ...] = ()

    def plain(self) -> Program:
        """The program as it is stated, with the losses known so far."""
        if self._plain is None or self._withstood != self.losses:
            self._plain, self._withstood = self._formed(self.document.instances()), self.losses
        return self._plain

    def program(self, sets: Sequence[str]) -> Program | None:
        """The program of the changed instance with the losses known so far; None if it is not valid."""
        instances = self._instances(sets)
        return None if instances is None else self._formed(instances)

    def _instances(self, sets: Sequence[str]) -> Instances | None:
        try:
            document = self.document.changed(sets)
            validate(document)
            return document.instances()
        except InputError:
            return None

    def _formed(self, instances: Instances) -> Program:
        return formulate(withstanding(instances, self.losses), self.options, compiled=self._compiled)

    def is_possible(self, program: Program) -> bool:
        """Whether a program has a plan, or its relaxation an answer if it is large."""
        if not is_large(program):
            return has_plan(program, self.options)
        solver = self.questioned(scaled(program)[0])
        solver.run()
        return solver.is_optimal

    def questioned(self, program: Program) -> Solver:
        """A solver that holds a program without costs; of a large one the relaxation, with them near the last answer.

        It is handed over as it is: in the units that suit the solver.

        For costs lead the dual simplex method from an old basis to the new end, and without them all ways are alike.
        """
        options = self.patience.limited(self.options.model_copy(update={"gap": 1e-6}))
        if self._last is None or not is_large(program):
            asked = program.changed(cost=np.zeros(len(program.cost)), offset=0.0)
            return load(asked, options, relax=is_large(program))
        solver = load(program, options, relax=True)
        solver.start_from(carried_basis(*self._last, program))
        solver.set(presolve="off")
        return solver

    def held(self, sets: Sequence[str]) -> FeasibleTrial | None:
        """The changed instance with every loss it must withstand, if it can; None if not, or not in the time left."""
        instances = self._instances(sets)
        while instances is not None and not self.patience.is_over:
            program = self._formed(instances)
            found = self._answered(program)
            if found is None:
                return None
            more = self._failing(instances, found) if self.every else ()
            if not more:
                return found
            self.patience.tell(f"{len(more)} more losses to withstand")
            self.losses = (*self.losses, *more)
        return None

    def _answered(self, program: Program) -> FeasibleTrial | None:
        if not is_large(program):
            outcome = solve(program, self.patience.limited(self.options))
            if not outcome.has_plan:
                return None
            return FeasibleTrial(program, outcome.objective, outcome.values, outcome.prices, True)
        start = carried_basis(*self._last, program) if self._last is not None else None
        found = relaxed(program, self.patience.limited(self.options), self.patience.listener.stopping, start)
        if not isinstance(found, Optimum):
            return None
        self._last = program, found.basis
        return FeasibleTrial(program, found.value, found.values, found.prices, False)

    def _failing(self, instances: Instances, found: FeasibleTrial) -> tuple[Loss, ...]:
        """The worst losses, one of each requirement and period; preparing for these often covers the others."""
        worst: dict[tuple[str, str, str], tuple[float, Loss]] = {}
        for loss, borne in Probe(instances, self.every, self._compiled).bear(found.program, found.values).items():
            place, lacking = (loss.requirement, loss.future, loss.period), sum(borne.lacking.values())
            if borne.fails and loss not in self.losses and lacking > worst.get(place, (0.0, loss))[0]:
                worst[place] = lacking, loss
        return tuple(loss for _, loss in worst.values())


def is_large(program: Program) -> bool:
    return bool(program.matrix.nnz > LARGE)


def price_of_all(program: Program) -> float:
    """Cost of serving no demand, in the solver's scale: more than any lever is worth."""
    places = [program.slice(node, "short") for node in program.network.tree.nodes]
    most = sum(float(np.abs(program.cost[s]) @ np.nan_to_num(program.upper[s], posinf=0.0)) for s in places)
    return max(most, 1.0) * program.cost_scale
