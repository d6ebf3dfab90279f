"""Building an instance and handing it to HiGHS, in different ways: `python -m tests.benchmarks.building`.

Every way runs in a process of its own; time and peak memory are read when HiGHS holds the whole model. Ours and
Pyomo start from the instance (parsed), the others from finished figures: arrays of bounds, costs and coefficients,
made beforehand. Raw arrays are the lower limit. On a small instance all ways must give the same relaxation.
Needs the packages of `pip install .[benchmark]`.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import pickle
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import highspy
import numpy as np

from tests.benchmarks.parametric import Scale, instances

SIZES = (1, 8, 32, 128)
SMALL = Scale(futures=2, facilities=12, years=6)
TABLE = Path(__file__).with_suffix(".md")
REPEATS, SLOW = 3, 20.0  # A run that takes longer than SLOW seconds is not repeated.

WAYS = {
    "raw": "raw arrays, copied and passed",
    "ours": "**ours: stamped**, from the instance",
    "pyomo": "Pyomo objects, compiled to arrays, from the instance",
    "appsi": "Pyomo objects, APPSI HiGHS, from the instance",
    "linopy": "linopy, from figures",
    "linopy-sparse": "linopy with sparse=True, from figures",
    "pyoptinterface": "PyOptInterface, from figures",
}
LARGEST = {"appsi": 8}


class Built(NamedTuple):
    """What a way has built: how to solve its relaxation, and what took how long."""

    relaxation: Callable[[], float]
    seconds: dict[str, float]


class Watch:
    """Seconds of the phases of one way."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.since = time.perf_counter()

    def end(self, phase: str) -> None:
        now = time.perf_counter()
        self.seconds[phase] = now - self.since
        self.since = now


def relaxation_of(solver: Any) -> Callable[[], float]:
    """The optimum of what a highspy object holds, integers relaxed."""
    def solve() -> float:
        solver.setOptionValue("output_flag", False)
        solver.setOptionValue("solve_relaxation", True)
        solver.run()
        return float(solver.getInfo().objective_function_value)

    return solve


# --- the ways ----------------------------------------------------------------------------------------


def ours(scale: Scale, _: Path) -> Built:
    from planner.formulation.network import build_network
    from planner.language.instance import Options
    from planner.program.program import assemble
    from planner.solving.run import load

    parsed = instances(scale)
    watch = Watch()
    network = build_network(parsed)
    watch.end("network")
    program = assemble(network)
    assert program.arrays.rows, "assembled when first asked for"
    watch.end("assemble")
    solver = load(program, Options())
    watch.end("load")

    def relaxation() -> float:
        solver.set(output_flag=False, solve_relaxation=True)
        solver.run()
        return solver.objective / program.cost_scale

    return Built(relaxation, watch.seconds)


def pyomo(scale: Scale, _: Path) -> Built:
    from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler

    from planner.formulation.network import build_network
    from planner.program.compile import frozen_collector
    from planner.program.pyomo_model import whole

    parsed = instances(scale)
    watch = Watch()
    with frozen_collector():
        model = whole(build_network(parsed))
        watch.end("model")
        form = LinearStandardFormCompiler().write(model, mixed_form=True, nonnegative_vars=False)
        watch.end("compile")
    integer = np.array([column.is_integer() for column in form.columns], dtype=np.int32)
    lower = np.array([column.lb if column.lb is not None else -np.inf for column in form.columns])
    upper = np.array([column.ub if column.ub is not None else np.inf for column in form.columns])
    sense = -np.array([row.bound_type for row in form.rows])
    matrix, rhs = form.A.tocsr(), np.asarray(form.rhs, dtype=float)
    sides = np.where(sense >= 0, rhs, -np.inf), np.where(sense <= 0, rhs, np.inf)
    cost = form.c.toarray().ravel()
    solver = passed(float(form.c_offset[0]), cost, lower, upper, *sides, matrix.indptr, matrix.indices, matrix.data,
                    integer)  # fmt: skip
    watch.end("load")
    return Built(relaxation_of(solver), watch.seconds)


def appsi(scale: Scale, _: Path) -> Built:
    from pyomo.contrib.appsi.solvers import Highs

    from planner.formulation.network import build_network
    from planner.program.compile import frozen_collector
    from planner.program.pyomo_model import whole

    parsed = instances(scale)
    watch = Watch()
    with frozen_collector():
        model = whole(build_network(parsed))
        watch.end("model")
        optimiser = Highs()
        optimiser.set_instance(model)
        watch.end("load")
    return Built(relaxation_of(optimiser._solver_model), watch.seconds)


def linopy(_: Scale, folder: Path) -> Built:
    return _linopy(folder, sparse=False)


def linopy_sparse(_: Scale, folder: Path) -> Built:
    return _linopy(folder, sparse=True)


def _linopy(folder: Path, sparse: bool) -> Built:
    import linopy

    from tests.benchmarks.libraries import linopy_model

    data = pickle.loads((folder / "families.pickle").read_bytes())
    watch = Watch()
    model = linopy_model(data, sparse)
    watch.end("model")
    solver = linopy.io.to_highspy(model)
    watch.end("load")
    solve = relaxation_of(solver)
    return Built(lambda: solve() + data.offset, watch.seconds)


def pyoptinterface(_: Scale, folder: Path) -> Built:
    from pyoptinterface import ModelAttribute

    from tests.benchmarks.libraries import pyoptinterface_model

    data = pickle.loads((folder / "families.pickle").read_bytes())
    watch = Watch()
    model = pyoptinterface_model(data)
    watch.end("model")

    def solve() -> float:
        model.set_raw_parameter("solve_relaxation", True)
        model.optimize()
        return float(model.get_model_attribute(ModelAttribute.ObjectiveValue))

    return Built(solve, watch.seconds)


def raw(_: Scale, folder: Path) -> Built:
    with np.load(folder / "arrays.npz") as found:
        arrays = {name: found[name] for name in found.files}
    watch = Watch()
    copied = {name: array.copy() for name, array in arrays.items()}
    watch.end("copy")
    offset = float(copied.pop("offset"))
    solver = passed(offset, **copied)
    watch.end("load")
    return Built(relaxation_of(solver), watch.seconds)


def passed(
    offset: float, cost: Any, lower: Any, upper: Any, row_lower: Any, row_upper: Any, start: Any, index: Any,
    value: Any, integer: Any,
) -> Any:
    """A HiGHS object that holds these arrays."""
    solver = highspy.Highs()
    solver.setOptionValue("log_to_console", False)
    by_row, least = int(highspy.MatrixFormat.kRowwise), int(highspy.ObjSense.kMinimize)
    status = solver.passModel(
        len(cost), len(row_lower), len(value), by_row, least, offset, cost, lower, upper, row_lower, row_upper,
        start.astype(np.int32, copy=False), index.astype(np.int32, copy=False), value, integer,
    )  # fmt: skip
    assert status == highspy.HighsStatus.kOk, status
    return solver


FUNCTIONS: dict[str, Callable[[Scale, Path], Built]] = {
    "raw": raw, "ours": ours, "pyomo": pyomo, "appsi": appsi, "linopy": linopy, "linopy-sparse": linopy_sparse,
    "pyoptinterface": pyoptinterface,
}  # fmt: skip


def prepare(scale: Scale, folder: Path) -> dict[str, Any]:
    """Write the finished arrays and figures of an instance, for the ways that start from them."""
    from planner.formulation.network import build_network
    from planner.program.program import assemble
    from tests.benchmarks.families import families

    program = assemble(build_network(instances(scale)))
    matrix = program.matrix
    np.savez(
        folder / "arrays.npz", offset=program.offset, cost=program.cost, lower=program.lower, upper=program.upper,
        row_lower=program.row_lower, row_upper=program.row_upper, start=matrix.indptr.astype(np.int32),
        index=matrix.indices.astype(np.int32), value=matrix.data, integer=program.integer.astype(np.int32),
    )  # fmt: skip
    (folder / "families.pickle").write_bytes(pickle.dumps(families(program)))
    rows, columns = matrix.shape
    return {"rows": rows, "columns": columns, "nonzeros": matrix.nnz, "integers": int(program.integer.sum())}


# --- a process for each ------------------------------------------------------------------------------


def child(way: str, scale: Scale, folder: Path, solved: bool) -> dict[str, Any]:
    """What is done in a process of its own."""
    if way == "prepare":
        return prepare(scale, folder)
    built = FUNCTIONS[way](scale, folder)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    facts = {"seconds": sum(built.seconds.values()), "phases": built.seconds, "memory": memory}
    return facts | ({"objective": built.relaxation()} if solved else {})


def run(way: str, scale: Scale, folder: Path, solved: bool = False) -> dict[str, Any]:
    """Start a process for one way and read what it found."""
    task = json.dumps({"way": way, "scale": scale.__dict__, "folder": str(folder), "solved": solved})
    command = [sys.executable, "-m", "tests.benchmarks.building", "--child", task]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{way} failed:\n{done.stderr}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def require_equal_objectives(ways: list[str]) -> str:
    """All ways give the same relaxation of the small instance."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        run("prepare", SMALL, folder)
        found = {way: run(way, SMALL, folder, solved=True)["objective"] for way in ways}
    for way, objective in found.items():
        assert math.isclose(objective, found["raw"], rel_tol=1e-7), f"{way}: {objective}, raw: {found['raw']}"
    return f"Relaxation of a small instance ({SMALL.futures} futures), equal in all ways: {found['raw']:.6f}"


def measured(way: str, scale: Scale, folder: Path, repeats: int) -> dict[str, Any]:
    """Medians of several runs."""
    runs = [run(way, scale, folder)]
    while len(runs) < repeats and runs[-1]["seconds"] < SLOW:
        runs.append(run(way, scale, folder))
    phases = {name: statistics.median(r["phases"][name] for r in runs) for name in runs[0]["phases"]}
    seconds, memory = (statistics.median(r[fact] for r in runs) for fact in ("seconds", "memory"))
    print(f"{scale.futures:4d} futures  {way:15s} {seconds:8.3f} s {memory:6.2f} GB", phases, flush=True)
    return {"seconds": seconds, "memory": memory, "phases": phases}


# --- the table ---------------------------------------------------------------------------------------

Results = dict[tuple[str, int], dict[str, Any]]


def table(results: Results, sizes: list[int], shapes: dict[int, dict[str, Any]], equal: str) -> str:
    ways = list(dict.fromkeys(way for way, _ in results))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    lines = [
        "# Building (`python -m tests.benchmarks.building`)\n",
        "Seconds until HiGHS holds the whole model, and peak memory of the process; medians. The machine is shared",
        "with other work: trust the ratios. Ours and Pyomo start from the instance and evaluate all its figures; the",
        "others start from finished figures and only state the model. In brackets: so many times raw arrays. Growth is",
        "the exponent of the seconds over the number of futures.\n",
        f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GB,"
        f" Python {platform.python_version()}\n",
        *(f"- {_futures(n)}: {s['rows']:,} rows, {s['columns']:,} columns, {s['nonzeros']:,} nonzeros,"
          f" {s['integers']:,} integers" for n, s in shapes.items()),
        f"- {equal}\n",
        "| way | " + " | ".join(_futures(size) for size in sizes) + " | growth |",
        "|---|" + "---|" * (len(sizes) + 1),
        *(f"| {WAYS[way]} | " + " | ".join(_cell(results, way, n) for n in sizes) + f" | {_growth(results, way)} |"
          for way in ways),
    ]  # fmt: skip
    if ("ours", sizes[-1]) in results:
        phases = results["ours", sizes[-1]]["phases"]
        lines.append(f"\nOurs, {_futures(sizes[-1])}: " + ", ".join(f"{k} {s:.2f} s" for k, s in phases.items()))
    return "\n".join(lines) + "\n"


def _futures(count: int) -> str:
    return f"{count} future{'s' if count > 1 else ''}"


def _cell(results: Results, way: str, size: int) -> str:
    found, limit = results.get((way, size)), results.get(("raw", size))
    if found is None:
        return ""
    cell = f"{found['seconds']:.2f} s, {found['memory']:.2f} GB"
    if limit is not None and way != "raw":
        cell += f" (x {found['seconds'] / limit['seconds']:.1f}, x {found['memory'] / limit['memory']:.1f})"
    return cell


def _growth(results: Results, way: str) -> str:
    """Exponent of the time between the two ends, from 8 futures on."""
    sizes = sorted(size for found, size in results if found == way and size >= 8)
    if len(sizes) < 2:
        return ""
    first, last = (results[way, size]["seconds"] for size in (sizes[0], sizes[-1]))
    return f"{math.log(last / first) / math.log(sizes[-1] / sizes[0]):.2f}"


def compare(sizes: list[int], ways: list[str], repeats: int) -> str:
    equal = require_equal_objectives(ways if "raw" in ways else ["raw", *ways])
    print(equal, flush=True)
    results: Results = {}
    shapes: dict[int, dict[str, Any]] = {}
    for size in sizes:
        scale = Scale(futures=size)
        with tempfile.TemporaryDirectory() as place:
            shapes[size] = run("prepare", scale, Path(place))
            for way in ways:
                if size <= LARGEST.get(way, size):
                    results[way, size] = measured(way, scale, Path(place), repeats)
    return table(results, sizes, shapes, equal)


def main() -> None:
    parser = argparse.ArgumentParser(description="Build an instance in several ways.")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="numbers of futures")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--out", type=Path, default=TABLE, help="where the table is written")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child is not None:
        task = json.loads(given.child)
        print(json.dumps(child(task["way"], Scale(**task["scale"]), Path(task["folder"]), task["solved"])))
        return
    given.out.write_text(text := compare(given.sizes, given.ways, given.repeats), encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
