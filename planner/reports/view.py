"""A view: one message in words, one table, one chart of it, and the switches that choose its rows."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import altair as alt
import pandas as pd

from planner.reports.says import Says
from planner.reports.terms import ALL

Switch = Literal["future", "year", "element", "region", "figure", "input", "against", "project"]
Drawing = alt.Chart | alt.LayerChart | alt.FacetChart


@dataclass(frozen=True, eq=False)
class View:
    """One chart with its table. `name` is also the name of its CSV file.

    `drawing` says what draws it: a Vega-Lite chart (one per value of `facet`, if given), the flow diagram, or the
    table alone. `columns` names the columns that are read by people; the CSV has all of them. In `extra`: `fields`
    are columns that a switch chooses (switch, and how the names of its columns begin), `cells` a map whose dots become
    cells where both axes have few values.
    """

    name: str
    section: str
    title: str
    said: str | Says
    table: pd.DataFrame
    columns: dict[str, str]
    switches: tuple[Switch, ...] = ()
    chart: Drawing | None = None
    facet: str | None = None
    drawing: Literal["chart", "material", "table"] = "chart"
    note: str = ""
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def says(self) -> Says | None:
        """The sentences that follow the switches, if its message does."""
        return self.said if isinstance(self.said, Says) else None

    @property
    def message(self) -> str:
        """Message of the chart at the first state of the switches."""
        return self.under({} if self.says is None else self.says.first)

    def under(self, chosen: Mapping[str, Any]) -> str:
        """Message of the chart under a choice of switches."""
        return self.said if isinstance(self.said, str) else self.said.under(chosen)

    def spec(self) -> dict[str, Any] | None:
        """The chart as Vega-Lite without data and without theme."""
        if self.chart is None:
            return None
        made: dict[str, Any] = copy.deepcopy(self.chart.to_dict(validate=True))
        for key in ("$schema", "config", "datasets"):
            made.pop(key, None)
        return made

    def _repr_html_(self) -> str:
        from planner.reports.notebook import shown_view

        return shown_view(self)


def most(table: pd.DataFrame, column: str) -> dict[Any, Any]:
    """The row with the largest value of a column."""
    return table.nlargest(1, column).to_dict("records")[0]


def least(table: pd.DataFrame, column: str) -> dict[Any, Any]:
    """The row with the smallest value of a column."""
    return table.nsmallest(1, column).to_dict("records")[0]


def with_total(table: pd.DataFrame, keys: list[str], amounts: list[str]) -> pd.DataFrame:
    """The sums by key and region, and those of all regions together before them."""
    apart = table.groupby([*keys, "region"], sort=False, as_index=False)[amounts].sum()
    together = table.groupby(keys, sort=False, as_index=False)[amounts].sum().assign(region=ALL)
    return pd.concat([together, apart], ignore_index=True)[[*keys, "region", *amounts]]
