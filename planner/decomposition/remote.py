"""The oracle on workers elsewhere: processes, MPI ranks or a Dask cluster.

Every worker makes the pieces of all branches once, from the instances. Bases travel with the questions, so that the
answers do not depend on which worker was free.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Executor, wait

import highspy

from planner.decomposition.branches import Branches, Key
from planner.decomposition.oracle import LANES, Answer, Lane, Oracle, OverError
from planner.network import build_network
from planner.pieces import Pieces
from planner.schema import Instance
from planner.template import Array

Bases = dict[Key, tuple[bytes, bytes]]  # Status of columns and rows, a byte each.
STATUS = {int(status): status for status in highspy.HighsBasisStatus.__members__.values()}
POLL = 0.5  # Seconds between looks at whether time is over.


class _Worker:
    """What a worker keeps."""

    lane: Lane


def prepare(instances: Mapping[str, Instance], scale: float) -> None:
    """Called once in every worker."""
    _Worker.lane = Lane(Branches(Pieces(build_network(instances))), scale)


def ask(keys: Sequence[Key], x: Array, bases: Bases) -> tuple[list[Answer], Bases]:
    """Value and cut of some branches at x, and the bases they ended with; a job for a worker."""
    lane = _Worker.lane
    for resident in lane.residents.values():
        resident.solver.clearSolver()  # What the worker did before must not matter.
    lane.bases = {key: _unpacked(*basis) for key, basis in bases.items()}
    answers = [lane.ask(key, x) for key in keys]
    return answers, {key: _packed(basis) for key, basis in lane.bases.items()}


class RemoteOracle(Oracle):
    """Lanes are jobs of an executor."""

    def __init__(self, branches: Branches, scale: float, executor: Executor, means: Sequence[Key]) -> None:
        super().__init__(branches, scale, 1, means)
        self.executor = executor
        self.bases: Bases = {}

    def ask(self, keys: Sequence[Key], x: Array) -> list[Answer]:
        """Value and cut of every branch or mean of branches at x."""
        count = min(LANES, len(keys))
        parts = [keys[number::count] for number in range(count)]
        jobs = [
            self.executor.submit(ask, part, x, {key: basis for key in part if (basis := self._start(key))})
            for part in parts
        ]
        while wait(jobs, POLL, FIRST_EXCEPTION).not_done:
            if self.is_over():
                for job in jobs:
                    job.cancel()
                raise OverError
        found = [job.result() for job in jobs]
        for _, bases in found:
            self.bases |= bases
        return [found[i % count][0][i // count] for i in range(len(keys))]

    def _start(self, key: Key) -> tuple[bytes, bytes] | None:
        return self.bases.get(key, self.bases.get(self.kin.get(key, key)))


def _packed(basis: highspy.HighsBasis) -> tuple[bytes, bytes]:
    return bytes(map(int, basis.col_status)), bytes(map(int, basis.row_status))


def _unpacked(columns: bytes, rows: bytes) -> highspy.HighsBasis:
    basis = highspy.HighsBasis()
    basis.col_status, basis.row_status = [STATUS[s] for s in columns], [STATUS[s] for s in rows]
    basis.valid = True
    return basis
