"""Work under way: from a decision to commissioning along each path, as planned or slowed by a technology ban.

All arrays are over projects, in the order of the instance. m: node of decision; k, n: nodes on a path from m. What
becomes of a decision is a number of the path, so that a ban that slows work or raises its cost adds no row; nodes to
which all of that looks alike share one *sight*, and everything is computed once for them.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner.common.arrays import Array
from planner.common.caching import cached
from planner.formulation.mathematics.control import degree, touches_project
from planner.formulation.network import Network
from planner.language.controls import TechnologyBan
from planner.language.figure import MOMENT
from planner.language.instance import Project
from planner.tree.nodes import Node


class Progress(NamedTuple):
    """Progress, by the end of a node, of the projects decided at another."""

    done: Array  # Years of planned work done.
    commissioned: Array  # Decimal year; infinite while work goes on.
    surcharge: Array  # Added share of the capital cost so far.


class Charge(NamedTuple):
    """Charge for one unit of capital at a node: a yearly sum, and its weight in the objective."""

    node: Node
    yearly: float
    weight: float


Charged = dict[str, list[tuple[Node, Array]]]  # By group: nodes of different figures, each with all projects' charges.


class ProjectWork:
    """The work on all projects of a network."""

    def __init__(self, network: Network) -> None:
        self.network = network
        projects = network.base.projects
        self.position = {name: i for i, name in enumerate(projects)}
        self.life = np.array([p.life for p in projects.values()], dtype=float)
        longest = max((len(p.ramp) for p in projects.values()), default=0)
        self.ramp = np.ones((longest, len(projects)))
        for i, project in enumerate(projects.values()):
            self.ramp[: len(project.ramp), i] = project.ramp
        self._known: dict[tuple[int, int], Progress] = {}
        self._lead_times: dict[int, Array] = {}
        self._technologies: dict[int, tuple[Array, Array]] = {}
        self._annuities: dict[int, Array] = {}
        self._touched: dict[tuple[str, str], NDArray[np.bool_]] = {}
        self._shares: dict[tuple[int, int], Array] = {}

    # What nodes share

    @cached_property
    def sights(self) -> list[int]:
        """A number for every node; nodes share it that see the same variants, spans and slow-downs on their paths."""
        numbers: dict[Hashable, int] = {}
        found: list[int] = []
        for node in self.network.tree.nodes:
            slowed = tuple(
                (m.name, force) for m in self.network.measures(node)
                if isinstance(m.control, TechnologyBan) and (force := degree(m, node)) > 0
            )
            before = found[node.parent] if node.parent is not None else None
            sight = (before, self.network.variant(node), node.start, node.length, slowed)
            found.append(numbers.setdefault(sight, len(numbers)))
        return found

    @cached_property
    def ways(self) -> dict[Hashable, list[Node]]:
        """Nodes with the same sight and the same decision groups on their paths."""
        numbers: dict[Hashable, int] = {}
        way_of: list[int] = []
        found: dict[Hashable, list[Node]] = {}
        for node in self.network.tree.nodes:
            before = way_of[node.parent] if node.parent is not None else None
            way_of.append(numbers.setdefault((before, self.sights[node.index], node.group), len(numbers)))
            found.setdefault(way_of[-1], []).append(node)
        return found

    # From decision to commissioning

    def progress(self, decided: Node, node: Node) -> Progress:
        r"""Progress by the end of n of work decided at m; a plant is commissioned once, when its work is done.

        .. math:: done_{j,m \to n} = \sum_{m \preceq k \preceq n} pace_{j,k}\, length_k

        .. math:: commissioned_{j,m} = start_n + \frac{lead\_time_j - done_{j,m \to a(n)}}{pace_{j,n}}
            \text{ at the first } n \text{ with } done_{j,m \to n} \ge lead\_time_j

        .. math:: surcharge_{j,m \to n} = \sum_{m \preceq k \preceq n} dearer_{j,k}
            \frac{\min(pace_{j,k}\, length_k,\; lead\_time_j - done_{j,m \to a(k)})}{lead\_time_j}
        """
        steps = node.period - decided.period
        place = (self.sights[node.index], steps)
        if place not in self._known:
            self._known[place] = self._advanced(decided, node)
        return self._known[place]

    def _advanced(self, decided: Node, node: Node) -> Progress:
        count, is_first = len(self.position), node.index == decided.index
        before = Progress(np.zeros(count), np.full(count, math.inf), np.zeros(count))
        if not is_first:
            parent = self.network.tree.parent(node)
            assert parent is not None
            before = self.progress(decided, parent)
        lead_time, (pace, dearer) = self.lead_times(node), self.technology(node)
        remaining, work = np.maximum(0.0, lead_time - before.done), pace * node.length
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(lead_time > 0, np.minimum(work, remaining) / lead_time, float(is_first))
            wait = np.where(remaining > MOMENT, remaining / pace, 0.0)
        is_over = before.commissioned < math.inf
        commissioned = np.where(before.done + work < lead_time - MOMENT, math.inf, node.start + wait)
        return Progress(
            np.where(is_over, before.done, before.done + work), np.where(is_over, before.commissioned, commissioned),
            np.where(is_over, before.surcharge, before.surcharge + share * dearer),
        )

    def lead_times(self, node: Node) -> Array:
        """Lead times by the figures of a node [year]."""
        variant = self.network.variant(node)
        if variant not in self._lead_times:
            projects = self.network.variants[variant].projects.values()
            self._lead_times[variant] = np.array([p.lead_time for p in projects], dtype=float)
        return self._lead_times[variant]

    def technology(self, node: Node) -> tuple[Array, Array]:
        r"""Speed of work, 1 as planned, and the added share of its cost, at a node; the slowest and dearest count.

        .. math:: pace_{j,n} = \min_c (1 - degree_{c,n} (1 - pace_c)), \quad
            dearer_{j,n} = \max_c degree_{c,n}\, dearer_c
        """
        sight = self.sights[node.index]
        if sight not in self._technologies:
            self._technologies[sight] = self._technology(node)
        return self._technologies[sight]

    def _technology(self, node: Node) -> tuple[Array, Array]:
        pace, dearer = np.ones(len(self.position)), np.zeros(len(self.position))
        for measure in self.network.measures(node):
            control = measure.control
            if isinstance(control, TechnologyBan):
                touched, force = self._touches(node.source, measure.name, control), degree(measure, node)
                pace[touched] = np.minimum(pace[touched], 1 - force * (1 - control.pace))
                dearer[touched] = np.maximum(dearer[touched], force * control.dearer)
        return pace, dearer

    def _touches(self, source: str, name: str, control: TechnologyBan) -> NDArray[np.bool_]:
        if (source, name) not in self._touched:
            touched = [touches_project(self.network, control, project) for project in self.position]
            self._touched[source, name] = np.array(touched, dtype=bool)
        return self._touched[source, name]

    # What that means at a node

    def available_share(self, decided: Node, node: Node) -> Array:
        r"""Share of the size available at `node`, averaged over its period.

        .. math:: \rho_{j,m \to n} = \frac{1}{length_n} \int_{start_n}^{end_n} ramp_j(t - commissioned_{j,m})\, dt

        The ramp is 0 before commissioning, then the stated share year by year, then 1, and 0 after the end of life.
        """
        place = (self.sights[node.index], node.period - decided.period)
        if place not in self._shares:
            begun = self.progress(decided, node).commissioned
            closed = begun + self.life
            years = _years(node, begun + len(self.ramp), closed)
            for year, share in enumerate(self.ramp):
                years = years + share * _years(node, begun + year, np.minimum(begun + year + 1, closed))
            self._shares[place] = _clean(years / node.length)
        return self._shares[place]

    def in_service(self, decided: Node, node: Node) -> Array:
        r"""Share of the node's period between commissioning and the end of life.

        .. math:: service_{j,m \to n} = \frac{1}{length_n}
            |[commissioned_{j,m},\; commissioned_{j,m} + life_j] \cap [start_n, end_n]|
        """
        begun = self.progress(decided, node).commissioned
        return _clean(_years(node, begun, begun + self.life) / node.length)

    def under_construction(self, decided: Node, node: Node) -> NDArray[np.bool_]:
        """Whether work decided at one node is still going on in another's period (at least in that of decision)."""
        if decided.index == node.index:
            return np.ones(len(self.position), dtype=bool)
        return np.asarray(self.progress(decided, node).commissioned > node.start + MOMENT)

    # What it costs

    def annuity_factors(self, decided: Node) -> Array:
        """Yearly charge per unit of capital of every project decided at a node."""
        variant = self.network.variant(decided)
        if variant not in self._annuities:
            projects = self.network.variants[variant].projects.values()
            self._annuities[variant] = np.array([annuity_factor(self.network, p) for p in projects], dtype=float)
        return self._annuities[variant]

    def yearly(self, decided: Node, node: Node) -> Array:
        r"""Cost at one node of a unit of capital decided at another, by the instance's convention [1/year or 1].

        .. math:: yearly_{j,m \to n} = annuity_j\, service_{j,m \to n} (1 + surcharge_{j,m \to n})

        With `lump_sum` the whole is paid at the decision, surcharges where the work is done:

        .. math:: yearly_{j,m \to m} = 1 + surcharge_{j,m \to m}, \quad
            yearly_{j,m \to n} = surcharge_{j,m \to n} - surcharge_{j,m \to a(n)}
        """
        after = self.progress(decided, node)
        if self.network.base.time.capital_charge == "annuity":
            return self.annuity_factors(decided) * self.in_service(decided, node) * (1 + after.surcharge)
        if node.index == decided.index:
            return 1 + after.surcharge
        parent = self.network.tree.parent(node)
        assert parent is not None
        return np.asarray(after.surcharge - self.progress(decided, parent).surcharge)

    def weight(self, node: Node, probability: float | None = None) -> float:
        """Weight in the objective of one unit of `yearly` at a node, by its own or another probability."""
        certain = node.factor * (node.length if self.network.base.time.capital_charge == "annuity" else 1.0)
        return certain * (node.probability if probability is None else probability)

    def charges(self, name: str, decided: Node) -> Iterator[Charge]:
        """Charges for one unit of a project's capital decided at a node."""
        position = self.position[name]
        for node in self.network.tree.from_here(decided):
            yearly = float(self.yearly(decided, node)[position])
            if yearly > 0:
                yield Charge(node, yearly, self.weight(node))

    def charge(self, name: str, decided: Node) -> float:
        r"""Contribution to expected cost of one unit of a project's capital decided at a node.

        .. math:: charge_{j,m} = \sum_{n \succeq m} weight_n\, yearly_{j,m \to n}

        With `lump_sum` the weight lacks the length of the period.
        """
        return math.fsum(c.yearly * c.weight for c in self.charges(name, decided))

    @cached_property
    def expected(self) -> Charged:
        """Charges for capital by the nodes' own probabilities."""
        return self.charged(np.array([node.probability for node in self.network.tree.nodes]))

    def charged(self, probabilities: Array) -> Charged:
        """Contribution to expected cost of one unit of capital decided in each group, for all projects, by these
        probabilities of the nodes.

        A group's nodes may differ in their figures: one node stands for all that share them.
        """
        found: dict[str, dict[Hashable, tuple[Node, Array]]] = {}
        for nodes in self.ways.values():
            weight = math.fsum(self.weight(n, float(probabilities[n.index])) for n in nodes)
            if weight == 0:
                continue
            for decided in self.network.tree.path(nodes[0]):
                if decided.group:
                    figures = (self.network.variant(decided), decided.start, decided.length)
                    total = found.setdefault(decided.group, {})
                    node, charge = total.get(figures, (decided, np.zeros(len(self.position))))
                    total[figures] = node, charge + weight * self.yearly(decided, nodes[0])
        return {group: list(total.values()) for group, total in found.items()}


def _years(node: Node, first: Array, last: Array) -> Array:
    """Years of a node's period that lie between two moments, one each for every project."""
    begin, end = (
        np.select([np.abs(m - node.start) <= MOMENT, np.abs(m - node.end) <= MOMENT], [node.start, node.end], m)
        for m in (first, last)
    )
    return np.asarray(np.maximum(0.0, np.minimum(end, node.end) - np.maximum(begin, node.start)))


def _clean(shares: Array) -> Array:
    """Rounding of years must not leave a capacity of 1e-16."""
    return np.where(shares < 1e-12, 0.0, np.where(np.abs(shares - 1) < 1e-12, 1.0, shares))


def annuity_factor(network: Network, project: Project) -> float:
    r"""Yearly charge per unit of capital: interest during construction times capital recovery factor.

    .. math:: annuity_j = interest_j\, \frac{w}{1 - (1 + w)^{-life_j}}, \quad
        interest_j = \frac{(1 + w)^L - 1}{L \ln(1 + w)}

    w is the cost of capital, L the lead time planned at the decision. The interest is 1 unless
    `interest_during_construction` asks for it.
    """
    time = network.base.time
    rate = project.cost_of_capital if project.cost_of_capital is not None else time.discount_rate
    if rate == 0:
        return 1 / project.life
    force = math.log1p(rate)  # By logarithms, which keep their digits at the smallest rates.
    recovery = rate / -math.expm1(-project.life * force)
    if time.interest_during_construction and project.lead_time > 0:
        recovery *= math.expm1(project.lead_time * force) / (project.lead_time * force)
    return recovery


@cached
def work(network: Network) -> ProjectWork:
    """The work on the projects of a network."""
    return ProjectWork(network)
