"""Runs and views in a notebook: words, a still chart, a table; no script and no network."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pandas as pd

from planner.common import words
from planner.reports.chart import THEME
from planner.reports.choices import options
from planner.reports.terms import ALL, ROWS
from planner.tables.frames import after, before

if TYPE_CHECKING:
    from planner.reports.run import Run
    from planner.reports.view import View

WIDTH, NARROW, ACROSS, MOST_ROWS = 680, 200, 3, 20


@dataclass(frozen=True, eq=False)
class Shown:
    """A view under a choice of switches: `message` is what it states, `table` holds the rows that are drawn."""

    view: View
    message: str
    table: pd.DataFrame

    def _repr_html_(self) -> str:
        return (f"<p>{escape(self.view.title)}<br><b>{escape(self.message)}</b></p>"
                f"{still(self.view, self.table)}{_table(self.view, self.table)}")


def show(run: Run, name: str, **chosen: Any) -> Shown:
    """A view under the switches future, year, element and region. KeyError for a choice that there is not."""
    view = run.view(name)
    unknown = set(chosen) - set(view.switches)
    if unknown:
        raise KeyError(f"{name} has no switch {words.listed(sorted(unknown))}: it has {', '.join(view.switches)}")
    table, offered, choices = view.table, options(run), run.first | chosen
    for switch in view.switches:
        values, choice = offered[switch], choices.get(switch)
        if choice not in values and values:
            raise KeyError(f"no {switch} {choice}: there are {words.listed([str(value) for value in values])}")
        table = _kept(run, view, table, switch, choice)
    return Shown(view, view.under(choices), table.reset_index(drop=True))


def _kept(run: Run, view: View, table: pd.DataFrame, switch: str, choice: Any) -> pd.DataFrame:
    """The rows that one switch leaves, as the page does it."""
    if switch == "future" and "node" in table:
        return table[table["node"].isin([*run.paths[choice], ""])]  # No node: it holds for the plan as a whole.
    if switch == "future":
        nodes = run.tables["nodes"]
        return table[table["group"].isin(nodes.loc[nodes["node"].isin(run.paths[choice]), "group"])]
    if switch == "element" and switch not in table:
        return table[table["commodity"].map(lambda name: choice in view.extra["elements"].get(name, ()))]
    if switch == "region" and view.drawing == "material":
        ends = [before(after(table[end], "|"), " ") for end in ("source", "target")]
        return table if choice == ALL else table[(ends[0] == choice) | (ends[1] == choice)]
    if switch == "region" and choice == ALL and ALL not in set(table["region"]):
        return table
    return table[table[switch] == choice] if switch in table else table


def still(view: View, table: pd.DataFrame) -> str:
    """The chart of some rows as SVG, in light colours."""
    import vl_convert

    spec = view.spec()
    if view.extra.get("positive"):
        table = table[table[view.extra["positive"]] > 0]
    if spec is None or table.empty:
        return ""
    spec["width"] = NARROW if view.facet else WIDTH
    if view.facet:
        height = {"height": spec.pop("height")} if "height" in spec else {}
        spec = {"facet": {"field": view.facet, "type": "nominal", "title": None, "sort": None}, "columns": ACROSS,
                "spec": spec | height, "resolve": {"scale": {"y": "independent"}}}
    datasets: dict[str, Any] = {ROWS: table.astype(object).where(table.notna(), None).to_dict("records")}
    if view.name == "sites":
        datasets["outline"] = outline()
    whole = spec | {"config": THEME, "datasets": datasets}
    return coloured(str(vl_convert.vegalite_to_svg(whole)))


def outline() -> list[dict[str, Any]]:
    geometry = json.loads((files("planner.reports") / "assets" / "outline.json").read_text("utf-8"))
    return [{"type": "Feature", "properties": {}, "geometry": geometry}]


@lru_cache(maxsize=1)
def _light() -> dict[str, str]:
    """The light colours by the names that charts use, from the style sheet of the page."""
    style = (files("planner.reports") / "assets" / "style.css").read_text("utf-8")
    return dict(re.findall(r"--([\w-]+):\s*([^;]+);", style.split("}", 1)[0]))


def coloured(svg: str) -> str:
    """The picture with plain colours in place of names."""
    return re.sub(r"var\(--([\w-]+)\)", lambda found: _light()[found[1]], svg)


def _table(view: View, table: pd.DataFrame) -> str:
    columns = {name: title for name, title in view.columns.items() if name in table}
    rest = len(table) - MOST_ROWS
    shown = table[list(columns)].head(MOST_ROWS).rename(columns=columns)
    more = f"<p>{rest:,} more rows in <code>.table</code></p>" if rest > 0 else ""
    return str(shown.to_html(index=False, border=0, na_rep="")) + more


def shown_view(view: View) -> str:
    """A view with all its rows in words and as a table."""
    return f"<p>{escape(view.title)}<br><b>{escape(view.message)}</b></p>{_table(view, view.table)}"


def shown_run(run: Run) -> str:
    """A run at a glance: its message to each question, and the names by which they are shown; or why it has no plan."""
    if not run.outcome.has_plan:
        why = f"<pre>{escape(str(run.explanation))}</pre>" if run.explanation is not None else ""
        return f"<h3>{escape(run.name)}</h3><p>There is no plan ({escape(run.outcome.status)}).</p>{why}"
    rows = "".join(
        f"<tr><td><code>{escape(view.name)}</code></td><td>{escape(view.message)}</td></tr>" for view in run.views)
    return f"<h3>{escape(run.name)}</h3><table>{rows}</table><p>run.show(name, future=, year=, element=, region=)</p>"
