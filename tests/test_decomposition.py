"""Branches apart and all in one program: the same answer, bounds that hold, plans that the tables bear out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from planner.assemble import Program
from planner.check import check_run
from planner.decomposition.branches import Branches
from planner.decomposition.decompose import decompose, obstacle
from planner.decomposition.oracle import Oracle
from planner.formulate import formulate
from planner.results.solution import Solution
from planner.results.summary import signed
from planner.results.tables import all_tables
from planner.results.write import read_tables, write_tables
from planner.schema import Options
from planner.solver import solve
from tests.generate import by_future, instances

EXACT, NEAR = Options(gap=0.0), Options(gap=1e-5)


def divisible(raw: dict[str, Any]) -> Program:
    """The program of a generated instance that can be decomposed."""
    program = formulate(by_future(raw), EXACT)
    assume(obstacle(program) is None)
    return program


@settings(max_examples=120, deadline=None)
@given(raw=instances())
def test_branches_apart_cost_what_they_cost_together(
    raw: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    program = divisible(raw)
    whole, apart = solve(program, EXACT), decompose(program, NEAR)
    assert apart.status == whole.status == "optimal"
    scale = max(1.0, abs(whole.objective))
    assert apart.bound <= whole.objective + 1e-6 * scale
    assert whole.objective - 1e-6 * scale <= apart.objective <= whole.objective + 2e-5 * scale
    folder = tmp_path_factory.mktemp("run")
    write_tables(all_tables(Solution(program, apart)), folder)
    report = check_run(by_future(raw), read_tables(folder), signed(program.network.base, apart.objective))
    assert report.passed, report


@settings(max_examples=40, deadline=None)
@given(raw=instances(), seed=st.integers(0, 1000))
def test_cuts_bound_branches_and_means_bound_their_members(raw: dict[str, Any], seed: int) -> None:
    program = divisible(raw)
    branches, random = Branches(program.pieces), np.random.default_rng(seed)
    oracle = Oracle(branches, 1.0, 1)
    top = np.minimum(program.upper[: branches.width], 50.0) if not branches.trunk else np.zeros(branches.width)
    one, other = (random.random(branches.width) * top for _ in range(2))
    first, second = oracle.ask(oracle.every, one), oracle.ask(oracle.every, other)
    for here, there in zip(first, second, strict=True):
        for cut, answer in ((here.cut, there), (there.cut, here), (here.cut, here)):
            x = other if answer is there else one
            if not cut.is_limit and np.isfinite(answer.value):
                assert cut.at(x) <= answer.value + 1e-6 * max(1.0, abs(answer.value))
    for mean in branches.clusters(1, seed):
        (found,) = oracle.ask([mean], one)
        expected = sum(p * first[i].value for p, i in zip(branches.shares(mean), mean, strict=True))
        assert found.value <= expected + 1e-6 * max(1.0, abs(expected))
    oracle.close()
