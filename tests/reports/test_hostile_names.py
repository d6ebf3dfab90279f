"""Names and texts that would be markup, formulas or tricks of writing direction elsewhere stay text everywhere."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
import yaml

import planner as package
from planner.reports.page import page as page_of
from planner.reports.run import open_run
from planner.reports.subject import of_run
from planner.results.write import guarded, read_tables, write_tables
from planner.tables import frames
from planner.tables.column import Table, number, text
from tests.browser import Page, browser
from tests.commands import planner
from tests.paths import QUICKSTART

MARKUP = '<img src=x onerror="window.ran=1"><script>window.ran=1</script>'
FORMULA = '=HYPERLINK("http://x","y")'
CLASS = "=cmd()!A1"
STAGE = "+1</script><b>"
TURNED = "mine \u202egnorw\u202c \u2066"  # Refused in an instance; pages do not lean on that.
LEFTWARD = "mine \u05de\u05db\u05e8\u05d4"
FUTURE = "a'b\"c<i>&amp"
TITLES = {"mine": MARKUP, "magnets": FORMULA, "metal": LEFTWARD, "recycling": "'quoted", "separation": "-1+1"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("hostile")
    content = yaml.safe_load(QUICKSTART.read_text())
    content["title"] = content["description"] = MARKUP + LEFTWARD
    for name, title in TITLES.items():
        content["facilities"][name]["title"] = title
    content["facilities"]["magnets"]["stage"] = content["commodities"]["magnet.n"]["stage"] = STAGE
    content["controls"]["ban"]["stages"] = ["metal", STAGE]
    content["demands"]["US.ev"]["class"] = CLASS
    futures = content["futures"]
    content["futures"] = {FUTURE: futures["truce"], "embargo": futures["embargo"] | {"from": FUTURE}}
    content["scenarios"] = {}
    content["projects"]["table"]["rows"][0][1] = MARKUP
    content["projects"]["table"]["rows"][1][1] = FORMULA
    (place / "instance.yaml").write_text(yaml.safe_dump(content, allow_unicode=True))
    result = planner("solve", "instance.yaml", "--quiet", "--out", "run", cwd=place)
    assert result.returncode == 0, result.stderr
    assert planner("report", "run", cwd=place).returncode == 0
    return place / "run"


def shows_and_runs_nothing(page: Page) -> None:
    """All parts of a page are opened: names stand there as text, and nothing in them was run or drawn."""
    page.run("document.querySelectorAll('details').forEach(d => d.open = true)")
    page.wait()
    assert page.run("return window.ran") is None
    assert page.run("return document.images.length + document.querySelectorAll('main b, main i').length") == 0
    assert page.messages() == []
    text = page.run("return document.getElementById('view-plan').textContent")
    assert MARKUP in text
    assert FORMULA in text


def test_page_shows_them_and_runs_nothing(folder: Path) -> None:
    with browser() as driver:
        page = Page(driver, folder / "report.html")
        assert page.run("return document.querySelector('h1').textContent").startswith("<img src=x onerror")
        page.choose("future", FUTURE)
        page.run("document.querySelectorAll('.place').forEach(p => p.dispatchEvent(new Event('click')))")
        page.wait()
        shows_and_runs_nothing(page)
        assert {row["title"] for row in page.csv("plan")} & {FORMULA, "'" + FORMULA} == {"'" + FORMULA}
        assert LEFTWARD in page.run("return document.querySelector('h1').textContent")
        assert page.run("return document.getElementById('switch-future').value") == FUTURE
        hover = "return vegaEmbed && document.querySelectorAll('#view-plan svg text').length"
        assert page.run(hover) > 0


def test_comparison_shows_them_and_runs_nothing(folder: Path, tmp_path: Path) -> None:
    dearer = ("--set", "projects.*.capital.variable*=30")
    instance = folder.parent / "instance.yaml"
    assert planner("solve", instance, *dearer, "--quiet", "--out", "dear", cwd=tmp_path).returncode == 0
    assert planner("report", folder, "dear", "--out", "both.html", cwd=tmp_path).returncode == 0
    with browser() as driver:
        page = Page(driver, tmp_path / "both.html")
        shows_and_runs_nothing(page)


def test_letters_that_mirror_are_shown_by_their_number(folder: Path, tmp_path: Path) -> None:
    run = open_run(folder)
    turned = run.tables["plan"].assign(title=TURNED)
    (tmp_path / "page.html").write_text(page_of(of_run(replace(run, tables=run.tables | {"plan": turned}))))
    with browser() as driver:
        drawn = Page(driver, tmp_path / "page.html").run("return document.querySelector('main').textContent")
    assert "⟨202E⟩" in drawn
    assert "\u202e" not in drawn


def test_csv_cells_are_no_formulas_and_read_back_as_they_were(folder: Path) -> None:
    for file in folder.glob("*.csv"):
        with file.open(newline="") as stream:
            for row in csv.reader(stream):
                for cell in row:
                    assert not cell.startswith(("=", "+", "@", "\t", "\r")), (file.name, cell)
                    if cell.startswith("-"):
                        float(cell)  # Negative numbers are numbers.
    assert CLASS in set(read_tables(folder)["demand"]["class"])
    assert FORMULA in set(read_tables(folder)["plan"]["title"])
    assert set(open_run(folder).tables["nodes"]["future"]) == {FUTURE, "embargo"}


def test_guard_can_be_taken_away_again(tmp_path: Path) -> None:
    texts = ["=1", "'=1", "''", "'", "-5", "+", "@x", "plain", "", "\tx", "\rx", "5", "a'b"]
    declared = Table("table", "Texts.", ("text",), (text("text", "any", blank=True), number("number", "any", "share")))
    table = frames.table(declared, [{"text": cell, "number": -1.5} for cell in texts])
    assert guarded(table)["number"].tolist() == table["number"].tolist()
    write_tables({"table": table}, tmp_path, {"table": declared})
    read = read_tables(tmp_path)["table"]
    assert read["text"].tolist() == texts
    assert read["number"].tolist() == ["-1.5"] * len(texts)


def test_workbook_has_text_and_no_formulas(folder: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(package.export(folder, "xlsx", tmp_path / "run.xlsx"))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not any(cell.data_type == "f" or cell.hyperlink for cell in cells)
    found = {cell.value for cell in cells}
    assert {MARKUP, FORMULA, CLASS, STAGE, FUTURE} <= found


@pytest.mark.parametrize("format", ["iamc", "parquet", "graphml", "mps", "lp", "datapackage"])
def test_other_formats_can_be_written(folder: Path, tmp_path: Path, format: str) -> None:
    assert package.export(folder, format, tmp_path / f"out.{format}").exists()
