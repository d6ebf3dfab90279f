"""Cost of the best plan for each future alone, from which regret is measured.

That cost lies between a proven bound and the cost of a plan. Regret is measured from the bound, so that the figure
stated is never too low. The true least regret may be lower by the difference of the two.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from planner.common.errors import NoAnswerError
from planner.common.signals import listening, stop_if_asked
from planner.formulation.network import build_network
from planner.language.counterfactuals import only
from planner.language.instance import Instance, Options
from planner.program.program import assemble
from planner.solving.extensive import solve
from planner.solving.listener import Listener
from planner.solving.time_budget import Allotment


@dataclass(frozen=True)
class ScenarioOptimum:
    """Cost of the best plan found for a future alone, infinite without one, and the proven bound below it [money]."""

    cost: float
    bound: float

    @property
    def doubt(self) -> float:
        """By how much the best plan may cost more than the bound."""
        return self.cost - self.bound


@dataclass
class Alone:
    """The best plan of each future alone, as far as it is known; all that is solved shares one allotment."""

    instances: Mapping[str, Instance]
    allotment: Allotment
    listener: Listener
    best: dict[str, ScenarioOptimum] = field(default_factory=dict)

    def find(self, futures: Iterable[str], gap: float) -> None:
        """Solve these futures to a gap; where time runs out they are known as far as that."""
        with listening(self.listener.stopping):
            for future in futures:
                known = self.best.get(future, ScenarioOptimum(math.inf, -math.inf))
                found = self._solved(future, self.allotment.next().model_copy(update={"gap": gap}))
                stop_if_asked()
                self.best[future] = ScenarioOptimum(min(known.cost, found.cost), max(known.bound, found.bound))

    def _solved(self, future: str, options: Options) -> ScenarioOptimum:
        program, listener = assemble(build_network(only(self.instances, future))), self.listener
        outcome = solve(program, options, listener.progress, stopping=listener.stopping)
        if outcome.has_plan and outcome.status != "interrupted":
            return ScenarioOptimum(outcome.objective, outcome.bound)
        if outcome.status == "no_plan":  # Time ran out: without whole numbers there is a bound at least.
            unlimited = options.model_copy(update={"time_limit": None})
            outcome = solve(program, unlimited, relax=True, stopping=listener.stopping)
        if outcome.status == "interrupted":
            raise KeyboardInterrupt
        if outcome.status != "optimal":
            raise NoAnswerError(f"regret needs the best plan for {future} alone, which was not found", outcome.status)
        return ScenarioOptimum(math.inf, outcome.objective)

    @property
    def doubt(self) -> float:
        """The largest doubt about the best plan of a future [money]."""
        return max(best.doubt for best in self.best.values())
