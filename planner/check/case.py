"""What all checks share: the instance of each node, the tables, the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from planner.check.horizon import Horizon, Node
from planner.check.reading import Table
from planner.check.report import Ledger
from planner.check.rules import Movement
from planner.schema import Instance


@dataclass(frozen=True)
class Case:
    """A run under check; `money` is what price times quantity is worth in money."""

    instances: Mapping[str, Instance]
    horizon: Horizon
    tables: Mapping[str, Table]
    ledger: Ledger
    movements: tuple[Movement, ...]
    money: float

    @cached_property
    def lane_of(self) -> dict[str, str]:
        """The lane entry of each movement, by the movement's key."""
        return {movement.key: movement.lane for movement in self.movements}

    @property
    def base(self) -> Instance:
        """The trunk's instance: names, time and plan are the same in all futures."""
        return self.instances[self.horizon.trunk]

    def at(self, node: Node) -> Instance:
        """The instance in force in a node: that of its owner."""
        return self.instances[node.owner]

    def where(self, node: Node, *parts: object) -> str:
        """Words that say where a test stands."""
        return " ".join([*map(str, parts), f"in {self.horizon.labels[node]}"])

    def unknown(self, table: str, where: str) -> None:
        """Enter a row that names nothing the instance permits."""
        self.ledger.fault("tables.unknown", f"{table} {where}", "what the instance permits", "a row")

    def described(self, table: str, where: str, expected: tuple[str | None, ...], found: tuple[str, ...]) -> None:
        """The descriptive columns of a row say what the instance says."""
        self.ledger.tests["tables.label"] += 1
        wanted = tuple(word or "" for word in expected)
        if wanted != found:
            self.ledger.fault("tables.label", f"{table} {where}", ", ".join(wanted), ", ".join(found))
