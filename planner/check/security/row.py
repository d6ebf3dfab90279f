"""Demand of a requirement's row, and the comparison with the table."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from planner.check.case import Case
from planner.check.cost import Violations
from planner.check.horizon import MOMENT, TINY, Node
from planner.check.rules import matches
from planner.language.instance import Requirement
from planner.language.requirements import Dependence, ExpectedUnserved, OfSupply, OfUsers, Rule

Words = tuple[str, ...]
RowKey = tuple[str, Words, Node | None]
# The words of a scope that tell a row from others, where the rule itself does not say them (`by`).
SCOPES: Mapping[str, Words] = {
    "served": ("demand",), "survive": ("demand",), "recover": ("demand",), "cover": ("region", "demand"),
    "sharing": ("region", "class"), "regret": ("scenario",), "leverage": ("window",), "tail": (), "budget": (),
    "chance": ("demand",), "outage": ("demand",),
}


@dataclass(frozen=True)
class Test:
    """`amount` may be at most `allowed`, in the unit of slack and violation; `target` and `achieved` say it in theirs.

    `room` is what is left, where that is not their difference; `region` is that to which a penalty is assigned.
    """

    allowed: float
    amount: float
    target: float
    achieved: float
    region: str = "*"
    role: str = "{quantity}/year"
    target_role: str = "share"
    room: float | None = None
    has_room: bool = True
    pool: str = ""  # Rows of one pool are missed, and paid for, together.


class Book:
    """The rows of the table, each taken out when it is compared; what is left names nothing."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.rows: dict[RowKey, tuple[tuple[float, ...], Words]] = {}
        self.violations: Violations = {}
        self.pooled: dict[tuple[str, str], tuple[float, Node | None]] = {}
        columns = ("requirement", "kind", "scope", "target", "achieved", "slack", "violation", "target_unit", "unit",
                   "price_unit")
        for node, name, kind, text, *rest in case.tables["requirements"].by_node(*columns):
            part = case.base.requirements.get(name)
            words = dict(word.split("=", 1) for word in text.split(";") if "=" in word)
            if part is None or part.kind != kind:
                case.unknown("requirements", self.where(node, name, kind))
                continue
            key = (name, tuple(words.get(word, "") for word in scope_of(part)), node)
            if key in self.rows:
                case.ledger.fault("tables.duplicate", self.where(node, name, text), 1.0, 2.0)
            self.rows[key] = (tuple(rest[:4]), tuple(rest[4:]))

    def where(self, node: Node | None, *parts: object) -> str:
        return " ".join(map(str, parts)) if node is None else self.case.where(node, *parts)

    def compare(self, name: str, scope: Words, node: Node | None, test: Test) -> float:
        """Hold a row of the table against what it must say; returns its violation."""
        case, part = self.case, self.case.base.requirements[name]
        where = self.where(node, name, *scope)
        row = self.rows.pop((name, scope, node), None)
        violation = row[0][3] if row is not None else 0.0
        key = (name, test.region, node)
        if not test.pool:
            self.violations[key] = self.violations.get(key, 0.0) + violation
        elif violation >= self.pooled.get((name, test.pool), (0.0, None))[0]:
            self.pooled[name, test.pool] = violation, node
        case.ledger.at_most(f"requirement.{part.kind}", where, test.allowed + violation, test.amount, abs(test.allowed))
        if part.elastic is None:
            case.ledger.at_most("requirement.violation", f"{where}, not elastic", 0.0, violation)
        if row is not None:
            self._compare_words(where, test, row)
        elif max(abs(test.allowed), abs(test.amount)) > TINY:
            case.ledger.fault("requirement.missing", where, "a row", "nothing")
        return violation

    def _compare_words(self, where: str, test: Test, row: tuple[tuple[float, ...], Words]) -> None:
        (target, achieved, slack, _), units = row
        ledger, names = self.case.ledger, self.case.base.units
        ledger.equal("requirement.target", where, test.target, target)
        if not math.isnan(achieved) and not math.isnan(test.achieved):
            ledger.equal("requirement.achieved", where, test.achieved, achieved)
        room = max(0.0, test.allowed - test.amount if test.room is None else test.room)
        if test.has_room:
            ledger.equal("requirement.slack", where, room, slack, abs(test.allowed) + abs(test.amount))
        price = "{price}" if test.role.startswith("{quantity}") else "{money}/" + test.role
        for role, found in zip((test.target_role, test.role, price), units, strict=True):
            wanted = role.format(quantity=names.quantity, money=names.money, price=names.price)
            ledger.same("tables.unit", f"requirements {where}", wanted, found)

    def close(self) -> None:
        """Rows that nothing asked for."""
        for name, scope, node in self.rows:
            self.case.unknown("requirements", self.where(node, name, *scope))


def scope_of(part: Requirement) -> Words:
    """The words that tell the rows of a requirement apart."""
    if isinstance(part, Dependence | OfSupply | ExpectedUnserved):
        return tuple(sorted(part.by))
    return SCOPES[part.kind]


def applies(part: Rule, node: Node) -> bool:
    """Whether a rule holds in a node: its years, and its futures or shocks."""
    if part.start is not None and node.start < part.start - MOMENT:
        return False
    if part.end is not None and node.start >= part.end - MOMENT:
        return False
    names = node.futures if node.onset is None else (*node.futures, node.source)
    return any(matches(name, part.futures) for name in names)


def demands_of(case: Case, part: OfUsers) -> Iterator[str]:
    """The demands in the scope of a rule."""
    for name, demand in case.base.demands.items():
        if matches(demand.region, part.regions) and matches(demand.user_class, part.classes):
            yield name
