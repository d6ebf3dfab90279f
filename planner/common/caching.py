"""Results of functions, kept on the object that they are about: they are dropped together with it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import cached_property, wraps
from typing import Any, TypeVar, TypeVarTuple, Unpack


class Cache(dict[Hashable, Any]):
    """Results by function and further arguments. A copy of its owner in another process begins with nothing."""

    def __reduce__(self) -> tuple[type[Cache], tuple[()]]:
        return Cache, ()


class CacheOwner:
    """An object that keeps the results of `cached` functions about it. It must not change."""

    @cached_property
    def cache(self) -> Cache:
        return Cache()


Owner = TypeVar("Owner", bound=CacheOwner)
More = TypeVarTuple("More")
Result = TypeVar("Result")


def cached(function: Callable[[Owner, Unpack[More]], Result]) -> Callable[[Owner, Unpack[More]], Result]:
    """Decorate a function of an owner and of hashable arguments: the owner keeps the result for each of them."""

    @wraps(function)
    def kept(owner: Owner, *more: *More) -> Result:
        place = (function, *more)
        cache = owner.cache
        if place not in cache:
            cache[place] = function(owner, *more)
        found: Result = cache[place]
        return found

    return kept
