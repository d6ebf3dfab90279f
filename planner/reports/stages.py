"""The order of stages along the chain, from the recipes: what a stage makes goes to stages further on."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from planner.common.caching import cached
from planner.common.patterns import matching
from planner.language.instance import Instance

if TYPE_CHECKING:
    from planner.reports.run import Run

NO_STAGE = "other"


@cached
def stages(run: Run) -> tuple[str, ...]:
    """Every stage of the facilities, from those that need no input on; what leads back (recycling) comes late."""
    makes, takes = _made_and_taken(run.instance)
    onward = {
        stage: sorted(s for s, taken in takes.items() if s != stage and taken & made) for stage, made in makes.items()
    }
    starts = [stage for stage in makes if not takes[stage]]
    done: dict[str, None] = {}
    for stage in reversed([*starts, *(s for s in makes if s not in starts)]):
        _visit(stage, onward, done, frozenset())
    return tuple(reversed(done))


def _visit(stage: str, onward: dict[str, list[str]], done: dict[str, None], path: frozenset[str]) -> None:
    """Depth first: a stage is done after all that it leads to, but for what leads back to it."""
    if stage in done or stage in path:
        return
    for following in onward[stage]:
        _visit(following, onward, done, path | {stage})
    done[stage] = None


def _made_and_taken(instance: Instance) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Commodities that the facilities of each stage make, and those they take."""
    makes: dict[str, set[str]] = defaultdict(set)
    takes: dict[str, set[str]] = defaultdict(set)
    for facility in instance.facilities.values():
        stage = facility.stage or NO_STAGE
        for process in matching(facility.processes, instance.processes):
            makes[stage] |= set(instance.processes[process].outputs)
            takes[stage] |= set(instance.processes[process].inputs)
    return makes, takes
