"""The instance language, third part: what may happen, what is known when, and how it is weighed."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from planner.language.figure import Name, Part, Patterns, Share, Year

Range = Annotated[list[Share], Field(min_length=2, max_length=2)]
SampledRange = Annotated[list[Annotated[float, Field(ge=0, le=4000)]], Field(min_length=2, max_length=2)]


def _require_order(label: str, ends: list[float] | None) -> None:
    if ends is not None and ends[0] > ends[1]:
        raise ValueError(f"{label}: {ends[0]:g} is above {ends[1]:g}")


def _require_within(label: str, value: float, ends: list[float] | None) -> None:
    _require_order("range", ends)
    if ends is not None and not ends[0] <= value <= ends[1]:
        raise ValueError(f"{label} {value:g} lies outside its range {ends[0]:g} to {ends[1]:g}")


class Future(Part):
    """A possible future. Until `branches` it cannot be told from the future it comes `from`."""

    title: str | None = None
    probability: Share = Field(description="Those of all futures add up to 1; one of probability 0 is left out.")
    range: Range | None = Field(None, description="Interval the probability lies in, for `risk: intervals`.")
    comes_from: Name | None = Field(None, alias="from", description="The future it branches from.")
    branches: Year | None = Field(
        None, description="Year from which it can be told apart; a period starting then or later is its own."
    )
    controls: Patterns = Field(default_factory=list, description="Controls in force in this future.")
    overrides: dict[str, object] = Field(
        default_factory=dict, description="Changes of the instance's figures in this future, by path."
    )

    @model_validator(mode="after")
    def _probability_in_range(self) -> Future:
        _require_within("probability", self.probability, self.range)
        return self


class Shock(Part):
    """A window of controls that may begin at any onset, unforeseen; at most one happens.

    From the node before every onset hangs a window of nodes that shares its stocks and everything decided by
    then. Work under way continues; within the window only projects marked `emergency` can be decided. Afterwards
    the world is again that of the future it comes from: the window costs what happens in it and no more.
    """

    title: str | None = None
    comes_from: Name | None = Field(
        None, alias="from", description="The future it breaks into (the first), with all that cannot be told from that"
        " one yet; futures that have branched off it before are spared.",
    )
    earliest: Year | None = Field(None, description="First onset; every start of a period from then (the first).")
    latest: Year | None = Field(None, description="Last onset (the start of the last period).")
    length: Annotated[float, Field(gt=0, le=100)] = Field(
        description="Years the window lasts; cut where the horizon ends."
    )
    hazard: Annotated[float, Field(ge=0, lt=1)] = Field(
        description="Chance per year that it begins, if none has begun before [share/year]."
    )
    range: Annotated[list[Annotated[float, Field(ge=0, lt=1)]], Field(min_length=2, max_length=2)] | None = Field(
        None, description="Interval the hazard lies in, for `risk: intervals`: the chances of its windows are those at"
        " the hazard and at both ends.",
    )
    tested: bool = Field(
        False, description="At hazard 0 its windows are there all the same, with probability 0: nothing in them counts"
        " in the cost, but requirements hold in them.",
    )
    controls: Patterns = Field(
        default_factory=list, description="Controls in force throughout the window, without regard to their own start"
        " and end; those of the future it comes from stay in force.",
    )
    overrides: dict[str, object] = Field(
        default_factory=dict, description="Changes of the instance's figures in the window, by path, on top of those"
        " of the future it comes from.",
    )

    @model_validator(mode="after")
    def _coherent(self) -> Shock:
        _require_within("hazard", self.hazard, self.range)
        if self.earliest is not None and self.latest is not None and self.latest < self.earliest:
            raise ValueError(f"the window of onsets is empty: earliest {self.earliest:g}, latest {self.latest:g}")
        if self.tested and self.hazard > 0:
            raise ValueError("tested is for a shock of hazard 0; one that may happen has windows anyway")
        return self


class Risk(Part):
    """Weight of bad futures in the objective: (1 - weight) * expected cost + weight * measure.

    All measures are of one and the same total: the discounted cost of a future from the first period to the last,
    capital included. `cvar`: the mean of the worst `tail` of the probability. `worst`: the worst future. `regret`:
    the largest excess over the best plan for that future alone. `intervals`: the expected cost under the worst
    probabilities inside the `range` of each future and hazard.
    """

    measure: Literal["cvar", "worst", "regret", "intervals"]
    weight: Share = 1.0
    tail: Annotated[float, Field(gt=0, le=1)] = Field(0.1, description="Of cvar: the share of probability averaged.")


class Sampling(Part):
    """Distributions of random futures, each figure evenly between two ends (`planner futures`).

    A drawn future is the trunk until its onset; then one of the `controls` begins, at a drawn depth, for a drawn
    duration, and the drawn demand and delay of projects hold until the horizon ends.
    """

    controls: Patterns = Field(min_length=1, description="Measures, one of which is drawn for each future.")
    onset: SampledRange = Field(description="Years in which it begins; rounded to the start of a period.")
    duration: SampledRange = Field(description="Years it lasts.")
    depth: Range = Field(default=[1.0, 1.0], description="Share of the usual volume it takes away (passes: 1 - depth).")
    demand: SampledRange = Field(default=[1.0, 1.0], description="Factor on every demand from the onset.")
    project_delay: SampledRange = Field(
        default=[0.0, 0.0], description="Years added to the lead times of unfinished work."
    )

    @model_validator(mode="after")
    def _in_order(self) -> Sampling:
        for field in ("onset", "duration", "depth", "demand", "project_delay"):
            _require_order(field, getattr(self, field))
        if self.duration[0] <= 0:
            raise ValueError("duration must be above 0")
        return self
