"""Random programs in ten systems of units: `python -m tests.benchmarks.units [PROGRAMS]`, 200 unless told.

Every program is solved as generated and in nine other systems; costs told in the old units must agree to 1e-6.
"""

from __future__ import annotations

import sys
from typing import Any

from hypothesis import Phase, given, settings

from tests.generators.instances import by_future, instances
from tests.other_units import SYSTEMS, least


def main(programs: int) -> None:
    worst, count = 0.0, 0

    @settings(max_examples=programs, deadline=None, database=None, derandomize=True, phases=[Phase.generate])
    @given(raw=instances())
    def compare(raw: dict[str, Any]) -> None:
        nonlocal worst, count
        variants = by_future(raw)
        here = least(variants)
        for system in SYSTEMS:
            difference = abs(least(variants, *system) - here) / max(1.0, abs(here))
            worst = max(worst, difference)
            assert difference <= 1e-6, (system, here, difference, raw)
        count += 1
        print(f"\r{count} programs, largest difference {worst:.1e}", end="", flush=True)

    compare()
    print()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
