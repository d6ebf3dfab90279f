"""Work under way: from a decision to commissioning along each path, as planned or slowed by a technology ban.

Index j: projects; m: node of decision; k, n: nodes on a path from m. Everything here is a number of the path, so
that a ban that slows work or raises its cost adds no row.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from planner.mathematics.control import technology
from planner.network import Network
from planner.schema import Project
from planner.tree import MOMENT, Node


class Progress(NamedTuple):
    """How far a project decided at one node has come by the end of another."""

    done: float  # Years of planned work done.
    commissioned: float  # Decimal year; infinite while work goes on.
    surcharge: float  # Added share of the capital cost so far.


@lru_cache(maxsize=400_000)
def progress(network: Network, name: str, decided: Node, node: Node) -> Progress:
    """done(m->n) = sum_k pace_{j,k} length_k; commissioned when that reaches lead_time; once is for good."""
    before = Progress(0.0, math.inf, 0.0)
    if node.index != decided.index:
        parent = network.tree.parent(node)
        assert parent is not None
        before = progress(network, name, decided, parent)
    if before.commissioned < math.inf:
        return before
    lead_time = network.instance(node).projects[name].lead_time
    pace, dearer = technology(network, name, node)
    remaining = max(0.0, lead_time - before.done)
    work = pace * node.length
    share = min(work, remaining) / lead_time if lead_time > 0 else float(node.index == decided.index)
    surcharge = before.surcharge + share * dearer
    if before.done + work < lead_time - MOMENT:
        return Progress(before.done + work, math.inf, surcharge)
    wait = remaining / pace if remaining > MOMENT else 0.0
    return Progress(before.done + work, node.start + wait, surcharge)


def available_share(network: Network, name: str, decided: Node, node: Node) -> float:
    """rho(j, m->n): share of the size available at `node`, averaged over its period.

    0 until commissioning, then the ramp year by year, then 1, then 0 after the end of life.
    """
    project = network.base.projects[name]
    commissioned = progress(network, name, decided, node).commissioned
    if commissioned == math.inf:
        return 0.0
    end = commissioned + project.life
    years = sum(
        share * max(0.0, min(right, end, node.end) - max(left, node.start))
        for left, right, share in _steps(project, commissioned)
    )
    return _clean(years / node.length)


def _steps(project: Project, commissioned: float) -> Iterator[tuple[float, float, float]]:
    for year, share in enumerate(project.ramp):
        yield commissioned + year, commissioned + year + 1, share
    yield commissioned + len(project.ramp), math.inf, 1.0


def in_service(network: Network, name: str, decided: Node, node: Node) -> float:
    """Share of the node's period between commissioning and the end of life."""
    commissioned = progress(network, name, decided, node).commissioned
    life = network.base.projects[name].life
    overlap = min(commissioned + life, node.end) - max(commissioned, node.start)
    return _clean(max(0.0, overlap) / node.length) if commissioned < math.inf else 0.0


def under_construction(network: Network, name: str, decided: Node, node: Node) -> bool:
    """Whether work decided at one node is still going on in another's period (at least in that of decision)."""
    if decided.index == node.index:
        return True
    return progress(network, name, decided, node).commissioned > node.start + MOMENT


def _clean(share: float) -> float:
    """Rounding of years must not leave a capacity of 1e-16."""
    return 0.0 if share < 1e-12 else (1.0 if abs(share - 1) < 1e-12 else share)


def annuity_factor(network: Network, name: str, decided: Node) -> float:
    """Yearly charge per unit of capital: interest during construction times capital recovery factor.

    idc = ((1+w)^L - 1) / (L ln(1+w)), crf = w / (1 - (1+w)^-life), w the cost of capital, L the lead time planned
    at the decision.
    """
    time, project = network.base.time, network.instance(decided).projects[name]
    rate = project.cost_of_capital if project.cost_of_capital is not None else time.discount_rate
    if rate == 0:
        return 1 / project.life
    force = math.log1p(rate)  # By logarithms, which keep their digits at the smallest rates.
    recovery = rate / -math.expm1(-project.life * force)
    if time.interest_during_construction and project.lead_time > 0:
        recovery *= math.expm1(project.lead_time * force) / (project.lead_time * force)
    return recovery


class Charge(NamedTuple):
    """What one unit of capital costs at a node: a yearly sum, and the weight it counts with in the objective."""

    node: Node
    yearly: float
    weight: float


def charges(network: Network, name: str, decided: Node) -> Iterator[Charge]:
    """Where and how one unit of capital decided at a node is charged, by the instance's convention.

    annuity: the yearly charge while in service, raised by the surcharge on the work; lump_sum: the whole at the
    decision, surcharges where the work is done.
    """
    if network.base.time.capital_charge == "annuity":
        annuity = annuity_factor(network, name, decided)
        for node in network.tree.from_here(decided):
            share = in_service(network, name, decided, node)
            if share > 0:
                surcharge = progress(network, name, decided, node).surcharge
                yield Charge(node, annuity * share * (1 + surcharge), node.weight)
        return
    yield Charge(decided, 1.0, decided.probability * decided.factor)
    for node in network.tree.from_here(decided):
        before = 0.0
        if node.index != decided.index:
            parent = network.tree.parent(node)
            assert parent is not None
            before = progress(network, name, decided, parent).surcharge
        added = progress(network, name, decided, node).surcharge - before
        if added > 0:
            yield Charge(node, added, node.probability * node.factor)


def charge(network: Network, name: str, decided: Node) -> float:
    """What one unit of capital decided at a node adds to expected cost."""
    return math.fsum(c.yearly * c.weight for c in charges(network, name, decided))
