"""The reference's view of time: nodes of the futures, discounting, units of money.

Coded a second time, on purpose in the plainest way, to catch errors of the planner's own modules.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from planner.language.instance import Instance, Period, Time

EPSILON = 1e-9
MOMENT = 1e-4  # Years that nobody tells apart
MONEY = {"": 1.0, "k": 1e3, "M": 1e6, "bn": 1e9}
MASS = {"g": 1e-3, "kg": 1.0, "t": 1e3, "kt": 1e6, "Mt": 1e9}


@dataclass(eq=False)
class Node:
    """One period of one branch of the future, or what of it lies within the window of a shock."""

    owner: str
    source: str
    period: int
    label: str
    start: float
    length: float
    parent: Node | None
    futures: tuple[str, ...]
    factor: float
    is_window: bool = False
    probability: float = 0.0

    @property
    def name(self) -> str:
        return f"{self.owner}:{self.label}"

    @property
    def end(self) -> float:
        return self.start + self.length

    @property
    def middle(self) -> float:
        return self.start + self.length / 2

    @cached_property
    def path(self) -> list[Node]:
        """Nodes from the root to this one."""
        return [*(self.parent.path if self.parent else []), self]


def matches(name: str, patterns: Iterable[str]) -> bool:
    """Whether a name fits one of the patterns with * and ?."""
    for pattern in patterns:
        expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
        if re.fullmatch(expression, name):
            return True
    return False


def rounded(year: float, node_start: float, node_end: float) -> float:
    """The year, unless nobody tells it from the start or the end of a node."""
    if node_start - MOMENT <= year <= node_start + MOMENT:
        return node_start
    return node_end if node_end - MOMENT <= year <= node_end + MOMENT else year


def overlap(start: float, end: float, node_start: float, node_end: float) -> float:
    """Years of a node in a window."""
    left, right = rounded(start, node_start, node_end), rounded(end, node_start, node_end)
    return max(0.0, min(right, node_end) - max(left, node_start))


def discount_factor(time: Time, start: float, length: float) -> float:
    """Worth of money spent in a period, in money of the base year."""
    growth = 1 + time.discount_rate
    first, last = start - time.base_year, start + length - time.base_year
    if time.discounting == "mid_period":
        return float(growth ** -((first + last) / 2))
    if time.discounting == "start_of_period":
        return float(growth**-first)
    if time.discounting == "end_of_period":
        return float(growth**-last)
    if time.discount_rate == 0:
        return 1.0
    return float((growth**-first - growth**-last) / (math.log(growth) * length))


def spans(time: Time) -> list[tuple[float, float, str]]:
    """Start, length and name of every period."""
    found, start = [], time.start
    for entry in time.periods:
        length = entry.length if isinstance(entry, Period) else float(entry)
        first, last = math.floor(start + MOMENT), math.ceil(start + length - MOMENT) - 1
        name = f"{first}" if first == last else f"{first}-{last}"
        if length < 1 - MOMENT:
            name = f"{start:.2f}"
        found.append((start, length, entry.name if isinstance(entry, Period) and entry.name else name))
        start += length
    return found


def owner_of(instance: Instance, future: str, start: float) -> str:
    """The future nearest the trunk that cannot be told from this one in a period starting then."""
    part = instance.futures[future]
    if part.comes_from is None:
        return future
    if part.branches is None:
        raise ValueError(f"future {future} needs a year to branch")
    return owner_of(instance, part.comes_from, start) if start < part.branches - MOMENT else future


def paths_of_futures(instance: Instance) -> dict[str, list[Node]]:
    """For every future its path of nodes; futures share the node objects they have in common.

    With foresight they share none, but what holds before a future parts is still that of the one it comes from.
    """
    possible = [name for name, future in instance.futures.items() if future.probability > 0]
    paths: dict[str, list[Node]] = {future: [] for future in possible}
    for period, (start, length, label) in enumerate(spans(instance.time)):
        sources = {future: owner_of(instance, future, start) for future in possible}
        owners = {future: future for future in possible} if instance.clairvoyant else sources
        for owner in dict.fromkeys(owners.values()):
            through = tuple(future for future in owners if owners[future] == owner)
            parent = paths[through[0]][-1] if period else None
            factor = discount_factor(instance.time, start, length)
            source = sources[through[0]]
            node = Node(owner, source, period, label, start, length, parent, through, factor)
            for future in through:
                assert not period or paths[future][-1] is parent, "futures that parted cannot meet again"
                paths[future].append(node)
    return paths


def money_per_price(instance: Instance) -> float:
    """Money that a quantity of one at a price of one costs."""
    units = instance.units
    price_money, price_quantity = units.price.split("/", 1)
    scales = [
        MONEY[left] / MONEY[right]
        for left in MONEY
        for right in MONEY
        if price_money.startswith(left) and units.money.startswith(right)
        and price_money[len(left) :] == units.money[len(right) :] != ""
    ]
    if not scales:
        raise ValueError(f"price {units.price} and money {units.money} differ in currency")
    if units.quantity == price_quantity:
        return scales[0]
    return scales[0] * MASS[units.quantity] / MASS[price_quantity]
