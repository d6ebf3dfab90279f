"""Why cost has no least: what can be bought, made and sold together without end at a gain, each where it stands.

Cost can be lowered without end along a direction d of the relaxed problem, which no row and no bound ever stops:
A d <= 0 and >= 0 where a row has an upper and a lower side, d <= 0 and >= 0 where a column has. The shortest d that
gains one unit of money has few activities in it: they are the culprits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from planner.common.arrays import Array
from planner.formulation.declarations import Key
from planner.language.instance import Options
from planner.program.program import Program
from planner.reading.document import Document
from planner.solving.outcome import SolverError
from planner.solving.run import load, status_of, told
from planner.solving.scaling import scaled
from planner.workflows.explain.conflict import Placed, placed
from planner.workflows.explain.messages import Said, Speaker

LEAST = 1e-6  # Share of the largest activity of a direction below which another is none.
LEAST_GAIN = 1e-9  # Of the solver's money, where that of typical columns is 1: no less stands in a row for a solver.
ACTS = {
    "sold": ("outlets", "buys"), "purchased": ("suppliers", "sells"), "activity": ("facilities", "works"),
    "flow": ("lanes", "ships"), "disposed": ("commodities", "can be disposed of"),
    "filled": ("stockpiles", "takes in"), "collected": ("returns", "returns"),
}  # What columns do, by family: the section of the statement, and the word for it.


@dataclass(frozen=True)
class Endless:
    """Activities that together have no limit and earn more than they cost, sellers first."""

    statements: tuple[Placed, ...]

    def __str__(self) -> str:
        lines = ["Unbounded: these together have no limit and gain money:"]
        lines += [f"  {s.place} {s.path}: {s.words}" for s in self.statements]
        lines.append("Limit one of them, or correct a price that makes them gain.")
        return "\n".join(lines)


def endless(document: Document, program: Program, options: Options) -> Endless | None:
    """The culprits where cost can be lowered without end; None where nothing has no limit at a gain."""
    direction = _direction(program, options)
    if direction is None:
        return None
    speaker, order = Speaker(program, document.instance), list(ACTS)
    found: dict[tuple[str, str], tuple[int, Said]] = {}
    for family, key, said in _said(program, direction, speaker):
        found.setdefault((family, str(key[0])), (order.index(family), said))
    return Endless(tuple(placed(document, said) for _, said in sorted(found.values(), key=lambda pair: pair[0])))


def _said(program: Program, direction: Array, speaker: Speaker) -> list[tuple[str, Key, Said]]:
    """The activities of a direction by family and key, each with what it does."""
    least, acts = LEAST * np.abs(direction).max(), []
    for node in program.network.tree.nodes:
        for family in program.operation.variables:
            if family.name not in ACTS:
                continue
            section, verb = ACTS[family.name]
            sizes = np.abs(direction[program.slice(node, family.name)])
            for key, size in zip(family.keys, sizes, strict=True):
                if size > least:
                    words = f"{key[0]} {verb} without a limit{speaker.when(node)}"
                    acts.append((family.name, key, Said((section, key[0]), words)))
    return acts


def _direction(program: Program, options: Options) -> Array | None:
    """The shortest direction that gains one unit of the solver's money and that no row or bound stops, or None."""
    suited, scaling = scaled(program)
    arrays, count = suited.arrays, len(suited.cost)
    gains = arrays.cost * suited.cost_scale
    gain = sp.csr_array(np.where(np.abs(gains) >= LEAST_GAIN, gains, 0.0).reshape(1, count))
    cone = suited.changed(
        cost=np.where(np.isfinite(arrays.lower), 1.0, 0.0) / suited.cost_scale, offset=0.0,
        lower=np.where(np.isfinite(arrays.lower), 0.0, -math.inf),
        upper=np.where(np.isfinite(arrays.upper), 0.0, math.inf),
        matrix=sp.csr_array(sp.vstack([arrays.matrix, gain], format="csr")),
        row_lower=np.append(np.where(np.isfinite(arrays.row_lower), 0.0, -math.inf), -math.inf),
        row_upper=np.append(np.where(np.isfinite(arrays.row_upper), 0.0, math.inf), -1.0),
    )
    solver = load(cone, options, relax=True)
    solver.run()
    status = status_of(solver, interrupted=False)
    if status == "infeasible":
        return None
    if status != "optimal":
        raise SolverError(f"the search for what has no limit ended with: {told(solver)}")
    return scaling.values(solver.values)
