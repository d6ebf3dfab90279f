"""Places of paths in the tree of an instance; names of attributes may stand for YAML keys."""

from __future__ import annotations

from typing import Any

from planner.common.errors import Place
from planner.language.figure import FieldPath
from planner.reading.compose import YamlKey, YamlNode, child
from planner.reading.grammar import INSTANCE, Shape, below, narrowed, written


def place_of(tree: YamlNode, path: FieldPath) -> Place:
    """Place where a path is stated, or its nearest stated ancestor."""
    node, shape = tree, INSTANCE
    for step in path:
        key = _key(node, shape, step)
        inner = child(node, key)
        if inner is None:
            break
        node, shape = inner, below(shape, key, node.value)
    return node.place


def _key(node: YamlNode, shape: Shape, step: Any) -> Any:
    model = narrowed(shape, node.value).model
    return written(model).get(str(step), step) if model is not None else step


def as_written(tree: YamlNode, path: FieldPath) -> tuple[YamlKey, ...]:
    """A path in the keys of YAML."""
    node, shape, keys = tree, INSTANCE, []
    for step in path:
        key = _key(node, shape, step)
        keys.append(key)
        node, shape = child(node, key) or YamlNode(node.place, None), below(shape, key, node.value)
    return tuple(keys)


def stated(tree: YamlNode, path: tuple[YamlKey, ...]) -> YamlNode | None:
    """Statement of a layer about a path: the value there, or the figure or list above it."""
    node = tree
    for key in path:
        inner = child(node, key)
        if inner is None:
            # A plain number states the figure that later layers write in full.
            return node if not isinstance(node.value, dict | list) and node.value is not None else None
        node = inner
    return node


def texts(value: Any) -> set[str]:
    """Every text in plain data, apart from keys."""
    if isinstance(value, dict | list):
        items = value.values() if isinstance(value, dict) else value
        return set().union(*map(texts, items))
    return {value} if isinstance(value, str) else set()
