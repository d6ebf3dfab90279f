"""Declaration of a table and of a column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

Type = Literal["text", "number", "integer", "boolean"]


@dataclass(frozen=True)
class Column:
    """A column: its type, what it means and in which unit.

    `unit` is a unit (`year`, `share`), a role that the instance's units fill (`quantity/year`, `money`, `price`), or
    in brackets the column that states it (`[unit]`). Only where `blank` may a cell be empty: '' of a text, missing
    of a number.
    """

    name: str
    type: Type
    meaning: str
    unit: str = ""
    blank: bool = False


@dataclass(frozen=True)
class Table:
    """A table: one fact per row, told apart by the columns of its key."""

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of its columns in order."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def by_name(self) -> Mapping[str, Column]:
        """Its columns by name."""
        return {column.name: column for column in self.columns}


def declared(name: str, meaning: str, key: str, *columns: Column) -> Table:
    """A table with the columns of its key named in one string."""
    found = Table(name, meaning, tuple(key.split()), columns)
    assert set(found.key) <= found.by_name.keys(), f"{name} has no columns {set(found.key) - found.by_name.keys()}"
    assert len(found.by_name) == len(columns), f"{name} has a column twice"
    return found


def text(name: str, meaning: str, blank: bool = False) -> Column:
    """A column of names or words."""
    return Column(name, "text", meaning, blank=blank)


def number(name: str, meaning: str, unit: str, blank: bool = False) -> Column:
    """A column of numbers, stored as float64."""
    return Column(name, "number", meaning, unit, blank)


def integer(name: str, meaning: str, unit: str = "") -> Column:
    """A column of whole numbers, stored as int64, none of which may be missing."""
    return Column(name, "integer", meaning, unit)


def boolean(name: str, meaning: str) -> Column:
    """A column that is true or false in every row."""
    return Column(name, "boolean", meaning)


def label(meaning: str = "unit of the amounts in the row", name: str = "unit", blank: bool = False) -> Column:
    """A column that states the unit of others."""
    return Column(name, "text", meaning, blank=blank)


# The place of a row in the tree of futures.
NODE = (
    text("node", "node of the tree: the future that owns it and the period"),
    text("future", "future or window of a shock that owns the node"),
    text("period", "name of the period"),
    number("year", "start of the period", "year"),
)
NODE_OR_WHOLE = tuple(  # Rows about the plan as a whole have no node.
    Column(c.name, c.type, f"{c.meaning}; empty for the plan as a whole", c.unit, blank=True) for c in NODE
)
