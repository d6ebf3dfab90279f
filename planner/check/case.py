"""Data of all checks: the instance of each node, the tables, the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, TypeVar

from planner.check.controls import Measure, measures_at, passing, raised
from planner.check.horizon import Horizon, Node
from planner.check.reading import TableColumns
from planner.check.report import Ledger
from planner.check.rules import Movement, facility_processes
from planner.language.instance import Instance, Supplier
from planner.language.requirements import Rule

R = TypeVar("R", bound=Rule)


class Progress(NamedTuple):
    """Progress of the work on a decision by the end of a node.

    `done` counts years of work as planned; `commissioned` is infinite until then; `dearer` is the share of the
    capital cost that work under technology bans has added so far, `added` what this node has added to it.
    """

    done: float
    commissioned: float
    dearer: float
    added: float


@dataclass(frozen=True)
class Case:
    """A run under check; `money` is what price times quantity is worth in money."""

    instances: Mapping[str, Instance]
    horizon: Horizon
    tables: Mapping[str, TableColumns]
    ledger: Ledger
    movements: tuple[Movement, ...]
    money: float
    progress: dict[tuple[str, Node, Node], Progress] = field(default_factory=dict)

    @cached_property
    def lane_of(self) -> dict[str, str]:
        """The lane entry of each movement, by the movement's key."""
        return {movement.key: movement.lane for movement in self.movements}

    @cached_property
    def permitted(self) -> frozenset[tuple[str, str]]:
        """The pairs of a facility and a process that it may run."""
        return frozenset(facility_processes(self.base))

    @cached_property
    def measures(self) -> dict[Node, tuple[Measure, ...]]:
        """The measures in force in each node."""
        return {node: measures_at(self.at(node), node) for node in self.horizon.nodes}

    @cached_property
    def end(self) -> float:
        """Moment at which the horizon ends."""
        return max(node.end for node in self.horizon.nodes)

    @property
    def base(self) -> Instance:
        """The trunk's instance: names, time and plan are the same in all futures."""
        return self.instances[self.horizon.trunk]

    def at(self, node: Node) -> Instance:
        """The instance in force in a node: that of its source."""
        return self.instances[node.source]

    def rule(self, name: str, node: Node, kind: type[R]) -> R:
        """A requirement in force in a node, known to be of a kind. Raises TypeError where it is of another."""
        part = self.at(node).requirements[name]
        if not isinstance(part, kind):
            raise TypeError(f"{name} is no {kind.__name__}")
        return part

    def lane_passes(self, movement: Movement, node: Node) -> float:
        """Share of a movement that the controls of its origin let pass."""
        commodity = self.at(node).commodities[movement.commodity]
        to = movement.destination
        return passing(self.measures[node], node, movement.origin, movement.commodity, commodity, to)

    def supplier_passes(self, supplier: Supplier, region: str, node: Node) -> float:
        """Share of a supplier's volume that the controls of its country let pass to a region."""
        commodity = self.at(node).commodities[supplier.commodity]
        return passing(self.measures[node], node, supplier.origin, supplier.commodity, commodity, region)

    def supply_price(self, name: str, step: int, region: str, node: Node) -> float:
        """Price of a step of a supplier in a region, raised by the controls in force."""
        supplier = self.at(node).suppliers[name]
        commodity = self.at(node).commodities[supplier.commodity]
        factor = raised(self.measures[node], supplier.origin, supplier.commodity, commodity, region)
        return supplier.steps[step - 1].price.at(node.middle) * factor

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
