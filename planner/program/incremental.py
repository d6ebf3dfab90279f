"""Reuse: what was made for another network counts again where it would come out the same.

Functions of a chapter give again what they gave, if that is known to hold (`Recall`); what is made of such values is
known by them: `Derived` gives it again when all its parts are the very same objects.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from planner.formulation.declarations import Chapter, Data, Link, OfFigures, Variable
from planner.formulation.mathematics.node_data import OfSituation
from planner.tree.nodes import Node

Place = tuple[str, str, int]  # Family, which of its functions, number of the node.
Recall = Callable[[Place, Callable[[], Any]], Any]  # What is known of a place, or what the function makes.


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
    """What a network may take over: values of functions, if any, and what is made of them."""

    recall: Recall | None = None
    derived: Derived = field(default_factory=Derived)

    def of(self, chapter: Chapter) -> Chapter:
        """The chapter with functions that recall."""
        recall = self.recall
        if recall is None:
            return chapter
        return replace(
            chapter,
            variables=tuple(_variable(v, recall) for v in chapter.variables),
            links=tuple(_link(link, recall) for link in chapter.links),
            data=tuple(replace(d, values=_recalling(d, "values", d.values, recall)) for d in chapter.data),
        )


def _variable(family: Variable, recall: Recall) -> Variable:
    lower, upper = (
        _recalling(family, role, function, recall) if function is not None else None
        for role, function in (("lower", family.lower), ("upper", family.upper))
    )
    return replace(family, lower=lower, upper=upper, costs=_costs(family, recall))


def _link(family: Link, recall: Recall) -> Link:
    terms, constants = (
        _recalling(family, role, function, recall)
        for role, function in (("terms", family.terms), ("constants", family.constants))
    )
    return replace(family, terms=terms, constants=constants, costs=_costs(family, recall))


def _costs(family: Variable | Link, recall: Recall) -> dict[str, Any]:
    return {item: _recalling(family, f"cost {item}", costs, recall) for item, costs in family.costs.items()}


def _recalling(family: Variable | Link | Data, role: str, function: Callable[[Node], Any], recall: Recall) -> Any:
    """A function that recalls; one that is computed once for several nodes stays so."""
    if isinstance(function, OfFigures | OfSituation):
        inner = function.function
        made = _recalling(family, role, lambda node: np.asarray(inner(node), dtype=float), recall)
        return type(function)(function.network, made)
    return lambda node: recall((family.name, role, node.index), lambda: function(node))
