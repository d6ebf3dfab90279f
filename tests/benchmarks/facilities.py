"""The tables of a run by its number of facilities: seconds of the processor and memory at the peak.

    python -m tests.benchmarks.facilities 2500 5000 10000

So many mines serve one user over two years, each with a project that enlarges it; whole numbers are relaxed.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple


class Measured(NamedTuple):
    """Seconds to read and validate, to put the program together, to solve, to make the tables."""

    read: float
    build: float
    solve: float
    tables: float


def industry(count: int) -> dict[str, object]:
    """So many mines, of costs and sizes that differ."""
    names = [f"mine_{i}" for i in range(count)]
    return {
        "name": "mines",
        "units": {"quantity": "t", "money": "USD", "price": "USD/t"},
        "time": {"start": 2026, "periods": [1, 1], "discount_rate": 0.05, "base_year": 2026,
                 "discounting": "start_of_period", "capital_charge": "lump_sum"},
        "regions": {"land": {}},
        "commodities": {"ore": {"disposal": "free"}},
        "processes": {"mining": {"outputs": {"ore": 1}, "variable_cost": 0}},
        "facilities": {
            name: {"region": "land", "processes": ["mining"], "capacity": 10 + i % 7, "fixed_cost": 1 + i % 5}
            for i, name in enumerate(names)
        },
        "projects": {
            f"more_{name}": {"facility": name, "lead_time": 0, "size": {"most": 5},
                             "capital": {"variable": 3 + i % 11}, "life": 20}
            for i, name in enumerate(names)
        },
        "demands": {"users": {"class": "all", "region": "land", "accepts": {"ore": 1}, "amount": 14 * count,
                              "shortage": [{"share": 1, "cost": 1000}]}},
    }


def _measured(count: int) -> tuple[Measured, float]:
    import planner.cli.dispatch  # noqa: F401  # Pyomo as the command line has it.
    from planner.reading.document import load
    from planner.results.solution import Solution
    from planner.results.tables import all_tables
    from planner.solving.extensive import solve
    from planner.solving.formulate import formulate
    from planner.validation.validate import validate

    with tempfile.TemporaryDirectory() as folder:
        path, moments = Path(folder) / "mines.json", [time.process_time()]
        path.write_text(json.dumps(industry(count)))
        document = load(path)
        validate(document)
        moments.append(time.process_time())
        program = formulate(document.instances(), document.instance.options)
        _ = program.arrays
        moments.append(time.process_time())
        outcome = solve(program, document.instance.options, relax=True)
        moments.append(time.process_time())
        all_tables(Solution(program, outcome))
        moments.append(time.process_time())
    seconds = Measured(*(after - before for before, after in pairwise(moments)))
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Print a table, a row per number of facilities."""
    print(f"| facilities | {' | '.join(f'{name}, s' for name in Measured._fields)} | peak, MB |\n|{'---|' * 6}")
    for count in map(int, sys.argv[1:] or ["2500", "5000", "10000"]):
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            seconds, peak = pool.apply(_measured, (count,))
        print(f"| {count:,} | {' | '.join(f'{part:.2f}' for part in seconds)} | {peak:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
