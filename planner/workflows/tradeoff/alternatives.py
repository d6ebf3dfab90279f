"""Other plans that cost about as much, and which projects all, some or none of them hold.

Within a budget of (1 + slack) times the least cost: for every project two solves, one without it and one with it,
prove whether it must be built, may be, or never is (Modelling to Generate Alternatives, Brill 1979; near-optimal
spaces, Neumann and Brown 2021). Then plans are looked for that differ most from all found so far, by project; and
for every country those that spend most and least there.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from planner.common.arrays import Array
from planner.common.errors import InputError, NoAnswerError, Problem
from planner.common.profiling import Clock
from planner.common.signals import listening
from planner.formulation.mathematics.investment import decisions
from planner.language.instance import Instance
from planner.program.program import Program
from planner.reading.document import AnyInstance
from planner.results.summary import signed
from planner.solving.outcome import Outcome
from planner.tables.frames import conformed, table
from planner.tables.schemas import SCHEMAS
from planner.workflows.solve import SILENT, Listener, formulate, prepare
from planner.workflows.tradeoff.answer import (
    AnswerStatus,
    TradeoffAnswer,
    asked_before,
    ended_early,
    place_for,
    timeless,
    written,
)
from planner.workflows.tradeoff.rows import LinearRow, budget, sizes, starts, with_column, with_rows
from planner.workflows.tradeoff.subsolves import MemoizedSolver, checked, cost_of

DECLARED = SCHEMAS["alternatives"]
ProjectVerdict = Literal["must", "optional", "never", "open"]
DIGITS = 6  # Of sizes by which plans are told apart.
NEAR = 1e-7  # Share of a cost within which two costs are the same.


@dataclass(frozen=True)
class NearOptimal:
    """A program, its best plan and the budget within which plans count as near it [money]."""

    program: Program
    best: Outcome
    budget: float
    ask: MemoizedSolver

    def plan(self, outcome: Outcome, question: str) -> pd.DataFrame:
        """The table of a plan's decisions, after the independent check."""
        return checked(self.program, outcome, question)["plan"]

    @property
    def projects(self) -> list[str]:
        return list(dict.fromkeys(name for name, _ in decisions(self.program.network)))


def alternatives(
    instance: AnyInstance, slack: float = 0.02, count: int = 5, least: float = 0.01, scenario: str | None = None,
    sets: Sequence[str] = (), out: str | Path | None = None, options: dict[str, Any] | None = None,
    listener: Listener = SILENT,
) -> TradeoffAnswer:
    """Plans within a share `slack` of the least cost; tables projects, alternatives, countries, plans.

    A project counts as built from a share `least` of its largest size. A search that is interrupted, or runs out of
    time, keeps what it has found once there is a best plan (see its `status`); asked again it goes on from there.
    InputError for bad input, NoAnswerError when there is no plan at all.
    """
    if not NEAR <= slack < math.inf or not NEAR <= least <= 1 or count < 0:
        message = f"--within is a share from {NEAR:g}, --least one from {NEAR:g} to 1, --count 0 or more"
        raise InputError([Problem("bad-option", message, None, "nothing smaller can be told from rounding")])
    given = {"question": "alternatives", "slack": slack, "count": count, "least": least}
    limited = prepare(Clock(None), instance, scenario, sets, options, None, given)
    task = timeless(limited)
    folder = place_for(task, out)
    ask = MemoizedSolver(limited.options, listener, asked_before(task, folder))
    near = nearby(formulate(task.document.instances(), task.options, listener), slack, ask)
    found = Findings()
    with listening(listener.stopping):
        status = _searched(near, count, least, found)
        return written(task, _tables(task.document.instance, near, found), folder, status, ask.memory)


@dataclass
class Findings:
    """Findings so far: outcomes and checked decisions by name of the plan, proofs by project."""

    outcomes: dict[str, Outcome] = field(default_factory=dict)
    plans: dict[str, pd.DataFrame] = field(default_factory=dict)
    proofs: dict[str, Proof] = field(default_factory=dict)


def _searched(near: NearOptimal, count: int, least: float, found: Findings) -> AnswerStatus:
    """Look for all that is asked, as far as time and the user allow, and say how it ended."""
    try:
        found.plans["best"], found.outcomes["best"] = near.plan(near.best, "best"), near.best
        for name, outcome in chain(different(near, count), by_country(near)):
            found.plans[name], found.outcomes[name] = near.plan(outcome, name), outcome
        for project in near.projects:
            found.proofs[project] = proof(near, project, least)
    except (KeyboardInterrupt, NoAnswerError) as error:
        return ended_early(error, bool(found.outcomes))
    return "stopped" if near.ask.unanswered else "complete"


def _tables(instance: Instance, near: NearOptimal, known: Findings) -> dict[str, pd.DataFrame]:
    """Verdicts, plans that are told apart, and what countries spend, of all that was found."""
    found, plans = known.outcomes, _unlike({name: known.plans[name] for name in known.outcomes})
    best = set(plans["best"]["project"])
    verdicts = [_listed(near, instance, name, shown, best) for name, shown in known.proofs.items()]
    least_cost = cost_of(near.program, near.best)
    rows = [
        {"plan": name, "cost": signed(instance, cost := cost_of(near.program, found[name])),
         "unit": instance.units.money, "extra": cost / least_cost - 1 if least_cost else 0.0,
         "distance": min((distance(near, found[name], found[o]) for o in plans if o != name), default=0.0),
         "projects": plan["project"].nunique()}
        for name, plan in plans.items()
    ]
    return {
        "projects": table(DECLARED["projects"], verdicts), "alternatives": table(DECLARED["alternatives"], rows),
        "countries": table(DECLARED["countries"], _countries(near, found, instance)),
        "plans": conformed(DECLARED["plans"], pd.concat([plan.assign(plan=name) for name, plan in plans.items()])),
    }


def _unlike(plans: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The plans without those that decide the same as one before: the same projects, dates and sizes."""
    found: dict[frozenset[tuple[str, str, float]], str] = {}
    for name, plan in plans.items():
        rounded = [float(f"{size:.{DIGITS}g}") for size in plan["size"]]
        found.setdefault(frozenset(zip(plan["project"], plan["group"], rounded, strict=True)), name)
    return {name: plans[name] for name in found.values()}


def nearby(program: Program, slack: float, ask: MemoizedSolver) -> NearOptimal:
    """The best plan of a program and its neighbourhood."""
    best = ask(program, "the best plan")
    if not best.has_plan:
        raise NoAnswerError("there is no plan to look around", best.status)
    return NearOptimal(program, best, best.objective + slack * abs(best.objective), ask)


@dataclass(frozen=True)
class Proof:
    """Least cost without a project and with it, each with its proven bound [money]; infinite where impossible."""

    without: float
    without_bound: float
    having: float
    having_bound: float
    verdict: ProjectVerdict


def proof(near: NearOptimal, project: str, least: float) -> Proof:
    """Two solves: what it costs at least to leave a project out, and to build it."""
    program = near.program
    columns = starts(program, project)
    upper = program.upper.copy()
    upper[columns] = 0.0
    asked = {f"without {project}": program.changed(upper=upper),
             f"with {project}": with_rows(program, LinearRow(sizes(program, project), lower=least))}  # fmt: skip
    out, into = (near.ask(changed, question) for question, changed in asked.items())
    for question, outcome in zip(asked, (out, into), strict=True):
        if outcome.has_plan:
            near.plan(outcome, question)
    (without, first), (having, second) = (_range(o) for o in (out, into))
    room = near.budget + NEAR * max(1.0, abs(near.budget))
    verdict: ProjectVerdict = "open"
    if first > room:
        verdict = "must"
    elif second > room:
        verdict = "never"
    elif without <= room and having <= room:
        verdict = "optional"
    return Proof(without, first, having, second, verdict)


def _range(outcome: Outcome) -> tuple[float, float]:
    """Cost and bound; infinite when there is proven to be no plan."""
    if outcome.status == "infeasible":
        return math.inf, math.inf
    return outcome.objective, outcome.bound


def _listed(near: NearOptimal, instance: Instance, name: str, found: Proof, best: Collection[str]) -> dict[str, Any]:
    project = instance.projects[name]
    asset = near.program.network.asset_of(project)
    return {
        "project": name, "title": project.title or name, "region": near.program.network.region_of(asset),
        "stage": near.program.network.stage_of(asset), "verdict": found.verdict,
        "cost_without": signed(instance, found.without), "bound_without": signed(instance, found.without_bound),
        "cost_with": signed(instance, found.having), "bound_with": signed(instance, found.having_bound),
        "in_best": name in best, "unit": instance.units.money,
    }


def chances(near: NearOptimal, project: str) -> Array:
    """Probability that a project is decided, as a row over the columns."""
    found = np.zeros(len(near.program.cost))
    groups = near.program.network.tree.groups
    for name, group in decisions(near.program.network):
        if name == project:
            nodes = [n for n in groups[group] if n.period == groups[group][0].period]
            found[near.program.column(None, "start", (name, group))] = sum(n.probability for n in nodes)
    return found


def _built(near: NearOptimal, outcome: Outcome) -> dict[str, float]:
    """Probability that each project is decided under a plan, at most 1."""
    values = outcome.values[: len(near.program.cost)]
    return {name: min(1.0, round(float(chances(near, name) @ values), 9)) for name in near.projects}


def distance(near: NearOptimal, one: Outcome, other: Outcome) -> float:
    """In how many projects two plans differ."""
    first, second = _built(near, one), _built(near, other)
    return sum(abs(first[name] - second[name]) for name in near.projects)


def different(near: NearOptimal, count: int) -> Iterator[tuple[str, Outcome]]:
    """Plans within the budget, each as far as possible from the nearest of all before it."""
    found = [near.best]
    for number in range(1, count + 1):
        program = with_column(with_rows(near.program, budget(near.program, near.budget)),
                              np.zeros(len(near.program.row_lower) + 1), 0.0, float(len(near.projects)))  # fmt: skip
        rows = [_apart(near, outcome) for outcome in found]
        aim = np.zeros(len(program.cost))
        aim[-1] = -1.0
        outcome = near.ask.aimed_plan(with_rows(program, *rows), aim, f"alternative {number}")
        if not outcome.has_plan or outcome.values[-1] < NEAR:
            return
        found.append(outcome)
        yield f"alternative {number}", outcome


def _apart(near: NearOptimal, outcome: Outcome) -> LinearRow:
    """The last column is at most the distance from a plan: sum over projects of what is there or is not."""
    built = _built(near, outcome)
    row = np.zeros(len(near.program.cost) + 1)
    for name in near.projects:
        row[:-1] += chances(near, name) * (1.0 if built[name] < 0.5 else -1.0)
    row[-1] = -1.0
    return LinearRow(row, lower=-sum(1.0 for name in near.projects if built[name] >= 0.5))


def spending(near: NearOptimal, region: str) -> Array:
    """Capital cost in a country, as charged in the objective, as a row over the columns [money]."""
    row = np.zeros(len(near.program.cost))
    places = {name: _country(near, name) for name in near.projects}
    for item in near.program.cost_items(None):
        start = near.program.slice(None, item.family).start
        keys = near.program.investment_layout.positions[item.family]
        for key, position in keys.items():
            if places.get(str(key[0])) == region:
                row[start + position] += item.yearly[position]
    return row


def _country(near: NearOptimal, project: str) -> str:
    network = near.program.network
    region = network.region_of(network.asset_of(network.base.projects[project]))
    return network.base.regions[region].country or region


def by_country(near: NearOptimal) -> Iterator[tuple[str, Outcome]]:
    """For every country the plans within the budget that spend most and least on plants there."""
    within = with_rows(near.program, budget(near.program, near.budget))
    for country in dict.fromkeys(_country(near, name) for name in near.projects):
        row = spending(near, country)
        for word, sign in (("most", -1.0), ("least", 1.0)):
            outcome = near.ask.aimed_plan(within, sign * row, f"{word} in {country}")
            if outcome.has_plan:
                yield f"{word} in {country}", outcome


def _countries(near: NearOptimal, found: Mapping[str, Outcome], instance: Instance) -> Iterator[dict[str, Any]]:
    """Capital charged in every country: in the best plan, and at least and at most within the budget."""
    for country in dict.fromkeys(_country(near, name) for name in near.projects):
        row = spending(near, country)
        plans = {"best": "best", "least": f"least in {country}", "most": f"most in {country}"}
        amounts = {
            word: float(row @ found[plan].values[: len(row)]) if plan in found else None for word, plan in plans.items()
        }
        yield {"country": country, **amounts, "unit": instance.units.money}
