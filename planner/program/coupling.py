"""The rules that couple nodes of different branches, or scenarios, behind a program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from planner.common.arrays import Array
from planner.formulation.declarations import join
from planner.formulation.mathematics.security import coupled
from planner.formulation.network import Network
from planner.program.appending import appended
from planner.program.blocks import BlockLayout
from planner.program.program import Program


def is_coupled(network: Network) -> bool:
    """Whether the instance has rules that couple nodes of different branches, or scenarios."""
    return bool(coupled.keys(network))


def secured(program: Program, alone: Mapping[str, float] | None = None) -> Program:
    """The program with its coupling rules; `alone` as in `risk_objective`, for regret."""
    network = program.network
    if not is_coupled(network):
        return program
    best = alone if alone is not None else program.alone
    chapter = coupled.chapter(network, best)
    arrays, costs = appended(program, chapter)
    return replace(
        program, given=arrays, expected=None if program.expected is None else np.append(program.expected, costs),
        weighing=join([program.weighing, chapter]), alone=best,
    )


def beside_values(program: Program, values: Array, family: str) -> dict[tuple[object, ...], float]:
    """Values of a family of the block that stands behind all nodes, by key."""
    layout = BlockLayout.of(program.weighing.variables)
    start = program.frame.width + layout.starts[family]
    part = next(v for v in program.weighing.variables if v.name == family)
    return dict(zip(part.keys, values[start:start + len(part.keys)].tolist(), strict=True))
