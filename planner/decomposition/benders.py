"""Benders' decomposition in two phases, with bounds that hold and plans that are evaluated exactly.

First the relaxed master: the point asked about lies halfway between the master's optimum and the best point known
(in-out stabilisation, Ben-Ameur and Neto, Acceleration of cutting-plane and column generation algorithms, Networks
49, 2007). It learns from the means of branches that are alike, which bound them from below, and then from the
branches themselves. Then the master with whole numbers: each of its plans is carried out in every branch, and what is
not whole in it is improved by a few rounds of the first phase with the whole numbers fixed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from planner.decomposition.branches import Key
from planner.decomposition.master import Master
from planner.decomposition.oracle import Oracle, OverError
from planner.errors import WorkerLostError
from planner.heuristic import Relaxation, dive
from planner.schema import Options
from planner.solver import Progress, Run, Search, Status, load, near, relative_gap, search
from planner.template import Array

STEP = 0.5  # How far from the best point known towards the master's optimum.
GROUPS = 32  # About so many columns of the master stand for branches.
CLUSTERS = 24  # Most groups of branches that are alike.
SEVERAL = 4  # Means teach first where they stand for so many branches each.
CLOSE = 0.05  # From this gap on the mean of the branches stands in the master: it saves the last many rounds.
ROUGH = 0.01  # Gap at which the means of branches have taught enough.
WHOLE = 1e-6  # Nearer to a whole number than this is whole.
REMAINDER = 1e-7  # What a solver's tolerance leaves of a size that is none.
DIVES = 6  # Most times that the relaxation is rounded, each time with the cuts of the plan before.
NEAR, NEAR_SECONDS = 12, 20.0  # Most searches near a plan one after the other, and seconds for each.
LEARNED = 0.5  # Share of the gap to which a relaxation is solved before whole numbers are looked for.
POLISH = 6  # Most rounds to improve what is not whole in a plan.
SMALLEST = 1e-6  # A gap below this is not asked of cuts.
MASTER = 0.6  # Share of the gap that the master's own search may leave.


@dataclass
class Best:
    """The best point and what it costs."""

    value: float = math.inf
    x: Array = field(default_factory=lambda: np.zeros(0))


@dataclass
class Found:
    """How the decomposition ended: the best plan over the trunk's columns, its cost, and the proven bound."""

    status: Status
    plan: Best
    bound: float
    message: str


class Benders:
    """One solve. `oracle` answers for branches, `means` are keys of those alike, `run` knows who may stop it."""

    def __init__(self, oracle: Oracle, master: Master, means: Sequence[Key], options: Options, run: Run) -> None:
        self.oracle, self.master, self.means, self.options, self.run = oracle, master, means, options, run
        self.inside = master.branches.inside
        self.bound, self.plan = -math.inf, Best()
        self.gap = max(options.gap, SMALLEST)
        self.has_integers = bool(master.trunk.integer.any())

    def solve(self) -> Found:
        """Until the gap is proven, time is over, the user stops it or a worker is lost."""
        try:
            is_feasible = self._relaxed() and (not self.has_integers or self._whole())
        except OverError:
            status: Status = "interrupted" if self.run.is_interrupted else "stopped"
            return Found(status, self.plan, self.bound, "stopped early")
        except WorkerLostError as lost:
            return Found("stopped", self.plan, self.bound, str(lost))
        if not is_feasible:
            return Found("infeasible", Best(), math.inf, "no plan for the trunk and all branches")
        return Found("optimal", self.plan, self.bound, "decomposed")

    def rescue(self) -> None:
        """A plan where there is none yet: the master's relaxation rounded, and carried out in every branch."""
        if not self.master.has_all_columns:
            cheapest = self.master.relax().x
            if cheapest.size and (np.abs(cheapest - np.round(cheapest))[self.master.trunk.integer] < WHOLE).all():
                self._try(cheapest)
            return
        if self._dived():
            return
        program = self.master.program()
        hurried = self.options.model_copy(update={"gap": ROUGH, "time_limit": min(self._left(), NEAR_SECONDS)})
        _, values = near(program, hurried, replace(self.run, news=None), {}, {})
        if values is not None:
            self._try(values)

    def _dived(self) -> bool:
        """Round the master's relaxation, the mean of branches in it, and carry the plan out; False when it has none."""
        program = self.master.program(self.inside)
        unlimited = self.options.model_copy(update={"time_limit": None})
        deadline = time.monotonic() + self.run.time_left(self.options)
        relaxation = Relaxation(load(program, unlimited, relax=True), program, self.run, deadline)
        if math.isinf(dive(relaxation, relaxation.begin(), starts_first=bool(self.inside))):
            self._require_time()
            return False
        self._try(relaxation.values)
        return True

    # Phase 1

    def _relaxed(self) -> bool:
        """Close the gap of the relaxation; False when it has no solution. Without integers its best point is a plan."""
        known = Best()
        if len(self.means) * SEVERAL <= len(self.oracle.every):
            known = self._closed(self.means, known, max(ROUGH, self.gap))
            if not known.x.size:
                return False
            known = Best(math.inf, known.x)  # The means cost less than the branches.
        known = self._closed(self.oracle.every, known, self.gap * LEARNED if self.has_integers else self.gap)
        return bool(known.x.size)

    def _closed(self, keys: Sequence[Key], known: Best, gap: float) -> Best:
        """Cuts of these keys until the relaxation is solved to a gap; the best point, or none."""
        while True:
            is_near = not self.master.cuts or relative_gap(known.value, self.bound) <= CLOSE
            relaxed = self.master.relax(inside=self.inside if is_near else ())
            self._require_time()
            if not relaxed.x.size:
                return Best()
            if self.master.has_all_columns:
                self.bound = max(self.bound, relaxed.value)
                if relative_gap(known.value, self.bound) <= gap:
                    return known
            x = relaxed.x
            if known.x.size:
                x = known.x + STEP * (x - known.x) if math.isfinite(known.value) else known.x
            value = self._ask(keys, x)
            if value < known.value:
                known = Best(value, x)
                if keys is self.oracle.every and not self.has_integers:
                    self._better(known)
            elif not math.isfinite(known.value):
                known = Best()  # What was to be begun with is no plan for the branches.
            self._tell()

    def _ask(self, keys: Sequence[Key], x: Array) -> float:
        """Cost at a point, with the cuts there added; infinite when a branch has no plan."""
        answers = self.oracle.ask(keys, x)
        self.master.add(keys, answers)
        return self.master.cost(x, keys, answers)

    # Phase 2

    def _whole(self) -> bool:
        """Plans in whole numbers until one is proven; False when there is none."""
        self.rescue()
        for _ in range(DIVES if self.inside else 0):
            value = self.plan.value
            if relative_gap(value, self.bound) <= self.gap or not self._dived() or self.plan.value >= value:
                break
        share = MASTER
        while relative_gap(self.plan.value, self.bound) > self.gap:
            if math.isfinite(self.plan.value):
                self._near()
            if relative_gap(self.plan.value, self.bound) <= self.gap:
                break
            found = self._searched(share * self.gap)
            self.bound = max(self.bound, found.bound)
            if found.values is None:
                if found.status == "infeasible":
                    return False
                raise OverError
            self._try(found.values)
            share = max(share / 2, 0.05)
        return True

    def _near(self) -> None:
        """Search where relaxation and plan agree (relaxation induced neighbourhoods, Danna et al. 2005).

        What the master finds there is carried out, which corrects the master, until it promises nothing more.
        """
        for _ in range(NEAR):
            relaxed = self.master.relax()
            self._require_time()
            self.bound = max(self.bound, relaxed.value)
            held = {c: v for c, v in self.master.whole(self.plan.x).items() if abs(relaxed.x[c] - v) < WHOLE}
            limits = {"gap": self.gap / 4, "time_limit": min(self._left(), NEAR_SECONDS)}
            promised, values = near(
                self.master.program(), self.options.model_copy(update=limits), replace(self.run, news=None), held,
                self.master.whole(self.plan.x),
            )
            self._require_time()
            if values is None or promised > self.plan.value * (1 - self.gap / 10):
                return
            self._try(values)
            if relative_gap(self.plan.value, self.bound) <= self.gap:
                return

    def _searched(self, gap: float) -> Search:
        """What a search of the whole master finds."""
        limited = self.options.model_copy(update={"gap": gap})
        found = search(self.master.program(), limited, replace(self.run, news=None))
        self._require_time()
        return found

    def _left(self) -> float:
        return max(self.run.time_left(self.options), 1.0)

    def _try(self, values: Array) -> None:
        """Carry out a plan of the master in every branch, and improve what is not whole in it."""
        trunk = self.master.trunk
        x = np.clip(values[: self.master.width], trunk.lower, trunk.upper)
        x[trunk.integer] = np.round(x[trunk.integer])
        exact = self.master.relax(self.master.whole(x))  # What is not whole must fit whole numbers, not nearly so.
        if not exact.x.size:
            return
        self._carry_out(exact.x)
        self._require_time()
        if not (~trunk.integer & (trunk.lower < trunk.upper)).any():
            return
        for _ in range(POLISH):
            if relative_gap(self.plan.value, self.bound) <= self.gap:
                return
            relaxed = self.master.relax(self.master.whole(x))
            if not relaxed.x.size or relaxed.value >= self.plan.value * (1 - self.gap / 10):
                return
            self._carry_out(relaxed.x)
            self._require_time()

    def _carry_out(self, x: Array) -> None:
        """Ask what a plan costs in every branch, without the remainders of sizes that are none."""
        plan, count = x.copy(), self.master.branches.frame.investments
        plan[:count] = np.where(np.abs(x[:count]) < REMAINDER, 0.0, x[:count])
        self._better(Best(self._ask(self.oracle.every, plan), plan))

    def _better(self, plan: Best) -> None:
        if plan.value < self.plan.value:
            self.plan = plan
        self._tell()

    def _require_time(self) -> None:
        if self.run.is_interrupted or self.run.time_left(self.options) <= 0:
            raise OverError

    def _tell(self) -> None:
        if self.run.news is not None:
            seconds, plan = time.monotonic() - self.run.begun, self.plan.value
            self.run.news(Progress(seconds, self.bound, plan, relative_gap(plan, self.bound), 0))
