"""Settling a tree into the schema's shapes, and merging trees.

Settling copies, so that values shared by aliases can be changed apart; it counts what it copies; and it keeps
as text what YAML takes for a number although a name is meant (region 310, date 2025).
"""

from __future__ import annotations

from collections.abc import Callable

from planner.common.errors import InputError, Problem
from planner.language.figure import Figure
from planner.reading.compose import MOST_NODES, YamlKey, YamlNode, child, refuse
from planner.reading.grammar import INSTANCE, Shape, below, narrowed

FIGURE_KEYS = frozenset({"value", "by_year", "by_period"})
FIGURE_WORDS = frozenset(Figure.model_fields)


class Settler:
    """Copies trees, counting the nodes of all of them together."""

    def __init__(self) -> None:
        self.count = 0
        self.problems: list[Problem] = []

    def settle(self, node: YamlNode, shape: Shape = INSTANCE) -> YamlNode:
        """A copy of the tree in the given shape."""
        self.count += 1
        if self.count > MOST_NODES:
            refuse("too-large", f"more than {MOST_NODES:,} values in all", node.place)
        shape = narrowed(shape, node.value)
        if isinstance(node.value, dict):
            return YamlNode(node.place, self._mapping(node.value, shape))
        if isinstance(node.value, list):
            return YamlNode(node.place, [self.settle(item, below(shape, i)) for i, item in enumerate(node.value)])
        if shape.kind == "text" and node.text is not None:
            return YamlNode(node.place, node.text)
        return YamlNode(node.place, node.value, node.text)

    def _mapping(self, entries: dict[YamlKey, YamlNode], shape: Shape) -> dict[YamlKey, YamlNode]:
        settled: dict[YamlKey, YamlNode] = {}
        for key, value in entries.items():
            name = _named(key, shape)
            if name in settled:
                self.problems.append(Problem("duplicate-key", f"{name} is given twice", value.place))
            settled[name] = self.settle(value, below(shape, name, entries))
        return settled


def _named(key: YamlKey, shape: Shape) -> YamlKey:
    """A key as it is meant: a name is text, a year a number, also where JSON can only write "2026"."""
    if shape.kind == "map" and not shape.years:
        return str(key)
    is_year = isinstance(key, str) and key.isascii() and key.isdigit() and len(key) < 10
    return int(key) if is_year and (shape.years or shape.kind == "figure") else key


def settled(node: YamlNode, shape: Shape = INSTANCE) -> YamlNode:
    """A copy of one tree in the given shape."""
    settler = Settler()
    copy = settler.settle(node, shape)
    if settler.problems:
        raise InputError(settler.problems)
    return copy


def settled_where(tree: YamlNode, wanted: Callable[[str], bool]) -> YamlNode:
    """A settled instance whose sections of these names are copied; the others are shared, so not to be changed."""
    settler = Settler()
    sections = {
        key: settler.settle(node, below(INSTANCE, key, tree.entries)) if wanted(str(key)) else node
        for key, node in tree.entries.items()
    }
    if settler.problems:
        raise InputError(settler.problems)
    return YamlNode(tree.place, sections)


def is_year_table(node: YamlNode) -> bool:
    """Whether a value is a table of years."""
    return isinstance(node.value, dict) and bool(node.value) and all(isinstance(key, int) for key in node.value)


def is_full_figure(node: YamlNode) -> bool:
    """Whether a value is a figure written in full."""
    return isinstance(node.value, dict) and not FIGURE_KEYS.isdisjoint(node.value) and all(
        isinstance(key, str) for key in node.value
    )


def is_only_provenance(node: YamlNode) -> bool:
    """Whether a value says where a figure comes from but not what it is."""
    words = {"source", "date", "confidence", "note", "unit"}
    return isinstance(node.value, dict) and bool(node.value) and node.value.keys() <= words


def is_bare(node: YamlNode) -> bool:
    """Whether a value is a figure that says nothing but its number or numbers by year."""
    is_number = isinstance(node.value, int | float) and not isinstance(node.value, bool)
    return is_number or is_year_table(node)


def is_begun(node: YamlNode) -> bool:
    """Whether a value is some of the words of a figure, such as its range or source."""
    return isinstance(node.value, dict) and bool(node.value) and node.value.keys() <= FIGURE_WORDS


def has_factors(figure: dict[YamlKey, YamlNode]) -> bool:
    """Whether the range of a figure is a factor on it."""
    stated = figure.get("range")
    return "by_year" in figure or "by_period" in figure or (stated is not None and stated.value == "factor")


def completed(begun: YamlNode, bare: YamlNode) -> YamlNode:
    """A figure of which some words are stated, with a number or table of years; a range of factors stays one."""
    figure: dict[YamlKey, YamlNode] = {"by_year" if is_year_table(bare) else "value": bare}
    figure |= {key: old for key, old in begun.entries.items() if key not in FIGURE_KEYS}
    if "low" in figure and "value" in figure and has_factors(begun.entries):
        figure["range"] = YamlNode(figure["low"].place, "factor")
    return YamlNode(bare.place, figure)


def restated(stated: YamlNode, bare: YamlNode) -> tuple[YamlNode, bool]:
    """A figure with another number or table of years, and whether its range had to go.

    Source and note stay. A range that is a factor stays; one in the unit of the figure stays if the number lies in it.
    """
    figure = completed(stated, bare)
    is_lost = "low" in figure.entries and not has_factors(stated.entries) and not _lies_within(figure.entries)
    for key in ("low", "high", "estimate", "range") if is_lost else ():
        figure.entries.pop(key, None)
    return figure, is_lost


def _lies_within(figure: dict[YamlKey, YamlNode]) -> bool:
    numbers = [figure[key].value for key in ("low", "value", "high") if key in figure]
    known = [number for number in numbers if isinstance(number, int | float)]
    return len(known) == 3 and known == sorted(known)


LOST = "the range of {} does not hold for its new value: it is left out"


def overlay(base: YamlNode, over: YamlNode, notes: list[Problem] | None = None, path: str = "") -> YamlNode:
    """Mappings merge, a plain number takes its place in a figure, all else replaces; null takes away what base has.

    A range that does not hold for a new number is left out with one of the `notes`; without notes it is kept.
    """
    if is_begun(base) and is_bare(over):
        if notes is None:
            return completed(base, over)
        figure, is_lost = restated(base, over)
        notes += [Problem("lost-range", LOST.format(path), over.place, "state low and high anew")] if is_lost else []
        return figure
    if not isinstance(base.value, dict) or not isinstance(over.value, dict):
        return over
    if is_begun(over) and is_bare(base):
        base = YamlNode(base.place, {"by_year" if is_year_table(base) else "value": base})
    elif is_year_table(base) != is_year_table(over):
        return over
    return YamlNode(over.place, _merged(base, over, notes, path))


def _merged(base: YamlNode, over: YamlNode, notes: list[Problem] | None, path: str) -> dict[YamlKey, YamlNode]:
    merged = dict(base.entries)
    for key, value in over.entries.items():
        inner = f"{path}.{key}" if path else str(key)
        if key in merged and value.value is None:
            del merged[key]
        else:
            merged[key] = overlay(merged[key], value, notes, inner) if key in merged else value
    # A figure is stated by value, by year or by period: the later statement counts.
    if FIGURE_KEYS & over.entries.keys() and len(FIGURE_KEYS & merged.keys()) > 1:
        for stale in FIGURE_KEYS & merged.keys() - over.entries.keys():
            merged.pop(stale)
    return merged


def join(first: YamlNode, second: YamlNode, problems: list[Problem], path: str = "") -> YamlNode:
    """Two files that each state a part; what both state is a problem."""
    if not isinstance(first.value, dict) or not isinstance(second.value, dict):
        message = f"{path} is stated twice, first at {first.place}"
        problems.append(Problem("duplicate-key", message, second.place, "state it in one file, or use extends"))
        return second
    merged = dict(first.value)
    for key, value in second.value.items():
        inner = f"{path}.{key}" if path else str(key)
        merged[key] = join(merged[key], value, problems, inner) if key in merged else value
    return YamlNode(first.place, merged)


def find(tree: YamlNode, path: tuple[YamlKey, ...]) -> YamlNode | None:
    """The node at a path, if there is one."""
    node: YamlNode | None = tree
    for key in path:
        node = child(node, key) if node is not None else None
    return node
