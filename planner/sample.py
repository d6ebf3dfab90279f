"""Random futures to try a plan on: onset, measure, depth, duration, demand and delay of projects, by a seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from planner.errors import InputError, Problem
from planner.names import matching
from planner.reading.document import Document, load
from planner.schema import Sampling
from planner.units import Span, periods
from planner.validation.validate import validate


def futures(
    path: str | Path, count: int, seed: int = 0, scenario: str | None = None, sets: Sequence[str] = ()
) -> str:
    """A file of `count` equally likely futures drawn by the instance's `sampling`, for `planner evaluate --on`.

    The same instance, count and seed give the same file. InputError when the instance has no sampling.
    """
    document = load(path, scenario, sets)
    validate(document)
    sampling = document.instance.sampling
    if sampling is None:
        problem = Problem("missing", "random futures need a section sampling", document.place(()),
                          "it says what is drawn: controls, onset, duration, ...")  # fmt: skip
        raise InputError([problem])
    return str(yaml.safe_dump(drawn(document, sampling, count, seed), sort_keys=False, allow_unicode=True, width=120))


def drawn(document: Document, sampling: Sampling, count: int, seed: int) -> dict[str, Any]:
    """The sections of a file of futures."""
    generator = random.Random(seed)
    stated = document.resolved()
    trunk_name = document.futures[0]
    trunk = {key: value for key, value in stated["futures"][trunk_name].items() if key != "range"}
    measures = matching(sampling.controls, document.instance.controls)
    spans = periods(document.instance.time)
    found: dict[str, Any] = {trunk_name: trunk | {"probability": 0.0}}
    controls: dict[str, Any] = {}
    width = len(str(count))
    for number in range(1, count + 1):
        name = f"f{number:0{width}d}"
        measure = generator.choice(measures)
        begun = _nearest(spans, generator.uniform(*sampling.onset))
        ends = begun.start + generator.uniform(*sampling.duration)
        depth = generator.uniform(*sampling.depth)
        demand, delay = generator.uniform(*sampling.demand), generator.uniform(*sampling.project_delay)
        controls[f"{measure}@{name}"] = _measure(stated["controls"][measure], begun.start, ends, depth)
        found[name] = {
            "title": f"{measure} from {begun.start:g} to {ends:.4g}, depth {depth:.3g}",
            "probability": 1 / count, "from": trunk_name, "branches": begun.start,
            "controls": [*_listed(trunk.get("controls")), f"{measure}@{name}"],
            "overrides": trunk.get("overrides", {}) | _changes(document, demand, delay),
        }
    return {"futures": found, "controls": controls}


def _listed(names: Any) -> list[str]:
    return [names] if isinstance(names, str) else list(names or [])


def _nearest(spans: list[Span], year: float) -> Span:
    return min(spans, key=lambda span: abs(span.start - year))


def _measure(stated: dict[str, Any], start: float, end: float, depth: float) -> dict[str, Any]:
    """A control at a drawn depth in a drawn window; a ban that lets a share through is a licence."""
    measure = stated | {"start": start, "end": end}
    measure["phase_in"] = min(stated.get("phase_in", 0.0), end - start)
    if stated["kind"] in ("ban", "licence"):
        measure |= {"kind": "ban"} if depth == 1 else {"kind": "licence", "passes": 1 - depth}
        if depth == 1:
            measure = {key: value for key, value in measure.items() if key not in ("passes", "delay")}
    return measure


def _changes(document: Document, demand: float, delay: float) -> dict[str, float]:
    changes = {}
    if demand != 1 and document.instance.demands:
        changes["demands.*.amount *="] = demand
    if delay and document.instance.projects:
        changes["projects.*.lead_time +="] = delay
    return changes
