"""Shocks, risk and sampling: each must be about something that can happen."""

from __future__ import annotations

import math
from collections.abc import Iterator

from planner.branching import onsets
from planner.errors import Problem
from planner.network import Network
from planner.schema import Shock
from planner.units import Span
from planner.validation.case import TOLERANCE, Case


def shock_problems(case: Case) -> Iterator[Problem]:
    """Shocks that cannot begin, bear a future's name, or are too likely together."""
    instance = case.instance
    for name, shock in instance.shocks.items():
        path = ("shocks", name)
        taken = {name, *(f"{name}@{span.name}" for span in case.spans)} & set(instance.futures)
        if taken:
            message = f"{name} and its windows would share the name {sorted(taken)[0]} with a future"
            yield case.problem("same-name", message, *path, hint="rename one of them")
        yield from _onset_problems(case, name, shock)
    for span in case.spans:
        yield from _hazard_problems(case, span)


def _onset_problems(case: Case, name: str, shock: Shock) -> Iterator[Problem]:
    first, end = case.spans[0].start, case.spans[-1].end
    for field in ("earliest", "latest"):
        year = getattr(shock, field)
        if year is not None and not first - TOLERANCE <= year < end - TOLERANCE:
            message = f"{field} onset {year:g} of {name} lies outside the horizon {first:g} to {end:g}"
            yield case.problem("outside-horizon", message, "shocks", name, field)
            return
    if not onsets(case.instance, shock):
        message = f"{name} can never begin: no period starts in its window of onsets"
        hint = "an onset is the start of a period, and not before the future it comes from branches"
        yield case.problem("empty-window", message, "shocks", name, "earliest", hint=hint)


def _hazard_problems(case: Case, span: Span) -> Iterator[Problem]:
    beginning = {n: s for n, s in case.instance.shocks.items() if span in onsets(case.instance, s)}
    worst = {n: max(s.hazard, s.range[1] if s.range is not None else 0.0) for n, s in beginning.items()}
    total = math.fsum(1 - (1 - hazard) ** span.length for hazard in worst.values())
    if total >= 1 - TOLERANCE:
        message = f"the hazards of {', '.join(worst)} add up to {total:g} in {span.name}: none must be possible too"
        yield case.problem("probabilities", message, "shocks", next(iter(worst)), "hazard")


def risk_problems(case: Case, network: Network) -> Iterator[Problem]:
    """Measures of risk without what they measure."""
    risk, scenarios = case.instance.objective.risk, network.tree.scenarios
    if risk is None:
        return
    path = ("objective", "risk", "measure")
    if risk.measure == "regret" and case.instance.shocks:
        message = "regret is measured over futures; a shock nobody foresees has no best plan of its own"
        yield case.problem("incoherent", message, *path, hint="use cvar or worst, or leave the shocks out")
    if risk.measure != "intervals":
        return
    if all(s.low == s.high for s in scenarios):
        message = "no future has a range of probability and no shock a range of hazard"
        yield case.problem("incoherent", message, *path, hint="give range: [low, high] beside the probability")
    low, high = math.fsum(s.low for s in scenarios), math.fsum(s.high for s in scenarios)
    if not low - TOLERANCE <= 1 <= high + TOLERANCE:
        message = f"no probabilities lie in all ranges: the lower ends add up to {low:g}, the upper ends to {high:g}"
        yield case.problem("probabilities", message, *path)


def sampling_problems(case: Case) -> Iterator[Problem]:
    """Random futures that could not begin."""
    sampling = case.instance.sampling
    if sampling is None:
        return
    first, last = case.spans[0].start, case.spans[-1].start
    if not (first - TOLERANCE <= sampling.onset[0] and sampling.onset[1] <= last + TOLERANCE):
        message = f"onsets from {sampling.onset[0]:g} to {sampling.onset[1]:g} leave the horizon"
        hint = f"periods start from {first:g} to {last:g}"
        yield case.problem("outside-horizon", message, "sampling", "onset", hint=hint)


def uncertainty_doubts(case: Case) -> Iterator[Problem]:
    """What is allowed but should be known."""
    if case.instance.clairvoyant:
        message = "every future and shock is foreseen from the start: for comparison only, losses come out too small"
        yield case.problem("clairvoyant", message, "clairvoyant")
    for name, shock in case.instance.shocks.items():
        origin = case.instance.futures.get(shock.comes_from or next(iter(case.instance.futures)))
        if shock.hazard == 0:
            yield case.problem("unused", f"{name} has hazard 0: it is left out", "shocks", name, "hazard")
        elif origin is not None and origin.probability == 0:
            message = f"{name} breaks into a future of probability 0: it is left out"
            yield case.problem("unused", message, "shocks", name)
