"""Settling a tree into the schema's shapes, and merging trees.

Settling copies, so that values shared by aliases can be changed apart; it counts what it copies; and it keeps
as text what YAML takes for a number although a name is meant (region 310, date 2025).
"""

from __future__ import annotations

from collections.abc import Callable

from planner.errors import InputError, Problem
from planner.reading.compose import MOST_NODES, Key, Node, child, refuse
from planner.reading.grammar import INSTANCE, Shape, below, narrowed

FIGURE_KEYS = frozenset({"value", "by_year"})


class Settler:
    """Copies trees, counting the nodes of all of them together."""

    def __init__(self) -> None:
        self.count = 0
        self.problems: list[Problem] = []

    def settle(self, node: Node, shape: Shape = INSTANCE) -> Node:
        """A copy of the tree in the given shape."""
        self.count += 1
        if self.count > MOST_NODES:
            refuse("too-large", f"more than {MOST_NODES:,} values in all", node.place)
        shape = narrowed(shape, node.value)
        if isinstance(node.value, dict):
            return Node(node.place, self._mapping(node.value, shape))
        if isinstance(node.value, list):
            return Node(node.place, [self.settle(item, below(shape, i)) for i, item in enumerate(node.value)])
        if shape.kind == "text" and node.text is not None:
            return Node(node.place, node.text)
        return Node(node.place, node.value, node.text)

    def _mapping(self, entries: dict[Key, Node], shape: Shape) -> dict[Key, Node]:
        settled: dict[Key, Node] = {}
        for key, value in entries.items():
            name: Key = str(key) if shape.kind == "map" and not shape.years else key
            if name in settled:
                self.problems.append(Problem("duplicate-key", f"{name} is given twice", value.place))
            settled[name] = self.settle(value, below(shape, name, entries))
        return settled


def settled(node: Node, shape: Shape = INSTANCE) -> Node:
    """A copy of one tree in the given shape."""
    settler = Settler()
    copy = settler.settle(node, shape)
    if settler.problems:
        raise InputError(settler.problems)
    return copy


def settled_where(tree: Node, wanted: Callable[[str], bool]) -> Node:
    """A settled instance whose sections of these names are copied; the others are shared, so not to be changed."""
    assert isinstance(tree.value, dict)
    settler = Settler()
    sections = {
        key: settler.settle(node, below(INSTANCE, key, tree.value)) if wanted(str(key)) else node
        for key, node in tree.value.items()
    }
    if settler.problems:
        raise InputError(settler.problems)
    return Node(tree.place, sections)


def is_year_table(node: Node) -> bool:
    """Whether a value is a table of years."""
    return isinstance(node.value, dict) and bool(node.value) and all(isinstance(key, int) for key in node.value)


def is_full_figure(node: Node) -> bool:
    """Whether a value is a figure written in full."""
    return isinstance(node.value, dict) and not FIGURE_KEYS.isdisjoint(node.value) and all(
        isinstance(key, str) for key in node.value
    )


def is_only_provenance(node: Node) -> bool:
    """Whether a value says where a figure comes from but not what it is."""
    words = {"source", "date", "confidence", "note", "unit"}
    return isinstance(node.value, dict) and bool(node.value) and node.value.keys() <= words


def overlay(base: Node, over: Node) -> Node:
    """Mappings merge, everything else replaces; null takes away what the base has."""
    if not isinstance(base.value, dict) or not isinstance(over.value, dict):
        return over
    if is_year_table(base) != is_year_table(over):
        return over
    merged = dict(base.value)
    for key, value in over.value.items():
        if key in merged and value.value is None:
            del merged[key]
        else:
            merged[key] = overlay(merged[key], value) if key in merged else value
    # A figure is stated by value or by year: the later statement counts.
    if merged.keys() >= FIGURE_KEYS:
        stale = FIGURE_KEYS - over.value.keys()
        if len(stale) == 1:
            merged.pop(*stale)
    return Node(over.place, merged)


def join(first: Node, second: Node, problems: list[Problem], path: str = "") -> Node:
    """Two files that each state a part; what both state is a problem."""
    if not isinstance(first.value, dict) or not isinstance(second.value, dict):
        message = f"{path} is stated twice, first at {first.place}"
        problems.append(Problem("duplicate-key", message, second.place, "state it in one file, or use extends"))
        return second
    merged = dict(first.value)
    for key, value in second.value.items():
        inner = f"{path}.{key}" if path else str(key)
        merged[key] = join(merged[key], value, problems, inner) if key in merged else value
    return Node(first.place, merged)


def find(tree: Node, path: tuple[Key, ...]) -> Node | None:
    """The node at a path, if there is one."""
    node: Node | None = tree
    for key in path:
        node = child(node, key) if node is not None else None
    return node
