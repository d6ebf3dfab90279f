"""Nodes, paths and scenarios, and what a moment in time is worth; `tree` makes them of an instance."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from planner.language.instance import Instance, Period, Project, Time

TINY = 1e-9
MOMENT = 1e-4  # Years: moments nearer than this are one.


@dataclass(eq=False)
class Node:
    """One period of one branch: of futures that cannot be told apart, or of the window of a shock.

    Figures and controls are those of the `source`, a future or a shock. Nodes in the window of a shock know its
    `onset`. The probability is the share of all scenarios that is spent here, known once these are.
    """

    owner: str
    source: str
    index: int
    start: float
    length: float
    parent: Node | None
    futures: tuple[str, ...]
    factor: float
    onset: float | None = None
    probability: float = 0.0

    @property
    def end(self) -> float:
        """Moment at which the period ends."""
        return self.start + self.length

    @property
    def middle(self) -> float:
        """Moment at which the period's figures are evaluated."""
        return self.start + self.length / 2

    @property
    def weight(self) -> float:
        """Weight of a yearly cost of this node."""
        return self.probability * self.length * self.factor


@dataclass(eq=False)
class Window:
    """A shock that takes the place of the node it hangs at; with hindsight its nodes begin with a past of its own.

    `other` names the future it breaks into where that is not the one the shock comes from.
    """

    shock: str
    other: str | None
    hung: Node
    begins: float
    ends: float
    nodes: list[Node] = field(default_factory=list)
    resumed: list[tuple[Node, float]] = field(default_factory=list)  # Where the world goes on, with what counts there.

    def rename(self, period: str) -> None:
        """Name the branch after the period of its onset."""
        for node in self.nodes:
            node.owner = f"{self.shock}@{period}" + (f" then {self.other}" if self.other is not None else "")
            node.futures = (node.owner,)


@dataclass(frozen=True, eq=False)
class Scenario:
    """A future, with a shock on the way or none: its chance, and the share of each node's period it spends there."""

    future: str
    window: Window | None
    probability: float
    low: float
    high: float
    shares: dict[Node, float]


@dataclass(frozen=True)
class Horizon:
    """All nodes, parents first, each with the path that leads to it; windows and scenarios.

    The names of periods and nodes, which other tables refer to, are those of the table of nodes.
    """

    trunk: str
    nodes: tuple[Node, ...]
    path: dict[Node, tuple[Node, ...]]
    leaves: tuple[Node, ...]
    windows: tuple[Window, ...]
    scenarios: tuple[Scenario, ...]
    labels: dict[Node, str] = field(default_factory=dict)
    periods: dict[Node, str] = field(default_factory=dict)


def overlap(first: float, last: float, start: float, end: float) -> float:
    """Length of what an interval shares with a period, whose ends are moments as good as those near them."""
    return max(0.0, min(near(last, start, end), end) - max(near(first, start, end), start))


def near(moment: float, *edges: float) -> float:
    """The edge that a moment is as good as, or itself."""
    return next((edge for edge in edges if abs(moment - edge) <= MOMENT), moment)


def spans_of(time: Time) -> list[tuple[float, float]]:
    """Start and length of every period."""
    spans, start = [], time.start
    for period in time.periods:
        length = period.length if isinstance(period, Period) else float(period)
        spans.append((start, length))
        start += length
    return spans


def discount_factor(time: Time, start: float, length: float) -> float:
    """Worth in the base year of money spent in the period."""
    growth = 1 + time.discount_rate
    if time.discounting == "continuous":
        force = math.log(growth)
        if force <= 0:
            return 1.0
        first, last = start - time.base_year, start + length - time.base_year
        return (math.exp(-force * first) - math.exp(-force * last)) / (force * length)
    moment = {"mid_period": length / 2, "start_of_period": 0.0, "end_of_period": length}[time.discounting]
    return float(growth ** -(start + moment - time.base_year))


def stated_period(instance: Instance, index: int) -> str | None:
    """Name of a period where the conventions leave no choice: stated, or whole calendar years."""
    period = instance.time.periods[index]
    if isinstance(period, Period) and period.name is not None:
        return period.name
    start, length = spans_of(instance.time)[index]
    if not (float(start).is_integer() and float(length).is_integer()):
        return None
    first, last = int(start), int(start + length) - 1
    return str(first) if first == last else f"{first}-{last}"


def default_period(instance: Instance, index: int) -> str:
    """A name for a period that no table names."""
    return stated_period(instance, index) or f"{spans_of(instance.time)[index][0]:.10g}"


def available_share(project: Project, commissioned: float, node: Node) -> float:
    """Mean share of a project's size that works in a node: 0 before, the ramp, 1, and 0 after its life."""
    if commissioned == math.inf:
        return 0.0
    end = commissioned + project.life
    worked = overlap(commissioned + len(project.ramp), end, node.start, node.end)
    for year, share in enumerate(project.ramp):
        begin = commissioned + year
        worked += share * overlap(begin, min(begin + 1, end), node.start, node.end)
    return worked / node.length


def service_share(project: Project, commissioned: float, node: Node) -> float:
    """Share of a node's period in which a project is in service, ramp-up included."""
    if commissioned == math.inf:
        return 0.0
    return overlap(commissioned, commissioned + project.life, node.start, node.end) / node.length
