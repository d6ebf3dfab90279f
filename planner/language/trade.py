"""The instance language, second part: what moves, is bought, sold, needed, stored and returned."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from planner.language.figure import Name, Number, Part, Patterns, Ratio, Share, figure


class Point(Part):
    """A break point of a piecewise-linear cost: at this size, this much cost in all."""

    size: Annotated[float, Field(ge=0)]
    cost: Annotated[float, Field(ge=0)]


class Lane(Part):
    """Permitted movements: every listed commodity from every `from` to every other `to` region.

    What export controls let pass scales the capacity. Costs arise in the region of origin.
    """

    title: str | None = None
    commodities: Patterns = Field(min_length=1)
    origins: Patterns = Field(alias="from", min_length=1)
    destinations: Patterns = Field(alias="to", min_length=1)
    freight: Number = figure("price", "Cost per quantity sent")
    tariff: Number = figure("share", "Tariff on the customs value; a transfer, reported apart", 0.0, most=100.0)
    customs_value: Number | None = figure("price", "Value the tariff is charged on", default=None)
    loss: Annotated[Share, Field(lt=1)] = Field(0.0, description="Share lost on the way.")
    capacity: Number | None = figure(
        "quantity/year", "Most that each movement can carry; absent: no limit unless a project builds it", default=None
    )
    fixed_cost: Number = figure("money", "Yearly cost of each movement when used at all", 0.0)
    curve: list[Point] = Field(
        default_factory=list, description="Instead of freight: points (flow [quantity/year], cost [money/year]) from"
        " flow 0, interpolated exactly, any shape.",
    )


class SupplyStep(Part):
    """One price step of a supplier."""

    price: Number = figure("price", "Price paid to the supplier")
    amount: Number | None = figure(
        "quantity/year", "Most sold at this price to all regions; absent: no limit", default=None
    )
    reserve: Number | None = figure(
        "quantity", "Most sold at this price over the whole horizon", default=None, once=True
    )


class Supplier(Part):
    """An outside source with price steps."""

    title: str | None = None
    commodity: Name
    origin: Name | None = Field(None, description="The exporter, which controls and dependence name.")
    regions: Patterns = Field(min_length=1, description="Regions it delivers to.")
    steps: list[SupplyStep] = Field(min_length=1)
    region_limits: dict[Name, Number] = figure("quantity/year", "Most delivered to a region", default={})
    delivery_costs: dict[Name, Number] = figure("price", "Freight and premium to a region", default={})
    tariffs: dict[Name, Number] = figure("share", "Tariff of a region on the price; a transfer", default={}, most=100.0)


class SaleStep(Part):
    """One price step of an outlet."""

    price: Number = figure("price", "Price received", least=-1e12)
    amount: Number | None = figure(
        "quantity/year", "Depth of the market at this price, all regions; absent: no limit", default=None
    )


class Outlet(Part):
    """An outside buyer with price steps of limited depth."""

    title: str | None = None
    commodity: Name
    regions: Patterns = Field(min_length=1, description="Regions it buys in.")
    steps: list[SaleStep] = Field(min_length=1)
    least: Number = figure("quantity/year", "Least sold in all regions and steps together", 0.0)
    delivery_costs: dict[Name, Number] = figure("price", "Freight from a region to the buyer", default={})


class Limit(Part):
    """A shared limit per node on the sum of rates of the named movements and activities."""

    suppliers: Patterns = Field(default_factory=list)
    outlets: Patterns = Field(default_factory=list)
    lanes: Patterns = Field(default_factory=list)
    activities: Patterns = Field(
        default_factory=list, description="Patterns of facility/process, such as 'aswan-*/can-310'."
    )
    least: Number | None = figure("quantity/year", "Least sum", default=None)
    most: Number | None = figure("quantity/year", "Most sum", default=None)


class Tranche(Part):
    """A slice of demand that can go unserved, at the loss its users then suffer."""

    share: Share = Field(description="Share of the demand in this slice.")
    cost: Number = figure("price", "Value of lost supply per quantity of demand")


class Substitution(Part):
    """Users who learn to do without: adopted once, kept for good."""

    growth: Number = figure("share", "Most added per year, as share of that year's demand", most=1.0)
    most: Number = figure("share", "Largest share of the demand ever substituted", most=1.0)
    cost: Number = figure("price", "Cost per quantity substituted")


class Demand(Part):
    """Need of the users of one class in one region."""

    title: str | None = None
    region: Name
    user_class: str = Field(alias="class", description="Class of users, such as defence or ev.")
    accepts: dict[Name, Ratio] = Field(
        min_length=1, description="Commodities that serve it and their effectiveness [demand served per quantity]."
    )
    amount: Number = figure("quantity/year", "Need per year")
    shortage: list[Tranche] = Field(
        default_factory=list, description="Slices that may go unserved, cheapest first; none: must be served in full."
    )
    substitution: Substitution | None = None


class Stockpile(Part):
    """Storage of one commodity in one region: stock = before*(1-decay)^length + length*(fill-release)."""

    title: str | None = None
    commodity: Name
    region: Name
    owner: Literal["government", "mandated", "commercial"]
    initial: Number = figure("quantity", "Stock at the start of the horizon", once=True)
    capacity: Number | None = figure("quantity", "Most that can be held; absent: no limit", default=None)
    least: Number = figure("quantity", "Least that must be held at the end of a period", 0.0)
    fill_limit: Number | None = figure("quantity/year", "Most put in per year", default=None)
    release_limit: Number | None = figure("quantity/year", "Most taken out per year", default=None)
    release: Literal["always", "emergency"] = Field(
        "always", description="`emergency`: only in nodes where one of the controls in `emergency` is in force."
    )
    emergency: Patterns = Field(
        default=["*"], description="Controls that make an emergency, and those varied from them (named control@...)."
    )
    decay: Annotated[Share, Field(lt=1)] = Field(0.0, description="Share lost per year.")
    holding_cost: Number = figure("price", "Yearly cost per quantity held at the end of a period")
    final_value: Number = figure(
        "price", "Worth per quantity left at the end, at the last period's factor; at the end of a shock's window, of"
        " what is left more or less than where the world goes on", 0.0,
    )


class Returns(Part):
    """End-of-life material that comes back a lifetime after delivery and can be collected."""

    title: str | None = None
    commodity: Name
    region: Name
    delivered: dict[Name, Ratio] = Field(
        description="Delivered commodities and the end-of-life quantity each leaves per quantity delivered."
    )
    demands: Patterns = Field(min_length=1, description="Demands whose deliveries come back here.")
    lifetime: dict[int, Share] = Field(
        min_length=1, description="Years after delivery and the share returning then; at most 1 in all."
    )
    rate: Number = figure("share", "Most that can be collected of what returns", most=1.0)
    history: Number = figure("quantity/year", "Returns of what was delivered before the horizon", 0.0)
    cost: Number = figure("price", "Cost per quantity collected")
