"""Sweeps of the shipped instance against solving every run from scratch: `python -m tests.benchmarks.sweeping`.

Both ways have the same workers. Solving from scratch reads, validates, builds and solves each run by itself, cold and
by the method `planner solve` would take, without tables; that is slow, so it is timed on a part of the runs, spread
evenly over the study, half of them before the sweep and half after it, and its pace taken for all. The objectives of
that part must be equal: of relaxations to 1e-6, of integer runs as far as their proven bounds tell. Processor time does
not depend on what else the machine does; that of a sweep includes its root, which is solved cold, the 2 % that are
solved again from scratch, and of integer runs all tables and their independent check.
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
from planner.language.instance import Options
from planner.reading.document import load
from planner.solving.dispatch import solve_by_method
from planner.solving.extensive import solve
from planner.solving.outcome import Outcome
from planner.validation.validate import validate
from planner.workflows.solve import formulate
from planner.workflows.sweep.reading import read_study
from planner.workflows.sweep.sampling import Job, jobs_of
from planner.workflows.sweep.sweep import Sweep, sweep
from planner.workflows.sweep.worker import agree

INSTANCE = Path(__file__).parents[2] / "instances" / "rare-earths.yaml"
TABLE = Path(__file__).with_name("sweeping.md")
COMMON: dict[str, Any] = {"instance": INSTANCE.name, "options": {"gap": 0.005}}
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
    "whole-tornado": COMMON | {
        "study": "whole-tornado", "design": "one_way",
        "vary": {
            "capital": {"path": [f"projects.{region}.*.capital.variable" for region in ("us", "eu", "jp", "ca")],
                        "range": "stated"},
        },
    },
    "whole-latin": COMMON | {
        "study": "whole-latin", "vary": SPREAD, "design": {"kind": "latin_hypercube", "runs": 60},
    },
}


def scratch(sets: tuple[str, ...], relaxation: bool, options: dict[str, Any]) -> tuple[Outcome, float]:
    """One run as if nothing were known, and its processor time."""
    begun = time.process_time()
    document = load(INSTANCE, None, sets)
    validate(document)
    settings = Options.model_validate(options)
    program = formulate(document.instances(), settings)
    outcome = solve(program, settings, relax=True) if relaxation else solve_by_method(program, settings)
    return outcome, time.process_time() - begun


def from_scratch(name: str, executor: str, part: list[Job]) -> tuple[list[Outcome], float, float]:
    """The outcomes of some runs from scratch, seconds and processor seconds."""
    begun, is_relaxed = time.monotonic(), bool(STUDIES[name].get("relaxation"))
    with open_executor(executor) as team:
        found = [team.submit(scratch, job.sets, is_relaxed, COMMON["options"]) for job in part]
        answers = [future.result() for future in found]
    return [outcome for outcome, _ in answers], time.monotonic() - begun, sum(seconds for _, seconds in answers)


def compare(name: str, executor: str, cold_runs: int, folder: Path) -> str:
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(STUDIES[name]))
    jobs = jobs_of(read_study(path, INSTANCE))
    part = jobs[1 :: max(1, (len(jobs) - 1) // cold_runs)][:cold_runs]
    half = len(part) // 2
    before, seconds, work = from_scratch(name, executor, part[:half])
    begun = time.monotonic()
    done = sweep(path, out=folder / name, executor=executor,
                 tell=lambda news: print(news, flush=True), instance=INSTANCE)
    hot = (time.monotonic() - begun) / len(jobs)
    after, more_seconds, more_work = from_scratch(name, executor, part[half:])
    _require_equal(done, [job.number for job in part], before + after)
    cold, cold_work = (seconds + more_seconds) / len(part), (work + more_work) / len(part)
    hot_work = sum(r["processor_seconds"] for r in done.records.values()) / len(jobs)
    return (f"| {name} | {len(jobs) - 1} | {1 / hot:.2f} | {1 / cold:.3f} | {cold / hot:.1f} | {hot_work:.2f} |"
            f" {cold_work:.1f} | {cold_work / hot_work:.1f} | {len(part)} |")  # fmt: skip


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
    parser.add_argument("--cold", type=int, default=8, help="runs solved from scratch, an even number")
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
