"""How runs and views show themselves in a notebook."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planner.reports.opened import Opened
    from planner.reports.view import View


def shown_run(run: Opened) -> str:
    raise NotImplementedError


def shown_view(view: View) -> str:
    return escape(view.title)
