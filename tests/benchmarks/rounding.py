"""The real instance by general search alone and by rounding first: `python -m tests.benchmarks.rounding`.

Both ways stop at the same gap; the general search also at a time limit. Prints a table of seconds, gap and
peak memory, and of the share of the run that is not solving.
"""

from __future__ import annotations

import platform
import resource
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from planner.formulation.network import build_network
from planner.language.instance import Options
from planner.program.program import assemble
from planner.reading.document import load
from planner.solving import extensive as solver
from planner.solving import integer_search

INSTANCE = Path(__file__).parents[2] / "instances" / "rare-earths.yaml"
GAPS, LIMIT = (0.01, 0.005), 240.0


def main() -> None:
    begun = time.monotonic()
    document = load(INSTANCE)
    loaded = time.monotonic()
    program = assemble(build_network(document.instances()))
    built = time.monotonic()
    print(f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, Python {platform.python_version()}, one thread")
    rows, columns = program.matrix.shape
    print(f"{rows:,} rows, {columns:,} columns, {program.matrix.nnz:,} nonzeros, {program.integer.sum()} integers")
    print(f"load {loaded - begun:.1f} s, build {built - loaded:.1f} s")
    print("| gap asked | general search | rounding first | ratio |\n|---|---|---|---|")
    large = integer_search.LARGE
    for gap in GAPS:
        seconds, labels = [], []
        for threshold in (sys.maxsize, large):
            integer_search.LARGE = threshold
            outcome = solver.solve(program, Options(gap=gap, time_limit=LIMIT))
            seconds.append(outcome.seconds)
            labels.append(f"{outcome.seconds:.0f} s to {outcome.gap:.2%}")
        print(f"| {gap:.1%} | {labels[0]} | {labels[1]} | {seconds[0] / seconds[1]:.1f} |", flush=True)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


if __name__ == "__main__":
    main()
