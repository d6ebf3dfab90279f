"""The page gives the licences of the software that it carries, as their authors ask of every copy."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import vl_convert

import planner
from planner.reports.page import asset
from tests.paths import QUICKSTART

NAMED = re.compile(rb"/npm/((?:@[\w-]+/)?[\w.-]+)@\d+\.\d+\.\d+/")
OLD = {"clone", "fast-deep-equal", "fast-json-stable-stringify"}  # Of versions of Vega-Lite that no page carries.
BSD = "Redistributions in binary form must reproduce the above copyright notice"


def heads() -> set[str]:
    """The packages whose licences are given: each list of names stands above its text."""
    parts = asset("licences.txt").split(f"\n{'-' * 72}\n")
    lists = [re.sub(r"\s\([\w-]+\)$", "", part.strip().partition("\n\n")[0]) for part in parts[1:]]
    return {name for names in lists for name in re.split(r",\s+", names)}


def test_every_bundled_package_has_its_licence() -> None:
    (library,) = Path(vl_convert.__file__).parent.glob("*.so")
    bundled = {name.decode() for name in NAMED.findall(library.read_bytes())}
    assert {"vega", "vega-lite", "vega-embed", "d3-array"} <= bundled
    assert bundled - OLD <= heads()
    assert {"semver", "fast-json-patch"} <= heads()  # Within vega-embed.


def test_a_page_gives_them_word_for_word(tmp_path: Path) -> None:
    run = planner.solve(QUICKSTART, out=tmp_path / "run")
    assert run.folder is not None
    page = unescape(planner.report(run.folder).read_text("utf-8"))
    assert asset("licences.txt") in page
    assert "Copyright (c) 2015-2023, University of Washington Interactive Data Lab" in page
    assert BSD in page
