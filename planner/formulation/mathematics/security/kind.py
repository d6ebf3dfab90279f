"""A kind of requirement: an abstract class with a subclass in the module of each kind.

All subclasses stand in `kinds`, from which everything else is derived: rows, tables, explanations and levers. The
independent check knows the kinds by itself, on purpose.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import ClassVar, Generic, NamedTuple, Protocol, TypeVar

from planner.common.words import number
from planner.formulation.declarations import Chapter, Key
from planner.formulation.network import Network
from planner.language.figure import Figure
from planner.language.instance import Instance, Units
from planner.language.requirements import Rule
from planner.tree.nodes import Node

NOTHING = 1e-9  # Amounts below are rounding of the solver.
R = TypeVar("R", bound=Rule)


class PlanValues(Protocol):
    """The values of a plan, as requirements read them."""

    @property
    def network(self) -> Network: ...

    @property
    def nodes(self) -> tuple[Node, ...]: ...

    @property
    def alone(self) -> Mapping[str, float]: ...

    def instance(self, node: Node) -> Instance: ...

    def values(self, node: Node | None, family: str) -> Mapping[Key, float]: ...

    def overall(self, family: str) -> Mapping[Key, float]: ...


class Reading(NamedTuple):
    """Demand of a row and achievement of the plan; `role` is the unit of the shortfall.

    `room` is stated where variables of the row may be larger than they need be. Of a rule on the plan as a whole:
    `node` is where it stands, `pool` the key it is missed by, and it `is_weighed` if its penalty counts as the node's.
    """

    scope: str
    target: float
    achieved: float
    target_unit: str = "share"
    role: str = "quantity/year"
    room: float | None = None
    node: Node | None = None
    pool: Key | None = None
    is_weighed: bool = False


class Ease(NamedTuple):
    """A field that asks for less when it rises (`sign` 1) or falls (-1), as far as `end`."""

    field: str
    sign: int
    role: str
    end: float
    is_whole: bool = False


class EmptyScope(NamedTuple):
    """Why a requirement has nothing to act on, and the field to blame.

    `is_of_future`: an instance borrowed for the futures of another need not act on anything there.
    """

    message: str
    field: str = ""
    hint: str = ""
    code: str = "empty-scope"
    is_of_future: bool = False


class RequirementKind(ABC, Generic[R]):
    """A kind of requirement. `families` are the constraints whose rows may be missed and are told in tables.

    `eases` lists the fields that could ask for less; a conflict points to the first that is stated.
    """

    part: type[R]
    families: ClassVar[tuple[str, ...]]
    eases: ClassVar[tuple[Ease, ...]]
    lacks: ClassVar[str] = "quantity/year"  # Role of what a row is missed by.

    @abstractmethod
    def keys(self, network: Network) -> tuple[Key, ...]:
        """(requirement, ...) of everything that a row may be missed by."""

    def has_rows(self, network: Network, name: str) -> bool:
        """Whether a requirement has anything to act on."""
        return any(key[0] == name for key in self.keys(network))

    @abstractmethod
    def asks(self, part: R, moment: float, units: Units) -> str:
        """The target as the end of a sentence: "for 90 days of cover"."""

    def role(self, part: R) -> str:
        """Role of what a row is missed by."""
        return self.lacks

    def idle(self, network: Network, name: str, part: R) -> Iterator[EmptyScope]:
        """Why it has nothing to act on, where users and periods lie in its scope."""
        yield from ()


class NodeKind(RequirementKind[R]):
    """A kind whose rows stand in the block of a node. Chapters that kinds share are made once."""

    chapters: ClassVar[tuple[Callable[[Network], Chapter], ...]]

    @abstractmethod
    def reading(self, plan: PlanValues, node: Node, key: Key) -> Reading | None:
        """A row as the table of requirements tells it; None where it does not hold."""


class OverallKind(RequirementKind[R]):
    """A kind whose rows couple nodes or scenarios; they stand in a block of their own behind all nodes.

    Chapters also take the cost of the best plan for each scenario alone [money].
    """

    chapters: ClassVar[tuple[Callable[[Network, Mapping[str, float]], Chapter], ...]]

    @abstractmethod
    def reading(self, plan: PlanValues, family: str, key: Key) -> Reading:
        """A row as the table of requirements tells it."""

    def penalty_node(self, network: Network, key: Key) -> Node | None:
        """The node whose weight a penalty has; None: it counts once and undiscounted."""
        return None


# What kinds ask, as the end of a sentence


def most_money(figure: Figure, moment: float, units: Units) -> str:
    return f"for at most {number(figure.at(moment))} {units.money}"


def most_share(figure: Figure, moment: float) -> str:
    return f"for a share of at most {number(figure.at(moment))}"


def served_share(figure: Figure, moment: float) -> str:
    return f"that {number(figure.at(moment))} of the need be served"
