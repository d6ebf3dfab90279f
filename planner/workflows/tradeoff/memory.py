"""Memory: what was asked of programs and how it ended, so that a question that was interrupted goes on from there.

A question that takes many solves asks them in an order that its input alone decides. So it is enough to know each
outcome by the program that was solved: asked again, those that are answers are given at once.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path

import numpy as np

from planner.program.program import Program
from planner.solving.outcome import Outcome

ARRAYS = ("values", "prices")
SCALARS = tuple(part.name for part in fields(Outcome) if part.name not in ARRAYS)


@dataclass(frozen=True)
class Memory:
    """Outcomes by the digest of the program that was solved, relaxed or not."""

    known: dict[str, Outcome] = field(default_factory=dict)

    def recall(
        self, program: Program, relax: bool, solve: Callable[[], Outcome], is_answer: Callable[[Outcome], bool]
    ) -> Outcome:
        """The outcome of a program as it is known, if that is an answer, or by solving it; the nearer to the best."""
        key = _digest(program, relax)
        known = self.known.get(key)
        if known is not None and is_answer(known):
            return known
        outcome = solve()
        if known is not None and outcome.status in ("stopped", "no_plan") and known.gap < outcome.gap:
            return known
        if outcome.status != "interrupted":
            self.known[key] = outcome
        return outcome

    def write(self, file: Path) -> None:
        """Write all outcomes to one file of arrays."""
        told: dict[str, np.ndarray] = {}
        for key, outcome in self.known.items():
            told |= {f"{key}.{name}": getattr(outcome, name) for name in ARRAYS}
            told[f"{key}.rest"] = np.array(json.dumps({name: getattr(outcome, name) for name in SCALARS}))
        with file.open("wb") as stream:
            np.savez_compressed(stream, allow_pickle=False, **told)

    @classmethod
    def read(cls, content: bytes) -> Memory:
        """The outcomes of a file that `write` has written."""
        with np.load(io.BytesIO(content), allow_pickle=False) as told:
            keys = [name.removesuffix(".rest") for name in told.files if name.endswith(".rest")]
            return cls({
                key: Outcome(**{name: told[f"{key}.{name}"] for name in ARRAYS}, **json.loads(str(told[f"{key}.rest"])))
                for key in keys
            })  # fmt: skip


def _digest(program: Program, relax: bool) -> str:
    """Digest of all that a solve depends on, except the options."""
    arrays = program.arrays
    found = hashlib.sha256(repr((relax, arrays.offset, program.doubt, program.ceiling)).encode())
    parts = (arrays.cost, arrays.lower, arrays.upper, arrays.integer, arrays.row_lower, arrays.row_upper,
             arrays.matrix.indptr, arrays.matrix.indices, arrays.matrix.data)  # fmt: skip
    for part in parts:
        found.update(np.ascontiguousarray(part).data)
    return found.hexdigest()
