"""Sentences that follow the switches of a page: one for every choice."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from planner.common import words

SWITCHES = ("future", "year", "element", "region", "figure", "input", "project")
BLANK = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, eq=False)
class Says:
    """Sentences by choice: `table` has a row for each, columns named as switches tell which, `text` is what is said.

    A blank {name} in a text stands for the column of that name. `otherwise` is said of a choice that has no row;
    `first` is what the switches stand at when the page opens. The page (tables.js) fills the blanks alike.
    """

    table: pd.DataFrame
    first: Mapping[str, Any]
    otherwise: str = ""

    def under(self, chosen: Mapping[str, Any]) -> str:
        """The sentence of a choice; a switch that is not chosen keeps every row."""
        rows = self.table
        for name in SWITCHES:
            if name in rows and name in chosen:
                rows = rows[rows[name] == chosen[name]]
        return _filled(rows.iloc[0].to_dict()) if len(rows) else self.otherwise

    def with_futures(self, kept: Collection[str]) -> Says:
        """The sentences of some futures only."""
        if "future" not in self.table:
            return self
        return replace(self, table=self.table[self.table["future"].isin(kept)].reset_index(drop=True))


def _filled(row: Mapping[Any, Any]) -> str:
    def value(found: re.Match[str]) -> str:
        known = row.get(found[1], found[0])
        return known if isinstance(known, str) else words.year(known)

    return BLANK.sub(value, row["text"])


def says_of(texts: Mapping[Any, str], keys: tuple[str, ...], first: Mapping[str, Any], otherwise: str = "") -> Says:
    """Whole sentences by choice, the choices being values of `keys` in this order."""
    rows = [(*(choice if isinstance(choice, tuple) else (choice,)), "{said}", text) for choice, text in texts.items()]
    return Says(pd.DataFrame(rows, columns=[*keys, "text", "said"]), first, otherwise)
