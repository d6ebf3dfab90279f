"""Branches apart and all in one program: the same answer, bounds that hold, plans that the tables bear out."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import planner.solving.benders.bunching as survey_module
from planner.check import check_run
from planner.common.arrays import Array
from planner.common.signals import Requests
from planner.language.instance import Options
from planner.program.program import Program
from planner.results.solution import Solution
from planner.results.summary import signed
from planner.results.tables import all_tables
from planner.results.write import read_tables, write_tables
from planner.solving.benders.algorithm import steps
from planner.solving.benders.bunching import EVERY, Survey
from planner.solving.benders.local_search import BinaryNeighbourhood
from planner.solving.benders.solve import decompose, obstacle
from planner.solving.benders.subproblem_solver import Oracle, SubproblemResult
from planner.solving.benders.subproblems import Branches, BranchKey
from planner.solving.extensive import solve
from planner.solving.formulate import formulate
from planner.solving.highs import Basis
from planner.solving.integer_search import prove
from planner.solving.primal_heuristics import improve
from planner.solving.run import SolveContext
from planner.tables.schemas import RUN
from tests.benchmarks.parametric import Scale
from tests.benchmarks.parametric import instances as parametric
from tests.generators.instances import by_future, instances
from tests.paths import QUICKSTART, ROOT

EXACT, NEAR, NEAR_ONE = Options(gap=0.0), Options(gap=1e-5), Options(gap=0.01)


def divisible(raw: dict[str, Any]) -> Program:
    """The program of a generated instance that can be decomposed."""
    program = formulate(by_future(raw), EXACT)
    assume(obstacle(program) is None)
    return program


@settings(max_examples=60, deadline=None)
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
    write_tables(all_tables(Solution(program, apart)), folder, RUN)
    report = check_run(by_future(raw), read_tables(folder), signed(program.network.base, apart.objective))
    assert report.passed, report


def oracle_and_points(raw: dict[str, Any], seed: int, count: int) -> tuple[Oracle, list[Array]]:
    """The oracle of an instance without whole numbers, and points to ask about."""
    program = divisible(raw)
    branches, random = Branches(program.pieces), np.random.default_rng(seed)
    top = np.minimum(program.upper[: branches.width], 50.0) if not branches.trunk else np.zeros(branches.width)
    return Oracle(branches, 1.0, 1), [random.random(branches.width) * top for _ in range(count)]


@settings(max_examples=40, deadline=None)
@given(raw=instances(), seed=st.integers(0, 1000))
def test_cuts_bound_branches_and_means_bound_their_members(raw: dict[str, Any], seed: int) -> None:
    oracle, (one, other) = oracle_and_points(raw, seed, 2)
    first, second = oracle.ask(oracle.every, one), oracle.ask(oracle.every, other)
    for here, there in zip(first, second, strict=True):
        for cut, answer in ((here.cut, there), (there.cut, here), (here.cut, here)):
            x = other if answer is there else one
            if not cut.is_limit and np.isfinite(answer.value):
                assert cut.at(x) <= answer.value + 1e-6 * max(1.0, abs(answer.value))
    for mean in oracle.branches.clusters(1, seed):
        (found,) = oracle.ask([mean], one)
        expected = sum(p * first[i].value for p, i in zip(oracle.branches.shares(mean), mean, strict=True))
        assert found.value <= expected + 1e-6 * max(1.0, abs(expected))
    oracle.close()


@settings(max_examples=40, deadline=None)
@given(raw=instances())
def test_nothing_is_lost_where_only_what_differs_is_kept(raw: dict[str, Any]) -> None:
    branches = Branches(divisible(raw).pieces)
    for branch in branches.branches:
        kept, whole = branches.problem((branch.number,)).vectors, branches._vectors_of(branch)
        assert all(np.array_equal(one, other) for one, other in zip(kept, whole, strict=True))
    for kind in branches.kinds:
        every = [branches.problem((number,)).vectors for number in kind.numbers]
        shares = np.array(branches.shares(kind.numbers))
        mean = branches.problem(kind.numbers).vectors
        assert mean.cost.tolist() == np.min([v.cost for v in every], axis=0).tolist()
        for name in ("lower", "upper", "row_lower", "row_upper", "direct"):
            expected = sum(share * getattr(v, name) for share, v in zip(shares, every, strict=True) if share > 0)
            assert getattr(mean, name) == pytest.approx(expected, rel=1e-9, abs=1e-9), name


@settings(max_examples=40, deadline=None)
@given(raw=instances(), seed=st.integers(0, 1000))
def test_what_is_known_of_branches_from_others_is_at_most_what_they_cost(raw: dict[str, Any], seed: int) -> None:
    oracle, points = oracle_and_points(raw, seed, 3)
    survey = Survey(oracle)
    for x, doubt in zip(points, (0.0, np.inf, EVERY), strict=True):
        answers, costs = survey.ask(x, doubt).answers, [answer.value for answer in oracle.ask(oracle.every, x)]
        if doubt == EVERY:
            assert [answer.value for answer in answers] == pytest.approx(costs, rel=1e-6, abs=1e-6)
        for answer, known, cost in zip(answers, survey.pool.values(x), costs, strict=True):
            assert max(answer.value, known) <= cost + 1e-6 * max(1.0, abs(cost)) or np.isinf(cost)
        expected = float(sum(survey.weights * costs))
        assert survey.least(x) <= expected + 1e-6 * max(1.0, np.abs(costs).max())
    oracle.close()


@given(parts=st.lists(st.floats(0.001, 0.999), min_size=1, max_size=30), stride=st.floats(0.05, 1.0))
def test_steps_settle_what_is_likely_and_end_with_what_excludes_the_first_alone(
    parts: list[float], stride: float
) -> None:
    columns = np.arange(len(parts)) + 7
    every = list(steps(columns, np.array(parts), stride))
    likeliest = int(columns[np.argmax(parts)])
    assert all(step and set(step) <= set(columns.tolist()) for step in every)
    assert [every[-2], every[-1]] == [{likeliest: 1.0}, {likeliest: 0.0}]
    for step in every[:-1]:
        yes, no = (np.array(parts)[[c - 7 for c, value in step.items() if value == v]] for v in (1.0, 0.0))
        assert yes.min() >= no.max(initial=0.0)


SMALL = Scale(futures=6, facilities=12, years=6)


@pytest.fixture(scope="module")
def several() -> Program:
    """Six futures that differ from the start."""
    return formulate(parametric(SMALL), EXACT)


class Far:
    """A relaxation whose value is how far some columns are from where they should be."""

    over = False

    def __init__(self, best: dict[int, float]) -> None:
        self.best, self.at = best, dict[int, float]()

    def fix(self, at: dict[int, float]) -> None:
        self.at = at

    def solve(self, cutoff: float) -> float:
        value = 1.0 + sum(abs(self.at[c] - self.best[c]) for c in self.best)
        return value if value < cutoff else np.inf


def test_choices_leave_out_shift_and_change_what_is_in_doubt() -> None:
    best = {0: 0.0, 1: 0.0, 2: 1.0, 3: 0.0, 4: 1.0}
    search = BinaryNeighbourhood(Far(best), np.array([0.0, 0.0, 0.0, 0.0, 0.5]), [[0, 1, 2]])  # type: ignore[arg-type]
    begun = {0: 0.0, 1: 1.0, 2: 0.0, 3: 1.0, 4: 0.0}  # One start a date too early, one too many, one missing.
    assert improve(search, begun, 5.0, -np.inf) == (best, 1.0)
    early, value = improve(search, begun, 5.0, 4.0)
    assert value <= 4.0, "it is at the aim"
    assert early != best, "and ends there"


def test_a_search_ends_where_its_bound_proves_the_plan(several: Program) -> None:
    plan = decompose(several, NEAR_ONE)
    values = {int(c): float(np.round(plan.values[c])) for c in np.flatnonzero(several.integer)}
    aim = plan.objective * 0.98
    run = SolveContext(None, Requests(), time.monotonic())
    found = prove(several, Options(gap=0.0), run, values, aim)
    assert aim <= found.bound <= plan.objective * (1 + 1e-6)
    assert prove(several, Options(gap=0.0), run, {}, aim).bound >= aim


@pytest.mark.parametrize("executor", ["processes:2", "mpi:2"])
def test_the_same_answer_wherever_branches_are_solved(several: Program, executor: str) -> None:
    here, there = decompose(several, NEAR_ONE), decompose(several, NEAR_ONE, executor=executor)
    assert here.status == there.status == "optimal"
    assert there.objective == pytest.approx(here.objective, rel=2 * NEAR_ONE.gap)
    assert max(here.bound, there.bound) <= min(here.objective, there.objective)
    again = decompose(several, NEAR_ONE)
    assert (again.objective, again.values.tolist()) == (here.objective, here.values.tolist())


def test_branches_are_asked_in_waves_each_from_the_nearest_basis_known(
    several: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, bool]] = []
    ask = Oracle.ask

    def noted(
        self: Oracle, keys: Sequence[BranchKey], x: Array, starts: Sequence[Basis | None] = ()
    ) -> list[SubproblemResult]:
        asked.append((len(keys), all(start is not None for start in starts)))
        return ask(self, keys, x, starts)

    monkeypatch.setattr(Oracle, "ask", noted)
    monkeypatch.setattr(survey_module, "FIRST", 2)
    found = decompose(several, NEAR_ONE)
    assert found.status == "optimal"
    assert [count for count, _ in asked[:2]] == [2, 4]  # Six in all.
    assert all(has_start for _, has_start in asked[1:])


def test_a_lost_worker_leaves_the_best_plan(several: Program) -> None:
    def kill(_: object) -> None:
        for worker in multiprocessing.active_children():
            worker.kill()

    ended = decompose(several, EXACT, news=kill, executor="processes:2")
    assert ended.status == "stopped"
    assert "worker was lost" in ended.message
    assert ended.has_plan
    assert ended.bound <= ended.objective


def test_time_ends_with_a_plan_and_its_gap(several: Program) -> None:
    ended = decompose(several, Options(gap=0.0, time_limit=0.5))
    assert ended.status in ("stopped", "optimal")
    assert ended.has_plan
    assert ended.bound <= ended.objective


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--method", "benders", "--set", "objective.risk={measure: cvar, tail: 0.2}"], "totals of all scenarios"),
        (["--method", "extensive", "--executor", "processes:2"], "in this process alone"),
        (["--executor", "nowhere"], "no executor nowhere"),
    ],
)
def test_what_cannot_be_decomposed_is_refused(tmp_path: Path, arguments: list[str], said: str) -> None:
    done = planner("solve", str(QUICKSTART), *arguments, "--out", "run", folder=tmp_path)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert not (tmp_path / "run").exists()


def test_branches_apart_through_the_command_line(tmp_path: Path) -> None:
    for method in ("extensive", "benders"):
        done = planner("solve", str(QUICKSTART), "--method", method, "--gap", "1e-4", "--out", method, folder=tmp_path)
        assert done.returncode == 0, done.stderr
    costs = [json.loads((tmp_path / m / "summary.json").read_text())["objective"] for m in ("extensive", "benders")]
    assert costs[1] == pytest.approx(costs[0], rel=2e-4)
    manifest = json.loads((tmp_path / "benders" / "manifest.json").read_text())
    assert manifest["check"]["passed"]
    assert manifest["options"]["method"] == "benders"


def planner(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "planner", *arguments], cwd=folder, capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
