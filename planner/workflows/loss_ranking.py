"""Effect on users of the loss of any facility, country, supplier or lane, for a fixed plan.

This needs no requirement. Investments are those of the run; operation before the loss is the cheapest. After the loss,
operation minimizes the users' loss. Losses are ranked by the users' extra loss compared with no loss.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, get_args

import pandas as pd

from planner.common.errors import InputError, NoAnswerError, Place, Problem, did_you_mean
from planner.common.patterns import fits_any
from planner.common.profiling import Clock
from planner.common.signals import is_asked_to_stop, listening
from planner.contingency.recourse import Borne
from planner.contingency.row_generation import Way, withstand
from planner.contingency.screening import Probe
from planner.formulation.contingencies import Loss, LossKind, candidates, has_outages
from planner.language.counterfactuals import Instances
from planner.language.instance import Instance
from planner.language.requirements import Served
from planner.language.units import unit
from planner.program.program import Program
from planner.results.fixed_plan import freeze, read_plan
from planner.results.rows import TableRow, at
from planner.results.write import RESOLVED
from planner.solving.outcome import Outcome
from planner.tables.frames import table
from planner.tables.schemas import SCHEMAS
from planner.tree.builder import build_tree
from planner.tree.nodes import Node
from planner.workflows.solve import SILENT, Listener, prepare
from planner.workflows.tradeoff.answer import AnswerStatus, place_for, written

KINDS: tuple[LossKind, ...] = get_args(LossKind)
QUESTION = "losses"
Harm = tuple[Loss, Borne, Borne]  # A loss, and its users' service with it and without.


@dataclass(frozen=True)
class Losses:
    """The losses tried on a plan, worst first: see `losses.csv`; `status` says whether all were tried."""

    instance: Instance
    table: pd.DataFrame
    folder: Path
    status: AnswerStatus = "complete"


def losses(
    plan: str | Path, of: Sequence[LossKind] = KINDS, classes: Sequence[str] = ("*",), together: int = 1,
    out: str | Path | None = None, options: dict[str, Any] | None = None, listener: Listener = SILENT,
) -> Losses:
    """Try the plan of a run on the loss of everything of some kinds, one (or `together`) at a time, in every period.

    `classes` are patterns of the users whose harm counts. Writes the table `losses`: `short` [quantity/year] and
    `users_loss` [money/year, undiscounted] are what users go without and lose more than with nothing lost. Interrupted
    or out of time, it keeps the losses tried. Raises InputError for bad input (nothing is written), NoAnswerError when
    the plan cannot be carried out.
    """
    folder, clock = Path(plan), Clock(listener.phase)
    given = read_plan(folder)
    chosen = {"question": QUESTION, "of": list(of), "classes": list(classes), "together": together,
              "plan_sha256": given.digest}
    task = prepare(clock, folder / RESOLVED, None, (), options, None, chosen, borrowed=True)
    users = _users(task.document.instance, of, classes, folder)
    target = place_for(task, out)
    instances = task.document.instances()
    way = Way(task.options, listener, shaped=lambda program: freeze(program, given))
    with clock.phase("solve"):
        program, outcome = _carried_out(instances, way)
    with listening(listener.stopping):
        with clock.phase("losses"):
            every = list(_every(task.document.instance, of, together))
            probe = Probe(instances, every, scopes={QUESTION: users})
            found, status = _tried(probe.harm(program, outcome.values), way)
        rows = table(SCHEMAS[QUESTION]["losses"], _rows(program, found))
        with clock.phase("write"):
            answer = written(task, {"losses": rows}, target, status)
    return Losses(task.document.instance, rows, answer.folder, status)


def _tried(harm: Iterator[Harm], way: Way) -> tuple[list[Harm], AnswerStatus]:
    """The losses that there is time to try, and how it ended; at least one."""
    found: list[Harm] = []
    for tried in harm:
        found.append(tried)
        if is_asked_to_stop():
            return found, "interrupted"
        if way.is_over:
            return found, "stopped"
    return found, "complete"


def _users(instance: Instance, of: Sequence[str], classes: Sequence[str], folder: Path) -> Served:
    """Users whose harm counts; InputError if there are none, or nothing of a kind can be lost."""
    place = Place(str(folder), 0, 0)
    for kind in of:
        if kind not in KINDS:
            hint = did_you_mean(kind, KINDS) or f"one of {', '.join(KINDS)}"
            raise InputError([Problem("bad-option", f"nothing is known of losses of a {kind}", place, hint)])
    known = dict.fromkeys(demand.user_class for demand in instance.demands.values())
    if not any(fits_any(classes, name) for name in known):
        hint = f"its classes are {', '.join(known)}" if known else "it has no demands"
        raise InputError([Problem("empty-scope", f"no demand is of class {' or '.join(classes)}", place, hint)])
    return Served.model_validate({"kind": "served", "classes": list(classes), "target": 1})


def _every(instance: Instance, of: Sequence[LossKind], together: int) -> Iterator[Loss]:
    nodes = [node for node in build_tree(instance).nodes if node.onset is None]
    for kind in of:
        for lost in combinations(candidates(instance, kind), together):
            for node in nodes:
                yield Loss(QUESTION, kind, lost, node.future, node.period_name, node.start, node.length)


def _carried_out(instances: Instances, way: Way) -> tuple[Program, Outcome]:
    """The plan with its operation and stocks; losses that the instance asks to withstand are prepared for."""
    if has_outages(instances):
        found = withstand(instances, way)
        program, outcome = found.program, found.outcome
    else:
        program = way.form(instances)
        outcome = way.solve(program, None)
    if not outcome.has_plan:
        raise NoAnswerError("the plan of the run could not be carried out again", outcome.status)
    return program, outcome


def _rows(program: Program, found: Iterable[Harm]) -> Iterator[TableRow]:
    """A row per loss, worst first: by what users lose, then by what they go without."""
    nodes = {(n.future, n.period_name): n for n in program.network.tree.nodes if n.onset is None}
    base, label = program.network.base, unit(program.network.base.units, "quantity/year")
    for rank, (loss, borne, calm) in enumerate(sorted(found, key=lambda tried: _severity(*tried[1:])), 1):
        node: Node = nodes[loss.future, loss.period]
        yield {
            "loss": loss.kind, "lost": loss.words, "title": " and ".join(_title(base, loss.kind, n) for n in loss.lost),
            **at(node), "length": node.length, "required": borne.amount, "served": borne.served,
            "served_undisturbed": calm.served, "worst_demand": borne.worst, "worst_served": borne.worst_served,
            "short": max(0.0, borne.short - calm.short), "users_loss": max(0.0, borne.users_loss - calm.users_loss),
            "rank": rank, "unit": label, "money_unit": base.units.money,
        }


def _severity(borne: Borne, calm: Borne) -> tuple[float, float]:
    return calm.users_loss - borne.users_loss, calm.short - borne.short


def _title(instance: Instance, kind: LossKind, name: str) -> str:
    sections: Mapping[str, Mapping[str, Any]] = {
        "facility": instance.facilities, "country": instance.regions, "supplier": instance.suppliers,
        "lane": instance.lanes,
    }
    return getattr(sections[kind].get(name), "title", None) or name

