"""An instance by its number of futures: seconds of the processor and memory at the peak.

    python -m tests.benchmarks.futures 125 250 500 1000

Read, validated and built; and, of a quarter of the futures, what information is worth (`planner value`). The instance
is the farmer's problem with so many yields, each of which overrides three figures.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

Seconds = tuple[float, ...]
FARMER = Path(__file__).parents[2] / "instances" / "published" / "farmer.yaml"


def farmer(count: int) -> str:
    """The farmer's problem with so many equally likely yields, from a half to one and a half of the average."""
    text = FARMER.read_text()
    start, end = text.index("futures:"), text.index("regions:")
    lines = [f"futures:\n  f0: {{probability: {1 / count!r}}}"]
    lines += [
        f"  f{i}: {{probability: {1 / count!r}, from: f0, branches: 1,"
        f' overrides: {{"processes.*.outputs.* *=": {0.5 + i / count!r}}}}}'
        for i in range(1, count)
    ]
    return text[:start] + "\n".join(lines) + "\n\n" + text[end:]


def apart(work: Callable[[Path], Seconds], count: int) -> tuple[Seconds, float]:
    """Seconds of some work on so many futures, and megabytes at the peak, in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measured, (work, count))


def _measured(work: Callable[[Path], Seconds], count: int) -> tuple[Seconds, float]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "farmer.yaml"
        path.write_text(farmer(count))
        return work(path), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def built(path: Path) -> Seconds:
    """Seconds to read, to validate and to put the program together."""
    from planner.reading.document import load
    from planner.solving.formulate import formulate
    from planner.validation.validate import validate

    moments = [time.process_time()]
    document = load(path)
    moments.append(time.process_time())
    validate(document)
    moments.append(time.process_time())
    _ = formulate(document.instances(), document.instance.options).arrays
    moments.append(time.process_time())
    return tuple(later - earlier for earlier, later in pairwise(moments))


def valued(path: Path) -> Seconds:
    """Seconds to say what information and flexibility are worth."""
    from planner.workflows.value_of_information import value

    begun = time.process_time()
    value(path, out=path.parent / "worth", options={"threads": 1})
    return (time.process_time() - begun,)


def show(columns: str, work: Callable[[Path], Seconds], counts: list[int]) -> None:
    """Print a table, a row per number of futures."""
    print(f"| futures | {columns} | peak, MB |\n|{'---|' * (columns.count('|') + 3)}")
    for count in counts:
        seconds, peak = apart(work, count)
        print(f"| {count:,} | {' | '.join(f'{s:.2f}' for s in seconds)} | {peak:,.0f} |", flush=True)


def main() -> None:
    """Both tables."""
    counts = [int(word) for word in sys.argv[1:] or ["125", "250", "500", "1000"]]
    show("read, s | validate, s | build, s", built, counts)
    print()
    show("value, s", valued, [count // 4 for count in counts])


if __name__ == "__main__":
    main()
