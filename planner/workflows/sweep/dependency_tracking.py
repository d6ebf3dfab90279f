"""What a worker learns from the first network of a study, so that those of its jobs need not be computed anew.

The network is assembled twice while every reading of a figure is noted: the first time nothing is known, the second
time all that functions keep for a network. A figure that is then read less often was read for something that is kept,
and anything may depend on it. Of every other it is known which functions read it. A network that differs from the first
in figures alone takes over what has read none of those; one that differs in anything else takes over nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from planner.formulation.network import Network
from planner.language.figure import Figure, Part, readings
from planner.program.blocks import Compiled, Pieces
from planner.program.incremental import Derived, Place, Reuse
from planner.program.program import assembled


class Learned:
    """What the functions of one network gave, and which figures they read."""

    def __init__(self, network: Network, compiled: Compiled) -> None:
        self.network = Network(network.instances, network.tree)  # A fresh one, for which nothing is kept.
        self.values: dict[Place, Any] = {}
        self.readers: dict[int, set[Place]] = {}
        self.derived = Derived(learns=True)
        with readings() as cold:
            assembled(Pieces(self.network, compiled), self.network.tree.nodes)
        compiled.reuse = lambda _: Reuse(self._learn, self.derived)
        with readings() as warm:
            with readings() as building:
                pieces = Pieces(self.network, compiled)
            assembled(pieces, self.network.tree.nodes)
        self.derived.learns = False
        self.everywhere = set(building) | {figure for figure, times in cold.items() if times > warm[figure]}
        compiled.reuse = self.reuse

    def _learn(self, place: Place, make: Callable[[], Any]) -> Any:
        with readings() as read:
            self.values[place] = make()
        for figure in read:
            self.readers.setdefault(figure, set()).add(place)
        return self.values[place]

    def reuse(self, network: Network) -> Reuse:
        """What another network may take over."""
        try:
            changed = set(self._changed(network))
        except _OtherwiseError:
            return Reuse()
        if changed & self.everywhere:
            return Reuse()
        values, stale = self.values, {place for figure in changed for place in self.readers.get(figure, ())}

        def recall(place: Place, make: Callable[[], Any]) -> Any:
            return values[place] if place in values and place not in stale else make()

        return Reuse(recall, self.derived)

    def _changed(self, network: Network) -> Iterator[int]:
        """The figures of the first network that are others in this one, by identity."""
        mine, others = self.network.instances, network.instances
        if mine.keys() != others.keys():
            raise _OtherwiseError
        pairs = {(id(mine[name]), id(others[name])): (mine[name], others[name]) for name in mine}
        if len(pairs) != len({one for one, _ in pairs}) or len(pairs) != len({other for _, other in pairs}):
            raise _OtherwiseError  # Variants are shared otherwise.
        for one, other in pairs.values():
            yield from _differences(one, other)


class _OtherwiseError(Exception):
    """Instances differ in more than figures."""


def _differences(one: Any, other: Any) -> Iterator[int]:
    """The figures of one value that are others in the other."""
    if one is other:
        return
    if type(one) is not type(other):
        raise _OtherwiseError
    if isinstance(one, Figure):
        yield from [id(one)] if one != other else []
    elif isinstance(one, Part):
        yield from _differences(vars(one), vars(other))
    elif isinstance(one, dict):
        yield from _differences(list(one), list(other))
        for key, value in one.items():
            yield from _differences(value, other[key])
    elif isinstance(one, list | tuple) and len(one) == len(other):
        for pair in zip(one, other, strict=True):
            yield from _differences(*pair)
    elif one != other:
        raise _OtherwiseError
