"""The generated reference: complete, in step with the code, and drawn without script or network."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

import planner as package
from planner.language.json_schema import json_schema
from planner.manual.equations import TABLES, equations, symbols
from planner.manual.markdown import typeset
from planner.manual.words import sections
from planner.results.tables import TABLES as WRITTEN
from tests.browser import browser
from tests.commands import planner
from tests.formulation.test_golden import every_excerpt
from tests.paths import QUICKSTART


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("manual")
    result = planner("reference", cwd=place)
    assert result.returncode == 0, result.stderr
    return place / "reference.html"


def test_every_field_is_there_with_meaning_of_units_and_an_example() -> None:
    listed = {section.name: {word.name: word for word in section.words} for section in sections()}
    schema = json_schema()
    parts = {"Instance": schema, **schema["$defs"]}
    for name, part in parts.items():
        if name == "Figure":
            continue
        words = listed["Figure" if name == "StatedFigure" else name] | listed["Part"]
        assert set(part["properties"]) - {"table", "tables"} <= set(words), name
        for field, entry in part["properties"].items():
            assert words[field].unit == entry.get("unit", words[field].unit)
            assert words[field].example, (name, field)
    capacity = listed["Facility"]["capacity"]
    assert (capacity.unit, capacity.range, capacity.parts) == ("quantity/year", "at least 0", ("Figure",))
    assert listed["Options"]["gap"].default == "0.005"
    assert "at least 0" in listed["Options"]["gap"].range
    for words in listed.values():
        for word in words.values():
            if not word.example.endswith(" ..."):
                yaml.safe_load(word.example)


def test_every_constraint_has_equation_code_and_golden_algebra() -> None:
    listed = {equation.name: equation for equation in equations()}
    assert set(listed) == set(every_excerpt())
    for equation in listed.values():
        assert equation.latex, equation.name
        assert equation.golden, equation.name
        assert equation.families, equation.name
        lines = (Path(package.__file__).parent.parent / equation.file).read_text().splitlines()
        assert lines[equation.line - 1].startswith("def ")
        assert typeset(equation.latex).startswith("<math ")
    assert "activity" in listed["capacity"].families


def test_symbols_lead_to_columns_that_are_written(tmp_path: Path) -> None:
    known = {symbol.name for symbol in symbols()}
    assert set(TABLES) <= known
    run = package.solve(QUICKSTART, out=tmp_path / "run")
    for place in TABLES.values():
        table, column = place.split(".")
        assert table in WRITTEN
        assert column in run.tables[table].columns, place


def test_page_is_drawn_without_script_or_network_and_its_links_lead_somewhere(page: Path) -> None:
    text = page.read_text("utf-8")
    assert "<script" not in text
    assert len(text) < 1_000_000
    anchors = set(re.findall(r'id="([^"]+)"', text))
    assert {link for link in re.findall(r'href="#([^"]+)"', text)} <= anchors
    with browser() as driver:
        driver.get(page.as_uri())
        assert driver.get_log("browser") == []
        height = "return document.querySelector('#equation-balance + .formula math').getBoundingClientRect().height"
        assert driver.execute_script(height) > 15
