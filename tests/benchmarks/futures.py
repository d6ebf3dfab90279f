"""Reading and validating an instance by its number of futures: seconds of the processor and memory at the peak.

    python -m tests.benchmarks.futures 125 250 500 1000

The instance is the farmer's problem with so many yields, each of which overrides three figures.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path

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


def measure(count: int) -> tuple[float, float, float]:
    """Seconds to read and to validate, and megabytes at the peak, in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measured, (count,))


def _measured(count: int) -> tuple[float, float, float]:
    from planner.reading.document import load
    from planner.validation.validate import validate

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "farmer.yaml"
        path.write_text(farmer(count))
        begun = time.process_time()
        document = load(path)
        read = time.process_time()
        validate(document)
        done = time.process_time()
    return read - begun, done - read, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Print a table, a row per number of futures."""
    print("| futures | read, s | validate, s | peak, MB |\n|---|---|---|---|")
    for count in map(int, sys.argv[1:] or ["125", "250", "500", "1000"]):
        read, validated, peak = measure(count)
        print(f"| {count:,} | {read:.2f} | {validated:.2f} | {peak:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
