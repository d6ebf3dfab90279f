"""A block behind a program: what was there stays, and the block's own columns keep all that is declared of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import planner
from planner.formulation.declarations import Chapter, Constraint, Data, Link, Term, Variable
from planner.program.appending import appended
from tests.paths import QUICKSTART


def enough(block: Any, key: str) -> Any:
    return block.plants["few"] + 2 * block.plants["many"] >= block.all_short[key] - block.spared[key]


def test_what_is_declared_of_columns_and_rows_is_kept() -> None:
    program = planner.build(QUICKSTART)
    node = program.network.tree.nodes[1]
    short = program.operation.variables[[v.name for v in program.operation.variables].index("short")].keys[0]
    chapter = Chapter(
        variables=(Variable(
            "plants", (("few",), ("many",)), "plants", lower=lambda _: [1.0, -math.inf],
            upper=lambda _: [3.0, math.inf], integer=[True, False],
            costs={"one": lambda _: [2.0, 5.0], "more": lambda _: [0.5, 0.0]},
        ),),
        links=(Link("all_short", (("all",),), "short", lambda _: [Term(0, node.index, "short", short, 4.0)],
                    lambda _: [7.0]),),
        data=(Data("spared", (("all",),), "spared", lambda _: [1.0]),),
        constraints=(Constraint("enough", (("all",),), enough),),
    )  # fmt: skip
    arrays, costs = appended(program, chapter)
    width, height = len(program.cost), len(program.row_lower)
    for name in ("cost", "lower", "upper", "integer"):
        assert np.array_equal(getattr(arrays, name)[:width], getattr(program, name))
    assert (abs(arrays.matrix[:height, :width] - program.matrix)).nnz == 0
    assert (costs.tolist(), arrays.cost[width:].tolist()) == ([2.5, 5.0], [2.5, 5.0])
    assert (arrays.lower[width:].tolist(), arrays.upper[width:].tolist()) == ([1.0, -math.inf], [3.0, math.inf])
    assert arrays.integer[width:].tolist() == [True, False]
    row = dict(zip(arrays.matrix[[height], :].indices.tolist(), arrays.matrix[[height], :].data.tolist(), strict=True))
    sign = math.copysign(1.0, row[width])
    assert {c: sign * a for c, a in row.items() if a} == {
        width: 1.0, width + 1: 2.0, program.column(node, "short", short): -4.0,
    }  # fmt: skip
    side = arrays.row_lower[height] if sign > 0 else -arrays.row_upper[height]
    assert side == 7.0 - 1.0
    assert list(arrays.rows)[height] == (None, "enough", ("all",))
