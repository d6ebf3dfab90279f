"""The instance language: measures of an exporter, a class for each kind.

A new kind is a class here, named in `AnyControl`; what it does stands in `formulation.mathematics.control`.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from planner.language.figure import Name, Names, Number, Part, Patterns, Share, Year, figure


class Control(Part):
    """One measure of an exporter. It acts on suppliers with this origin and on lanes out of the region, not on the
    exporter's own market.

    It is in force to the degree of a trapezoid: 0 at `start`, 1 after `phase_in` years, 1 until `end`, 0 after
    another `phase_out` years; a period counts with the mean degree. What passes is the strictest ban (1 - degree)
    times the product of all licences (1 - degree*(1 - passes), less what waits for its first licence). Prices
    multiply. Of several technology bans the slowest and the dearest counts.
    """

    title: str | None = None
    exporter: Name
    destinations: Patterns = Field(min_length=1, description="Regions of the buyers (technology: of the facilities).")
    start: Year | None = Field(None, description="Start of the measure; absent: in force from the horizon's start.")
    end: Year | None = Field(None, description="End of the measure; absent: stays in force.")
    phase_in: Annotated[float, Field(ge=0, le=50)] = Field(0.0, description="Years until it is fully in force.")
    phase_out: Annotated[float, Field(ge=0, le=50)] = Field(0.0, description="Years after `end` until it is gone.")

    @model_validator(mode="after")
    def _in_time(self) -> Control:
        if self.start is not None and self.end is not None and self.end <= self.start:
            raise ValueError(f"the window is empty: start {self.start:g}, end {self.end:g}")
        if self.start is not None and self.end is not None and self.phase_in > self.end - self.start:
            raise ValueError(f"phase_in {self.phase_in:g} is longer than the window")
        if self.phase_out and self.end is None:
            raise ValueError("phase_out needs end")
        return self


class OfGoods(Control):
    """A measure on goods: commodities by name, by stage or by an element in them."""

    commodities: Patterns = Field(default_factory=list)
    stages: list[str] = Field(default_factory=list)
    elements: Names = Field(default_factory=list, description="Any commodity that contains one of these.")
    price: Annotated[float, Field(gt=0, le=1000)] = Field(
        1.0, description="Factor on the prices of the exporter's suppliers while it is fully in force."
    )

    @model_validator(mode="after")
    def _names_something(self) -> OfGoods:
        if not (self.commodities or self.stages or self.elements):
            raise ValueError("name what is controlled: commodities, stages or elements")
        return self


class OfPassage(OfGoods):
    """A measure that lets none or a share of the usual volume pass, to all users or to some classes of them."""

    classes: Patterns = Field(
        default_factory=list, description="Only users of these classes are touched. Of what they are given of a"
        " commodity at most the share `passes` may come from the exporter, directly or out of stock; it is not passed"
        " on to other regions where users are denied it.",
    )
    exempt: Patterns = Field(
        default_factory=list, description="Classes of users with a general licence; all other classes are touched as by"
        " `classes`.",
    )

    @model_validator(mode="after")
    def _one_side(self) -> OfPassage:
        if self.classes and self.exempt:
            raise ValueError("give either classes or exempt")
        return self

    @property
    def is_by_class(self) -> bool:
        """Whether it touches some classes of users only."""
        return bool(self.classes or self.exempt)


class Ban(OfPassage):
    """Nothing passes while it is fully in force."""

    kind: Literal["ban"]
    passes: ClassVar[float] = 0.0
    delay: ClassVar[float] = 0.0


class Licence(OfPassage):
    """A share of the usual volume passes while it is fully in force."""

    kind: Literal["licence"]
    passes: Share = Field(0.0, description="Share of the usual volume a licence regime lets through.")
    delay: Annotated[float, Field(ge=0, le=2)] = Field(
        0.0, description="Licence processing time [year]: nothing passes for so long from the start."
    )

    @model_validator(mode="after")
    def _of_all(self) -> Licence:
        if self.is_by_class and self.delay:
            raise ValueError("delay cannot be combined with classes or exempt: it applies to all exports")
        return self


class Quota(OfGoods):
    """At most an amount per year is sold to all destinations together, in periods whose middle lies in its window."""

    kind: Literal["quota"]
    amount: Number = figure(
        "quantity/year", "Most sold to all destinations together, in periods whose middle lies in its window"
    )


class PriceControl(OfGoods):
    """The exporter's suppliers ask another price."""

    kind: Literal["price"]

    @model_validator(mode="after")
    def _changes_prices(self) -> PriceControl:
        if self.price == 1:
            raise ValueError("a price control needs price, a factor other than 1")
        return self


class TechnologyBan(Control):
    """Work on projects that need the exporter's technology or equipment is slower and dearer."""

    kind: Literal["technology"]
    projects: Patterns = Field(
        default_factory=list, description="Projects that need the exporter's technology or equipment, and those at"
        " facilities of `stages`.", examples=["[magnets_*]"],
    )
    stages: list[str] = Field(default_factory=list)
    pace: Share = Field(1.0, description="Speed of work on the projects, 1 is as planned.")
    dearer: Annotated[float, Field(ge=0, le=100)] = Field(
        0.0, description="Added share of the capital cost of work done under it."
    )

    @model_validator(mode="after")
    def _does_something(self) -> TechnologyBan:
        if not (self.projects or self.stages):
            raise ValueError("name what is controlled: projects or stages")
        if self.pace == 1 and self.dearer == 0:
            raise ValueError("a technology ban needs pace or dearer")
        return self


AnyControl = Annotated[Ban | Licence | Quota | PriceControl | TechnologyBan, Field(discriminator="kind")]
