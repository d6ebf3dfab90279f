"""Random futures to try a plan on: onset, measure, depth, duration, demand and delay of projects, by a seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from planner.common.errors import InputError, Problem
from planner.common.patterns import matching
from planner.language.controls import Ban, Licence
from planner.language.instance import Sampling
from planner.language.units import Span, periods
from planner.reading.document import AnyInstance, Document, load
from planner.reading.dump import written_yaml
from planner.validation.validate import validate


def futures(
    instance: AnyInstance, count: int, seed: int = 0, scenario: str | None = None, sets: Sequence[str] = ()
) -> str:
    """A file of `count` equally likely futures drawn by the instance's `sampling`, for `planner evaluate --on`.

    The same instance, count and seed give the same file. InputError when the instance has no sampling.
    """
    document = load(instance, scenario, sets)
    validate(document)
    sampling = document.instance.sampling
    if sampling is None:
        problem = Problem("missing", "random futures need a section sampling", document.place(()),
                          "it says what is drawn: controls, onset, duration, ...")  # fmt: skip
        raise InputError([problem])
    return written_yaml(drawn(document, sampling, count, seed))


def drawn(document: Document, sampling: Sampling, count: int, seed: int) -> dict[str, Any]:
    """The sections of a file of futures."""
    generator = random.Random(seed)
    stated = document.resolved()
    trunk_name = document.futures[0]
    trunk = {key: value for key, value in stated.get("futures", {}).get(trunk_name, {}).items() if key != "range"}
    # By name: a pattern would catch the controls that are drawn.
    always = matching(document.instance.futures[trunk_name].controls, document.instance.controls)
    trunk |= {"controls": always}
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
        has_depth = isinstance(document.instance.controls[measure], Ban | Licence)
        demand, delay = generator.uniform(*sampling.demand), generator.uniform(*sampling.project_delay)
        controls[f"{measure}@{name}"] = _measure(stated["controls"][measure], begun.start, ends, depth)
        found[name] = {
            "title": f"{measure} from {begun.start:g} to {ends:.1f}" + (f", depth {depth:.3g}" if has_depth else ""),
            "probability": 1 / count, "from": trunk_name, "branches": begun.start,
            "controls": [*always, f"{measure}@{name}"],
            "overrides": _changed(trunk.get("overrides", {}), document, demand, delay),
        }
    return {"futures": found, "controls": controls}


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


def _changed(overrides: dict[str, Any], document: Document, demand: float, delay: float) -> dict[str, Any]:
    """The trunk's overrides with the drawn demand and delay on top."""
    changed, scale, shift = dict(overrides), "demands.*.amount *=", "projects.*.lead_time +="
    if demand != 1 and document.instance.demands:
        changed[scale] = changed.get(scale, 1.0) * demand
    if delay and document.instance.projects:
        changed[shift] = changed.get(shift, 0.0) + delay
    return changed
