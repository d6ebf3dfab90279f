"""Time to a proven gap by the number of futures: `python -m tests.benchmarks.decomposing`.

Every solve runs in a process of its own, from the parsed instance to the proven plan. Where one does not
end, the limit stands for it. Plans and bounds of all solves of one instance must not contradict each other.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.benchmarks.parametric import Scale, instances

SIZES = (8, 32, 128, 512, 1000)
GAPS = (0.01, 0.005)
EXTENSIVE = {"ipm": 8}  # Algorithms of its first relaxation, and the most futures each is given; simplex is slower.
LIMIT = 400.0  # Seconds for a solve, if the command does not say.
TABLE = Path(__file__).with_suffix(".md")


def child(way: str, futures: int, gap: float, limit: float) -> dict[str, Any]:
    """One solve in a process of its own."""
    from planner.formulation.network import build_network
    from planner.language.instance import Options
    from planner.program.program import assemble
    from planner.solving.benders.solve import decompose

    parsed = instances(Scale(futures=futures))
    begun, options = time.perf_counter(), Options(gap=gap, time_limit=limit)
    program = assemble(build_network(parsed))
    if way == "apart":
        ended = decompose(program, options)
        plan, bound = ended.objective, ended.bound
    else:
        plan, bound = extensive(program, way, options)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return {"seconds": time.perf_counter() - begun, "memory": peak, "plan": plan, "bound": bound}


def extensive(program: Any, algorithm: str, options: Any) -> tuple[float, float]:
    """HiGHS on everything in one program."""
    from planner.solving.run import load

    solver = load(program, options)
    solver.set(mip_lp_solver=algorithm)
    solver.run()
    return solver.objective / program.cost_scale, solver.bound / program.cost_scale


def run(way: str, futures: int, gap: float, limit: float) -> dict[str, Any]:
    """Start a process for one solve and read what it found."""
    task = json.dumps({"way": way, "futures": futures, "gap": gap, "limit": limit})
    done = subprocess.run([sys.executable, "-m", "tests.benchmarks.decomposing", "--child", task],
                          capture_output=True, text=True, check=False)  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{way} with {futures} futures failed:\n{done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(way, futures, gap, found, flush=True)
    return found


Results = dict[tuple[str, int, float], dict[str, Any]]


def require_agreement(results: Results) -> None:
    """No bound of a solve lies above the plan of another of the same instance."""
    for futures in {key[1] for key in results}:
        same = [found for key, found in results.items() if key[1] == futures]
        plan, bound = min(f["plan"] for f in same), max(f["bound"] for f in same)
        assert bound <= plan * (1 + 1e-6), f"{futures} futures: a bound of {bound} above a plan of {plan}"


def table(results: Results) -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    sizes = sorted({key[1] for key in results})
    lines = [
        "# Many futures (`python -m tests.benchmarks.decomposing`)\n",
        "Seconds from the parsed instance to a plan proven within the gap, and peak memory. 8,700 rows and 20,000",
        "columns per future. Growth is the exponent of the seconds over the number of futures. `>`: not proven.\n",
        f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GB,"
        f" Python {platform.python_version()}\n",
        "| way | gap | " + " | ".join(str(size) for size in sizes) + " | growth |",
        "|---|---|" + "---|" * (len(sizes) + 1),
    ]
    for way, gap in dict.fromkeys((key[0], key[2]) for key in results):
        cells = [_cell(results.get((way, size, gap)), gap) for size in sizes]
        lines.append(f"| {way} | {gap:.1%} | " + " | ".join(cells) + f" | {_growth(results, way, gap)} |")
    return "\n".join(lines) + "\n"


def _cell(found: dict[str, Any] | None, gap: float) -> str:
    if found is None:
        return ""
    is_proven = found["plan"] - found["bound"] <= (gap + 1e-9) * abs(found["plan"])
    return f"{'' if is_proven else '> '}{found['seconds']:.1f} s, {found['memory']:.2f} GB"


def _growth(results: Results, way: str, gap: float) -> str:
    found = {key[1]: f["seconds"] for key, f in results.items() if (key[0], key[2]) == (way, gap)}
    if len(found) < 2:
        return ""
    first, last = min(found), max(found)
    return f"{math.log(found[last] / found[first]) / math.log(last / first):.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Solve many futures apart and together.")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="numbers of futures")
    parser.add_argument("--gaps", type=float, nargs="+", default=list(GAPS))
    parser.add_argument("--limit", type=float, default=LIMIT, help="seconds for a solve")
    parser.add_argument("--only-apart", action="store_true", help="without the extensive form")
    parser.add_argument("--out", type=Path, default=TABLE, help="where the table is written")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child is not None:
        print(json.dumps(child(**json.loads(given.child))))
        return
    results: Results = {}
    for size in given.sizes:
        for gap in given.gaps:
            results["apart", size, gap] = run("apart", size, gap, given.limit)
        for algorithm, most in EXTENSIVE.items():
            if not given.only_apart and size <= most:
                results[algorithm, size, given.gaps[0]] = run(algorithm, size, given.gaps[0], given.limit)
    require_agreement(results)
    given.out.write_text(text := table(results), encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
