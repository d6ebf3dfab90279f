"""Write the manual as a site: one HTML file a page, all in one folder, without script or network."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import planner
from planner.manual.markdown import file_of, rendered
from planner.manual.pages import HOME, Page, pages
from planner.reports.page import asset, environment
from planner.results.atomic_files import whole_folder
from planner.results.manifest import source_digest
from planner.results.seal import seal

FOLDER = "manual"
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'"
GIVEN = {"question": "manual"}  # So that no run and no other answer is taken for it, nor it for them.
MOST_HEADINGS = 40  # Of the contents of a page; beyond that only the larger headings stand there.


def manual_site(out: str | Path = FOLDER) -> Path:
    """Write the manual as HTML pages into a folder, whole or not at all; returns its first page.

    OccupiedError when the folder holds something else than a manual.
    """
    target = Path(out)
    with whole_folder(target.resolve(), GIVEN) as fresh:
        for page in pages():
            (fresh / file_of(page.path)).write_text(html(page, pages()), encoding="utf-8", newline="\n")
        seal(fresh, {"given": GIVEN, "run_sha256": source_digest(), "planner": planner.__version__})
    return target / file_of(HOME)


def html(page: Page, others: tuple[Page, ...] = ()) -> str:
    """A page as HTML with its contents; among others also with the contents of the manual and its neighbours."""
    made = rendered(page.filled(), page.path)
    title, mark, body = made.html.partition("</h1>")
    listed = [heading for heading in made.headings if heading.level in (2, 3)]
    if len(listed) > MOST_HEADINGS:
        listed = [heading for heading in listed if heading.level == 2]
    place = others.index(page) if others else 0
    return environment().get_template("manual.html").render(
        version=planner.__version__, policy=POLICY, style=asset("style.css") + asset("manual.css"), page=page,
        title=title + mark, body=body, headings=listed if len(listed) > 1 else [], file_of=file_of,
        parts=[(part, list(own)) for part, own in groupby(others, key=lambda other: other.part)],
        before=others[place - 1] if place else None, after=next(iter(others[place + 1 :]), None),
    )
