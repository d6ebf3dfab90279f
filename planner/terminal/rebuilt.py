"""Parts of the programs of a run or a sweep that were built anew, and the reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from rich.console import Console, Group
from rich.text import Text

from planner.terminal.run import frame


def show_rebuilt(rebuilt: Iterable[tuple[str, str]], console: Console) -> None:
    """Number of programs built anew, by extent and reason; nothing if none was built."""
    counts = Counter(rebuilt)
    if not counts:
        return
    table = frame([("programs", "right"), ("rebuilt", "left"), ("because", "left")])
    for (extent, why), count in counts.most_common():
        table.add_row(str(count), extent, Text(why))
    console.print(Group(Text(), table))
