"""Common parts of the charts: the theme, the palette by meaning, axes and labels.

Colours are names of CSS variables, so that light, dark and print are a matter of the style sheet alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from planner.reports.terms import ROWS

INK, SOFT, GRID, PAPER = "var(--ink)", "var(--soft)", "var(--grid)", "var(--paper)"
GOOD, BAD, WARN, CALM, MUTED = "var(--good)", "var(--bad)", "var(--warn)", "var(--calm)", "var(--muted)"
SERIES = [f"var(--c{i})" for i in range(1, 10)]
HEAT = [f"var(--heat{i})" for i in range(1, 7)]  # From bad to good.

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"
AXIS = {
    "labelColor": SOFT, "titleColor": SOFT, "domainColor": GRID, "tickColor": GRID, "gridColor": GRID,
    "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "labelFont": FONT, "titleFont": FONT,
}
THEME: dict[str, Any] = {
    "background": None, "font": FONT, "view": {"stroke": None}, "range": {"category": SERIES},
    "axis": AXIS, "axisX": {"grid": False}, "axisY": {"domain": False, "ticks": False},
    "legend": {"labelColor": INK, "titleColor": SOFT, "orient": "top", "title": None, "labelFontSize": 12,
               "symbolType": "square", "symbolSize": 90, "labelLimit": 260, "columnPadding": 14, "padding": 0,
               "offset": 8},
    "text": {"color": INK, "fontSize": 12}, "bar": {"stroke": PAPER, "strokeWidth": 0.5},
    "rule": {"color": SOFT}, "header": {"labelColor": INK, "titleColor": SOFT},
}


def base(**properties: Any) -> alt.Chart:
    """An empty chart of the view's rows, as wide as the page gives it."""
    return alt.Chart(alt.NamedData(name=ROWS)).properties(width="container", **properties)


def colours(values: Sequence[str], used: Sequence[str] | None = None) -> alt.Scale:
    """A fixed colour for every value, so that a switch never changes what a colour means."""
    chosen = list(used) if used is not None else [SERIES[i % len(SERIES)] for i in range(len(values))]
    return alt.Scale(domain=list(values), range=chosen)


def time(title: str = "") -> alt.X:
    """Periods in order, by the year in which they start."""
    axis = alt.Axis(title=title or None, labelAngle=0, labelOverlap=True, format="d")
    return alt.X("year:O", axis=axis)


def tips(columns: dict[str, str], **formats: str) -> list[alt.Tooltip]:
    """Tooltip of a mark."""
    return [alt.Tooltip(name, title=title, type="quantitative", format=formats[name]) if name in formats
            else alt.Tooltip(name, title=title, type="nominal") for name, title in columns.items()]
