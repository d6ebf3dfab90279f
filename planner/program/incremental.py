"""Reuse: what was made for one network counts again for others, where what it depends on has not changed.

A snapshot keeps what the functions of the first network gave. A later network is compared with the first. If they
differ in figures alone, and have the same nodes and columns, it takes over every family that reads none of the changed
figures. What is made of such values is known by them: `Derived` gives it again when all its parts are the very same
objects.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

import numpy as np

from planner.formulation.declarations import Chapter, Data, Key, Link, OfFigures, Reads, Variable
from planner.formulation.mathematics.model import STRUCTURE_READS
from planner.formulation.mathematics.node_data import OfSituation
from planner.formulation.network import Network
from planner.language.instance import Instance
from planner.program.differences import Differences, differences
from planner.tree.nodes import Node

FunctionKey = tuple[str, str, int]  # Family, which of its functions, number of the node.
Recall = Callable[[FunctionKey, Callable[[], Any]], Any]  # What is known of a place, or what the function makes.


class Extent(Enum):
    """Extent of a rebuild. Investments are always computed anew, for they are few."""

    ALL = "all"
    ROWS = "rows"  # Of nodes: coefficients of some families, and the numbers that go with them.
    NUMBERS = "numbers"  # Of nodes: bounds, costs and right-hand sides alone.
    INVESTMENTS = "investments"  # Nothing of nodes.
    NOTHING = "nothing"  # That would come out otherwise.


class Reason(Enum):
    """Why that is."""

    FIRST = "first run"
    STRUCTURE = "structure changed"
    FIGURES = "figures changed"
    SAME = "nothing changed"


@dataclass(frozen=True)
class Rebuild:
    """Parts of a program computed anew, and the reason; `where` names sections, or fields with changed figures."""

    extent: Extent
    reason: Reason
    where: tuple[str, ...] = ()
    figures: int = 0

    @property
    def told(self) -> tuple[str, str]:
        """Both in words, for a table."""
        why = self.reason.value if not self.figures else f"{self.figures} {self.reason.value}"
        return self.extent.value, f"{why}: {', '.join(self.where)}" if self.where else why


@dataclass
class Derived:
    """Values by what they are and the parts they were made of; new ones are kept while it `learns`."""

    known: dict[Hashable, tuple[tuple[Any, ...], Any]] = field(default_factory=dict)
    learns: bool = False

    def get(self, place: Hashable, parts: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        """The value made of these parts, kept or new."""
        before, value = self.known.get(place, ((), None))
        if value is not None and len(before) == len(parts) and all(map(_is, before, parts)):
            return value
        value = make()
        if self.learns:
            self.known[place] = parts, value
        return value


def _is(one: object, other: object) -> bool:
    return one is other


@dataclass(frozen=True)
class Reuse:
    """Results that a network takes over: families that read none of the `changed` figures, and derived values."""

    rebuild: Rebuild = Rebuild(Extent.ALL, Reason.FIRST)
    recall: Recall | None = None
    changed: frozenset[str] = frozenset()
    derived: Derived = field(default_factory=Derived)

    def recall_of(self, reads: Reads) -> Recall | None:
        """Recall for functions that read these figures; None if they must compute."""
        return None if reads is None or self.changed.intersection(reads) else self.recall

    @property
    def structure(self) -> Recall | None:
        """Recall for the structure of nodes."""
        return self.recall_of(STRUCTURE_READS)

    def of(self, chapter: Chapter) -> Chapter:
        """The chapter with functions that recall."""
        return replace(
            chapter,
            variables=tuple(_variable(v, self.recall_of(v.reads)) for v in chapter.variables),
            links=tuple(_link(link, self.recall_of(link.reads)) for link in chapter.links),
            data=tuple(_data(d, self.recall_of(d.reads)) for d in chapter.data),
        )


@dataclass(frozen=True)
class Outline:
    """Conditions for one network to take anything over from another: equal nodes, and equal columns of all blocks."""

    nodes: tuple[Node, ...]
    columns: tuple[tuple[str, tuple[Key, ...]], ...]

    @classmethod
    def of(cls, network: Network, chapters: tuple[Chapter, ...]) -> Outline:
        columns = tuple((family.name, family.keys) for chapter in chapters for family in chapter.families)
        return cls(network.tree.nodes, columns)


class Snapshot:
    """Results of the functions of the first network."""

    def __init__(self) -> None:
        self._first: tuple[Mapping[str, Instance], Outline] | None = None
        self._values: dict[FunctionKey, Any] = {}
        self._derived = Derived()

    def reuse(self, network: Network, investments: Chapter, operation: Chapter) -> Reuse:
        """Reuse for a network; all that the first network computes is kept until the next one comes."""
        outline = Outline.of(network, (investments, operation))
        self._derived.learns = self._first is None
        if self._first is None:
            self._first = network.instances, outline
            return Reuse(recall=self._recall, derived=self._derived)
        found = differences(self._first[0], network.instances)
        if found.structure:
            return Reuse(Rebuild(Extent.ALL, Reason.STRUCTURE, found.structure))
        if outline != self._first[1]:  # Figures decide what there is: a lane with a fixed cost has one more column.
            return Reuse(Rebuild(Extent.ALL, Reason.STRUCTURE, tuple(sorted(found.figures))))
        rebuild = Rebuild(_extent(found, operation), Reason.FIGURES if found.figures else Reason.SAME,
                          tuple(sorted(found.figures)), sum(found.figures.values()))  # fmt: skip
        return Reuse(rebuild, self._recall, frozenset(found.figures), self._derived)

    def _recall(self, place: FunctionKey, make: Callable[[], Any]) -> Any:
        if place in self._values:
            return self._values[place]
        value = make()
        if self._derived.learns:
            self._values[place] = value
        return value


def _extent(found: Differences, operation: Chapter) -> Extent:
    """Extent of the rebuild: the parts that read a figure that differs."""
    def reads(*families: Reads) -> bool:
        return any(r is None or found.figures.keys() & set(r) for r in families)

    if not found.figures:
        return Extent.NOTHING
    if reads(STRUCTURE_READS, *(link.reads for link in operation.links if link.keys)):
        return Extent.ROWS
    numbers = [v.reads for v in operation.variables if v.keys and v.functions]
    numbers += [d.reads for d in operation.data if d.keys]
    return Extent.NUMBERS if reads(*numbers) else Extent.INVESTMENTS


def _variable(family: Variable, recall: Recall | None) -> Variable:
    if recall is None:
        return family
    lower, upper = (
        _recalling(family, role, function, recall) if function is not None else None
        for role, function in (("lower", family.lower), ("upper", family.upper))
    )
    return replace(family, lower=lower, upper=upper, costs=_costs(family, recall))


def _link(family: Link, recall: Recall | None) -> Link:
    if recall is None:
        return family
    terms, constants = (
        _recalling(family, role, function, recall)
        for role, function in (("terms", family.terms), ("constants", family.constants))
    )
    return replace(family, terms=terms, constants=constants, costs=_costs(family, recall))


def _data(family: Data, recall: Recall | None) -> Data:
    return family if recall is None else replace(family, values=_recalling(family, "values", family.values, recall))


def _costs(family: Variable | Link, recall: Recall) -> dict[str, Any]:
    return {item: _recalling(family, f"cost {item}", costs, recall) for item, costs in family.costs.items()}


def _recalling(family: Variable | Link | Data, role: str, function: Callable[[Node], Any], recall: Recall) -> Any:
    """A function that recalls; one that is computed once for several nodes stays so."""
    if isinstance(function, OfFigures | OfSituation):
        inner = function.function
        made = _recalling(family, role, lambda node: np.asarray(inner(node), dtype=float), recall)
        return type(function)(function.network, made)
    return lambda node: recall((family.name, role, node.index), lambda: function(node))
