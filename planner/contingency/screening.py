"""Effect of every loss on a plan: one program for every period asked about, with a window in which nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from planner.common.arrays import Array
from planner.common.identity import each_once
from planner.contingency.recourse import Borne, Scopes, Trial
from planner.formulation.contingencies import Loss, outage_rules, relieved, withstanding
from planner.formulation.network import build_network
from planner.language.counterfactuals import Instances
from planner.language.instance import Instance, Shock
from planner.program.blocks import Compiled
from planner.program.program import Program, assemble
from planner.solving.transfer import carried_values

CALM = "nothing lost in"  # Begin of the names of the shocks that stand for periods in which losses are tried.


class Probe:
    """Losses to be tried on one plan after the other, by default for the users of the outage requirements.

    `scopes` say whose users are meant instead, by the names of the losses.
    """

    def __init__(
        self, instances: Instances, every: Sequence[Loss], compiled: Compiled | None = None,
        scopes: Scopes | None = None,
    ) -> None:
        self.every = every
        self.scopes: Scopes = scopes if scopes is not None else outage_rules(instances)
        self.windows = assemble(build_network(_with_windows(instances, every)), compiled)

    def bear(self, program: Program, values: Array) -> dict[Loss, Borne]:
        """Effect of each loss on a plan, when operation is best for the users in its scope.

        With hindsight the futures that cannot be told apart yet have windows of their own: the worst of them counts.
        """
        found: dict[Loss, Borne] = {}
        for trial, here in self._trials(program, values):
            for loss in here:
                borne = trial.bear(loss)
                found[loss] = min(borne, found.get(loss, borne), key=lambda b: b.served)
        return {loss: found[loss] for loss in self.every}

    def harm(self, program: Program, values: Array) -> Iterator[tuple[Loss, Borne, Borne]]:
        """Effect of each loss when users lose least money, and the same period without the loss; each once."""
        told: set[Loss] = set()
        for trial, here in self._trials(program, values, valued=True):
            for loss in (loss for loss in here if loss not in told):
                told.add(loss)
                yield loss, trial.bear(loss), trial.undisturbed(loss)

    def _trials(
        self, program: Program, values: Array, valued: bool = False
    ) -> Iterator[tuple[Trial, Sequence[Loss]]]:
        """The program of every period in which something may be lost, and what."""
        known = carried_values(program, values, self.windows)
        at: dict[str, list[Loss]] = {}
        for loss in self.every:
            at.setdefault(_calm(loss), []).append(loss)
        for node in self.windows.network.tree.nodes:
            if node.source in at:
                yield Trial(self.scopes, self.windows, node, known, valued), at[node.source]


def _calm(loss: Loss) -> str:
    return f"{CALM} {loss.future} {loss.period}"


def _with_windows(instances: Instances, every: Sequence[Loss]) -> dict[str, Instance]:
    """The instances with a tested shock for every period in which a loss may begin, in which nothing is lost."""
    plain = withstanding(instances, ())
    moments = {_calm(loss): loss for loss in every}
    shocks = dict(next(iter(instances.values())).shocks)
    for name, loss in moments.items():
        shocks[name] = Shock.model_validate({
            "from": loss.future, "earliest": loss.start, "latest": loss.start, "length": loss.length, "hazard": 0.0,
            "tested": True,
        })
    found = each_once(plain, lambda i: i.model_copy(update={"shocks": shocks}))
    easier = {future: relieved(found[future]) for future in {loss.future for loss in moments.values()}}
    return found | {name: easier[loss.future] for name, loss in moments.items()}
