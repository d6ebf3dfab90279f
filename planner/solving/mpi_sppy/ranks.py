"""Task of every rank: build its scenarios and run a method of mpi-sppy. Started by `planner.solving.mpi_sppy.engine`.

    mpiexec -n N python -m planner.solving.mpi_sppy TASK ANSWER

Rank 0 writes its answer, a pickled RankResult, after every round: the best plan survives a stop of the job.
"""

from __future__ import annotations

import math
import pickle
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from planner.common.identity import ByIdentity
from planner.formulation.declarations import FamilyKey
from planner.formulation.network import build_network
from planner.solving.mpi_sppy.scenarios import Split
from planner.solving.mpi_sppy.task import RankResult, RankTask

SOLVER = "highs"  # The interface that all of mpi-sppy's methods work with.
MANY = 10_000  # Rounds of a method that ends by its own rules, by the gap or by time.
ROUNDS = 50  # Rounds of progressive hedging, which need not end by itself when there are integers.
CLOSE = 1e-4  # Mean distance of the scenarios' plans at which progressive hedging ends, as a share.
PLANS = 3  # Plans handed back: the last ones are the best in most cases.


class Desk:
    """Keeper of rank 0's answer, which it also writes."""

    def __init__(self, task: RankTask, split: Split, file: Path, rank: int) -> None:
        self.task, self.split, self.file, self.rank = task, split, file, rank
        self.answer, self.begun = RankResult(), time.monotonic()

    def better(self, bound: float, plan: dict[FamilyKey, float] | None) -> None:
        """A round is over: a bound on the scaled cost, and a plan worth trying."""
        self.answer.rounds += 1
        self.answer.bound = max(self.answer.bound, bound / self.task.scale)
        if plan is not None:
            self.answer.plans = [*(p for p in self.answer.plans if p != plan), plan][-PLANS:]
        self.write()

    def write(self) -> None:
        if self.rank == 0:
            fresh = self.file.with_suffix(".fresh")
            fresh.write_bytes(pickle.dumps(self.answer))
            fresh.replace(self.file)

    @property
    def time_left(self) -> float:
        return self.task.time_limit - (time.monotonic() - self.begun)

    @property
    def is_late(self) -> bool:
        return self.time_left < 0

    def options(self, gap: float) -> dict[str, Any]:
        """Options of HiGHS for one solve."""
        return {"mip_rel_gap": gap, "mip_abs_gap": 0.0, "threads": 1, "random_seed": self.task.seed}


def main(task_file: str, answer_file: str) -> None:
    from mpisppy import MPI

    task: RankTask = pickle.loads(Path(task_file).read_bytes())
    split = Split(build_network(task.instances))
    desk = Desk(task, split, Path(answer_file), MPI.COMM_WORLD.Get_rank())
    METHODS[task.algorithm](desk)
    desk.answer.finished = True
    desk.write()


def creator(desk: Desk) -> Callable[..., Any]:
    """The scenario creator of mpi-sppy."""
    from mpisppy.utils import sputils

    def scenario(name: str, **_: Any) -> Any:
        made = desk.split.scenario(name, desk.task.scale)
        sputils.attach_root_node(made, made.shared_cost, desk.split.shared_variables(made))
        made._mpisppy_probability = next(b.probability for b in desk.split.branches if b.name == name)
        return made

    return scenario


def names(desk: Desk) -> list[str]:
    return [branch.name for branch in desk.split.branches]


def extensive(desk: Desk) -> None:
    """All scenarios as one program."""
    import pyomo.environ as pyo
    from mpisppy.opt.ef import ExtensiveForm

    form = ExtensiveForm({"solver": SOLVER, "toc": False}, names(desk), creator(desk))
    limits = {"time_limit": max(1.0, desk.time_left)} if math.isfinite(desk.task.time_limit) else {}
    results = form.solve_extensive_form(desk.options(desk.task.gap) | limits)
    bound = float(results.Problem[0].Lower_bound)
    desk.answer.message = f"mpi-sppy: {results.solver.termination_condition}"
    if not form.tree_solution_available:
        desk.better(bound, None)
        return
    desk.answer.objective = pyo.value(form.ef.EF_Obj) / desk.task.scale
    plan: dict[FamilyKey, float] = {}
    for name, made in form.local_scenarios.items():
        plan = desk.split.decided(name, made) | plan
    desk.better(bound, plan)


def lshaped(desk: Desk) -> None:
    """Benders' decomposition: shared variables in the root, branches as linear subproblems."""
    from mpisppy.opt.lshaped import LShapedMethod

    class Round:
        """Looks at every round of the method; stops it in time, on all ranks at once."""

        def __init__(self, method: Any, *_: Any) -> None:
            self.method = method

        def convergence_value(self) -> float:
            desk.better(self.method._LShaped_bound, _of_root(desk, self.method))
            return 0.0

        def is_converged(self) -> bool:
            return bool(self.method.mpicomm.bcast(desk.is_late, root=0))

    solving = desk.options(desk.task.gap / 4)
    method = LShapedMethod(
        {"root_solver": SOLVER, "sp_solver": SOLVER, "root_solver_options": solving, "max_iter": MANY,
         "sp_solver_options": {"threads": 1}, "verbose": False, "toc": False, "tol": 1e-6},
        names(desk), creator(desk),
    )  # fmt: skip
    method.lshaped_algorithm(Round)
    desk.better(method._LShaped_bound, _of_root(desk, method))


def _of_root(desk: Desk, method: Any) -> dict[FamilyKey, float] | None:
    """The decisions in the root of the L-shaped method, which rank 0 has."""
    shared = [column for column, owner in desk.split.columns.items() if owner is None]
    values = [variable.value for variable in method.root_vars[: len(shared)]]
    return dict(zip(shared, values, strict=True)) if None not in values else None


def hedging(desk: Desk) -> None:
    """Progressive hedging: every scenario for itself, drawn together; its last prices give the bound."""
    from mpisppy.opt.ph import PH

    class Round:
        """Keeps the plan on which most scenarios agree; stops the method in time."""

        def __init__(self, method: Any, *_: Any) -> None:
            self.method = method

        def is_converged(self) -> bool:
            desk.better(-math.inf, _most_agreed(desk, self.method))
            late = bool(self.method.mpicomm.bcast(desk.is_late, root=0))
            return late or (self.method.conv is not None and self.method.conv < CLOSE)

    solving = desk.options(desk.task.gap / 4)
    method = PH(
        {"solver_name": SOLVER, "PHIterLimit": ROUNDS, "defaultPHrho": 1.0, "convthresh": 0.0, "verbose": False,
         "display_progress": False, "display_timing": False, "toc": False, "iter0_solver_options": solving,
         "iterk_solver_options": solving, "linearize_proximal_terms": True, "smoothed": 0, "asynchronousPH": False},
        names(desk), creator(desk), ph_converger=Round, rho_setter=lambda made: _penalties(desk, made),
    )  # fmt: skip
    _, _, trivial = method.ph_main(finalize=False)
    desk.better(trivial, _most_agreed(desk, method))
    for made in method.local_scenarios.values():
        made._mpisppy_data.outer_bound = -math.inf  # It would stay what it was, should this solve be unbounded.
    desk.better(float(method.post_solve_bound(solver_options=solving)), None)


def _most_agreed(desk: Desk, method: Any) -> dict[FamilyKey, float]:
    """The shared decisions of the scenario that is nearest to the mean of all; every rank must ask."""
    candidates = []
    for name, made in method.local_scenarios.items():
        means = made._mpisppy_model.xbars
        distance = sum(
            abs(variable.value - means[place].value) / max(1.0, abs(means[place].value))
            for place, variable in made._mpisppy_data.nonant_indices.items()
        )
        shared = {c: v for c, v in desk.split.decided(name, made).items() if desk.split.columns[c] is None}
        candidates.append((distance, name, shared))
    everywhere = [candidate for some in method.mpicomm.allgather(candidates) for candidate in some]
    _, _, plan = min(everywhere, key=lambda candidate: candidate[:2])
    return dict(plan)


def _penalties(desk: Desk, made: Any) -> list[tuple[int, float]]:
    """Penalty of progressive hedging for each shared variable: its unit cost over its size, or a mean one."""
    from pyomo.repn import generate_standard_repn

    repn = generate_standard_repn(made.shared_cost.expr, compute_values=True)
    costs = ByIdentity[Any, float]()
    for variable, coefficient in zip(repn.linear_vars, repn.linear_coefs, strict=True):
        costs[variable] = abs(coefficient)
    usual = sorted(costs.values())[len(costs) // 2] if costs else 1.0
    shared = desk.split.shared_variables(made)
    return [(id(v), (costs.get(v) or usual) / max(1.0, v.ub or 1.0)) for v in shared]  # By id: mpi-sppy asks for it.


METHODS = {"extensive": extensive, "lshaped": lshaped, "ph": hedging}
