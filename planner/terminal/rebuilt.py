"""How much of the programs of a run or a sweep was built anew, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from rich.console import Console, Group
from rich.text import Text

from planner.terminal.run import frame


def show_rebuilt(rebuilt: Iterable[tuple[str, str]], console: Console) -> None:
    """How many programs were built anew to which extent, by reason; nothing where none was built."""
    counts = Counter(rebuilt)
    if not counts:
        return
    table = frame([("programs", "right"), ("rebuilt", "left"), ("because", "left")])
    for (extent, why), count in counts.most_common():
        table.add_row(str(count), extent, Text(why))
    console.print(Group(Text(), table))
