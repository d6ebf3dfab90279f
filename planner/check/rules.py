"""Patterns, movements and units, worked out anew from the words of the instance."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from planner.language.instance import Instance

GRAMS = {"g": 1.0, "kg": 1e3, "t": 1e6, "kt": 1e9, "Mt": 1e12}
MULTIPLES = {"k": 1e3, "M": 1e6, "bn": 1e9}


class Movement(NamedTuple):
    """One commodity moved by one lane entry from one region to another."""

    lane: str
    commodity: str
    origin: str
    destination: str

    @property
    def key(self) -> str:
        """Name of the movement as an asset."""
        return "/".join(self)


@lru_cache(maxsize=4096)
def _expression(pattern: str) -> re.Pattern[str]:
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(letter, re.escape(letter)) for letter in pattern), re.DOTALL)


def matches(name: str, patterns: Iterable[str]) -> bool:
    """Whether a name is one of the patterns."""
    return any(_expression(pattern).fullmatch(name) for pattern in patterns)


def movements(instance: Instance) -> list[Movement]:
    """Every movement that the lanes permit."""
    found: dict[Movement, None] = {}
    for name, lane in instance.lanes.items():
        origins = [r for r in instance.regions if matches(r, lane.origins)]
        destinations = [r for r in instance.regions if matches(r, lane.destinations)]
        for commodity in instance.commodities:
            if not matches(commodity, lane.commodities):
                continue
            for origin in origins:
                for destination in destinations:
                    if origin != destination:
                        found[Movement(name, commodity, origin, destination)] = None
    return list(found)


def facility_processes(instance: Instance) -> list[tuple[str, str]]:
    """Every pair of a facility and a process it may run."""
    return [
        (name, process)
        for name, facility in instance.facilities.items()
        for process in instance.processes
        if matches(process, facility.processes)
    ]


def price_factor(instance: Instance) -> float:
    """Money per price times quantity: with t, USD/kg and MUSD one is worth 0.001."""
    units = instance.units
    paid, _, per = (word.strip() for word in units.price.partition("/"))
    multiples = [
        worth / unit
        for currency, worth in _readings(paid)
        for money, unit in _readings(units.money)
        if currency == money
    ]
    if not multiples:
        raise ValueError(f"{units.price} cannot be counted in {units.money}")
    if units.quantity == per:
        return multiples[0]
    if units.quantity not in GRAMS or per not in GRAMS:
        raise ValueError(f"{units.price} is not a price of {units.quantity}")
    return multiples[0] * GRAMS[units.quantity] / GRAMS[per]


def _readings(money: str) -> list[tuple[str, float]]:
    """Ways to read a unit of money as a currency and its multiple."""
    prefixed = [(money.removeprefix(p), multiple) for p, multiple in MULTIPLES.items() if money.startswith(p)]
    return [(money, 1.0), *prefixed]
