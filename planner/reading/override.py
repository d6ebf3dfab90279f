"""Overrides: changes of a resolved tree by path, from scenarios, futures and `--set`.

A path is dotted, with * and ?; a key that itself contains dots (`oxide.ndpr`) is matched greedily. ` *=` and
` +=` change every number of a figure; a plain number set on a figure leaves its provenance in place.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Literal, NamedTuple

from pydantic_core import PydanticUndefined

from planner.common.errors import InputError, Place, Problem, closest
from planner.common.patterns import fits, is_pattern
from planner.language.figure import Figure
from planner.reading.compose import YamlKey, YamlNode, child, children, compose, from_plain, plain, refuse
from planner.reading.grammar import INSTANCE, Shape, below, fields_of, narrowed
from planner.reading.settle import LOST, has_factors, is_bare, is_full_figure, is_year_table, restated, settled

Operator = Literal["=", "*=", "+="]
DECIMALS = Context(prec=40)  # More digits than the product of two numbers has.


class Override(NamedTuple):
    """One change: where, how and with what."""

    path: str
    operation: Operator
    value: YamlNode
    how: str


class Change(NamedTuple):
    """Change by an override at one path."""

    path: tuple[YamlKey, ...]
    place: Place
    value: object
    how: str
    loses_range: bool = False


@dataclass(frozen=True)
class Target:
    """A place that an override names; `node` is None when nothing stands there yet."""

    parent: YamlNode
    key: YamlKey
    path: tuple[YamlKey, ...]
    shape: Shape
    declared_in: Shape
    node: YamlNode | None


def read_set(text: str) -> Override:
    """An override as written after `--set`: path=value, path*=factor or path+=difference."""
    place = Place(f"--set {text}", 0, 0)
    left, sign, right = text.partition("=")
    path, operation = _split(left)
    if not sign or not path:
        refuse("wrong-override", "an override is written path=value", place, "for example time.discount_rate=0.05")
    value = compose(right, place.file, fixed=place) or YamlNode(place, None)
    return Override(path, operation, value.moved(place), "--set")


def read_mapping(overrides: YamlNode, how: str) -> list[Override]:
    """The overrides of a scenario or a future: `path`, `path *=` or `path +=` with a value."""
    if not isinstance(overrides.value, dict):
        refuse("wrong-type", f"{how}: a mapping from path to value is expected", overrides.place)
    found: list[Override] = []
    for key, value in overrides.value.items():
        found.append(Override(*split_key(str(key)), value, how))
    return found


def split_key(key: str) -> tuple[str, Operator]:
    """Path and operation of a key such as `path *=`."""
    stated = key.strip()
    return _split(stated[:-1]) if stated.endswith("=") else (stated, "=")


def _split(left: str) -> tuple[str, Operator]:
    """Path and operation of what stands before the sign: `demands.*` ends in a wildcard, `x *` in a factor."""
    path, sign = left[:-1], left[-1:]
    if sign in ("*", "+") and path.strip() and not path.endswith("."):
        return path.strip(), "*=" if sign == "*" else "+="
    return left.strip(), "="


def apply(tree: YamlNode, override: Override) -> list[Change]:
    """Carry out an override on a tree that shares nothing, which it changes."""
    named = targets(tree, override.path)
    if override.operation == "=":
        named = [target for target in named if _may_set(target, override)]
    else:
        named = [target for target in map(_with_default, named) if target.node is not None]
    if not named:
        place = override.value.place
        refuse("unknown-path", f"{override.path} matches nothing", place, nearest(tree, override.path))
    return [_carry_out(target, override) for target in named]


# Finding what a path names.


def targets(tree: YamlNode, path: str) -> list[Target]:
    """All places of a tree that a dotted path with wildcards names."""
    return _targets(tree, INSTANCE, path.split("."), ())


def _targets(node: YamlNode, shape: Shape, segments: list[str], path: tuple[YamlKey, ...]) -> list[Target]:
    shape = narrowed(shape, node.value)
    found: dict[tuple[YamlKey, ...], Target] = {}
    for count in range(len(segments), 0, -1):
        head, rest = ".".join(segments[:count]), segments[count:]
        for target in _steps(node, shape, head, path):
            for inner in _descend(target, rest):
                found.setdefault(inner.path, inner)
        if found and not is_pattern(head):
            break
    if not found and not is_pattern(".".join(segments)):
        found.update((target.path, target) for target in _new_entry(node, shape, segments, path))
    return list(found.values())


def _steps(node: YamlNode, shape: Shape, head: str, path: tuple[YamlKey, ...]) -> Iterator[Target]:
    """Targets of one part of a path under a node; fields of the schema that are not stated have no node."""
    if shape.kind == "figure" and is_full_figure(node) and head.isdigit():
        table = child(node, "by_year")
        if table is not None:
            yield from _steps(table, Shape("map", item=Shape("number"), years=True), head, (*path, "by_year"))
        return
    stated = dict(children(node))
    for key, value in stated.items():
        if fits(head, str(key)):
            yield Target(node, key, (*path, key), below(shape, key, node.value), shape, value)
    if shape.model is None or not isinstance(node.value, dict):
        return
    for name, (_, inner) in fields_of(shape.model).items():
        if name not in stated and (head == name or (is_pattern(head) and shape.kind == "model" and fits(head, name))):
            yield Target(node, name, (*path, name), inner, shape, None)


def _descend(target: Target, rest: list[str]) -> list[Target]:
    if not rest:
        return [target]
    node = target.node
    if node is None:
        # Nothing stands here: what could only stand inside is built when it is set.
        if target.shape.kind not in ("model", "map") or is_pattern(".".join(rest)):
            return []
        return _targets(_Pending(target), target.shape, rest, target.path)
    if is_bare(node) and target.shape.has_figure() and len(rest) == 1 and rest[0] in fields_of(Figure):
        node.value = {"by_year" if is_year_table(node) else "value": YamlNode(node.place, node.value, node.text)}
        node.text = None
    return _targets(node, target.shape, rest, target.path)


class _Pending(YamlNode):
    """A mapping that comes into being when something is set in it."""

    __slots__ = ("holder",)

    def __init__(self, holder: Target) -> None:
        super().__init__(holder.parent.place, {})
        self.holder = holder

    def attach(self, place: Place) -> None:
        parent = self.holder.parent
        if isinstance(parent, _Pending):
            parent.attach(place)
        parent.entries[self.holder.key] = YamlNode(place, self.value)


def _new_entry(node: YamlNode, shape: Shape, segments: list[str], path: tuple[YamlKey, ...]) -> Iterator[Target]:
    """A name or year that a mapping does not have yet."""
    name = ".".join(segments)
    item = shape.item
    if shape.kind == "figure" and is_year_table(node) and name.isdigit():
        yield Target(node, int(name), (*path, int(name)), Shape("number"), shape, None)
    elif shape.kind == "map" and item is not None and isinstance(node.value, dict):
        fields = fields_of(item.model) if item.model is not None else {}
        if shape.years and name.isdigit():
            yield Target(node, int(name), (*path, int(name)), item, shape, None)
        elif not shape.years and not any(segment in fields for segment in segments[1:]):
            yield Target(node, name, (*path, name), item, shape, None)


def _may_set(target: Target, override: Override) -> bool:
    """Whether a value may be set where nothing stands: a field always, a new part only in full."""
    if target.node is not None:
        return True
    if override.value.value is None:
        return False
    if target.declared_in.kind == "map" and target.shape.kind in ("model", "either"):
        return isinstance(override.value.value, dict)
    return target.declared_in.kind != "model" or not is_pattern(override.path.rsplit(".", 1)[-1])


def _with_default(target: Target) -> Target:
    """A figure that is not stated is scaled or shifted from its default."""
    model = target.declared_in.model
    if target.node is not None or model is None or str(target.key) not in fields_of(model):
        return target
    default = fields_of(model)[str(target.key)][0].default
    if isinstance(default, Figure):
        default = default.value
    if default is PydanticUndefined or isinstance(default, bool) or not isinstance(default, int | float):
        return target
    node = from_plain(default, target.parent.place)
    return Target(target.parent, target.key, target.path, target.shape, target.declared_in, node)


# Carrying it out.


def _carry_out(target: Target, override: Override) -> Change:
    place = override.value.place
    is_lost = False
    if override.operation == "=":
        new, is_lost = _replaced(target, override.value)
    else:
        new = _calculated(target, override)
    if isinstance(target.parent, _Pending):
        target.parent.attach(place)
    if isinstance(target.parent.value, list):
        assert isinstance(target.key, int)
        target.parent.value[target.key] = new or YamlNode(place, None)
    elif isinstance(target.parent.value, dict):
        if new is None:
            target.parent.value.pop(target.key)
        else:
            target.parent.value[target.key] = new
    how = f"{override.how} {override.operation}"
    return Change(target.path, place, None if new is None else plain(new), how, is_lost)


def lost_ranges(changes: Iterable[Change]) -> Iterator[Problem]:
    """A note on every figure whose range does not hold for the number it was given."""
    for change in changes:
        if change.loses_range:
            path = ".".join(map(str, change.path))
            yield Problem("lost-range", LOST.format(path), change.place, "state low and high anew")


def _replaced(target: Target, value: YamlNode) -> tuple[YamlNode | None, bool]:
    """The new value and whether it lost its range; a plain number or table of years leaves source and note."""
    if value.value is None:
        return None, False
    copy = settled(value, target.shape)
    if target.node is None or not is_full_figure(target.node) or not is_bare(copy):
        return copy, False
    return restated(target.node, copy)


def _calculated(target: Target, override: Override) -> YamlNode:
    amount = override.value.value
    place = override.value.place
    assert target.node is not None
    name = ".".join(map(str, target.path))
    if isinstance(amount, bool) or not isinstance(amount, int | float):
        refuse("wrong-override", f"{override.operation} needs a number: found {amount}", place)
    if override.operation == "*=" and amount < 0:
        refuse("wrong-override", f"a factor must not be negative: {amount:g}", place)
    old = target.node
    if is_full_figure(old) and isinstance(old.value, dict):
        # A range that is a factor stays as it is.
        parts = ("value", "by_year", "by_period") if has_factors(old.value) else ("value", "low", "high")
        changed = {key: _shifted(v, override, amount, name, key == "by_period") if key in parts else v
                   for key, v in old.value.items()}
        return YamlNode(place, changed)
    return _shifted(old, override, amount, name)


def _shifted(node: YamlNode, override: Override, amount: float, name: str, is_series: bool = False) -> YamlNode:
    if isinstance(node.value, dict) and is_year_table(node):
        changed = {key: _shifted(value, override, amount, name) for key, value in node.value.items()}
        return YamlNode(override.value.place, changed)
    if isinstance(node.value, list) and is_series:
        return YamlNode(override.value.place, [_shifted(value, override, amount, name) for value in node.value])
    if isinstance(node.value, bool) or not isinstance(node.value, int | float):
        hint = f"did you mean {override.path}.*?" if isinstance(node.value, dict) else None
        refuse("wrong-override", f"{name} is not a number, so that {override.operation} cannot change it",
               override.value.place, hint)  # fmt: skip
    number = _result(node.value, override.operation, amount)
    if not math.isfinite(number):
        refuse("not-finite", f"{name} would not be finite", override.value.place)
    # A whole number stays one: fields such as modules take no decimals.
    if isinstance(node.value, int) and float(number).is_integer() and abs(number) < 2**53:
        number = int(number)
    return YamlNode(override.value.place, number)


def _result(value: float, operation: Operator, amount: float) -> float:
    """Calculated in decimals as they are written: 90 *= 0.7 is 63, not 62.99999999999999."""
    if not (math.isfinite(value) and math.isfinite(amount)):
        return value * amount if operation == "*=" else value + amount
    first, second = Decimal(str(value)), Decimal(str(amount))
    return float(DECIMALS.multiply(first, second) if operation == "*=" else DECIMALS.add(first, second))


# Saying what was meant.


def nearest(tree: YamlNode, path: str) -> str | None:
    """The hint for a path that matches nothing: the nearest path that exists."""
    segments = path.split(".")
    best: tuple[int, str] | None = None
    for depth, prefix, node, shape in _partial(tree, INSTANCE, segments, 0, ""):
        rest = segments[depth:]
        names = [str(key) for key, _ in children(node)]
        model = narrowed(shape, node.value).model
        names += [name for name in fields_of(model) if name not in names] if model is not None else []
        near = {count: closest(".".join(rest[:count]), names) for count in range(1, len(rest) + 1)}
        hints = [f"did you mean {'.'.join([prefix + n, *rest[count:]])}?" for count, n in near.items() if n is not None]
        if not hints and 0 < len(names) <= 12:
            hints = [f"{prefix.rstrip('.') or 'the top level'} has {', '.join(names)}"]
        if hints and (best is None or depth > best[0]):
            best = (depth, hints[0])
    return best[1] if best else None


def _partial(
    node: YamlNode, shape: Shape, segments: list[str], depth: int, prefix: str
) -> Iterator[tuple[int, str, YamlNode, Shape]]:
    """The deepest nodes that the beginning of a path reaches."""
    reached = False
    shape = narrowed(shape, node.value)
    for count in range(len(segments) - depth - 1, 0, -1):
        head = ".".join(segments[depth : depth + count])
        for key, value in children(node):
            if fits(head, str(key)) and isinstance(value.value, dict | list):
                reached = True
                inner = below(shape, key, node.value)
                yield from _partial(value, inner, segments, depth + count, f"{prefix}{head}.")
        if reached:
            break
    if not reached:
        yield depth, prefix, node, shape


def apply_all(tree: YamlNode, overrides: list[Override]) -> list[Change]:
    """Carry out overrides in order; all that cannot be carried out are reported together."""
    changes: list[Change] = []
    problems: list[Problem] = []
    for override in overrides:
        try:
            changes += apply(tree, override)
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return changes
