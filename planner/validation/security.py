"""Requirements: each must hold somewhere and have something to act on."""

from __future__ import annotations

from collections.abc import Iterator

from planner.common.errors import Problem
from planner.common.patterns import matching
from planner.formulation.mathematics.node_data import applies
from planner.formulation.mathematics.security import budget, coupled, cover, sharing, supply
from planner.formulation.mathematics.security.scope import demands_of, is_meant
from planner.formulation.network import Network
from planner.language.figure import MOMENT
from planner.language.requirements import (
    Budget,
    Cover,
    Dependence,
    Leverage,
    OfSupply,
    OfUsers,
    Recover,
    Regret,
    Rule,
    Sharing,
    Sources,
    Survive,
)
from planner.validation.case import Case


def requirement_problems(case: Case, network: Network, borrowed: bool) -> Iterator[Problem]:
    """Requirements whose scope is empty; those of an instance borrowed for other futures may name none of them."""
    for name, part in case.instance.requirements.items():
        path = ("requirements", name)
        if isinstance(part, Survive | Recover | Leverage) and part.shock in case.instance.shocks:
            yield from _shock_problems(case, name, part)
        if not any(applies(part, node) for node in network.tree.nodes):
            if borrowed or futures_left_out(case, part):
                continue
            message = f"{name} holds in no period: its years are {_years(part)}, its futures {', '.join(part.futures)}"
            yield case.problem("empty-scope", message, *path, hint=_horizon(network, part))
        elif isinstance(part, OfUsers) and not demands_of(network, part):
            message = f"no demand lies in the scope of {name}: in {_few(part.regions)} of class {_few(part.classes)}"
            yield case.problem("empty-scope", message, *path, hint=_users(network))
        elif isinstance(part, Dependence) and not _has_imports(network, part):
            message = f"nothing in the scope of {name} can come from {part.exporter}"
            hint = "a supplier with that origin or a lane from there must deliver its commodities to its regions"
            yield case.problem("empty-scope", message, *path, hint=hint)
        else:
            yield from _acts_on_nothing(case, network, name, part, borrowed)


def futures_left_out(case: Case, part: Rule) -> list[str]:
    """The futures of a requirement, where all of them have probability 0."""
    futures = case.instance.futures
    named = matching(part.futures, futures)
    return named if not any(futures[name].probability for name in named) else []


def _acts_on_nothing(case: Case, network: Network, name: str, part: Rule, borrowed: bool) -> Iterator[Problem]:
    path = ("requirements", name)
    if isinstance(part, OfSupply):
        rows = [row for row in supply.rows(network) if row[0] == name]
        if not rows:
            yield case.problem("empty-scope", f"nothing supplies what {name} is about in its regions", *path)
        for row in rows:
            sources = supply.entries(network, network.base, row, supply.rows(network)[row])
            if isinstance(part, Sources) and len(sources) < part.count:
                message = f"{name} asks for {part.count} sources, but there can be only {len(sources)}:"
                yield case.problem("too-few", f"{message} {', '.join(sources)}", *path, "count")
    elif isinstance(part, Sharing) and not any(key[0] == name for key in sharing.keys(network)):
        message = f"{name} compares nobody: no class in its scope has users in two regions"
        yield case.problem("empty-scope", message, *path)
    elif isinstance(part, Budget) and not any(key[0] == name for key in budget.rows(network)):
        yield case.problem("empty-scope", f"no project in the scope of {name} can be decided in its years", *path)
    elif isinstance(part, Cover) and not any(key[0] == name for key in cover.keys(network)):
        yield case.problem("empty-scope", f"no demand lies in the scope of {name}", *path)
    elif isinstance(part, Survive | Recover | Leverage):
        if not borrowed and not any(_holds(network, name, part)):
            message = f"{name} holds in no window of {part.shock}"
            yield case.problem("empty-scope", message, *path)
    elif isinstance(part, Regret) and case.instance.shocks:
        message = "regret is measured over futures; a shock nobody foresees has no best plan of its own"
        yield case.problem("incoherent", message, *path, hint="limit a tail of cost, or leave the shocks out")


def _holds(network: Network, name: str, part: Survive | Recover | Leverage) -> Iterator[bool]:
    if isinstance(part, Leverage):
        yield any(key[0] == name for key in coupled.keys(network))
    else:
        yield from (applies(part, node) for node in network.tree.nodes)


def _shock_problems(case: Case, name: str, part: Survive | Recover | Leverage) -> Iterator[Problem]:
    """Rules on a shock that has no windows, on years beyond its window, or with a price that nothing would cost."""
    path, shock = ("requirements", name), case.instance.shocks[part.shock]
    if shock.hazard == 0 and not shock.tested:
        message = f"{part.shock} has hazard 0, so that there is no window for {name} to hold in"
        yield case.problem("no-effect", message, *path, "shock", hint=f"set shocks.{part.shock}.tested: true")
    if isinstance(part, Survive | Recover) and part.years > shock.length + MOMENT:
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
    """Where there are users of which class, as far as it can be read."""
    places: dict[str, list[str]] = {}
    for demand in network.base.demands.values():
        places.setdefault(demand.user_class, []).append(demand.region)
    told = [f"{users} in {', '.join(dict.fromkeys(regions))}" for users, regions in places.items()]
    return f"there are users {'; '.join(told)}"


def _has_imports(network: Network, part: Dependence) -> bool:
    commodities = {k for k in network.base.commodities if is_meant(network.base, part, k)}
    regions = set(matching(part.regions, network.base.regions))
    bought = any(
        supplier.origin == part.exporter
        and supplier.commodity in commodities
        and regions.intersection(matching(supplier.regions, network.base.regions))
        for supplier in network.base.suppliers.values()
    )
    return bought or any(
        m.origin == part.exporter and m.commodity in commodities and m.destination in regions
        for m in network.movements
    )
