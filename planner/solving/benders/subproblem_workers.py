"""The oracle on workers elsewhere: processes, MPI ranks or a Dask cluster.

Every worker makes the pieces of all branches once, from the instances. Bases travel with the questions, so that the
answers do not depend on which worker was free.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Executor, wait

from planner.common.arrays import Array
from planner.formulation.network import build_network
from planner.language.instance import Instance
from planner.program.blocks import Pieces
from planner.solving.benders.subproblem_solver import SLOTS, Oracle, OverError, SolverSlot, SubproblemResult
from planner.solving.benders.subproblems import Branches, BranchKey
from planner.solving.highs import Basis

POLL = 0.5  # Seconds between looks at whether time is over.


class _Worker:
    """State of a worker."""

    slot: SolverSlot


def prepare(instances: Mapping[str, Instance], scale: float) -> None:
    """Called once in every worker."""
    _Worker.slot = SolverSlot(Branches(Pieces(build_network(instances))), scale)


def ask(keys: Sequence[BranchKey], x: Array, starts: Sequence[Basis | None]) -> list[SubproblemResult]:
    """Value and cut of some branches at x, and the bases they ended with; a job for a worker."""
    slot = _Worker.slot
    for resident in slot.residents.values():
        resident.solver.forget()  # What the worker did before must not matter.
    return [slot.ask(key, x, start) for key, start in zip(keys, starts, strict=True)]


class RemoteOracle(Oracle):
    """Lanes are jobs of an executor."""

    def __init__(self, branches: Branches, scale: float, executor: Executor) -> None:
        super().__init__(branches, scale, 1)
        self.executor = executor

    def ask(self, keys: Sequence[BranchKey], x: Array, starts: Sequence[Basis | None] = ()) -> list[SubproblemResult]:
        """Value and cut of every branch or mean of branches at x, each from a basis, if there are any."""
        count, starts = min(SLOTS, len(keys)), starts or [None] * len(keys)
        jobs = [
            self.executor.submit(ask, keys[number::count], x, starts[number::count]) for number in range(count)
        ]
        while wait(jobs, POLL, FIRST_EXCEPTION).not_done:
            if self.is_over():
                for job in jobs:
                    job.cancel()
                raise OverError
        found = [job.result() for job in jobs]
        return [found[i % count][i // count] for i in range(len(keys))]
