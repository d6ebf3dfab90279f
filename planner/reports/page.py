"""The page: every view, its data and the libraries in one HTML file that needs no network."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import jinja2
import pandas as pd

import planner
from planner.common.identity import distinct, numbered
from planner.reports import chart
from planner.reports.subject import Subject
from planner.reports.terms import ALL
from planner.reports.view import View

ASSETS = files("planner.reports") / "assets"
LICENCES = "licences.txt"  # Of Vega and all that it is bundled with, word for word.

MOST_BYTES = 4_800_000  # Of a page of several futures: what can still be sent by mail and opened on a phone.


def page(subject: Subject) -> str:
    """A page as HTML; of more futures than there is room for it holds the first and the dearest, and says so.

    Nothing else is left out: a page of one future is as large as its data.
    """
    scripts = [libraries(), asset("tables.js"), asset("material.js"), asset("page.js")]
    room = MOST_BYTES - sum(map(len, [*scripts, asset("outline.json"), asset("style.css"), asset(LICENCES)]))
    subject, data = fitted(subject, room)
    has_map = any(view.name == "sites" for view in subject.views)
    return environment().get_template("page.html").render(
        subject=subject, version=planner.__version__, style=asset("style.css"), data=data,
        outline=asset("outline.json") if has_map else "null", scripts=scripts, policy=content_policy(scripts),
        licences=asset(LICENCES),
    )


def fitted(subject: Subject, room: int) -> tuple[Subject, str]:
    """The subject with as many futures as its data have room for, and the data."""
    shown, data = subject, embedded(payload(subject))
    while len(data.encode()) > room and len(shown.paths) > 1:
        count = max(1, min(len(shown.paths) - 1, int(len(shown.paths) * room / len(data.encode()))))
        shown = subject.with_futures(count)
        data = embedded(payload(shown))
    return shown, data


def environment() -> jinja2.Environment:
    loader = jinja2.FunctionLoader(asset)
    return jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True,
                              lstrip_blocks=True)


def asset(name: str) -> str:
    return (ASSETS / name).read_text("utf-8")


def libraries() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script, from the package that carries them; no network is needed."""
    import vl_convert

    return str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=_vegalite())).replace(
        "</script", "<\\/script")


def _vegalite() -> str:
    """The version the charts are written for, as the bundler names it."""
    from altair import SCHEMA_VERSION

    return ".".join(SCHEMA_VERSION.removeprefix("v").split(".")[:2])


def content_policy(scripts: Sequence[str]) -> str:
    """Content policy of the page: it runs these scripts and no others, fetches nothing, sends nothing."""
    digests = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'"


# Data


def payload(subject: Subject) -> dict[str, Any]:
    """Everything the scripts need to know; a table that several views share is given once."""
    tables = [view.table for view in subject.views]
    place = dict(zip((view.name for view in subject.views), numbered(tables), strict=True))
    return {
        "name": subject.name, "all": ALL, "theme": chart.THEME, "paths": subject.paths, "groups": subject.groups,
        "views": {view.name: described(view) | {"table": place[view.name]} for view in subject.views},
        "tables": [columns_of(table) for table in distinct(tables)],
    }


def described(view: View) -> dict[str, Any]:
    return {
        "title": view.title, "message": view.message, "drawing": view.drawing, "switches": view.switches,
        "facet": view.facet, "columns": view.columns, "extra": view.extra,
        "says": None if view.says is None else {
            "rows": columns_of(view.says.table), "otherwise": view.says.otherwise}, **drawn(view.spec(), view.table),
    }


def drawn(spec: dict[str, Any] | None, table: pd.DataFrame) -> dict[str, Any]:
    """The chart without its legends, and what the page writes in their place, where lines can break.

    Of a column of the table only values that it holds are in the legend.
    """
    legend: dict[str, str] = {}

    def strip(part: Any) -> None:
        if isinstance(part, list):
            for item in part:
                strip(item)
        elif isinstance(part, dict):
            colour = part.get("color")
            if isinstance(colour, dict) and colour.get("legend", True) is not None and "field" in colour:
                scale, held = colour.get("scale", {}), table.get(colour["field"])
                pairs = zip(scale.get("domain", []), scale.get("range", []), strict=True)
                legend.update({name: tint for name, tint in pairs if held is None or (held == name).any()})
                colour["legend"] = None
            for item in part.values():
                strip(item)

    strip(spec)
    return {"spec": spec, "legend": legend}


def columns_of(table: pd.DataFrame) -> dict[str, Any]:
    """A table by columns; what repeats is given as positions in a list of the different values."""
    return {str(name): _column(table[name]) for name in table.columns}


def _column(column: pd.Series[Any]) -> dict[str, Any]:
    values = [None if pd.isna(value) else value for value in column.tolist()]
    different = {value: i for i, value in enumerate(dict.fromkeys(values))}
    if len(different) == 1:
        return {"same": values[0], "count": len(values)}
    if len(different) <= len(values) / 2:
        return {"words": list(different), "at": [different[value] for value in values]}
    return {"values": values}


def embedded(content: Any) -> str:
    """JSON that is safe in an HTML script element with any names in it."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text
