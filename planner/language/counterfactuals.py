"""Other worlds to compare an instance with: what if one future were certain, or all were known, or we came later.

Every function takes the instances of all futures and shocks, the trunk's first, and returns such a mapping.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from planner.common.identity import each_once
from planner.language.instance import Instance

Instances = Mapping[str, Instance]


def only(instances: Instances, future: str) -> dict[str, Instance]:
    """One future is certain and nothing breaks into it; only it, those it comes from and the trunk are left."""
    stated = instances[future].futures
    kept = {next(iter(stated)), future}
    comes_from = stated[future].comes_from
    while comes_from is not None:
        kept.add(comes_from)
        comes_from = stated[comes_from].comes_from
    futures = {
        name: part.model_copy(update={"probability": float(name == future), "range": None})
        for name, part in stated.items() if name in kept
    }
    left = {name: instance for name, instance in instances.items() if name in futures}
    return expecting(each_once(left, lambda i: i.model_copy(update={"futures": futures, "shocks": {}})))


def expecting(instances: Instances) -> dict[str, Instance]:
    """Expected cost alone counts."""
    return each_once(
        instances, lambda i: i.model_copy(update={"objective": i.objective.model_copy(update={"risk": None})})
    )


def planned(instances: Instances, plan: Literal["common", "adaptive"]) -> dict[str, Instance]:
    """Instances whose decisions are common to all futures, or adapt to the future so far."""
    return each_once(instances, lambda i: i.model_copy(update={"plan": plan}))


def foreseen(instances: Instances) -> dict[str, Instance]:
    """Everything is known from the start: each future and shock has its own past, and its own decisions in it."""
    return each_once(instances, lambda i: i.model_copy(update={"plan": "adaptive", "clairvoyant": True}))


def later(instances: Instances, years: float) -> dict[str, Instance]:
    """Instances without decisions in the first `years`; a project whose window closes by then is never decided."""
    def change(instance: Instance) -> Instance:
        first = instance.time.start + years
        projects = {
            name: part.model_copy(update={"earliest": max(first, part.earliest or first)})
            for name, part in instance.projects.items()
        }
        return instance.model_copy(update={"projects": projects})

    return each_once(instances, change)
