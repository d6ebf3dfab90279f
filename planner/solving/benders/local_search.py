"""Local search over the binaries of the master: drop a start, shift it by a date, change a fractional one.

Every plan tried is a linear program, warm-started from the last one, with numbers of modules relaxed. It contains the
mean of the branches, so that plans are compared by their cost and not by the cuts known near them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from planner.common.arrays import Array
from planner.solving.relaxation import Relaxation

IN_DOUBT = 1e-4  # What the relaxation leaves this far from yes and no may be either.

BinaryChoice = dict[int, float]  # Column -> 0 or 1.


class BinaryNeighbourhood:
    """The neighbourhood of a choice. `dates` are the columns of each project's starts, in order of time."""

    def __init__(self, relaxation: Relaxation, relaxed: Array, dates: Sequence[Sequence[int]]) -> None:
        self.relaxation, self.relaxed, self.dates = relaxation, relaxed, dates

    def value(self, choice: BinaryChoice, cutoff: float) -> float:
        """Value of the best plan with this choice, where it is below the cutoff."""
        self.relaxation.fix(choice)
        return self.relaxation.solve(cutoff)

    def moves(self, choice: BinaryChoice) -> Iterator[BinaryChoice]:
        """Small changes, the cheapest to try first."""
        for column in choice:
            yield {column: 0.0}
        for dates in self.dates:
            for one, next_one in pairwise(dates):
                yield {one: choice[next_one], next_one: choice[one]}
        doubt = {c: min(self.relaxed[c], 1 - self.relaxed[c]) for c in choice}
        for column in sorted(choice, key=lambda c: -doubt[c]):
            if doubt[column] > IN_DOUBT:
                yield {column: 1 - choice[column]}
