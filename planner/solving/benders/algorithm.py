"""Benders' decomposition in two phases, with valid bounds and exactly evaluated plans.

Phase one solves the relaxed master. Its cuts come first from the means of similar branches, which bound these from
below, and then from all branches with uncertain cost. Phase two finds integers: the relaxation is rounded step by step,
with new cuts at each step, because the cost of a branch is known only near the points at which it was solved. If the
rounded plan is not within the gap, the master is searched, first near the incumbent and then everywhere. Every plan is
evaluated in all branches. If branches are few, their mean describes them well and its operation stands in the master.
Then local search improves choices near the incumbent, sizes are rounded, and the search ends when it proves the plan.
"""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner.common.arrays import Array
from planner.common.errors import WorkerLostError
from planner.language.instance import Options
from planner.solving.benders.cutting_plane import Cutting, Incumbent
from planner.solving.benders.local_search import BinaryNeighbourhood
from planner.solving.benders.master import fixed_at
from planner.solving.benders.subproblem_solver import OverError
from planner.solving.benders.subproblems import BranchKey
from planner.solving.integer_search import IntegerSearchResult, near, prove, search
from planner.solving.outcome import NOISE, SolverError, Status, relative_gap
from planner.solving.primal_heuristics import DOUBTFUL, SURE, dive, improve
from planner.solving.redundancy import IdleIntegers, chosen
from planner.solving.relaxation import Relaxation
from planner.solving.rounding import decided
from planner.solving.run import SolveContext, load

GROUPS = 32  # Approximate number of columns of the master that stand for branches.
CLUSTERS = 24  # Most groups of branches that are alike.
SEVERAL = 4  # Means are solved first where each stands for at least this number of branches.
ROUGH = 0.01  # Gap that is enough for those in a hurry.
WHOLE = 1e-6  # Nearer to a whole number than this is whole.
REMAINDER = 1e-7  # What a solver's tolerance leaves of a size that is none.
FEW, MANY = 8, 200  # Their mean describes a FEW branches well; MANY or more are many.
ROUNDINGS = 4  # Most times that the relaxation is rounded, each time closer to its optimum:
TIGHTER = 12  # by at most this number of rounds,
CLOSEST = 0.01  # or, where that may prove the plan, to such a share of the gap.
POLISH = 12  # Most rounds to improve what is not yes or no in a plan.
POLISHED = 0.15  # Share of the gap at which they end,
ENOUGH = 0.95  # or where the plan is within such a share of the gap of the bound: the rest is for rounding.
NEARLY = 0.005  # A plan dearer than the best by more is not worth improving.
HOPELESS = 0.03  # Nor is one so much dearer than the bound: cuts learned elsewhere will find another.
NEAR, NEAR_SECONDS = 12, 20.0  # Most searches near a plan one after the other, and seconds for each.
PROVEN = 1 - 1e-6  # Share of the gap at which the bound proves the plan, despite rounding in the last digits.
MASTER = 0.6  # Share of the gap that the master's own search may leave.


class Pace(NamedTuple):
    """Share of the gap to which the relaxation is solved first, and share of fractional binaries fixed in a step."""

    learned: float
    stride: float


def pace(branches: int) -> Pace:
    """Few branches are soon asked again, so haste pays; of very many the relaxation costs most."""
    return Pace(0.5, 0.5) if branches <= FEW else Pace(0.3, 0.3) if branches < MANY else Pace(0.7, 0.3)


@dataclass
class BendersResult:
    """Result of the decomposition: the incumbent over the trunk's columns, its cost, and the proven bound."""

    status: Status
    plan: Incumbent
    bound: float
    message: str


class Benders:
    """One solve."""

    def __init__(self, cutting: Cutting) -> None:
        self.cutting, self.master, self.gap = cutting, cutting.master, cutting.gap
        trunk = self.master.trunk
        self.is_choice = trunk.integer & (trunk.upper <= 1)  # Yes or no.
        self.pace = pace(len(cutting.oracle.every))
        self.mean: BranchKey = cutting.inside if len(cutting.oracle.every) <= FEW else ()
        self.has_sizes = bool((~self.is_choice & (trunk.lower < trunk.upper)).any())

    def solve(self) -> BendersResult:
        """Until the gap is proven, time is over, the user stops it or a worker is lost."""
        cutting = self.cutting
        try:
            is_feasible = self._whole() if self.master.trunk.integer.any() else self._continuous()
        except OverError:
            status: Status = "interrupted" if cutting.run.is_interrupted else "stopped"
            return BendersResult(status, cutting.plan, cutting.bound, "stopped early")
        except WorkerLostError as lost:
            return BendersResult("stopped", cutting.plan, cutting.bound, str(lost))
        except SolverError as fault:
            if not math.isfinite(cutting.plan.value):
                raise
            return BendersResult("stopped", cutting.plan, cutting.bound, str(fault))
        if not is_feasible:
            return BendersResult("infeasible", Incumbent(), math.inf, "no plan for the trunk and all branches")
        return BendersResult("optimal", cutting.plan, cutting.bound, "decomposed")

    def rescue(self) -> None:
        """A plan where there is none yet: the master's relaxation rounded at once, and carried out in every branch."""
        values: Array | None = None
        if self.master.has_all_columns:
            values = self._rounded({})
            if values is None:
                hurried = self.cutting.options.model_copy(update={"gap": ROUGH, "time_limit": NEAR_SECONDS})
                _, values = near(self.master.program(), hurried, self._silent(), {}, {})
        elif (cheapest := self.master.relax().x).size and self._open(cheapest, self.master.trunk.integer).size == 0:
            values = cheapest
        if values is not None:
            self._look_at(values)

    # Phase 1

    def _relaxed(self, gap: float) -> Incumbent:
        """The relaxation solved to a gap: its best point, or none."""
        cutting, known = self.cutting, Incumbent()
        stand_for_many = len(cutting.means) * SEVERAL <= len(cutting.oracle.every)
        if stand_for_many and (known := Incumbent(math.inf, cutting.relax().x)).x.size:
            cutting.ask_means(known.x)
        while (known := cutting.closed(known, gap)).x.size:
            known.value = cutting.exactly(known.x)  # It was known in part from prices of others.
            if relative_gap(known.value, cutting.bound) <= gap:
                break
        return known

    def _continuous(self) -> bool:
        """Without whole numbers the best point is a plan; False when there is none."""
        cutting, known = self.cutting, self._relaxed(self.gap)
        while known.x.size and not cutting.is_proven:
            cutting.carry_out(self._without_remainders(known.x, {}))
            known = cutting.closed(cutting.plan, self.gap)
        return bool(known.x.size)

    def _proving(self, known: Incumbent, share: float) -> Incumbent:
        """The relaxation solved still closer, for as long as its optimum may be high enough to prove the plan."""
        cutting, plan = self.cutting, self.cutting.plan.value
        enough = plan - self.gap * abs(plan)
        while not cutting.is_proven and known.value > enough and share > CLOSEST:
            share /= 2
            known = cutting.closed(known, share * self.gap, enough=enough)
        return known

    # Phase 2

    def _whole(self) -> bool:
        """Plans in whole numbers until one is proven; False when there is none."""
        cutting, share = self.cutting, self.pace.learned
        known = self._relaxed(share * self.gap)
        if not known.x.size:
            return False
        if self.mean and (values := self._rounded({}, self.mean)) is not None:
            self._try(values)
        for _ in range(ROUNDINGS):
            if math.isfinite(cutting.plan.value) and not cutting.is_proven:
                share /= 2
                known = self._proving(cutting.closed(known, share * self.gap, rounds=TIGHTER), share)
            if cutting.is_proven:
                return True
            if self.mean and math.isfinite(before := cutting.plan.value):
                self._descend()
                if cutting.plan.value < before:
                    continue
            settled = self._settled()
            if settled is not None:
                self._improve(settled, Incumbent())
        return self._search()

    def _search(self) -> bool:
        """Search the master until a plan is proven; False when there is none."""
        cutting, share = self.cutting, MASTER
        while not cutting.is_proven:
            if not self.mean and math.isfinite(cutting.plan.value):
                self._near()
            if cutting.is_proven:
                break
            found = self._searched(share * self.gap)
            if cutting.is_proven:
                break
            cutting.require_time()
            if found.values is None:
                if found.status == "infeasible":
                    return False
                raise OverError
            self._try(found.values)
            share = max(share / 2, 0.05)
        return True

    def _settled(self) -> dict[int, float] | None:
        """Values of the binaries, fixed step by step (a dive), with cuts added on the way; None if the dive fails."""
        cutting, held = self.cutting, dict[int, float]()
        relaxed = cutting.relax()
        while relaxed.x.size and (doubtful := self._open(relaxed.x, self.is_choice)).size:
            for step in steps(doubtful, relaxed.x[doubtful], self.pace.stride):
                if (tried := cutting.relax(held | step)).x.size:
                    break
            else:
                return None
            held |= step
            cutting.ask(tried.x, math.inf)
            relaxed = cutting.relax(held)
        if not relaxed.x.size:  # What branches need was learned too late.
            return None
        return {int(c): float(np.round(relaxed.x[c])) for c in np.flatnonzero(self.is_choice)}

    def _descend(self) -> None:
        """A better choice near that of the best plan, of few branches, and then its sizes."""
        cutting, plan, relaxed = self.cutting, self.cutting.plan, self.cutting.relax()
        choice = {int(c): float(np.round(plan.x[c])) for c in np.flatnonzero(self.is_choice)}
        relaxation = self._relaxation(choice, self.mean)
        value = relaxation.begin()
        if math.isfinite(value):
            aim = cutting.bound / (1 - ENOUGH * self.gap) if cutting.bound > 0 else -math.inf
            rounding = max(plan.value - value, 0.0)  # What whole modules cost.
            neighbourhood = BinaryNeighbourhood(relaxation, relaxed.x, self._dates())
            choice, _ = improve(neighbourhood, choice, value, aim - rounding)
        cutting.require_time()
        self._improve(choice, Incumbent())

    def _dates(self) -> list[list[int]]:
        """The columns of each project's starts, in order of time."""
        layout, found = self.master.branches.pieces.investment_layout, dict[str, list[int]]()
        for project, group in layout.positions["start"]:
            column = layout.column("start", (project, group))
            if self.is_choice[column]:
                found.setdefault(project, []).append(column)
        return list(found.values())

    def _open(self, x: Array, among: NDArray[np.bool_]) -> NDArray[np.int64]:
        """The columns among some that are not whole at a point."""
        return np.flatnonzero(among & (np.abs(x - np.round(x)) > WHOLE))

    def _improve(self, held: Mapping[int, float], known: Incumbent) -> None:
        """Better sizes to what is yes or no, by a few rounds of the first phase, and then rounded."""
        cutting = self.cutting
        enough = cutting.bound / (1 - ENOUGH * self.gap) if cutting.bound > 0 else -math.inf
        cutting.closed(known, self.gap * POLISHED, held, POLISH, enough)
        rounded = self._rounded(held, self.mean)
        if rounded is not None:
            self._look_at(rounded)

    def _rounded(self, held: Mapping[int, float], inside: BranchKey = ()) -> Array | None:
        """The master's relaxation, with the mean of some branches in it, rounded at once; some columns are held."""
        relaxation = self._relaxation(held, inside)
        if math.isinf(dive(relaxation, relaxation.begin(), starts_first=True)):
            self.cutting.require_time()
            return None
        return relaxation.values

    def _relaxation(self, held: Mapping[int, float], inside: BranchKey) -> Relaxation:
        """The master's relaxation, with the mean of some branches in it and some columns held, to be changed hot."""
        run, options = self.cutting.run, self.cutting.options
        deadline = time.monotonic() + run.time_left(options)
        program = fixed_at(self.master.program(inside), held)
        return Relaxation(
            load(program, options.model_copy(update={"time_limit": None}), relax=True), program, run, deadline
        )

    def _near(self) -> None:
        """Search where relaxation and plan agree (relaxation induced neighbourhoods, Danna et al. 2005).

        What the master finds there is carried out, which corrects the master, until it promises nothing more.
        """
        cutting = self.cutting
        for _ in range(NEAR):
            relaxed, plan = cutting.relax(), self.master.whole(cutting.plan.x)
            held = {c: v for c, v in plan.items() if abs(relaxed.x[c] - v) < WHOLE}
            seconds = max(min(cutting.run.time_left(cutting.options), NEAR_SECONDS), 1.0)
            limits = cutting.options.model_copy(update={"gap": self.gap / 4, "time_limit": seconds})
            promised, values = near(self.master.program(), limits, self._silent(), held, plan)
            cutting.require_time()
            if values is None or promised > cutting.plan.value * (1 - self.gap / 10):
                return
            self._try(values)
            if cutting.is_proven:
                return

    def _searched(self, gap: float) -> IntegerSearchResult:
        """Integer search of the whole master; with few branches it ends as soon as its bound proves the incumbent."""
        cutting, plan = self.cutting, self.cutting.plan
        options = cutting.options.model_copy(update={"gap": gap})
        if self.mean and math.isfinite(plan.value):
            options = options.model_copy(update={"time_limit": cutting.run.time_left(options)})
            aim = plan.value - PROVEN * self.gap * abs(plan.value)
            found = prove(self.master.program(self.mean), options, self._silent(), self.master.whole(plan.x), aim)
        else:
            found = search(self.master.program(), options, self._silent())
        if found.status != "infeasible":
            cutting.bound = max(cutting.bound, found.bound)
        return found

    def _silent(self) -> SolveContext:
        return replace(self.cutting.run, news=None)

    def _try(self, values: Array) -> None:
        """Look at a plan of the master, and improve its sizes if it is nearly the best."""
        known, best = self._look_at(values), self.cutting.plan.value
        is_good = known.value <= best * (1 + NEARLY) and relative_gap(known.value, self.cutting.bound) <= HOPELESS
        if known.x.size and self.has_sizes and is_good:
            self._improve({int(c): float(known.x[c]) for c in np.flatnonzero(self.is_choice)}, known)

    def _look_at(self, values: Array) -> Incumbent:
        """About what a plan of the master costs; it is carried out in every branch if that is less than the best."""
        cutting, trunk = self.cutting, self.master.trunk
        x = np.clip(values[: self.master.width], trunk.lower, trunk.upper)
        held = self._decided(x)
        exact = self.master.relax(held)  # What is not whole must fit whole numbers, not nearly so.
        if not exact.x.size:
            return Incumbent()
        plan = self._without_remainders(exact.x, held)
        known = Incumbent(cutting.ask(plan, cutting.doubt(exact.value)), plan)
        if known.value < cutting.plan.value:
            cutting.carry_out(plan)
        return known

    def _decided(self, x: Array) -> dict[int, float]:
        """The decisions of a plan made whole: what they hold of the trunk's columns."""
        trunk = self.master.trunk
        box = decided(trunk, x)
        held = np.flatnonzero(trunk.integer | ((box.lower == box.upper) & (trunk.lower < trunk.upper)))
        return dict(zip(held.tolist(), box.lower[held].tolist(), strict=True))

    def spare(self, limits: Options) -> None:
        """Leave out of the best plan the decisions that it is cheaper without; once at least, and while there is time.

        All that the master would leave out is left out at once and carried out, which corrects the master.
        """
        tried = set[bytes]()
        while (less := self._spared(tried)) is not None:
            tried.add(less.tobytes())
            self._look_at(less)
            if self.cutting.run.time_left(limits) <= 0:
                break

    def leave_idle(self) -> None:
        """Leave out what does nothing, in the trunk or for branches, with all else as it is, time or not.

        The master may think otherwise: it would choose another size.
        """
        branches, less = self.master.branches, self.cutting.plan.x.copy()
        for columns in chosen(self.master.program(), np.pad(less, (0, len(self.master.groups)))):
            if not branches.linked[columns].any() and IdleIntegers(self.master.trunk, less)(columns):
                less[columns] = 0.0
        self.cutting.carry_out(less)

    def _spared(self, tried: Collection[bytes]) -> Array | None:
        """The best plan without what the master says it is cheaper without, unless that was tried; None if no such.

        The master knows what a plan without a decision costs at least.
        """
        cutting, less, value = self.cutting, self.cutting.plan.x, self.cutting.plan.value
        noise = NOISE * cutting.turnover
        for columns in self._worth_less(less):
            without = less.copy()
            without[columns] = 0.0
            least = self.master.relax(self._decided(without)).value
            if least < value - noise and without.tobytes() not in tried:
                less, value = without, least
        return None if less is cutting.plan.x else less

    def _worth_less(self, x: Array) -> Iterator[NDArray[np.int32]]:
        """The decisions of a plan that may be worth less than they cost: reduced costs bound what one can gain."""
        noise, reduced = NOISE * self.cutting.turnover, self.master.relax(self._decided(x)).reduced
        for columns in chosen(self.master.program(), np.pad(x, (0, len(self.master.groups)))):
            if reduced.size and float(reduced[columns] @ x[columns]) > noise:
                yield columns

    def _without_remainders(self, x: Array, held: dict[int, float]) -> Array:
        """A point of the master without the remainders of sizes that are none; operation is settled anew without them.

        `held` are the columns it holds, with their values. Where it needs the remainders, they stay.
        """
        trunk, sizes = self.master.trunk, x[: self.master.branches.frame.investments]
        remain = np.flatnonzero((sizes != 0) & (np.abs(sizes) < REMAINDER) & (trunk.lower[: len(sizes)] <= 0))
        cleaned = self.master.relax(held | dict.fromkeys(remain.tolist(), 0.0)).x if len(remain) else x
        return np.clip(cleaned if cleaned.size else x, trunk.lower, trunk.upper)


def steps(columns: NDArray[np.int64], parts: Array, stride: float) -> Iterator[dict[int, float]]:
    """Columns to fix at once, the likeliest first; each later step fixes fewer, for when the one before has no plan."""
    likely = [int(c) for c in columns[np.argsort(-parts, kind="stable")]]
    sure = int((parts >= SURE).sum())
    yes = likely[: sure or max(1, int(stride * len(likely)))]
    yield {int(c): 0.0 for c in columns[parts <= DOUBTFUL]} | dict.fromkeys(yes, 1.0)
    while yes:
        yield dict.fromkeys(yes, 1.0)
        yes = yes[: len(yes) // 2]
    yield {likely[0]: 0.0}
