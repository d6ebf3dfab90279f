"""Pages about many runs: a sweep, a frontier, alternatives, with names that are markup or formulas elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from selenium import webdriver

import planner as package
from planner.results.write import read_tables
from tests.browser import Page, browser
from tests.commands import planner
from tests.paths import QUICKSTART
from tests.workflows.test_tradeoff import TINY

MARKUP = '<img src=x onerror="window.ran=1"><script>window.ran=1</script>'
FORMULA = '=HYPERLINK("http://x","y")'
LEFTWARD = "south \u05e7\u05d5"
STUDY = """study: trial
title: {title}
instance: tiny.yaml
vary:
  demand: {{path: demands.*.amount *=, range: [0.3, 1.4]}}
  capital: {{path: projects.*.capital.fixed *=, range: [0.2, 4]}}
  china: {{path: suppliers.china.steps.*.price, values: [50, 60, 70]}}
design: {design}
"""
DESIGNS = {"alone": "one_way", "cells": "{kind: grid, levels: 2}", "drawn": "{kind: latin_hypercube, runs: 8}"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Studies of a tiny instance, its frontier and alternatives, and a page about each."""
    found = tmp_path_factory.mktemp("studies")
    content = yaml.safe_load(TINY)
    content["title"] = MARKUP + LEFTWARD
    content["demands"]["cars"]["shortage"][0]["cost"] = 40  # So that it is cheapest not to serve all.
    for name, title in {"west_1": MARKUP, "west_2": FORMULA, "south_1": LEFTWARD}.items():
        content["projects"][name]["title"] = title
    (found / "tiny.yaml").write_text(yaml.safe_dump(content, allow_unicode=True))
    for name, design in DESIGNS.items():
        (found / f"{name}.yaml").write_text(STUDY.format(title=json.dumps(MARKUP), design=design))
        package.sweep(found / f"{name}.yaml", out=found / name, executor="inline")
        package.report(found / name)
    package.frontier(found / "tiny.yaml", "cars", 4, out=found / "frontier")
    package.alternatives(found / "tiny.yaml", 0.3, 1, out=found / "alternatives")
    package.report([found / "cells", found / "frontier", found / "alternatives"], found / "all.html")
    return found


@pytest.fixture(scope="module")
def driver() -> Iterator[webdriver.Chrome]:
    with browser() as made:
        yield made


def test_page_opens_without_network_and_runs_nothing(driver: webdriver.Chrome, place: Path) -> None:
    for file in (*(place / name / "report.html" for name in DESIGNS), place / "all.html"):
        page = Page(driver, file)
        assert page.run("return document.querySelector('h1').textContent") == MARKUP
        page.run("document.querySelectorAll('details').forEach(d => d.open = true)")
        for switch in page.switches():
            for value in page.options(switch)[:3]:
                page.choose(switch, value)
        assert page.run("return window.ran") is None
        assert page.run("return document.images.length + document.querySelectorAll('main b, main i').length") == 0
        assert page.messages() == []
        drawn = page.run("return document.querySelector('main').textContent")
        assert MARKUP in drawn
        assert LEFTWARD in drawn
        assert file.stat().st_size < 1_500_000


def test_numbers_are_those_of_the_tables(driver: webdriver.Chrome, place: Path) -> None:
    page, written = Page(driver, place / "drawn" / "report.html"), read_tables(place / "drawn" / "tables")
    runs = pd.DataFrame(page.csv("scatter")).set_index("run")
    for row in written["figures"].to_dict("records"):
        if f"figure {row['figure']}" in runs:
            assert float(runs.at[row["run"], f"figure {row['figure']}"]) == float(row["value"])
    for row in written["inputs"].to_dict("records"):
        assert float(runs.at[row["run"], f"input {row['factor']}"]) == float(row["value"])
    regret = {row["project"]: row for row in page.csv("no_regret")}
    for row in written["no_regret"].to_dict("records"):
        assert float(regret[row["project"]]["share"]) == float(row["share"])
        assert float(regret[row["project"]]["median_size"] or 0) == float(row["median_size"] or 0)
    assert regret["west_2"]["title"] == "'" + FORMULA
    figure = page.options("figure")[1]
    page.choose("figure", figure)
    own = written["sensitivity"][written["sensitivity"]["figure"] == figure]
    shown = {row["factor"]: float(row["value"]) for row in page.csv("tornado")}
    assert shown == {row["factor"]: float(row["value"]) for row in own.to_dict("records")}
    built = written["projects"][written["projects"]["built"] == "1"].groupby("run")["project"].agg(frozenset)
    letters = {run: plan for run, plan in runs["plan"].items() if plan != "another plan"}
    assert len({built.get(run, frozenset()) for run in letters}) == len(set(letters.values()))
    for plan in set(letters.values()):
        assert len({built.get(run, frozenset()) for run, letter in letters.items() if letter == plan}) == 1


def test_charts_follow_the_switches(driver: webdriver.Chrome, place: Path) -> None:
    page = Page(driver, place / "drawn" / "report.html")
    said = set()
    for figure in page.options("figure"):
        page.choose("figure", figure)
        for factor in page.options("input"):
            page.choose("input", factor)
            rows = page.csv("scatter")
            drawn = page.drawn("scatter")
            assert [d["y"] for d in drawn] == [float(v) if (v := row[f"figure {figure}"]) else None for row in rows]
            known = [float(r[f"input {factor}"]) for r in rows if r[f"input {factor}"]]
            assert sorted(d["x"] for d in drawn if d["x"] is not None) == sorted(known)
            said.add(page.run("return document.querySelector('#view-scatter .message').textContent"))
    assert len(said) == len(page.options("figure")) * len(page.options("input"))
    assert page.messages() == []


def test_map_has_cells_on_a_grid_and_dots_elsewhere(driver: webdriver.Chrome, place: Path) -> None:
    cells, dots = Page(driver, place / "cells" / "report.html"), "return document.querySelectorAll('{}').length"
    assert cells.run(dots.format("#view-plan_map svg .mark-rect path")) == 4
    rows = pd.DataFrame(cells.csv("plan_map"))
    given = rows[rows["input capital"] != ""]
    assert len(given) == 12
    assert "input" in cells.switches()
    drawn = Page(driver, place / "drawn" / "report.html")
    assert drawn.run(dots.format("#view-plan_map svg .mark-symbol path")) == 8
    alone = Page(driver, place / "alone" / "report.html")
    assert "plan_map" not in alone.views()
    bars = alone.run(dots.format("#view-tornado svg .mark-rect path"))
    assert bars == len(alone.csv("tornado")) >= 5


def test_frontier_and_alternatives(driver: webdriver.Chrome, place: Path) -> None:
    page = Page(driver, place / "all.html")
    points, verdicts = read_tables(place / "frontier")["frontier"], read_tables(place / "alternatives")["projects"]
    shown = page.csv("frontier")
    assert [float(r["cost"]) for r in shown] == sorted(points["cost"].astype(float))
    assert len(page.drawn("frontier")) == len(points) > 1
    steps = np.diff([float(r["cost"]) for r in shown]) / (100 * np.diff([float(r["level"]) for r in shown]))
    assert [float(r["per_point"]) for r in shown[1:]] == pytest.approx(list(steps))
    assert {(r["project"], r["verdict"]) for r in page.csv("verdicts")} == set(
        zip(verdicts["project"], verdicts["verdict"], strict=True))
    for view in ("frontier", "frontier_plans", "verdicts", "alternatives", "alternative_plans", "countries"):
        assert page.run("return document.querySelectorAll(arguments[0]).length", f"#view-{view} svg") == 1, view


def test_pages_fit_a_phone_and_have_words(place: Path) -> None:
    with browser(390, 850) as driver:
        metrics = {"width": 390, "height": 850, "deviceScaleFactor": 1, "mobile": True}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        page = Page(driver, place / "all.html")
        assert page.run("return document.documentElement.scrollWidth") <= 390
        assert page.run("return [...document.querySelectorAll('select')].every(s => s.labels.length)")
        said = page.run("return [...document.querySelectorAll('.drawing')].map(d => d.getAttribute('aria-label'))")
        assert all(len(text) > 20 for text in said)


def test_what_is_no_study_or_mixed_is_refused(place: Path, tmp_path: Path) -> None:
    run = package.solve(QUICKSTART, out=tmp_path / "run")
    for folders, code in (((place / "cells", run.folder), "mixed"), ((place / "cells", place / "drawn"), "too-many")):
        result = planner("report", *folders, "--out", tmp_path / "page.html", cwd=tmp_path)
        assert result.returncode == 2
        assert code in result.stderr
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "study.json").write_text((place / "cells" / "study.json").read_text())
    result = planner("report", tmp_path / "half", cwd=tmp_path)
    assert result.returncode == 2
    assert "not-finished" in result.stderr
    assert not (tmp_path / "page.html").exists()
    result = planner("report", place / "cells", "--quiet", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
