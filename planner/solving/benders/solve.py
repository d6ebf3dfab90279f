"""Solve a program by decomposition, and put its outcome together from trunk and branches."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from planner.common.arrays import Array
from planner.common.signals import listening
from planner.executors import cores, open_executor
from planner.language.instance import Options
from planner.program.program import Program
from planner.solving.benders.algorithm import CLUSTERS, GROUPS, Benders, BendersResult
from planner.solving.benders.cutting_plane import Cutting
from planner.solving.benders.master import Master
from planner.solving.benders.subproblem_solver import BranchOperation, Oracle, OverError, UnboundedError
from planner.solving.benders.subproblem_workers import RemoteOracle, prepare
from planner.solving.benders.subproblems import Branches, BranchKey
from planner.solving.extensive import settled_anew, solve
from planner.solving.firmness import started
from planner.solving.outcome import Outcome, SearchProgress, SolverError, Verdict, without_plan
from planner.solving.run import SolveContext
from planner.tree.nodes import Node


def obstacle(program: Program) -> str | None:
    """Why a program cannot be decomposed, or None."""
    pieces = program.pieces
    risk = pieces.network.base.objective.risk
    if risk is not None:
        return f"its objective weighs the totals of all scenarios ({risk.measure}), which couples the branches"
    if program.given is not None:
        rules = ", ".join(sorted({c.name.replace("_", " ") for c in program.weighing.constraints}))
        return f"rules couple its branches ({rules})" if rules else "its numbers were changed after it was built"
    if any(pieces.numbers(node).integer.any() for node in program.network.tree.nodes):
        return "lanes with fixed costs or cost curves need whole numbers in every branch"
    branches = Branches(pieces)
    if len(branches.branches) < 2:
        return "it has a single future"
    if not branches.frame.investments and not branches.trunk:
        return "its futures have nothing in common to decide"
    return None


def decompose(
    program: Program, options: Options, news: Callable[[SearchProgress], None] | None = None,
    stopping: Callable[[], None] | None = None, executor: str | None = None,
) -> Outcome:
    """Solve to the gap asked; `stopping` is called when the user asks to stop, branches are solved by `executor`.

    Without one they are solved in threads of this process, as many as there are cores. When a worker of the executor
    is lost the best plan so far is carried out here.
    """
    with listening(stopping) as requests:
        run = SolveContext(news, requests, time.monotonic())
        branches = Branches(program.pieces)
        means = branches.clusters(CLUSTERS, options.seed)
        master = Master(branches, grouped(means))
        local = Oracle(branches, master.scale, cores())
        try:
            with contextlib.ExitStack() as stack:
                elsewhere = None if executor is None else _elsewhere(executor, branches, master)
                oracle = local if elsewhere is None else stack.enter_context(elsewhere)
                oracle.is_over = lambda: run.is_interrupted or run.time_left(options) <= 0
                benders = Benders(Cutting(oracle, master, means, options, run))
                found = benders.solve()
            local.is_over = lambda: False
            if found.status == "stopped" and not math.isfinite(found.plan.value):
                _at_home(benders, local, benders.rescue)
            if not math.isfinite(benders.cutting.plan.value):
                return without_plan(found.status, found.message, run.begun)
            _at_home(benders, local, lambda: benders.spare(options))
            _at_home(benders, local, benders.leave_idle)
            found.plan = benders.cutting.plan
            starts = benders.cutting.survey.pool.starts(found.plan.x)
            outcome = _outcome(program, benders, local.run(found.plan.x, starts), found, run.begun)
            return settled_anew(program, outcome, options)
        except (UnboundedError, SolverError):
            pass  # Whether that is so of the whole, or of a part that others hold, the whole program says.
        finally:
            local.close()
        return solve(program, _left(options, run), news, stopping=stopping)


def _left(options: Options, run: SolveContext) -> Options:
    """The options with the time that is left."""
    left = run.time_left(options)
    return options if math.isinf(left) else options.model_copy(update={"time_limit": max(left, 1.0)})


@contextlib.contextmanager
def _elsewhere(executor: str, branches: Branches, master: Master) -> Iterator[Oracle]:
    """Branches solved by the workers of an executor."""
    network = branches.pieces.network
    with open_executor(executor, initializer=prepare, initargs=(dict(network.instances), master.scale)) as team:
        yield RemoteOracle(branches, master.scale, team)


def _at_home(benders: Benders, local: Oracle, work: Callable[[], None]) -> None:
    """Work after the end, in this process: a second Ctrl-C stops that too."""
    cutting = benders.cutting
    cutting.run = replace(cutting.run, heard=cutting.run.requests.count)
    cutting.options = cutting.options.model_copy(update={"time_limit": None})
    local.is_over = lambda: cutting.run.is_interrupted
    cutting.oracle = cutting.survey.oracle = local
    with contextlib.suppress(OverError, SolverError):
        work()
    local.is_over = lambda: False


def grouped(means: list[BranchKey]) -> list[BranchKey]:
    """Means cut into groups of equal size, as many as there may be."""
    size = -(-sum(len(key) for key in means) // GROUPS)
    return [key[i : i + size] for key in means for i in range(0, len(key), size)]


def _outcome(
    program: Program, benders: Benders, operations: list[BranchOperation], found: BendersResult, begun: float
) -> Outcome:
    """Values and prices of all blocks under the plan that was found."""
    plan, master = found.plan, benders.master
    branches, x = master.branches, master.branches.of_trunk.values(plan.x)
    values = np.zeros(program.frame.width)
    first, size = branches.frame.investments, branches.frame.node
    values[:first] = x[:first]
    prices: dict[int | None, Array] = dict(_trunk_prices(master, plan.x))
    for node in branches.trunk:
        start, base = branches.frame.base(node.index), program.base(node)
        values[base : base + size] = x[start : start + size]
    for branch, found_there in zip(branches.branches, operations, strict=True):
        operation = BranchOperation(*branches.in_own_units(branch.number, *found_there))
        for nodes in branch.members:
            for node, own, price in _by_node(branches, nodes, operation, size):
                values[program.base(node) : program.base(node) + size] = own
                prices[node.index] = node.probability * price
    verdict = Verdict(plan.value, found.bound, benders.cutting.turnover)
    every = np.concatenate([prices[None], *(prices[node.index] for node in program.network.tree.nodes)])
    return Outcome(
        status=found.status, values=values, prices=every, objective=verdict.objective, bound=verdict.bound,
        gap=verdict.gap, nodes=0, seconds=time.monotonic() - begun, message=found.message,
        without=dict(_without(master, started(program, values), verdict.bound)),
    )


def _without(master: Master, projects: Mapping[str, list[int]], bound: float) -> Iterator[tuple[str, float]]:
    """Lower bound on the cost of plans without each of some projects; projects without an answer are left out."""
    for name, columns in projects.items():
        least = master.relax(dict.fromkeys(columns, 0.0)).value
        if math.isfinite(least):
            yield name, max(bound, least)


def _by_node(
    branches: Branches, nodes: tuple[Node, ...], operation: BranchOperation, size: int
) -> Iterator[tuple[Node, Array, Array]]:
    """Values and prices of a branch node by node."""
    row = 0
    for number, node in enumerate(nodes):
        count = len(branches.pieces.sides(node).values)
        yield node, operation.values[number * size : (number + 1) * size], operation.prices[row : row + count]
        row += count


def _trunk_prices(master: Master, x: Array) -> Iterator[tuple[int | None, Array]]:
    """Prices of the rows of investments and trunk, with the whole numbers held and the branches as their cuts say."""
    prices = master.branches.of_trunk.prices(master.relax(master.whole(x)).prices)
    row = 0
    for node, names, kept in master.trunk.rows.parts:
        count = len(names) if kept is None else len(kept)
        yield (None if node is None else node.index), prices[row : row + count]
        row += count
