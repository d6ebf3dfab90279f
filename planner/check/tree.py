"""The tree of futures and windows of shocks, and the chance of everything in it, from the instance alone."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from planner.check.horizon import (
    MOMENT,
    TINY,
    Horizon,
    Node,
    Scenario,
    Window,
    default_period,
    discount_factor,
    near,
    overlap,
    spans_of,
)
from planner.language.instance import Instance, Shock

Spans = Sequence[tuple[float, float]]
Paths = dict[str, list[Node]]


def build_horizon(instance: Instance) -> Horizon:
    """The nodes of every future, shared until they can be told apart, and the windows that hang off them."""
    spans = spans_of(instance.time)
    paths = _futures(instance, spans)
    nodes = sorted(dict.fromkeys(node for path in paths.values() for node in path), key=lambda node: node.index)
    windows = list(_windows(instance, spans, paths))
    nodes += [node for window in windows for node in window.nodes]
    scenarios = list(_scenarios(instance, paths, windows))
    for node in nodes:
        node.probability = math.fsum(s.probability * s.shares.get(node, 0.0) for s in scenarios)
    path: dict[Node, tuple[Node, ...]] = {}
    for node in nodes:
        path[node] = (*(path[node.parent] if node.parent is not None else ()), node)
    parents = {node.parent for node in nodes}
    leaves = tuple(node for node in nodes if node not in parents)
    trunk = next(iter(instance.futures))
    return Horizon(trunk, tuple(nodes), path, leaves, tuple(windows), tuple(scenarios))


def _futures(instance: Instance, spans: Spans) -> Paths:
    """The path of every future that is possible."""
    possible = [name for name, future in instance.futures.items() if future.probability > 0]
    apparent = _apparent(instance, possible, spans)
    # With hindsight every future owns its whole path; what happens on it stays the same.
    owners = {name: [name] * len(spans) for name in possible} if instance.clairvoyant else apparent
    paths: Paths = {name: [] for name in possible}
    for index, (start, length) in enumerate(spans):
        made: dict[str, Node] = {}
        for name in possible:
            owner = owners[name][index]
            if owner not in made:
                futures = tuple(other for other in possible if owners[other][index] == owner)
                parent = paths[name][-1] if index else None
                factor = discount_factor(instance.time, start, length)
                made[owner] = Node(owner, apparent[name][index], index, start, length, parent, futures, factor)
            paths[name].append(made[owner])
    return paths


def _apparent(instance: Instance, names: list[str], spans: Spans) -> dict[str, list[str]]:
    """For each future and period, the future nearest the trunk that it cannot be told apart from."""
    known: dict[str, list[str]] = {}
    return {name: _owners(instance, name, spans, known) for name in names}


def _owners(instance: Instance, name: str, spans: Spans, known: dict[str, list[str]]) -> list[str]:
    """The future that shows in each period on a future's path: another's until it branches."""
    if name not in known:
        future = instance.futures[name]
        own = [name] * len(spans)
        if future.comes_from is not None and future.branches is not None:
            shared = _owners(instance, future.comes_from, spans, known)
            own = [shared[i] if start < future.branches - MOMENT else name for i, (start, _) in enumerate(spans)]
        known[name] = own
    return known[name]


def _windows(instance: Instance, spans: Spans, paths: Paths) -> Iterator[Window]:
    """The window of every shock at every period in which it may begin."""
    for name, shock in instance.shocks.items():
        origin = shock.comes_from or next(iter(instance.futures))
        if not (shock.hazard > 0 or shock.tested) or origin not in paths:
            continue
        branches = instance.futures[origin].branches
        apparent = _apparent(instance, list(paths), spans)
        for index, (start, _) in enumerate(spans):
            if any(year is not None and start < year - MOMENT for year in (shock.earliest, branches)):
                continue
            if shock.latest is not None and start > shock.latest + MOMENT:
                break
            # With hindsight it splits into all futures that are not yet distinguishable, each by itself.
            twins = [f for f in paths if f != origin and apparent[f][index] == apparent[origin][index]]
            for future in [origin, *(twins if instance.clairvoyant else ())]:
                begins = spans[0][0] if instance.clairvoyant else start
                other = None if future == origin else future
                window = Window(name, other, paths[future][index], begins, _ending(spans, start + shock.length))
                _fill(instance, spans, window, paths, future)
                yield window


def _ending(spans: Spans, moment: float) -> float:
    """A moment, or the end of the period that is as good as that, or of the last one before."""
    ends = [start + length for start, length in spans]
    return min(near(moment, *ends), max(ends))


def _fill(instance: Instance, spans: Spans, window: Window, paths: Paths, future: str) -> None:
    """The nodes of a window, the last cut where it ends; with hindsight after a past of its own."""
    hung, path = window.hung, paths[future]
    parent = None if instance.clairvoyant else hung.parent
    for before in path[: hung.index] if instance.clairvoyant else ():
        parent = Node("", before.source, before.index, before.start, before.length, parent, (), before.factor)
        window.nodes.append(parent)
    for index in range(hung.index, len(spans)):
        start, whole = spans[index]
        length = min(start + whole, window.ends) - start
        if length <= MOMENT:
            break
        factor = discount_factor(instance.time, start, length)
        parent = Node("", window.shock, index, start, length, parent, (), factor, hung.start)
        window.nodes.append(parent)
    if window.ends < spans[-1][0] + spans[-1][1] - MOMENT:
        chances = {name: instance.futures[name].probability for name in hung.futures}
        for name, chance in chances.items():
            last = paths[name][window.nodes[-1].index]
            counted = chance / math.fsum(chances.values())
            if last is paths[name][-1]:  # Of the stock there only the share after the window counts at the end.
                counted *= 1 - overlap(window.begins, window.ends, last.start, last.end) / last.length
            window.resumed.append((last, counted))
    window.rename(default_period(instance, hung.index))


def _scenarios(instance: Instance, paths: Paths, windows: list[Window]) -> Iterator[Scenario]:
    """Every future undisturbed, and with each window that may take the place of a part of it."""
    for name, path in paths.items():
        future = instance.futures[name]
        low, high = future.range if future.range is not None else (future.probability, future.probability)
        # What is only tested belongs to no scenario.
        likely = [window for window in windows if instance.shocks[window.shock].hazard > 0]
        hung = [[window for window in likely if window.hung is node] for node in path]
        # At the stated hazards and at both ends of their ranges.
        ends = [_chances(instance, hung, end) for end in range(3)]
        places: list[Window | None] = [None, *(window for group in hung for window in group)]
        for window, *chances in zip(places, *ends, strict=True):
            probability = future.probability * chances[0]
            shares = _shares(path, window)
            yield Scenario(name, window, probability, low * min(chances), high * max(chances), shares)


def _chances(instance: Instance, hung: list[list[Window]], end: int) -> list[float]:
    """Chance that a future stays undisturbed, then that of each window on its path: at most one shock happens."""
    undisturbed, chances = 1.0, []
    for windows in hung:
        # Constant rates compete: the first decides, and it is each with a chance in proportion to its rate.
        rates = [-math.log(1 - _hazard(instance.shocks[w.shock], end)) for w in windows]
        total = math.fsum(rates)
        calm = math.exp(-total * windows[0].hung.length) if windows else 1.0
        chances += [undisturbed * (1 - calm) * rate / total if total > 0 else 0.0 for rate in rates]
        undisturbed *= calm
    return [undisturbed, *chances]


def _hazard(shock: Shock, end: int) -> float:
    return shock.hazard if end == 0 or shock.range is None else shock.range[end - 1]


def _shares(path: list[Node], window: Window | None) -> dict[Node, float]:
    if window is None:
        return dict.fromkeys(path, 1.0)
    left = {n: 1 - overlap(window.begins, window.ends, n.start, n.end) / n.length for n in path}
    return {node: share for node, share in left.items() if share > TINY} | dict.fromkeys(window.nodes, 1.0)
