"""Shocks, risk and sampling: each must be about something that can happen."""

from __future__ import annotations

import math
from collections.abc import Iterator

from planner.common.errors import Problem
from planner.formulation.network import Network
from planner.language.figure import MOMENT
from planner.language.instance import Shock
from planner.tree.builder import onsets
from planner.validation.case import TOLERANCE, VariantCase


def shock_problems(case: VariantCase) -> Iterator[Problem]:
    """Shocks that cannot begin, have a future's name, or are too likely together."""
    instance = case.instance
    for name, shock in instance.shocks.items():
        path = ("shocks", name)
        taken = {name, *(f"{name}@{span.name}" for span in case.spans)} & set(instance.futures)
        if taken:
            message = f"{name} and its windows would share the name {sorted(taken)[0]} with a future"
            yield case.problem("same-name", message, *path, hint="rename one of them")
        yield from _onset_problems(case, name, shock)
    if instance.shocks and instance.time.capital_charge == "lump_sum":
        message = "one-off capital cannot be shared out over futures that a shock interrupts"
        hint = "with shocks use capital_charge: annuity"
        yield case.problem("incoherent", message, "time", "capital_charge", hint=hint)


def _onset_problems(case: VariantCase, name: str, shock: Shock) -> Iterator[Problem]:
    first, end = case.spans[0].start, case.spans[-1].end
    for field in ("earliest", "latest"):
        year = getattr(shock, field)
        if year is not None and not first - MOMENT <= year < end - MOMENT:
            message = f"{field} onset {year:g} of {name} lies outside the horizon {first:g} to {end:g}"
            yield case.problem("outside-horizon", message, "shocks", name, field)
            return
    if not onsets(case.instance, shock):
        message = f"{name} can never begin: no period starts in its window of onsets"
        hint = "an onset is the start of a period, and not before the future it comes from branches"
        yield case.problem("empty-window", message, "shocks", name, "earliest", hint=hint)


def risk_problems(case: VariantCase, network: Network) -> Iterator[Problem]:
    """Measures of risk without what they measure."""
    risk, scenarios = case.instance.objective.risk, network.tree.scenarios
    if risk is None:
        return
    path = ("objective", "risk", "measure")
    if risk.measure == "regret" and case.instance.shocks:
        message = "regret is measured over futures; an unforeseen shock has no best plan of its own"
        yield case.problem("incoherent", message, *path, hint="use cvar or worst, or leave the shocks out")
    if risk.measure != "intervals":
        return
    if all(s.low == s.high for s in scenarios):
        message = "no future has a range of probability and no shock a range of hazard"
        yield case.problem("incoherent", message, *path, hint="give range: [low, high] next to the probability")
    low, high = math.fsum(s.low for s in scenarios), math.fsum(s.high for s in scenarios)
    if not low - TOLERANCE <= 1 <= high + TOLERANCE:
        message = f"no probabilities lie in all ranges: the lower ends add up to {low:g}, the upper ends to {high:g}"
        yield case.problem("probabilities", message, *path)


def sampling_problems(case: VariantCase) -> Iterator[Problem]:
    """Random futures that could not begin."""
    sampling = case.instance.sampling
    if sampling is None:
        return
    first, last = case.spans[0].start, case.spans[-1].start
    if not (first - MOMENT <= sampling.onset[0] and sampling.onset[1] <= last + MOMENT):
        message = f"onsets from {sampling.onset[0]:g} to {sampling.onset[1]:g} leave the horizon"
        hint = f"periods start from {first:g} to {last:g}"
        yield case.problem("outside-horizon", message, "sampling", "onset", hint=hint)


def uncertainty_doubts(case: VariantCase) -> Iterator[Problem]:
    """Warnings about uncertainty: statements that are allowed but may surprise."""
    if case.instance.clairvoyant:
        message = "every future and shock is foreseen from the start: for comparison only, losses come out too small"
        yield case.problem("clairvoyant", message, "clairvoyant")
    for name, shock in case.instance.shocks.items():
        origin = case.instance.futures.get(shock.comes_from or next(iter(case.instance.futures)))
        if shock.hazard == 0 and not shock.tested:
            yield case.problem("unused", f"{name} has hazard 0: it is left out", "shocks", name, "hazard")
        elif origin is not None and origin.probability == 0:
            message = f"{name} breaks into a future of probability 0: it is left out"
            yield case.problem("unused", message, "shocks", name)
        elif not shock.controls and not shock.overrides:
            message = f"{name} changes nothing: it has neither controls nor overrides"
            yield case.problem("no-effect", message, "shocks", name)
    free = [w for w, part in case.instance.stockpiles.items() if not any(part.final_value.numbers())]
    if case.instance.shocks and free:
        message = f"{free[0]} has no final_value: what a shock takes out of it costs nothing"
        more = f", and so for {len(free) - 1} more" if len(free) > 1 else ""
        yield case.problem("free-stock", message + more, "stockpiles", free[0])
