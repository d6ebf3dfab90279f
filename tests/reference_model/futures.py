"""The reference's view of what may happen: windows of shocks, scenarios, how likely each is."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from planner.language.instance import Instance
from tests.reference_model.tree import MOMENT, Node, discount_factor, overlap, paths_of_futures, spans


@dataclass(eq=False)
class Window:
    """A shock that begins at the start of one node, and the nodes that stand for what happens then."""

    shock: str
    name: str
    place: Node
    end: float
    past: list[Node] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    resumed: dict[Node, float] = field(default_factory=dict)


@dataclass
class Scenario:
    """One course of the world: a future and at most one shock. `shares`: how much of each node it spends there."""

    name: str
    future: str
    window: Window | None
    probability: float
    low: float
    high: float
    shares: dict[Node, float]


class Tree:
    """All nodes of an instance and the scenarios that pass through them."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.spans = spans(instance.time)
        self.end = self.spans[-1][0] + self.spans[-1][1]
        self.paths = paths_of_futures(instance)
        # Foresight changes what is planned, not what happens: a shock breaks into the same futures with it.
        self.apparent = paths_of_futures(instance.model_copy(update={"clairvoyant": False}))
        base = {node: None for path in self.paths.values() for node in path}
        self.nodes = sorted(base, key=lambda node: node.period)
        self.windows = [window for shock in instance.shocks for window in self.hang(shock)]
        for window in self.windows:
            self.nodes += window.past + window.nodes
        parents = {node.parent for node in self.nodes}
        self.leaves = [node for node in self.nodes if node not in parents]
        self.scenarios = [scenario for future in self.paths for scenario in self.scenarios_of(future)]
        for scenario in self.scenarios:
            for node, share in scenario.shares.items():
                node.probability += scenario.probability * share

    def hang(self, shock: str) -> list[Window]:
        """The windows of a shock, one for each onset; with foresight one for each future that it may turn out to be."""
        part, windows = self.instance.shocks[shock], []
        if part.hazard == 0 and not part.tested:
            return []
        origin = part.comes_from or next(iter(self.instance.futures))
        branches = self.instance.futures[origin].branches
        for seen in self.apparent[origin]:
            early = [year for year in (part.earliest, branches) if year is not None and seen.start < year - MOMENT]
            if early or (part.latest is not None and seen.start > part.latest + MOMENT):
                continue
            end = min(seen.start + part.length, self.end)
            for start, length, _ in self.spans:
                if abs(start + length - end) <= MOMENT:
                    end = start + length
            for future in seen.futures if self.instance.clairvoyant else [origin]:
                name = f"{shock}@{seen.label}"
                own = name if future == origin else f"{name} then {future}"
                window = Window(shock, own, self.paths[future][seen.period], end)
                self.fill(window)
                windows.append(window)
        return windows

    def fill(self, window: Window) -> None:
        """The nodes of a window, behind the node before its place or behind a past of its own."""
        place, parent = window.place, window.place.parent
        if self.instance.clairvoyant:
            parent = None
            for node in place.path[:-1]:
                parent = Node(window.name, node.source, node.period, node.label, node.start, node.length, parent,
                              (window.name,), node.factor)  # fmt: skip
                window.past.append(parent)
        for period, (start, length, label) in enumerate(self.spans):
            cut = min(start + length, window.end) - start
            if period < place.period or cut <= MOMENT:
                continue
            factor = discount_factor(self.instance.time, start, cut)
            parent = Node(window.name, window.shock, period, label, start, cut, parent, (window.name,), factor, True)
            window.nodes.append(parent)
        if window.end < self.end - MOMENT:
            begin = self.spans[0][0] if self.instance.clairvoyant else window.place.start
            likely = {future: self.instance.futures[future].probability for future in window.place.futures}
            for future, chance in likely.items():
                last = self.paths[future][window.nodes[-1].period]
                counts = chance / sum(likely.values())
                if last is self.paths[future][-1]:
                    counts *= 1 - overlap(begin, window.end, last.start, last.end) / last.length
                window.resumed[last] = window.resumed.get(last, 0.0) + counts

    def chances(self, future: str, hazards: dict[str, float]) -> dict[Window | None, float]:
        """How likely, in a future, nothing happens or a window does."""
        calm = 1.0
        chances: dict[Window | None, float] = {None: 0.0}
        for node in self.paths[future]:
            here = [w for w in self.windows if w.place is node and self.instance.shocks[w.shock].hazard > 0]
            none = math.prod((1 - hazards[w.shock]) ** node.length for w in here)
            rates = [math.log(1 / (1 - hazards[w.shock])) for w in here]
            for window, rate in zip(here, rates, strict=True):
                chances[window] = calm * (1 - none) * rate / sum(rates) if rate else 0.0
            calm *= none
        chances[None] = calm
        return chances

    def scenarios_of(self, future: str) -> list[Scenario]:
        """The undisturbed course of a future, then one for each shock that may break into it."""
        part, shocks = self.instance.futures[future], self.instance.shocks.items()
        chances = self.chances(future, {name: shock.hazard for name, shock in shocks})
        ends = [chances]
        for end in (0, 1):
            hazards = {name: shock.range[end] if shock.range else shock.hazard for name, shock in shocks}
            ends.append(self.chances(future, hazards))
        lowest, highest = part.range or (part.probability, part.probability)
        return [
            Scenario(
                self.name(future, window), future, window, part.probability * chance,
                lowest * min(end[window] for end in ends), highest * max(end[window] for end in ends),
                self.shares(future, window),
            )
            for window, chance in chances.items()
        ]  # fmt: skip

    def name(self, future: str, window: Window | None) -> str:
        """What a scenario is called."""
        if window is None:
            return future
        return window.name if len(window.place.futures) == 1 else f"{window.name} then {future}"

    def shares(self, future: str, window: Window | None) -> dict[Node, float]:
        """The share of every node's time that a scenario spends in it."""
        if window is None:
            return dict.fromkeys(self.paths[future], 1.0)
        begin = self.spans[0][0] if self.instance.clairvoyant else window.place.start
        shares = dict.fromkeys(window.past + window.nodes, 1.0)
        for node in self.paths[future]:
            shares[node] = 1 - overlap(begin, window.end, node.start, node.end) / node.length
        return shares
