"""The pages of the manual: Markdown files next to this module, in the order of `contents.yaml`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import NamedTuple

import yaml

from planner.manual.generated import filled

PAGES = files("planner.manual") / "pages"
HOME = "index.md"


class Page(NamedTuple):
    """A page: its path within the manual, the part it belongs to, its title, its text as written."""

    path: str
    part: str
    title: str
    text: str

    def filled(self) -> str:
        """Its text with what is generated."""
        return filled(self.text)


@cache
def pages() -> tuple[Page, ...]:
    """All pages in the order in which one may read them, the first page first."""
    contents = yaml.safe_load((PAGES / "contents.yaml").read_text("utf-8"))
    listed = [(part, path) for part, paths in contents.items() for path in paths]
    return tuple(_page(part, path) for part, path in [("", HOME), *listed])


def _page(part: str, path: str) -> Page:
    text = PAGES.joinpath(*path.split("/")).read_text("utf-8")
    return Page(path, part, text.partition("\n")[0].removeprefix("# "), text)
