"""Patterns, movements, units and controls, worked out anew from the words of the instance."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from planner.check.horizon import TINY, Node, overlap
from planner.schema import Commodity, Control, Instance

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


def controls_in(instance: Instance, node: Node) -> list[Control]:
    """The controls of a node's future whose window touches the node."""
    patterns = instance.futures[node.owner].controls
    return [
        control
        for name, control in instance.controls.items()
        if matches(name, patterns) and _shared(control, node) > TINY
    ]


def passing(
    controls: Iterable[Control], node: Node, exporter: str | None, name: str, commodity: Commodity, destination: str
) -> float:
    """Share of the usual volume that the controls let through in a node."""
    bans, licences = 1.0, 1.0
    for control in controls:
        if control.exporter != exporter or not _concerns(control, name, commodity):
            continue
        if not matches(destination, control.destinations):
            continue
        share = _shared(control, node) / node.length
        if control.kind == "ban":
            bans = min(bans, 1 - share)
        else:
            licences *= max(0.0, 1 - share * (1 - control.passes) - _lost_at_onset(control, node))
    return bans * licences


def _lost_at_onset(control: Control, node: Node) -> float:
    until = control.start + control.delay
    if control.end is not None and control.end < until:
        until = control.end
    waiting = min(until, node.start + node.length) - max(control.start, node.start)
    return control.passes * waiting / node.length if waiting > 0 else 0.0


def _concerns(control: Control, name: str, commodity: Commodity) -> bool:
    if matches(name, control.commodities) or commodity.stage in control.stages:
        return True
    return any(commodity.elements.get(element, 0.0) > 0 for element in control.elements)


def _shared(control: Control, node: Node) -> float:
    end = float("inf") if control.end is None else control.end
    return overlap(control.start, end, node.start, node.end)
