"""From futures and shocks to the tree of nodes, with the probability of everything in it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import NoReturn

from planner.common.errors import InputError, Problem
from planner.language.figure import MOMENT
from planner.language.instance import Future, Instance, Shock
from planner.language.units import Span, periods
from planner.tree.nodes import Node, Scenario, Tree, discount_factor

ROUNDING = 1e-9  # Of shares.
MOST_NODES = 20_000  # Of a tree: even a small instance takes some 100 kB of memory for each.

Hazard = Callable[[Shock], float]  # Which end of a hazard's range is meant.
HAZARDS: tuple[Hazard, Hazard, Hazard] = (
    lambda shock: shock.hazard,
    lambda shock: shock.range[0] if shock.range is not None else shock.hazard,
    lambda shock: shock.range[1] if shock.range is not None else shock.hazard,
)


@dataclass
class Window:
    """A shock that breaks into a branch at one node: its nodes and the years it stands for."""

    name: str
    shock: str
    hung: Node  # The node whose place it takes.
    begins: float  # From when its nodes stand for the branch: the onset, or with hindsight the horizon's start.
    ends: float
    nodes: list[Node] = field(default_factory=list)

    def cover(self, node: Node) -> float:
        """Share of a node's period that the window takes the place of."""
        return node.years(self.begins, self.ends) / node.length


def build_tree(instance: Instance) -> Tree:
    """The tree of an instance: `futures` branch from each other, the first is the trunk; shocks hang off them.

    A future of probability 0, or a shock of hazard 0 that is not tested, has no nodes of its own.
    """
    builder = Builder(instance)
    builder.branches()
    builder.shocks()
    builder.weigh()
    return Tree(tuple(builder.nodes), tuple(builder.scenarios()))


def onsets(instance: Instance, shock: Shock) -> list[Span]:
    """The periods at whose start a shock may begin."""
    origin = instance.futures.get(shock.comes_from or "")
    first = max(
        shock.earliest if shock.earliest is not None else -math.inf,
        origin.branches if origin is not None and origin.branches is not None else -math.inf,
    )
    last = shock.latest if shock.latest is not None else math.inf
    return [s for s in periods(instance.time) if first - MOMENT <= s.start <= last + MOMENT]


def _refuse_size(instance: Instance) -> NoReturn:
    counts = f"{len(instance.futures):,} futures, {len(instance.shocks):,} shocks"
    counts += f", {len(instance.time.periods):,} periods"
    message = f"the tree has more than {MOST_NODES:,} nodes: {counts}"
    hint = "take fewer periods, fewer futures, or give shocks an earliest and latest onset"
    raise InputError([Problem("too-large", message, None, hint)])


class Builder:
    """Makes the nodes: first the branches, then the windows, at last the probabilities."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.spans = periods(instance.time)
        self.futures = {n: f for n, f in instance.futures.items() if f.probability > 0}
        self.nodes: list[Node] = []
        self.paths: dict[str, list[Node]] = {future: [] for future in self.futures}
        self.windows: dict[int, list[Window]] = {}  # By the node they hang at, in order of the shocks.

    def branches(self) -> None:
        """The nodes of the futures, shared until they can be told apart."""
        for period, span in enumerate(self.spans):
            owners = {future: self._owner(future, span.start) for future in self.futures}
            for owner in dict.fromkeys(owners.values()):
                through = tuple(f for f in self.futures if owners[f] == owner)
                path = self.paths[through[0]]
                parent = path[-1].index if path else None
                source = self._apparent(owner, span.start)
                node = self._add(span, period, parent, owner, source, through, common=True)
                for future in through:
                    self.paths[future].append(node)

    def _owner(self, name: str, start: float) -> str:
        """The future whose node is passed in the period that starts then; with hindsight always its own."""
        return name if self.instance.clairvoyant else self._apparent(name, start)

    def _apparent(self, name: str, start: float) -> str:
        """The future that this one cannot be told from in the period that starts then."""
        part: Future = self.instance.futures[name]
        while part.comes_from is not None and start < (part.branches or 0) - MOMENT:
            name = part.comes_from
            part = self.instance.futures[name]
        return name

    def _add(
        self, span: Span, period: int, parent: int | None, future: str, source: str, futures: tuple[str, ...],
        common: bool, onset: float | None = None,
    ) -> Node:
        if len(self.nodes) >= MOST_NODES:
            _refuse_size(self.instance)
        key = f"{future}:{span.name}"
        group = span.name if common and self.instance.plan == "common" else key
        if onset is not None and not any(p.emergency for p in self.instance.projects.values()):
            group = ""
        node = Node(
            index=len(self.nodes), parent=parent, future=future, source=source, futures=futures, period=period,
            period_name=span.name, start=span.start, length=span.length, probability=0.0,
            factor=discount_factor(self.instance.time, span.start, span.length), group=group, onset=onset,
        )
        self.nodes.append(node)
        return node

    def shocks(self) -> None:
        """The windows of every shock, hung off the nodes of the branch it breaks into."""
        for name, shock in self.instance.shocks.items():
            trunk = shock.comes_from or next(iter(self.instance.futures))
            if not (shock.hazard > 0 or shock.tested) or trunk not in self.paths:
                continue
            for span in onsets(self.instance, shock):
                for future in self._broken_into(trunk, span):
                    label = f"{name}@{span.name}" + (f" then {future}" if future != trunk else "")
                    hung = next(n for n in self.paths[future] if n.start == span.start)
                    begins = self.spans[0].start if self.instance.clairvoyant else hung.start
                    window = Window(label, name, hung, begins, self._end(hung.start + shock.length))
                    self.windows.setdefault(hung.index, []).append(window)
                    self._open(window, self.paths[future])

    def _end(self, moment: float) -> float:
        """When a window ends: with the period whose end is that moment, at latest with the horizon."""
        ends = [span.end for span in self.spans]
        return next((end for end in ends if abs(end - moment) <= MOMENT), min(moment, ends[-1]))

    def _broken_into(self, trunk: str, span: Span) -> list[str]:
        """The futures off which the window of an onset hangs: one node stands for all that cannot be told apart.

        With hindsight each has its own, so that the scenarios and their probabilities stay the same.
        """
        if not self.instance.clairvoyant:
            return [trunk]
        passed = self._apparent(trunk, span.start)
        return [trunk, *(f for f in self.futures if f != trunk and self._apparent(f, span.start) == passed)]

    def _open(self, window: Window, path: list[Node]) -> None:
        """The nodes of a window, and with hindsight those of a past of its own."""
        hung = window.hung
        parent = hung.parent
        if self.instance.clairvoyant:
            parent = None
            for node in path[: hung.period]:
                span = Span(node.period_name, node.start, node.length)
                own = self._add(span, node.period, parent, window.name, node.source, (window.name,), common=True)
                window.nodes.append(own)
                parent = own.index
        for period in range(hung.period, len(self.spans)):
            span = self.spans[period]
            length = min(span.end, window.ends) - span.start
            if length <= MOMENT:
                break
            cut = Span(span.name, span.start, length)
            node = self._add(cut, period, parent, window.name, window.shock, (window.name,), False, hung.start)
            window.nodes.append(node)
            parent = node.index
        if window.ends < self.spans[-1].end - MOMENT:
            last = replace(window.nodes[-1], resumed=tuple(self._resumed(window)))
            self.nodes[last.index] = window.nodes[-1] = last

    def _resumed(self, window: Window) -> Iterator[tuple[int, float]]:
        """Futures that go on after a window, each in proportion to its probability.

        Of stock at the very end only the share after the window counts: the rest is no longer that future's.
        """
        total = math.fsum(self.futures[f].probability for f in window.hung.futures)
        twins: dict[int, float] = {}
        for future in window.hung.futures:
            twin = self.paths[future][window.nodes[-1].period]
            share = 1.0 if twin is not self.paths[future][-1] else 1 - window.cover(twin)
            twins[twin.index] = twins.get(twin.index, 0.0) + share * self.futures[future].probability / total
        yield from twins.items()

    def _may_happen(self, window: Window) -> bool:
        """Whether a window belongs to a scenario; those of a shock of hazard 0 are there for requirements only."""
        return self.instance.shocks[window.shock].hazard > 0

    def weigh(self) -> None:
        r"""Give every node its probability: the sum over the scenarios of the share they spend there.

        .. math:: p_n = \sum_s p_s\, share_{s,n}
        """
        parts: list[list[float]] = [[] for _ in self.nodes]
        for scenario in self.scenarios():
            for index, share in scenario.shares.items():
                parts[index].append(scenario.probability * share)
        self.nodes = [replace(n, probability=min(1.0, math.fsum(p))) for n, p in zip(self.nodes, parts, strict=True)]

    def scenarios(self) -> Iterator[Scenario]:
        """Every future without a shock and with each shock that may break into it."""
        for name, future in self.futures.items():
            path = self.paths[name]
            hung = [[w for w in self.windows.get(n.index, []) if self._may_happen(w)] for n in path]
            odds = [_odds(self.instance, hung, hazard) for hazard in HAZARDS]
            low, high = future.range or (future.probability, future.probability)
            ends = [o[0] for o in odds]
            shares = {n.index: 1.0 for n in path}
            yield Scenario(name, name, None, future.probability * ends[0], low * min(ends), high * max(ends), shares)
            for position, window in enumerate(w for windows in hung for w in windows):
                chances = [o[1][position] for o in odds]
                shares = {n.index: share for n in path if (share := 1 - window.cover(n)) > ROUNDING}
                shares |= {n.index: 1.0 for n in window.nodes}
                label = window.name if len(window.hung.futures) == 1 else f"{window.name} then {name}"
                yield Scenario(
                    label, name, window.hung.start, future.probability * chances[0], low * min(chances),
                    high * max(chances), shares,
                )


def _odds(instance: Instance, hung: list[list[Window]], hazard: Hazard) -> tuple[float, list[float]]:
    r"""Chance that no shock ever begins on a path, and the chance of each window on it, in order.

    Shocks k compete by their rates. A shock begins at a node only if none has begun before.

    .. math:: begun_n = 1 - \prod_k (1 - hazard_k)^{length_n}

    .. math:: p_{k,n} = begun_n \frac{\ln(1 - hazard_k)}{\sum_i \ln(1 - hazard_i)} \prod_{m \prec n} (1 - begun_m)
    """
    survival, chances = 1.0, []
    for windows in hung:
        rates = [-math.log1p(-hazard(instance.shocks[w.shock])) for w in windows]
        begun = -math.expm1(-math.fsum(rates) * windows[0].hung.length) if any(rates) else 0.0
        chances += [survival * begun * rate / math.fsum(rates) if begun else 0.0 for rate in rates]
        survival *= 1 - begun
    return survival, chances
