"""Why there is no plan: the statements that conflict, each where it stands, and the repairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from planner.assemble import Program
from planner.formulate import formulate
from planner.outage import Loss, withstanding
from planner.reading.document import Document, load
from planner.reasons.core import Core, find_core
from planner.reasons.levers import Lever, Levers
from planner.reasons.repair import Repair, repairs
from planner.reasons.words import Said, Speaker
from planner.schema import Options
from planner.validation.validate import validate

LARGE = 200_000  # Nonzeros from which only the levers that matter most are tried.
FEW = 6


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

    def __str__(self) -> str:
        return paragraph(self)


def explained(
    document: Document, program: Program, options: Options, losses: Sequence[Loss] | None = None,
    with_repairs: bool = True,
) -> Explanation | None:
    """The explanation of an instance that has no plan; None when one was found after all.

    `losses` are those that the program withstands (None: all); what is changed is tried with the same ones.
    """
    core = find_core(program, options)
    if core is None:
        return None
    speaker = Speaker(program, document.instance)
    statements = speaker.statements(core)
    levers = Levers(program, document.instance, statements, core).every() if with_repairs else []
    if program.matrix.nnz > LARGE:
        levers = sorted(levers, key=_importance)[:FEW]

    def remake(sets: Sequence[str]) -> Program:
        changed = load(document.path, document.scenario, (*document.sets, *sets))
        validate(changed)
        instances = changed.instances()
        return formulate(instances if losses is None else withstanding(instances, losses), options)

    found = tuple(repairs(program, levers, remake, options))
    placed = tuple(_placed(document, said) for said in statements)
    return Explanation(placed, found, core.whole, _certificate(program, core, speaker))


def _importance(lever: Lever) -> int:
    order = ("requirements", "stockpiles", "project_groups", "projects", "facilities")
    head = lever.path.split(".")[0]
    return order.index(head) if head in order else len(order)


def _placed(document: Document, said: Said) -> Placed:
    return Placed(str(document.place(said.path)), ".".join(map(str, said.path)), said.words)


def _certificate(program: Program, core: Core, speaker: Speaker) -> str:
    """One sentence that says what is proven."""
    if core.whole:
        proof = f"{len(core.rows)} rows of the problem cannot all hold in whole numbers"
        return f"{proof}; without any one statement's rows they can"
    total = len(core.rows) + len(core.bounds)
    worst = max(core.violated, key=lambda row: core.violated[row], default=None)
    proof = f"{total} rows and bounds of the relaxed problem cannot all hold, and without any one of them they can"
    if worst is None:
        return proof
    node, family, key = program.rows[worst]
    where = ", ".join(str(word) for word in key if word not in ("", "*"))
    return f"{proof}; at the least {family.replace('_', ' ')} of {where}{speaker.when(node)} is missed by" + (
        f" {core.violated[worst]:,.6g}")


def paragraph(found: Explanation) -> str:
    """The conflict and its repairs as a person reads them."""
    why = ", since sizes and decisions are whole" if found.whole else ""
    lines = [f"These statements cannot all hold{why}:"]
    lines += [f"  {s.place} {s.path}: {s.words}" for s in found.statements]
    lines.append(f"Proof: {found.certificate}.")
    if found.repairs:
        lines.append("Any one of these would make a plan possible, the cheapest first, then those of unknown cost:")
        lines += [f"  {repair}" for repair in found.repairs[:8]]
    else:
        lines.append("No single change of these statements was found that would make a plan possible.")
    return "\n".join(lines)
