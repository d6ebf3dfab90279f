"""Write the reference as one HTML page, generated from the code and so never stale."""

from __future__ import annotations

from pathlib import Path

from planner.manual import generated
from planner.manual.pages import Page
from planner.manual.site import html
from planner.reports.report import require_replaceable, write_whole

FILE = "reference.html"
TEXT = """# Reference

The instance language, the mathematics and the tables of results, generated from the code. `planner manual` has more.

## The instance language

{language}

## Symbols

{symbols}

{constraints}

{tables}
"""


def reference(out: str | Path = FILE) -> Path:
    """Write the instance language, the mathematics and the result tables to one HTML page; returns the file.

    InputError when the file is not a page of planner that may be replaced.
    """
    target = Path(out)
    require_replaceable(target)
    parts = ("language", "symbols", "constraints", "tables")
    text = TEXT.format(**{name: generated.MAKERS[name]() for name in parts})
    return write_whole(target, html(Page("reference.md", "", "Reference", text)))
