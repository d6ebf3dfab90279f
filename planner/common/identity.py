"""Identity of objects: the same one met several times, as one variant of an instance that holds in several futures.

Equal objects that are not the same one stay apart. This is the one place where objects are told by their `id`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")


class ByIdentity(MutableMapping[K, V]):
    """A mapping whose keys are objects themselves; it holds them, so that no other can take their place."""

    def __init__(self) -> None:
        self._entries: dict[int, tuple[K, V]] = {}

    def __setitem__(self, key: K, value: V) -> None:
        self._entries[id(key)] = key, value

    def __getitem__(self, key: K) -> V:
        return self._entries[id(key)][1]

    def __delitem__(self, key: K) -> None:
        del self._entries[id(key)]

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[K]:
        return (key for key, _ in self._entries.values())


def distinct(values: Iterable[V]) -> list[V]:
    """The different objects among some, in the order in which they are met first."""
    return list({id(value): value for value in values}.values())


def numbered(values: Iterable[V]) -> list[int]:
    """For each object its number among the different ones, from 0."""
    numbers: dict[int, int] = {}
    held = list(values)  # So that none goes and leaves its number to another.
    return [numbers.setdefault(id(value), len(numbers)) for value in held]


def each_once(mapping: Mapping[K, V], change: Callable[[V], T]) -> dict[K, T]:
    """The same change to all values of a mapping; those that are one object stay one."""
    numbers, made = numbered(mapping.values()), [change(value) for value in distinct(mapping.values())]
    return {key: made[number] for key, number in zip(mapping, numbers, strict=True)}
