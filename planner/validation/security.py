"""Requirements: each must hold somewhere and have something to act on."""

from __future__ import annotations

from collections.abc import Iterator

from planner.common.errors import Problem
from planner.common.patterns import matching
from planner.formulation.mathematics.node_data import applies
from planner.formulation.mathematics.security.kinds import kind_of
from planner.formulation.mathematics.security.scope import demands_of
from planner.formulation.network import Network
from planner.language.figure import MOMENT
from planner.language.requirements import AfterOnset, Leverage, OfUsers, Rule
from planner.validation.case import VariantCase


def requirement_problems(case: VariantCase, network: Network, borrowed: bool) -> Iterator[Problem]:
    """Requirements whose scope is empty; those of an instance borrowed for other futures may name none of them."""
    for name, part in case.instance.requirements.items():
        path = ("requirements", name)
        if isinstance(part, AfterOnset | Leverage) and part.shock in case.instance.shocks:
            yield from _shock_problems(case, name, part)
        if not any(applies(part, node) for node in network.tree.nodes):
            if borrowed or futures_left_out(case, part):
                continue
            message = f"{name} holds in no period: its years are {_years(part)}, its futures {', '.join(part.futures)}"
            yield case.problem("empty-scope", message, *path, hint=_horizon(network, part))
        elif isinstance(part, OfUsers) and not demands_of(network, part):
            message = f"no demand lies in the scope of {name}: in {_few(part.regions)} of class {_few(part.classes)}"
            yield case.problem("empty-scope", message, *path, hint=_users(network))
        else:
            yield from _acts_on_nothing(case, network, name, part, borrowed)


def futures_left_out(case: VariantCase, part: Rule) -> list[str]:
    """The futures of a requirement, where all of them have probability 0."""
    futures = case.instance.futures
    named = matching(part.futures, futures)
    return named if not any(futures[name].probability for name in named) else []


def _acts_on_nothing(case: VariantCase, network: Network, name: str, part: Rule, borrowed: bool) -> Iterator[Problem]:
    for idle in kind_of(part).idle(network, name, part):
        if not (borrowed and idle.is_of_future):
            path = ("requirements", name, idle.field) if idle.field else ("requirements", name)
            yield case.problem(idle.code, idle.message, *path, hint=idle.hint or None)


def _shock_problems(case: VariantCase, name: str, part: AfterOnset | Leverage) -> Iterator[Problem]:
    """Rules on a shock that has no windows, on years beyond its window, or with a price that nothing would cost."""
    path, shock = ("requirements", name), case.instance.shocks[part.shock]
    if shock.hazard == 0 and not shock.tested:
        message = f"{part.shock} has hazard 0, so that there is no window for {name} to hold in"
        yield case.problem("no-effect", message, *path, "shock", hint=f"set shocks.{part.shock}.tested: true")
    if isinstance(part, AfterOnset) and part.years > shock.length + MOMENT:
        message = f"{name} looks {part.years:g} years into {part.shock}, which lasts {shock.length:g}"
        yield case.problem("outside-horizon", message, *path, "years")
    if shock.tested and part.elastic is not None and not isinstance(part, Leverage):
        message = f"{part.shock} is only tested: missing {name} in its windows would cost nothing"
        yield case.problem("no-effect", message, *path, "elastic", hint="give the shock a hazard, or drop elastic")


def _years(part: Rule) -> str:
    start = "the start" if part.start is None else f"{part.start:g}"
    return f"{start} to {'the end' if part.end is None else f'{part.end:g}'}"


def _horizon(network: Network, part: Rule) -> str:
    if part.start is not None and part.end is not None and part.end <= part.start:
        return "end is the first year that is free again: it must lie after start"
    starts = [node.start for node in network.tree.nodes]
    return f"a rule holds in periods that begin from its start on; they begin from {min(starts):g} to {max(starts):g}"


def _few(patterns: list[str]) -> str:
    return " or ".join(patterns)


def _users(network: Network) -> str:
    """Regions and classes of users in words, as far as they can be read."""
    places: dict[str, list[str]] = {}
    for demand in network.base.demands.values():
        places.setdefault(demand.user_class, []).append(demand.region)
    told = [f"{users} in {', '.join(dict.fromkeys(regions))}" for users, regions in places.items()]
    return f"there are users {'; '.join(told)}"
