"""How a plan bears every loss: a program with a window, in which nothing is lost, for every period asked about."""

from __future__ import annotations

from collections.abc import Sequence

from planner.assemble import Program, assemble
from planner.carried import carried_values
from planner.network import build_network
from planner.outage import Instances, Loss, losses, relieved, withstanding
from planner.pieces import Compiled
from planner.schema import Instance, Shock
from planner.template import Array
from planner.trial import Borne, Trial

CALM = "nothing lost in"  # Begin of the names of the shocks that stand for periods in which losses are tried.


class Probe:
    """Every loss that an instance names, to be tried on one plan after the other."""

    def __init__(self, instances: Instances, every: Sequence[Loss], compiled: Compiled | None = None) -> None:
        self.base, self.every = next(iter(instances.values())), every
        self.windows = assemble(build_network(_with_windows(instances)), compiled)

    def bear(self, program: Program, values: Array) -> dict[Loss, Borne]:
        """How a plan bears each loss, when operation is best for the users in its scope."""
        known = carried_values(program, values, self.windows)
        found: dict[Loss, Borne] = {}
        for node in self.windows.network.tree.nodes:
            here = [loss for loss in self.every if node.source == _calm(loss)]
            if here:
                trial = Trial(self.base, self.windows, node, known)
                found |= {loss: trial.bear(loss) for loss in here}
        return {loss: found[loss] for loss in self.every}


def _calm(loss: Loss) -> str:
    return f"{CALM} {loss.future} {loss.period}"


def _with_windows(instances: Instances) -> dict[str, Instance]:
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
