"""Write the reference as one HTML page, generated from the code and so never stale."""

from __future__ import annotations

from html import escape
from pathlib import Path

import planner
from planner.reports.report import require_replaceable, write_whole
from planner.tables.schemas import SCHEMAS

FILE = "reference.html"


def reference(out: str | Path = FILE) -> Path:
    """Write the instance language, the mathematics and the result tables to one HTML page; returns the file.

    InputError when the file is not a page of planner that may be replaced.
    """
    target = Path(out)
    require_replaceable(target)
    return write_whole(target, page())


def page() -> str:
    from planner.manual import equations, words
    from planner.reports.page import asset, environment

    policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'"
    return environment().get_template("reference.html").render(
        version=planner.__version__, policy=policy, style=asset("style.css") + asset("reference.css"),
        sections=words.sections(), chapters=list(equations.by_chapter()), symbols=equations.symbols(), typeset=typeset,
        schemas=SCHEMAS,
    )


def typeset(latex: str) -> str:
    """An equation as MathML, which browsers draw without a script."""
    from latex2mathml.converter import convert

    made = convert(" ".join(latex.split()), display="block")
    return made.replace("<math ", f'<math aria-label="{escape(latex, quote=True)}" ', 1)
