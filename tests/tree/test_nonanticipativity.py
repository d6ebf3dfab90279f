"""The tree against an explicit model: every scenario by itself, bound together by equalities.

With hindsight (`clairvoyant`, adaptive) every future and shock has columns of its own from the start. Adding one
equality for each column of two nodes that cannot be told apart must give the very cost that sharing nodes gives.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import assume, given, settings

from planner.formulation.network import build_network
from planner.language.counterfactuals import expecting, foreseen
from planner.language.instance import Options
from planner.program.program import Program, assemble
from planner.solving.extensive import solve
from planner.tree.nodes import Node, Tree
from tests.generators.instances import by_future, instances

EXACT = Options(gap=0.0)
BOUNDED = Options(gap=0.0, time_limit=20.0)  # The explicit model is far larger, and now and then too much for a test.


def shared_node(tree: Tree, own: Node) -> Node:
    """The node of the tree that a node with a past of its own stands for."""
    future, _, then = own.future.partition(" then ")
    end = next(n for n in reversed(tree.nodes) if future in n.futures)
    if own.onset is None and then:  # The own past of a window that several futures share.
        end = next(n for n in reversed(tree.nodes) if then in n.futures)
    return next(n for n in tree.path(end) if n.period == own.period)


def pairs(tree: Tree, fan: Program) -> Iterator[tuple[int, int]]:
    """Columns of the fan that must be equal: those of nodes, and of decisions, that cannot be told apart."""
    first_node: dict[int, Node] = {}
    first_key: dict[tuple[str, str, tuple[Any, ...]], int] = {}
    for own in fan.network.tree.nodes:
        shared = shared_node(tree, own)
        same = first_node.setdefault(shared.index, own)
        if same is not own:
            yield from zip(_columns(fan, same), _columns(fan, own), strict=True)
        for family in fan.investments.variables:
            for key in family.keys:
                if len(key) > 1 and key[1] == own.group:
                    column = fan.column(None, family.name, key)
                    name = (family.name, shared.group, (key[0], *key[2:]))
                    known = first_key.setdefault(name, column)
                    if known != column:
                        yield known, column


def _columns(program: Program, node: Node) -> range:
    start = program.base(node)
    return range(start, start + program.node_layout.size)


def bound_together(tree: Tree, fan: Program) -> Program:
    equal = list(pairs(tree, fan))
    numbers = np.arange(len(equal))
    left, right = (np.array([pair[side] for pair in equal], dtype=int) for side in (0, 1))
    rows = sp.csr_array((np.ones(len(equal)), (numbers, left)), shape=(len(equal), len(fan.cost)))
    rows = rows - sp.csr_array((np.ones(len(equal)), (numbers, right)), shape=(len(equal), len(fan.cost)))
    return fan.changed(
        matrix=sp.csr_array(sp.vstack([fan.matrix, rows], format="csr")),
        row_lower=np.concatenate([fan.row_lower, np.zeros(len(equal))]),
        row_upper=np.concatenate([fan.row_upper, np.zeros(len(equal))]),
    )


@settings(max_examples=80)
@given(raw=instances())
def test_sharing_nodes_equals_scenarios_with_equalities(raw: dict[str, Any]) -> None:
    variants = expecting(by_future(raw | {"clairvoyant": False}))
    base = next(iter(variants.values()))
    assume(len(base.futures) > 1 or base.shocks)
    program = assemble(build_network(variants))
    fan = assemble(build_network(foreseen(variants)))
    ours = solve(program, EXACT)
    explicit = solve(bound_together(program.network.tree, fan), BOUNDED)
    assume(explicit.status not in ("stopped", "no_plan"))
    assert explicit.status == ours.status == "optimal"
    assert ours.objective == pytest.approx(explicit.objective, rel=1e-6, abs=1e-6)
