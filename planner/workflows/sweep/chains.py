"""Order of warm starts, so that each is from a near job: the root for all, then chains of neighbours.

Neighbours are found by the tree of least total distance (Prim 1957) over each job's nearest ones and the root. Its
order, depth first, is cut into chains of equal length. A job starts from the nearest of the jobs before it in its
chain and the root. All this depends on the study alone, not on the order of work: any executor, any resumption and
any shards, which take whole chains, give the same results.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree
from scipy.spatial import cKDTree

from planner.common.arrays import Array
from planner.workflows.sweep.sampling import Job

NEAREST = 16  # Neighbours among which the tree is looked for.
CENTRE, TINY = 0.5, 1e-9  # Where a factor that is not set is taken to be; distance of jobs at one point.
DIGITS = 9  # To which distances are compared: among equals the first counts.


Chains = Sequence[Sequence[int]]  # Numbers of jobs, the root not among them.


def chains_of(jobs: Sequence[Job], names: Sequence[str], length: int) -> list[list[int]]:
    """The numbers of all jobs but the first, the root, in chains of neighbours."""
    if len(jobs) == 1:
        return []
    tree = minimum_spanning_tree(_edges(_points(jobs, names)))
    around, before = breadth_first_order(tree, 0, directed=False)
    tied: dict[int, int | None] = {jobs[p].number: jobs[before[p]].number for p in around[1:]}
    order = in_order({jobs[0].number: None} | tied)[1:]
    return [order[first:first + length] for first in range(0, len(order), length)]


def parents_of(jobs: Sequence[Job], names: Sequence[str], chains: Chains) -> dict[int, int | None]:
    """Number of the job that each starts from; the first job is the root and starts from none."""
    points = dict(zip((job.number for job in jobs), _points(jobs, names), strict=True))
    root = jobs[0].number
    found: dict[int, int | None] = {root: None}
    for chain in chains:
        known = [root]
        for number in chain:
            distances = np.linalg.norm(np.array([points[k] for k in known]) - points[number], axis=1)
            found[number] = known[int(np.argmin(np.round(distances, DIGITS)))]
            known.append(number)
    return found


def _points(jobs: Sequence[Job], names: Sequence[str]) -> Array:
    return np.array([[job.point.get(name, CENTRE) for name in names] for job in jobs])


def _edges(points: Array) -> csr_array:
    """Distances from every job to its nearest ones and to the root."""
    count = len(points)
    near = min(NEAREST + 1, count)
    distances, others = (np.asarray(part).ravel() for part in cKDTree(points).query(points, near))
    rows = np.concatenate([np.repeat(np.arange(count), near), np.arange(1, count)])
    columns = np.concatenate([others, np.zeros(count - 1, dtype=int)])
    lengths = np.concatenate([distances, np.linalg.norm(points[1:] - points[0], axis=1)])
    # Ties are broken by place, so that the tree is one and the same everywhere.
    low, high = np.minimum(rows, columns), np.maximum(rows, columns)
    lengths = lengths + TINY * (1 + (low * 31 + high) % 1009 / 1009)
    keys, first = np.unique(low.astype(np.int64) * count + high, return_index=True)
    kept = first[keys // count != keys % count]
    return csr_array((lengths[kept], (low[kept], high[kept])), shape=(count, count))


def in_order(parents: Mapping[int, int | None]) -> list[int]:
    """All jobs depth first, so that neighbours follow each other."""
    children: dict[int | None, list[int]] = {}
    for number in sorted(parents):
        children.setdefault(parents[number], []).append(number)
    found: list[int] = []
    stack = list(reversed(children[None]))
    while stack:
        number = stack.pop()
        found.append(number)
        stack.extend(reversed(children.get(number, [])))
    return found
