"""The instance language, fourth part: rules of security of supply that a plan must satisfy.

Each rule names its scope: regions, classes of users or commodities, years, and futures (a shock's name stands for
all its windows). Each may be missed at a price if it is `elastic`; the result always reports target, achievement,
slack, violation and shadow price.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated, ClassVar, Literal, get_args

from pydantic import Field, field_validator, model_validator

from planner.language.figure import MOMENT, Figure, Name, Number, Part, Patterns, Share, Year, figure


class Elastic(Part):
    """A requirement that may be missed at a price."""

    penalty: Number = figure(
        "price", "Penalty per quantity missed in a year; of a tail of cost, penalty per money missed [money/money]"
    )


class ElasticMoney(Elastic):
    """A rule on money that may be missed at a price: a number that is the same in all units."""

    penalty: Number = figure("money/money", "Penalty per money missed")


class Rule(Part):
    """Common fields of all requirements: years, futures, and a price at which they may be missed."""

    title: str | None = None
    futures: Patterns = Field(default=["*"], description="Futures; a shock's name or its windows (`embargo@2030`).")
    start: Year | None = Field(None, description="First year: periods that start then or later.")
    end: Year | None = Field(None, description="Periods that start then or later are free again.")
    elastic: Elastic | None = None
    is_overall: ClassVar[bool] = False  # On the plan as a whole or on a window: missed once, at one price.

    @model_validator(mode="after")
    def _one_price(self) -> Rule:
        if self.is_overall and self.elastic is not None and not self.elastic.penalty.is_constant:
            raise ValueError("elastic.penalty: one number for the whole horizon is expected, found a series in time")
        return self


class OfUsers(Rule):
    """A rule on what users of some classes get."""

    regions: Patterns = Field(default=["*"])
    classes: Patterns = Field(default=["*"])


class OfMaterial(Rule):
    """A rule on materials: commodities by name or by stage."""

    regions: Patterns = Field(default=["*"])
    commodities: Patterns = Field(default_factory=list)
    stages: Patterns = Field(default_factory=list, description="Stages whose commodities are meant as well.")

    @model_validator(mode="after")
    def _names_something(self) -> OfMaterial:
        if not (self.commodities or self.stages):
            raise ValueError("name what it is about: commodities or stages")
        return self


class OfService(OfUsers):
    """A rule on the least share of each demand that is served."""

    target: Number = figure("share", "Least served share", most=1.0)


class AfterOnset(OfService):
    """A rule on service in the windows of a shock, by the years since the onset."""

    shock: Name = Field(examples=["embargo"])
    years: Annotated[float, Field(ge=0, le=100)]

    @abstractmethod
    def is_time(self, elapsed: float) -> bool:
        """Whether it holds in a period that starts `elapsed` years after the onset."""


class Served(OfService):
    """In every node of the scope each demand is served to at least `target`: short <= (1-target)*amount."""

    kind: Literal["served"]


class Survive(AfterOnset):
    """In every window of a shock each demand is served to `target` for `years` from the onset.

    A period of the window that starts before `years` are over counts as a whole.
    """

    kind: Literal["survive"]
    years: Annotated[float, Field(gt=0, le=100, examples=[1])]
    target: Number = figure("share", "Least served share", 1.0, most=1.0)

    def is_time(self, elapsed: float) -> bool:
        return elapsed < self.years - MOMENT


class Recover(AfterOnset):
    """In every window of a shock each demand is served to `target` again once `years` have passed since the onset."""

    kind: Literal["recover"]
    years: Annotated[float, Field(ge=0, le=100, examples=[2])]

    def is_time(self, elapsed: float) -> bool:
        return elapsed >= self.years - MOMENT


class Outage(OfService):
    """Each demand is served to `target` when any one facility, or all that one country supplies, is lost (N-1).

    With `together` any such number of them is lost at once (N-k): the number of losses grows fast.

    The loss begins at the start of any period of the scope in an undisturbed future, unforeseen, and lasts for that
    period; flows are optimal again, with what was decided and stored before. A lost country neither makes nor sells nor
    passes on anything. In a loss stocks may be drawn below their `least`; minimum loads, pledges to outlets and other
    requirements need not be kept. Nothing of it counts in the cost.
    """

    kind: Literal["outage"]
    loss: Literal["facility", "country"]
    of: Patterns = Field(default=["*"], description="Facilities or countries that may be lost.")
    together: Annotated[int, Field(ge=1, le=5)] = Field(1, description="How many are lost at once.")
    elastic: None = Field(None, description="Not offered: a loss has no probability, so missing it would cost nothing.")

    @field_validator("elastic", mode="before")
    @classmethod
    def _no_price(cls, value: object) -> None:
        if value is not None:
            raise ValueError("a loss has no probability, so that missing it would cost nothing")


class ExpectedUnserved(OfUsers):
    """Unserved demand, weighed with the probability of its node, is at most a share of the demand weighed alike."""

    is_overall = True
    kind: Literal["expected_unserved"]
    share: Number = figure("share", "Largest unserved share", most=1.0, once=True)
    by: list[Literal["region", "class"]] = Field(
        default=["region", "class"], description="Keys for which it holds one by one; others are pooled."
    )


class Tail(OfUsers):
    """The mean of the worst `tail` of the probability is limited (conditional value at risk of the scenarios).

    Of unserved demand: at most `share` of the expected demand in the scope. Of cost: the total of a scenario,
    discounted, with its capital and without penalties for missing rules on the plan as a whole, at most `most`.
    """

    is_overall = True
    kind: Literal["tail"]
    of: Literal["unserved", "cost"] = "unserved"
    tail: Annotated[float, Field(gt=0, le=1)] = Field(0.1, description="Share of probability averaged.")
    share: Number | None = figure("share", "Largest mean unserved share", default=None, most=1.0, once=True)
    most: Number | None = figure("money", "Largest mean cost", default=None, once=True, example=80_000)

    @model_validator(mode="after")
    def _one_limit(self) -> Tail:
        if (self.share is None) == (self.of == "unserved") or (self.most is None) == (self.of == "cost"):
            raise ValueError("a tail of unserved demand needs share, one of cost needs most")
        if self.of == "cost" and (self.regions, self.classes) != (["*"], ["*"]):
            raise ValueError("a tail of cost is of the whole: it has no regions or classes")
        return self

    @property
    def limit(self) -> Figure:
        """The largest mean: a share of unserved demand, or a cost."""
        stated = self.share or self.most
        if stated is None:
            raise ValueError("a tail of unserved demand needs share, one of cost needs most")
        return stated

    @model_validator(mode="after")
    def _of_money(self) -> Tail:
        """One kind has two measures: what its price is in follows the measure."""
        if self.of == "cost" and self.elastic is not None:
            stated = self.elastic
            self.__dict__["elastic"] = ElasticMoney.model_construct(stated.model_fields_set, **dict(stated))
        return self


class Chance(OfUsers):
    """With at least this probability a scenario serves every demand of the scope to `target` in all its nodes."""

    kind: Literal["chance"]
    target: Number = figure("share", "Least served share", most=1.0)
    probability: Share = Field(description="Least probability of the scenarios that are served.", examples=[0.9])


class Regret(Rule):
    """In no scenario may the plan cost more than `most` above the best plan for that scenario alone."""

    is_overall = True
    kind: Literal["regret"]
    elastic: ElasticMoney | None = None
    most: Number = figure("money", "Largest regret", once=True, example=5000)


class Leverage(OfUsers):
    """Limit on the harm of a shock that starts in the scope's years: the users' loss in its window is at most `most`.

    The loss is what shortage costs the users of the scope in the window, undiscounted.
    """

    is_overall = True
    kind: Literal["leverage"]
    elastic: ElasticMoney | None = None
    shock: Name = Field(examples=["embargo"])
    most: Number = figure("money", "Largest loss of a window, read in the middle of its first period", example=20_000)


class Sharing(OfUsers):
    """Users of one class in all regions of the scope suffer alike: unserved shares differ by at most `max_gap`."""

    kind: Literal["sharing"]
    max_gap: Number = figure("share", "Largest difference between unserved shares", most=1.0, example=0.1)


class Dependence(OfMaterial):
    """Direct purchases from an exporter <= share of use.

    In every node and for every combination of the `by` keys: purchases from suppliers with that origin
    plus arrivals on lanes from that region are at most `share` times use, which is process inputs plus
    deliveries to demands. What is made of the row's own goods is no new use. The exporter's own region is left out.
    """

    kind: Literal["dependence"]
    exporter: Name
    share: Number = figure("share", "Largest share of use", most=1.0)
    by: list[Literal["region", "commodity"]] = Field(
        default=["region", "commodity"], description="Keys for which it holds one by one; others are pooled."
    )


class OfSupply(OfMaterial):
    """A rule on where supply comes from: made in the regions of the scope, bought there, or arriving from outside.

    A share is all that a source supplies over what is both supplied and used in these regions: what moves between them
    or is made of the row's own goods is not counted again, and what leaves, is sold, stored or thrown away is no use.
    So the share of a country that also supplies what leaves can exceed 1. The country of a source is that of the
    facility's region, of the supplier's origin, or of the region a lane comes from: direct trade, not origin.
    """

    by: list[Literal["stage", "commodity", "region"]] = Field(
        default=["stage"], description="Keys for which it holds one by one; others are pooled."
    )


class Concentration(OfSupply):
    """The `largest` countries together supply at most `share`; or the sum of squared shares is at most `hhi`.

    The Herfindahl index is bounded from below by `tangents` tangents to each squared share: the true index exceeds
    the target by at most (number of countries) / (2 * tangents)^2, and is what is reported as achieved.
    """

    kind: Literal["concentration"]
    among: Literal["all", "outside"] = Field(
        "all", description="outside: countries with a region in the scope are not counted among the largest."
    )
    largest: Annotated[int, Field(ge=1, le=50)] | None = Field(None, description="How many countries count together.")
    share: Number | None = figure("share", "Largest share of supply", default=None, most=1.0)
    hhi: Number | None = figure(
        "share", "Largest sum of squared shares (0 to 1)", default=None, most=1.0, example=0.3
    )
    tangents: Annotated[int, Field(ge=2, le=200)] = Field(20, description="Tangents per country, evenly spaced.")

    @model_validator(mode="after")
    def _one_measure(self) -> Concentration:
        if (self.largest is None) == (self.hhi is None) or (self.largest is None) != (self.share is None):
            raise ValueError("give largest and share, or hhi")
        return self

    @property
    def limit(self) -> Figure:
        """The largest share, or the largest sum of squared shares: one of them is stated."""
        stated = self.share or self.hhi
        if stated is None:
            raise ValueError("give largest and share, or hhi")
        return stated


class SupplierCount(OfSupply):
    """At least `count` independent sources supply at least `least` each; what is missed is their shortfall.

    A source counts with what is used of it. Where goods of these regions can get to a source, it counts with no more
    than it makes, buys or collects itself or gets from where they cannot come from.
    """

    kind: Literal["supplier_count"]
    count: Annotated[int, Field(ge=1, le=50)] = Field(examples=[3])
    least: Number = figure("quantity/year", "Least supply of a source that counts", example=500)
    independent: Literal["country", "facility"] = Field(
        "country", description="country: all of a country is one source; facility: each facility, supplier and lane."
    )


class Cover(OfUsers):
    """Stock at the end of every period covers the need of the `days` that follow.

    Stocks of what users accept count at once; upstream forms only as far as capacity in the same place that the
    period leaves unused can convert them within these days (lead times of conversion are not counted). The need is
    the demand half of the days later, less what users have learned to do without.
    """

    kind: Literal["cover"]
    days: Number = figure("days", "Days of need")
    stockpiles: Patterns = Field(default=["*"], description="Stockpiles that count.")
    pooled: bool = Field(False, description="Regions of the scope help each other: stocks and capacity are pooled.")


class Budget(Rule):
    """Money committed: capital cost, or public money, of projects decided in a year or in all on any path.

    It counts when a project is decided, undiscounted.
    """

    is_overall = True
    kind: Literal["budget"]
    elastic: ElasticMoney | None = None
    of: Literal["capital", "public_money"]
    per: Literal["year", "total"]
    regions: Patterns = Field(default=["*"], description="Regions of the facilities; of a lane, where it begins.")
    projects: Patterns = Field(default=["*"])
    most: Number = figure(
        "money", "Most money: per year of the period, or in all (then one number, not by year)", example=3000
    )

    @model_validator(mode="after")
    def _one_total(self) -> Budget:
        if self.per == "total" and not self.most.is_constant:
            raise ValueError("most: one number for the whole horizon is expected, found a series in time")
        return self


AnyKind = (
    Served | Dependence | ExpectedUnserved | Concentration | SupplierCount | Cover | Outage | Survive | Recover
    | Leverage | Tail | Chance | Regret | Sharing | Budget
)
Requirement = Annotated[AnyKind, Field(discriminator="kind")]
KINDS: dict[str, type[Rule]] = {get_args(part.model_fields["kind"].annotation)[0]: part for part in get_args(AnyKind)}
