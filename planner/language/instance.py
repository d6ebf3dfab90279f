"""The instance language: every word a YAML instance may use, with its unit, meaning and range.

This module is the single statement of the language. Validation, error messages, the JSON Schema for
editors (`planner schema`) and the field reference are derived from it.

Units are named by role and made real by `units` of the instance: *quantity* (say t), *quantity/year*,
*price* (money per quantity, say USD/kg), *money* (say MUSD), *share* (0 to 1), *year*.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from planner.language.controls import AnyControl, Control
from planner.language.figure import CapacityUse, Name, Names, Number, Part, Patterns, Ratio, Share, Year, figure
from planner.language.requirements import Dependence, Elastic, Requirement, Served
from planner.language.trade import (
    Demand,
    Lane,
    Limit,
    Outlet,
    Point,
    Returns,
    SaleStep,
    Stockpile,
    Substitution,
    Supplier,
    SupplyStep,
    Tranche,
)
from planner.language.uncertainty import Future, Risk, Sampling, Shock

__all__ = [
    "Capital",
    "Commodity",
    "Control",
    "Demand",
    "Dependence",
    "Elastic",
    "Facility",
    "Future",
    "Instance",
    "Lane",
    "Limit",
    "Objective",
    "Options",
    "Outlet",
    "Period",
    "Point",
    "Process",
    "Project",
    "ProjectGroup",
    "Region",
    "Requirement",
    "Returns",
    "Risk",
    "SaleStep",
    "Sampling",
    "Served",
    "Shock",
    "Size",
    "Source",
    "Stockpile",
    "Substitution",
    "Supplier",
    "SupplyStep",
    "Time",
    "Tranche",
    "Units",
]


SHORTEST = 0.001  # Years a period lasts at least: nine hours, far above what moments are told apart by.


class Source(Part):
    """Source of figures."""

    title: str
    publisher: str | None = None
    year: int | None = None
    url: str | None = None


class Units(Part):
    """Meaning of the role units in this instance."""

    quantity: str = Field(description="Unit of all material amounts, such as t.")
    money: str = Field(description="Unit of all totals of money, such as MUSD; base-year money.")
    price: str = Field(description="Unit of prices and unit costs as money/quantity, such as USD/kg.")


class Period(Part):
    """One period of the horizon."""

    name: Name | None = Field(None, description="Label; by default the calendar years covered.")
    length: Annotated[float, Field(ge=SHORTEST, le=100, description="Length [year].")]


class Time(Part):
    """The horizon and the conventions of discounting and capital charge.

    A node's weight is `probability * length * factor`; every yearly cost of a node counts with it.
    Moments less than 0.0001 years (53 minutes) apart are one, so that a third may be written as 0.3333333.
    """

    start: Year = Field(description="Start of the first period, decimal [year].")
    periods: list[Period | Annotated[float, Field(ge=SHORTEST, le=100)]] = Field(
        min_length=1, max_length=400, description="Periods in order; a number is a length [year]."
    )
    discount_rate: Annotated[float, Field(ge=0, lt=1, description="Social discount rate [share/year].")]
    base_year: Year = Field(description="Money is discounted to this moment, decimal [year].")
    discounting: Literal["mid_period", "start_of_period", "end_of_period", "continuous"] = Field(
        description="Moment at which a period's yearly costs are discounted; `continuous` averages the factor"
        " exp(-ln(1+rate)*(t-base)) over the period; `mid_period` is (1+rate)^-(start+length/2-base)."
    )
    capital_charge: Literal["annuity", "lump_sum"] = Field(
        description="`annuity`: a yearly charge from commissioning until the end of life or horizon, no"
        " end-of-horizon bias. `lump_sum`: the whole cost at the factor of the period of decision."
    )
    interest_during_construction: bool = Field(
        False, description="With `annuity`: capital is spent evenly over the lead time and compounded at the"
        " project's cost of capital w to commissioning: factor ((1+w)^L - 1) / (L ln(1+w)).",
    )


class Objective(Part):
    """Objective to optimise; a maximised objective is the negative of total cost."""

    sense: Literal["minimise", "maximise"] = "minimise"
    risk: Risk | None = Field(None, description="How bad futures weigh; absent: expected cost alone counts.")


class Region(Part):
    """A place with its own balances."""

    title: str | None = None
    country: str | None = Field(None, description="Country it belongs to; by default its own name.")
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None


class Commodity(Part):
    """A material at a stage."""

    title: str | None = None
    stage: str | None = Field(None, description="Label for reporting and wildcards, such as magnet.")
    mass: bool = Field(True, description="False for what has no mass: energy, services, permits.")
    elements: dict[Name, Share] = Field(
        default_factory=dict, description="Content of each tracked element [quantity of element per quantity]."
    )
    disposal: Literal["free", "forbidden"] | Number = figure(
        "price", "What may happen to a surplus: free, forbidden, or a cost", default=...
    )


class Process(Part):
    """A recipe per unit of activity; one unit of activity is one unit of quantity unless `use` differs."""

    title: str | None = None
    inputs: dict[Name, Ratio] = Field(default_factory=dict)
    outputs: dict[Name, Ratio] = Field(default_factory=dict)
    use: CapacityUse = Field(1.0, description="Capacity used per unit of activity.")
    adds_mass: Annotated[float, Field(ge=0, le=1e12)] = Field(
        0.0, description="Mass from inputs that are not modelled (iron, air, water) per unit of activity."
    )
    variable_cost: Number = figure("price", "Cost per unit of activity")


class Facility(Part):
    """Capacity of one kind in one region, existing or to be built by a project."""

    title: str | None = None
    owner: str | None = None
    region: Name
    stage: str | None = None
    status: Literal["operating", "construction", "planned", "idle", "generic"] | None = None
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    capacity: Number = figure("quantity/year", "Capacity that exists or is committed, by year")
    processes: Patterns = Field(min_length=1)
    availability: Number = figure("share", "Share of the capacity that can be used", 1.0, most=1.0)
    fixed_cost: Number = figure("price", "Yearly cost per unit of capacity online, used or not", 0.0)
    variable_costs: dict[Name, Number] = figure(
        "price", "Cost per unit of activity here, instead of the process's own", default={}
    )
    minimum_load: Number = figure("share", "Least use of the available capacity", 0.0, most=1.0)
    retirement: bool = Field(False, description="Existing capacity may be closed for good to save its fixed cost.")


class Capital(Part):
    """Capital cost of a project: fixed + variable * size, or a piecewise-linear curve."""

    fixed: Number = figure("money", "Cost of building at all", 0.0)
    variable: Number = figure("price", "Cost per unit of yearly capacity", 0.0)
    curve: list[Point] = Field(
        default_factory=list, description="Points (size [quantity/year], cost [money]) from the smallest to the"
        " largest size, costs between them interpolated; any shape, exact.",
    )


class Size(Part):
    """Size of a project: fixed, a range, or a number of equal modules."""

    fixed: Number | None = figure("quantity/year", "The only size", default=None)
    least: Number | None = figure("quantity/year", "Smallest size of a range (0 if absent)", default=None)
    most: Number | None = figure("quantity/year", "Largest size of a range", default=None)
    module: Number | None = figure("quantity/year", "Size of one module", default=None)
    modules: Annotated[int, Field(ge=1, le=1000)] | None = Field(None, description="Most modules in one decision.")

    @model_validator(mode="after")
    def _one_kind(self) -> Size:
        kinds = [self.fixed is not None, self.most is not None, self.module is not None]
        if sum(kinds) != 1:
            raise ValueError("give one of: fixed; least and most; module and modules")
        if (self.module is None) != (self.modules is None):
            raise ValueError("module and modules belong together")
        if self.least is not None and self.most is None:
            raise ValueError("least needs most")
        return self


class Project(Part):
    """A way to add capacity to a facility or a lane. Decided at the start of a period."""

    title: str | None = None
    facility: Name | None = None
    lane: Name | None = Field(None, description="A lane entry that covers exactly one movement.")
    size: Size
    capital: Capital
    earliest: Year | None = Field(None, description="First year in which it can be decided (horizon's start).")
    latest: Year | None = Field(None, description="Last year in which it can be decided (horizon's end).")
    lead_time: Annotated[float, Field(ge=0, le=60)] = Field(description="Decision to first production [year].")
    ramp: list[Share] = Field(
        default_factory=list, max_length=20,
        description="Share of the size available in the first, second, ... year after commissioning; then all.",
    )
    life: Annotated[float, Field(gt=0, le=1000)] = Field(description="Years of service after commissioning.")
    cost_of_capital: Annotated[float, Field(ge=0, lt=1)] | None = Field(
        None, description="Rate of the annuity [share/year]; the discount rate unless stated."
    )
    repeatable: bool = Field(False, description="May be decided again in later periods.")
    requires: Names = Field(
        default_factory=list, description="Projects that must have been decided in the same period or before."
    )
    emergency: bool = Field(
        False, description="May also be decided within the window of a shock, and is then charged in the window only."
    )
    public_money: Number = figure("money", "Public money announced for it, for reporting", 0.0)

    @model_validator(mode="after")
    def _one_target(self) -> Project:
        if (self.facility is None) == (self.lane is None):
            raise ValueError("give either facility or lane")
        return self


class ProjectGroup(Part):
    """Limits that several projects share, on every path of the future.

    A project is under construction from its decision until commissioning, at least in the period of decision;
    `building_at_once` holds in every period in which one of the projects can be decided.
    """

    projects: Patterns = Field(min_length=1)
    at_most: int | None = Field(None, ge=0, description="Most decisions ever (1: they exclude each other).")
    building_at_once: int | None = Field(None, ge=0, description="Most projects under construction in a period.")
    least_size: Number | None = figure("quantity/year", "Least total size ever decided", default=None, once=True)
    most_size: Number | None = figure("quantity/year", "Most total size ever decided", default=None, once=True)
    most_capital: Number | None = figure(
        "money", "Most capital cost ever decided, undiscounted", default=None, once=True
    )


class Options(Part):
    """Options of the solver."""

    gap: Annotated[float, Field(ge=0, lt=1, description="Relative gap at which the search stops.")] = 0.005
    time_limit: Annotated[float, Field(gt=0, description="Wall-clock limit [seconds].")] | None = None
    threads: Annotated[int, Field(ge=1, le=256)] = 1
    seed: Annotated[int, Field(ge=0, le=2147483647)] = 0
    method: Literal["auto", "extensive", "benders"] = Field(
        "auto", description="extensive: all futures in one program; benders: branches apart; auto: chosen by size."
    )


class Instance(Part):
    """A planning problem: everything `planner solve` needs."""

    name: Name
    title: str | None = None
    description: str | None = None
    published_optimum: float | None = Field(None, description="Optimum stated by the source, for published cases.")
    sourced: bool = Field(False, description="Refuse figures without source, date and confidence.")
    units: Units
    objective: Objective = Objective()
    time: Time
    plan: Literal["common", "adaptive"] = Field(
        "common", description="common: one decision per period in all futures; adaptive: one per node."
    )
    futures: dict[Name, Future] = Field(
        default={"base": Future(probability=1.0)}, min_length=1, description="The first is the trunk."
    )
    shocks: dict[Name, Shock] = Field(default_factory=dict)
    clairvoyant: bool = Field(
        False, description="Every future and shock has its own past, as if it were foreseen from the start: the error"
        " of hoarding for a known date, for comparison only.",
    )
    sampling: Sampling | None = None
    sources: dict[Name, Source] = Field(default_factory=dict)
    regions: dict[Name, Region] = Field(min_length=1)
    elements: list[Name] = Field(default_factory=list)
    commodities: dict[Name, Commodity] = Field(min_length=1)
    processes: dict[Name, Process] = Field(default_factory=dict)
    facilities: dict[Name, Facility] = Field(default_factory=dict)
    projects: dict[Name, Project] = Field(default_factory=dict)
    project_groups: dict[Name, ProjectGroup] = Field(default_factory=dict)
    lanes: dict[Name, Lane] = Field(default_factory=dict)
    suppliers: dict[Name, Supplier] = Field(default_factory=dict)
    outlets: dict[Name, Outlet] = Field(default_factory=dict)
    limits: dict[Name, Limit] = Field(default_factory=dict)
    demands: dict[Name, Demand] = Field(default_factory=dict)
    stockpiles: dict[Name, Stockpile] = Field(default_factory=dict)
    returns: dict[Name, Returns] = Field(default_factory=dict)
    controls: dict[Name, AnyControl] = Field(default_factory=dict)
    requirements: dict[Name, Requirement] = Field(default_factory=dict)
    options: Options = Options()
