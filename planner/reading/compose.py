"""Reading YAML text into a tree in which every key and item remembers its place.

Only plain YAML is accepted: no tags, no merge keys, no second document. Scalars follow YAML 1.2, so that a
region may be called `NO` and 1e-3 is a number. Size, depth and the count of nodes after resolving
aliases are bounded, so that no file can exhaust the machine.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml

from planner.common.errors import InputError, Place, Problem

MOST_DEPTH = 60
MOST_NODES = 1_000_000
MOST_DIGITS = 300

YamlKey = str | int
YamlScalar = str | int | float | bool | None
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_NULL = {"", "~", "null", "Null", "NULL"}
_TRUE = {"true", "True", "TRUE"}
_FALSE = {"false", "False", "FALSE"}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF|nan|NaN|NAN)")


@dataclass(slots=True)
class YamlNode:
    """A value with its place; `text` is how a number was written."""

    place: Place
    value: dict[YamlKey, YamlNode] | list[YamlNode] | YamlScalar
    text: str | None = None

    @property
    def entries(self) -> dict[YamlKey, YamlNode]:
        """The entries of a mapping. Raises TypeError for any other value."""
        if not isinstance(self.value, dict):
            raise TypeError(f"{self.place}: a mapping is expected")
        return self.value

    def moved(self, place: Place) -> YamlNode:
        """The same value, stated elsewhere."""
        return YamlNode(place, self.value, self.text)


def plain(node: YamlNode) -> Any:
    """The value as plain Python."""
    if isinstance(node.value, dict):
        return {key: plain(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [plain(child) for child in node.value]
    return node.value


def from_plain(value: Any, place: Place) -> YamlNode:
    """A tree of plain Python values that all stand at one place."""
    if isinstance(value, dict):
        return YamlNode(place, {key: from_plain(item, place) for key, item in value.items()})
    if isinstance(value, list | tuple):
        return YamlNode(place, [from_plain(item, place) for item in value])
    return YamlNode(place, value)


def children(node: YamlNode) -> Iterator[tuple[YamlKey, YamlNode]]:
    """Keys or indices and what stands under them."""
    if isinstance(node.value, dict):
        yield from node.value.items()
    elif isinstance(node.value, list):
        yield from enumerate(node.value)


def child(node: YamlNode, key: object) -> YamlNode | None:
    """Node under a key or index, if there is one."""
    if isinstance(node.value, dict):
        return node.value.get(key) if isinstance(key, str | int) else None
    if isinstance(node.value, list) and isinstance(key, int) and 0 <= key < len(node.value):
        return node.value[key]
    return None


def refuse(code: str, message: str, place: Place | None, hint: str | None = None) -> NoReturn:
    """Stop reading because of one problem."""
    raise InputError([Problem(code, message, place, hint)])


@dataclass(slots=True)
class _Frame:
    """A mapping or list being read."""

    node: YamlNode
    anchor: str | None
    size: int = 1
    height: int = 0
    key: YamlKey | None = None
    key_place: Place | None = None
    keys: dict[YamlKey, Place] = field(default_factory=dict)


class _Composer:
    """Turns the events of the YAML parser into a tree."""

    def __init__(self, file: str, fixed: Place | None) -> None:
        self.file = file
        self.fixed = fixed
        self.frames: list[_Frame] = []
        self.anchors: dict[str, tuple[YamlNode, int, int]] = {}
        self.root: YamlNode | None = None
        self.documents = 0
        self.problems: list[Problem] = []

    def place(self, mark: Any) -> Place:
        return self.fixed or Place(self.file, mark.line + 1, mark.column + 1)

    def take(self, event: Any) -> None:
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                refuse("second-document", "a file is one YAML document", self.place(event.start_mark))
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._open(event)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            frame = self.frames.pop()
            self._add(frame.node, frame.size, frame.height + 1, frame.anchor)

    def _untagged(self, event: Any) -> None:
        if event.tag is not None:
            place = self.place(event.start_mark)
            refuse("tag", f"YAML tags are not accepted: {event.tag}", place, "write a plain value")

    def _awaits_key(self) -> bool:
        return bool(self.frames) and isinstance(self.frames[-1].node.value, dict) and self.frames[-1].key is None

    def _open(self, event: Any) -> None:
        self._untagged(event)
        place = self.place(event.start_mark)
        if self._awaits_key():
            refuse("wrong-key", "a key must be a name or a whole number", place)
        if len(self.frames) >= MOST_DEPTH:
            refuse("too-deep", f"nested deeper than {MOST_DEPTH} levels", place)
        value: dict[YamlKey, YamlNode] | list[YamlNode] = {} if isinstance(event, yaml.MappingStartEvent) else []
        self.frames.append(_Frame(YamlNode(place, value), event.anchor))

    def _scalar(self, event: Any) -> None:
        self._untagged(event)
        place = self.place(event.start_mark)
        value: YamlScalar = event.value
        if event.implicit[0]:
            value = resolved(event.value, place)
        if isinstance(value, str) and CONTROL.search(value):
            refuse("control-character", "a text holds control characters", place, "write it as plain text")
        if self._awaits_key():
            self._key(value, event, place)
            return
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        self._add(YamlNode(place, value, event.value if is_number else None), 1, 0, event.anchor)

    def _key(self, value: YamlScalar, event: Any, place: Place) -> None:
        frame = self.frames[-1]
        if isinstance(value, int) and not isinstance(value, bool) and str(value) != event.value:
            value = str(event.value)  # A name such as 007 keeps its noughts.
        if value == "<<" and event.implicit[0]:
            refuse("merge-key", "merge keys are not accepted", place, "use extends, include or a table's common")
        if not isinstance(value, str | int) or isinstance(value, bool):
            message = f"a key must be a name or a whole number: found {event.value or 'nothing'}"
            refuse("wrong-key", message, place, f'write "{event.value}" in quotes if it is a name')
        if value in frame.keys:
            message = f"{value} is given twice, first at {frame.keys[value]}"
            self.problems.append(Problem("duplicate-key", message, place, "remove or rename one of them"))
        frame.keys[value] = place
        frame.key, frame.key_place = value, place

    def _alias(self, event: Any) -> None:
        place = self.place(event.start_mark)
        if self._awaits_key():
            refuse("wrong-key", "an alias cannot be a key", place)
        if event.anchor not in self.anchors:
            refuse("unknown-alias", f"no complete value is marked &{event.anchor} before this", place)
        node, size, height = self.anchors[event.anchor]
        self._add(node.moved(place), size, height, None)

    def _add(self, node: YamlNode, size: int, height: int, anchor: str | None) -> None:
        if anchor is not None:
            self.anchors[anchor] = (node, size, height)
        if not self.frames:
            self.root = node
            return
        frame = self.frames[-1]
        frame.size += size
        frame.height = max(frame.height, height)
        if frame.size > MOST_NODES:
            refuse("too-large", f"more than {MOST_NODES:,} values after resolving aliases", node.place)
        if len(self.frames) + height > MOST_DEPTH:
            refuse("too-deep", f"nested deeper than {MOST_DEPTH} levels", node.place)
        if isinstance(frame.node.value, list):
            frame.node.value.append(node)
        elif isinstance(frame.node.value, dict) and frame.key is not None:
            assert frame.key_place is not None
            frame.node.value[frame.key] = node.moved(frame.key_place)
            frame.key = None


def resolved(text: str, place: Place) -> YamlScalar:
    """The value of an unquoted scalar by the YAML 1.2 core rules."""
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _INTEGER.fullmatch(text) and len(text) <= MOST_DIGITS:
        return int(text)
    if _INTEGER.fullmatch(text):
        refuse("not-finite", f"a number has at most {MOST_DIGITS} digits: {text[:40]}...", place)
    if _FLOAT.fullmatch(text):
        number = float(text)
        if not math.isfinite(number):
            refuse("not-finite", f"a number must be finite: {text[:40]}", place)
        return number
    if _NOT_FINITE.fullmatch(text):
        refuse("not-finite", f"a number must be finite: {text}", place, "leave the field out for 'no limit'")
    return text


def is_plain_text(text: str) -> bool:
    """Whether a text without quotes is read as text, not as a number, a truth value or nothing."""
    numbers = (_INTEGER, _FLOAT, _NOT_FINITE)
    return text not in _NULL | _TRUE | _FALSE and not any(number.fullmatch(text) for number in numbers)


# Control characters, and those that are invisible or reverse the order of letters, as figures would be mirrored.
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]")

_SYNTAX = (  # What the parser says, what is meant, and what to do.
    ("mapping values are not allowed", "a colon begins a value where none can stand",
     "put a text with a colon in quotes, and indent all keys of a part alike"),
    ("expected ':'", "a key has no colon after it", "write key: value, and indent all keys of a part alike"),
    ("unexpected end of stream", "a quotation mark is not closed", "close it where the text ends"),
    ("expected ',' or", "a bracket is not closed, or a comma is missing", "entries within [ ] and { } need commas"),
    ("expected <document start>", "this line is indented less than the first", "let the first keys begin in column 1"),
    ("expected key", "this does not belong to the part above it",
     "indent all keys of a part alike; put text with ' in double quotes"),
    ("cannot start any token", "a tab, or a sign such as @ or %, begins here",
     "indent with spaces, and put such text in quotes"),
    ("block sequence entries", "a list begins behind a key", "begin it on the next line, or write [a, b]"),
    ("expected node content", "a value is missing here", "write a value, or nothing after the colon"),
)


def _meant(reason: str) -> tuple[str, str | None]:
    """The parser's message in plain words, with the remedy."""
    known = ((message, hint) for words, message, hint in _SYNTAX if words in reason)
    return next(known, (reason, None))


def compose(text: str, file: str, fixed: Place | None = None) -> YamlNode | None:
    """The tree of a YAML text, None if it is empty; `fixed` is the place of a text that is not in a file."""
    composer = _Composer(file, fixed)
    try:
        for event in yaml.parse(text, Loader=LOADER):
            composer.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = composer.place(mark) if mark else Place(file, 1, 1)
        reason = ", ".join(part for part in (error.context, error.problem) if part)
        message, hint = _meant(reason)
        raise InputError([*composer.problems, Problem("yaml-syntax", message, place, hint)]) from None
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise InputError([*composer.problems, Problem("yaml-syntax", reason, fixed or Place(file, 1, 1))]) from None
    if composer.problems:
        raise InputError(composer.problems)
    return composer.root
