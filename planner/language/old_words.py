"""Old words of the instance language, which are read as the new ones for one version more."""

from __future__ import annotations

from typing import NamedTuple

GONE = "0.3"  # The version that reads them no more.


class OldWord(NamedTuple):
    """A word that has a new name: a key of the mapping at a place, or the value there; * stands for any name."""

    place: str
    old: str
    new: str
    is_value: bool = False

    @property
    def said(self) -> str:
        """The sentence of a note."""
        return f"{self.old} is called {self.new} now; the old word goes with version {GONE}"


OLD_WORDS = (
    OldWord("requirements.*.kind", "sources", "supplier_count", is_value=True),  # Sources are citations.
    OldWord("requirements.*", "apart", "max_gap"),
    OldWord("requirements.*.elastic", "price", "penalty"),
)
OLD_EXAMPLE = OldWord("extends", "planner:", "example:")  # What a shipped instance is named after.
