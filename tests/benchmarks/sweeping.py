"""Sweeps of the shipped instance against solving every run from scratch: `python -m tests.benchmarks.sweeping`.

Both ways have the same workers. Solving from scratch reads, validates, builds and solves each run by itself, cold;
that is slow, so it is timed on a part of the runs, spread evenly over the study, and its pace taken for all. The
objectives of that part must be equal: of relaxations to 1e-6, of integer runs as far as their proven bounds tell.
Processor time does not depend on what else the machine does; that of a sweep includes its root, which is solved
cold, and the 2 % that are solved again from scratch.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

from planner.executors import open_executor
from planner.reading.document import load
from planner.run import formulate
from planner.schema import Options
from planner.solver import Outcome, solve
from planner.study.sweep import Sweep, sweep
from planner.study.worker import agree
from planner.validation.validate import validate

INSTANCE = Path(__file__).parents[2] / "instances" / "rare-earths.yaml"
TABLE = Path(__file__).with_name("sweeping.md")
COMMON: dict[str, Any] = {"instance": str(INSTANCE), "options": {"gap": 0.005}}
SPREAD = {
    "demand": {"path": "demands.*.amount *=", "range": [0.95, 1.05]},
    "prices": {"path": "suppliers.*.steps.*.price *=", "range": [0.9, 1.1]},
    "capital": {"path": ["projects.*.capital.fixed *=", "projects.*.capital.variable *="], "range": [0.8, 1.3]},
}
STUDIES: dict[str, dict[str, Any]] = {
    "tornado": COMMON | {
        "study": "tornado", "relaxation": True, "design": "one_way",
        "vary": {
            name: {"path": path, "range": "stated"} for name, path in (
                ("availability", "facilities.*.availability"), ("prices", "suppliers.*.steps.*.price"),
                ("capital", "projects.*.capital.variable"),
            )
        },
    },
    "latin": COMMON | {
        "study": "latin", "relaxation": True, "vary": SPREAD, "design": {"kind": "latin_hypercube", "runs": 200},
    },
    "whole": COMMON | {"study": "whole", "vary": SPREAD, "design": {"kind": "latin_hypercube", "runs": 60}},
}


def scratch(sets: tuple[str, ...], relaxation: bool, options: dict[str, Any]) -> tuple[Outcome, float]:
    """One run as if nothing were known, and its processor time."""
    begun = time.process_time()
    document = load(INSTANCE, None, sets)
    validate(document)
    settings = Options.model_validate(options)
    outcome = solve(formulate(document.instances(), settings), settings, relax=relaxation)
    return outcome, time.process_time() - begun


def compare(name: str, executor: str, cold_runs: int, folder: Path) -> str:
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(STUDIES[name]))
    begun = time.monotonic()
    done = sweep(path, out=folder / name, executor=executor, tell=lambda news: print(news, flush=True))
    pace = (time.monotonic() - begun) / len(done.jobs)
    part = done.jobs[1 :: max(1, (len(done.jobs) - 1) // cold_runs)][:cold_runs]
    begun = time.monotonic()
    with open_executor(executor) as team:
        options = COMMON["options"]
        found = [
            team.submit(scratch, job.sets, bool(STUDIES[name].get("relaxation")), options) for job in part
        ]
        answers = [future.result() for future in found]
    cold = (time.monotonic() - begun) / len(part)
    _require_equal(done, [job.number for job in part], [outcome for outcome, _ in answers])
    work = sum(r["processor_seconds"] for r in done.records.values()) / len(done.jobs)
    cold_work = sum(seconds for _, seconds in answers) / len(part)
    return (f"| {name} | {len(done.jobs) - 1} | {1 / pace:.2f} | {1 / cold:.3f} | {cold / pace:.1f} | {work:.2f} |"
            f" {cold_work:.1f} | {cold_work / work:.1f} | {len(part)} |")  # fmt: skip


def _require_equal(done: Sweep, numbers: list[int], outcomes: list[Outcome]) -> None:
    assert not done.wrong, json.dumps(done.wrong)
    for number, outcome in zip(numbers, outcomes, strict=True):
        figures = done.records[number]["figures"]
        hot = Outcome(**{**vars(outcome), "objective": figures["objective"][0], "bound": figures["bound"][0]})
        assert agree(hot, outcome), (number, hot.objective, hot.bound, outcome.objective, outcome.bound)


def main() -> None:
    parser = argparse.ArgumentParser(description="Sweeps against solving from scratch.")
    parser.add_argument("studies", nargs="*", default=list(STUDIES))
    parser.add_argument("--executor", default="processes:2")
    parser.add_argument("--cold", type=int, default=8, help="runs solved from scratch")
    parser.add_argument("--out", type=Path, default=TABLE)
    given = parser.parse_args()
    lines = ["# Sweeps", "", f"Workers of both ways: {given.executor}; other work beside it: trust the ratios.", "",
             "| study | runs | runs/s swept | runs/s from scratch | ratio | processor s/run swept | from scratch |"
             " ratio | timed on |", "|---|---|---|---|---|---|---|---|---|"]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        for name in given.studies:
            lines.append(compare(name, given.executor, given.cold, Path(folder)))
            given.out.write_text("\n".join(lines) + "\n", "utf-8")
            print(lines[-1], flush=True)


if __name__ == "__main__":
    main()
