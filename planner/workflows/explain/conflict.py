"""Reasons of infeasibility: the statements that conflict, each with its place, and the repairs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from planner.common.words import number
from planner.formulation.contingencies import Loss
from planner.formulation.declarations import Key
from planner.formulation.mathematics.security.kinds import FAMILIES, kind_of
from planner.language.instance import Options
from planner.language.units import unit
from planner.program.program import Program
from planner.reading.document import Document
from planner.workflows.explain.deadline import ENDLESS, Patience
from planner.workflows.explain.iis import Core, find_core
from planner.workflows.explain.messages import Said, Speaker
from planner.workflows.explain.relaxable import Lever, Levers
from planner.workflows.explain.repair import Repair, repairs
from planner.workflows.explain.trial_instances import Ground, is_large

FEW = 5  # Levers that are tried on a large program: those that matter most.


@dataclass(frozen=True)
class Placed:
    """A statement in conflict: where it stands, its path, and what it says there."""

    place: str
    path: str
    words: str


@dataclass(frozen=True)
class Explanation:
    """A conflict in words, with the repairs that were tried and work."""

    statements: tuple[Placed, ...]
    repairs: tuple[Repair, ...]
    whole: bool
    certificate: str
    untried: int = 0  # Changes that were not tried: of a large instance, or when time was over.

    def __str__(self) -> str:
        return paragraph(self)


def explained(
    document: Document, program: Program, options: Options, losses: Sequence[Loss] | None = None,
    with_repairs: bool = True, patience: Patience = ENDLESS,
) -> Explanation | None:
    """The explanation of an instance that has no plan; None when one was found after all.

    `losses` are those that the program withstands (None: all); more are added where what is changed fails them.
    """
    core = find_core(program, options, patience)
    if core is None:
        return None
    speaker = Speaker(program, document.instance)
    statements = speaker.statements(core)
    levers = Levers(program, document.instance, statements, core).every() if with_repairs else []
    chosen = _few(levers) if is_large(program) else levers
    found = repairs(Ground(document, options, patience, losses), chosen)
    at = tuple(placed(document, said) for said in statements)
    certificate = _certificate(program, core, speaker)
    return Explanation(at, tuple(found.repairs), core.is_whole, certificate, len(levers) - found.tried)


def _few(levers: Sequence[Lever]) -> list[Lever]:
    """The levers that matter most, some of every kind."""
    order = ("stockpiles", "requirements", "project_groups", "projects", "facilities")
    kinds: dict[str, list[Lever]] = {head: [] for head in order}
    for lever in levers:
        kinds.setdefault(lever.path.split(".")[0], []).append(lever)
    rounds = zip_longest(*kinds.values())
    return [lever for one in rounds for lever in one if lever is not None][:FEW]


def placed(document: Document, said: Said) -> Placed:
    """A statement with its place in the files."""
    return Placed(str(document.place(said.path)), ".".join(map(str, said.path)), said.words)


def _certificate(program: Program, core: Core, speaker: Speaker) -> str:
    """One or two sentences that say what is proven."""
    needed = "without any one statement's rows they can" if core.is_whole else "without any one of them they can"
    if not core.is_irreducible:
        needed = "not yet irreducible: time was over before each had been left out once"
    if core.is_whole:
        return f"{len(core.rows)} rows of the problem cannot all hold in whole numbers; {needed}"
    total = len(core.rows) + len(core.bounds)
    proof = f"{total} rows and bounds of the relaxed problem cannot all hold; {needed}"
    return "; ".join([proof, *_gap(program, core, speaker)])


def _gap(program: Program, core: Core, speaker: Speaker) -> Iterator[str]:
    """By how much a requirement, or else what comes next, must be missed if nothing else of the conflict gives way."""
    row = min(core.missed, key=lambda row: (program.rows[row][1] not in FAMILIES, -core.missed[row], row), default=None)
    if row is None:
        return
    node, family, key = program.rows[row]
    where = ", ".join(str(word) for word in key if word not in ("", "*"))
    role = _role(program, family, key)
    label = f" {unit(speaker.units, role)}" if role else ""
    yield (f"if all else holds, {family.replace('_', ' ')} of {where}{speaker.when(node)} is missed by at least"
           f" {number(core.missed[row], 4)}{label}")


def _role(program: Program, family: str, key: Key) -> str:
    """Role unit of what a row is missed by; empty where it has none of its own."""
    if family in FAMILIES:
        part = program.network.base.requirements[str(key[0])]
        return kind_of(part).role(part)
    return "quantity/year" if family == "demand" else ""


def paragraph(found: Explanation) -> str:
    """The conflict and its repairs as a person reads them."""
    why = ", since sizes and decisions are whole" if found.whole else ""
    lines = [f"These statements cannot all hold{why}:"]
    lines += [f"  {s.place} {s.path}: {s.words}" for s in found.statements]
    lines.append(f"Proof: {found.certificate}.")
    lines += _ways_out(found)
    if found.untried:
        lines.append(f"Not tried: {found.untried} other changes of these statements.")
    return "\n".join(lines)


def _ways_out(found: Explanation) -> Iterator[str]:
    if not found.repairs:
        yield "No single change of these statements was found that would make a plan possible."
        return
    order = "the cheapest first, then those of unknown cost"
    if all(repair.is_plan for repair in found.repairs):
        yield f"Any one of these would make a plan possible, {order}:"
    else:
        yield f"With any one of these all rules can be met, if not yet in whole projects, {order}:"
    for repair in found.repairs[:8]:
        yield f"  {repair}"
