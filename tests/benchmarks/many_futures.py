"""What many futures cost: the published farmer with so many equally likely yields, read, validated, built and valued.

    python -m tests.benchmarks.many_futures --counts 30 60 125 250 --task value
    python -m tests.benchmarks.many_futures --counts 250 1000 --task build

Every figure is of a process of its own: seconds of processor time per phase, and the peak of its memory.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

FARMER = Path(__file__).parent.parent.parent / "instances" / "published" / "farmer.yaml"
LEAST, MOST = 0.7, 1.3  # Yields are spread evenly between these multiples of the average.


def farmer(count: int) -> str:
    """The farmer with `count` equally likely yields."""
    stated = yaml.safe_load(FARMER.read_text("utf-8"))
    del stated["published_optimum"]
    futures = {"y0": {"probability": 1 / count}}
    for i in range(1, count):
        factor = LEAST + (MOST - LEAST) * i / (count - 1)
        futures[f"y{i}"] = {
            "probability": 1 / count, "from": "y0", "branches": 1,
            "overrides": {"processes.*.outputs.* *=": round(factor, 6)},
        }
    return yaml.safe_dump(stated | {"futures": futures}, sort_keys=False)


@contextmanager
def taken(seconds: dict[str, float], phase: str) -> Iterator[None]:
    begun = time.process_time()
    yield
    seconds[phase] = round(time.process_time() - begun, 2)


def build(path: Path) -> dict[str, float]:
    """Seconds to read, validate and assemble."""
    from planner.language.instance import Options
    from planner.reading.document import load
    from planner.solving.formulate import formulate
    from planner.validation.validate import validate

    seconds: dict[str, float] = {}
    with taken(seconds, "read"):
        document = load(path)
    with taken(seconds, "validate"):
        validate(document)
    with taken(seconds, "build"):
        formulate(document.instances(), Options()).arrays  # noqa: B018 (assembled when asked for)
    return seconds


def solve(path: Path) -> dict[str, float]:
    """Seconds of each phase of a run."""
    from planner.workflows.solve import solve as run

    with tempfile.TemporaryDirectory() as folder:
        return {name: round(s, 2) for name, s in run(path, out=Path(folder) / "run").seconds.items()}


def value(path: Path) -> dict[str, float]:
    """Seconds of all questions together."""
    from planner.workflows.value_of_information import value as asked

    seconds: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder, taken(seconds, "value"):
        asked(path, out=Path(folder) / "run")
    return seconds


TASKS = {"build": build, "solve": solve, "value": value}


def measured(task: str, count: int) -> dict[str, float]:
    """The figures of a task in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "farmer.yaml"
        path.write_text(farmer(count), "utf-8")
        command = [sys.executable, "-m", "tests.benchmarks.many_futures", "--task", task, "--path", str(path)]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return dict(json.loads(told))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--task", choices=TASKS, default="value")
    parser.add_argument("--counts", type=int, nargs="+", default=[30, 60, 125, 250])
    parser.add_argument("--path", type=Path)
    given = parser.parse_args()
    if given.path is not None:
        seconds = TASKS[given.task](given.path)
        print(json.dumps(seconds | {"MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}))
        return
    for count in given.counts:
        print(count, measured(given.task, count), flush=True)


if __name__ == "__main__":
    main()
