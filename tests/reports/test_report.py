"""The report as its readers meet it: opened from disk in a browser without a network."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from selenium import webdriver

from planner import compare
from planner.reports.page import embedded, fitted, payload
from planner.reports.page import page as page_of
from planner.reports.run import Run, open_run
from planner.reports.subject import of_run
from planner.reports.terms import ALL
from tests.browser import Page, browser
from tests.commands import planner
from tests.paths import QUICKSTART, ROOT


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the quickstart with an embargo of unknown date on top, so that every chart has something to show."""
    place = tmp_path_factory.mktemp("report")
    shock = "surprise: {earliest: 2027, latest: 2029, length: 2, hazard: 0.05, controls: [ban]}"
    text = QUICKSTART.read_text().replace("\nregions:\n", f"\nshocks:\n  {shock}\n\nregions:\n", 1)
    text = text.replace("AU: {title: Australia}", "AU: {title: Australia, latitude: -25, longitude: 134}")
    (place / "instance.yaml").write_text(text)
    result = planner("solve", "instance.yaml", "--quiet", "--out", "run", cwd=place)
    assert result.returncode == 0, result.stderr
    result = planner("report", "run", cwd=place)
    assert result.returncode == 0, result.stderr
    assert "report.html" in result.stdout
    return place / "run"


@pytest.fixture(scope="module")
def opened(folder: Path) -> Run:
    return open_run(folder)


@pytest.fixture(scope="module")
def driver() -> Iterator[webdriver.Chrome]:
    with browser() as made:
        yield made


@pytest.fixture
def page(driver: webdriver.Chrome, folder: Path) -> Page:
    return Page(driver, folder / "report.html")


def test_opens_from_disk_without_network_and_without_complaint(page: Page, opened: Run) -> None:
    assert page.messages() == []
    assert page.run("return performance.getEntriesByType('resource').map(e => e.name)") == []
    assert page.views() == [view.name for view in opened.views]
    for view in opened.views:
        if view.drawing != "table":
            found = page.run("return document.querySelectorAll(arguments[0]).length", f"#view-{view.name} svg")
            assert found > 0, view.name
    assert {"windows", "sites", "material", "served", "prices", "plan"} <= set(page.views())


def test_every_switch_works(page: Page, opened: Run) -> None:
    assert page.switches() == ["future", "year", "region"]  # One element: nothing to choose.
    assert page.options("future") == list(opened.paths)
    for switch in page.switches():
        following = [v.name for v in opened.views if switch in v.switches and not v.table.empty]
        seen: dict[str, set[str]] = {name: set() for name in following}
        for value in page.options(switch):
            page.choose(switch, value)
            for name in following:
                seen[name].add(json.dumps(page.csv(name)))
            label = page.run("const s = document.getElementById(arguments[0]); return s.selectedOptions[0].textContent",
                             f"switch-{switch}")
            assert label in page.run("return document.querySelector(arguments[0]).textContent", f"#view-{name} .scope")
        page.choose(switch, page.options(switch)[0])
        assert page.messages() == []
        assert sum(len(different) > 1 for different in seen.values()) > len(seen) / 2


def test_download_is_what_is_drawn_and_what_the_table_holds(page: Page, opened: Run) -> None:
    page.choose("future", "embargo")
    page.choose("region", "US")
    path = set(opened.paths["embargo"])
    for view in opened.views:
        rows = page.csv(view.name)
        table = view.table
        if "future" in view.switches and "node" in table:
            table = table[table["node"].isin(path)]
        if "region" in view.switches and "region" in table:
            table = table[table["region"] == "US"]
        if "year" in view.switches:
            table = table[table["year"] == float(page.run("return chosen.year"))]
        if view.name in ("material", "prices", "plan", "capital"):
            assert rows
            continue
        assert len(rows) == len(table), view.name
        for column in table.select_dtypes("number"):
            assert [_number(row[column]) for row in rows] == pytest.approx(table[column].tolist(), rel=0, nan_ok=True)
        if view.chart is not None and rows:
            assert len(page.drawn(view.name)) >= len(rows) - 1


def _number(text: str) -> float:
    return float(text) if text else math.nan


def raw(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / f"{name}.csv", keep_default_na=False)


def test_numbers_are_those_of_the_run(page: Page, folder: Path) -> None:
    """A number of every chart, recomputed from the CSV files that the run wrote."""
    future, year = page.run("return [chosen.future, Number(chosen.year)]")
    assert (future, year) == ("truce", 2029.0)
    node = "truce:2029"

    def one(view: str, column: str, **where: str) -> float:
        (row,) = [r for r in page.csv(view) if all(r[name] == value for name, value in where.items())]
        return float(row[column])

    def total(table: str, column: str, **where: object) -> float:
        frame = raw(folder, table)
        for name, value in where.items():
            frame = frame[frame[name] == value]
        return math.fsum(frame[column].astype(float))

    plan = raw(folder, "plan").iloc[0]
    assert one("plan", "capital_cost", project=plan["project"]) == plan["capital_cost"]
    when = f"{plan['decided']:g}"
    assert one("capital", "amount", region=ALL, payer="private", decided=when) == pytest.approx(
        total("plan", "capital_cost", decided=plan["decided"]))
    assert one("sites", "online", stage="mine") == total("capacity", "online", asset="mine", node=node)
    assert one("capacity", "used", stage="magnet", year="2029", region=ALL) == total(
        "capacity", "used", stage="magnet", node=node)
    operation = ("variable", "fixed", "freight", "holding", "collection", "disposal")
    assert one("cost_by_year", "yearly", kind="operation", year="2029", region=ALL) == pytest.approx(
        sum(total("costs", "yearly", item=item, node=node) for item in operation))
    assert one("cost_by_item", "discounted", item="variable") == pytest.approx(
        total("costs", "discounted", item="variable"))
    assert one("cost_by_region", "discounted", region="US", kind="capital") == pytest.approx(
        total("costs", "discounted", region="US", item="capital"))
    assert one("cost_by_future", "cost", scenario="embargo") == total("scenarios", "cost", scenario="embargo")
    summary = raw(folder, "summary").set_index("key")["value"]
    assert one("served", "served", future="embargo", **{"class": "ev"}) == float(summary["served.embargo.ev"])
    served = float(summary["served.surprise@2028.ev"])
    assert one("windows", "served", future="surprise@2028", **{"class": "ev"}) == served
    assert one("supply", "amount", region=ALL, year="2029", measure="delivered", **{"class": "ev"}) == pytest.approx(
        total("demand", "amount", node=node, measure="delivered", **{"class": "ev"}))
    share = total("shares", "share", stage="magnet", country="US", node=node)
    assert one("shares", "share", stage="magnet", country="US") == share > 0
    assert one("shares_along", "share", stage="magnet", country="US", year="2029") == share
    share = total("shares", "share", stage="magnet", country="CN", node="truce:2026")
    assert one("exporter_share", "share", stage="magnet", year="2026") == share > 0
    assert one("requirements", "achieved", requirement="defence_always_served", year="2029") == total(
        "requirements", "achieved", requirement="defence_always_served", node=node)
    users = sum(float(r["amount"]) for r in page.csv("material")
                if r["target"].startswith("users|") and r["element"] == "NdPr")
    delivered = -total("element_balance", "amount", element="NdPr", measure="delivered", node=node)
    assert users == pytest.approx(delivered, rel=1e-9)
    (magnets,) = [r for r in page.csv("balances") if r["process"] == "sinter" and r["commodity"] == "magnet.n"]
    assert float(magnets["amount"]) == total("activity", "activity", process="sinter", node=node)
    assert one("stocks", "stock", commodity="magnet.n", region=ALL, year="2029") == total(
        "stocks", "stock", stockpile="carmakers", node=node)
    assert one("elements", "amount", measure="mined", region=ALL, year="2029") == pytest.approx(
        total("element_balance", "amount", measure="mined", node=node))
    assert one("prices", "price", commodity="magnet.n", region=ALL, kind="shadow price") == total(
        "prices", "price", commodity="magnet.n", region="US", node=node)
    assert one("prices", "price", commodity="magnet.n", region=ALL, kind="stated") == 45
    assert one("proof", "value", what="gap") == pytest.approx(float(summary["gap"]), rel=1e-12)


def test_headline_is_the_summary(page: Page, opened: Run) -> None:
    shown = page.run("return [...document.querySelectorAll('.figures dd')].map(d => d.textContent.trim())")
    cost = float(re.sub(r"[^\d.-]", "", shown[0]))
    assert cost == pytest.approx(opened.figures["expected_cost"], rel=5e-3)


def test_flow_diagram_chooses_plants(page: Page) -> None:
    page.run("document.querySelector('#view-material .place').dispatchEvent(new Event('click'))")
    page.wait()
    rows = page.csv("balances")
    assert rows
    assert len({row["stage"] for row in rows}) == 1
    assert page.run("return document.querySelectorAll('#view-balances tbody tr').length") == len(rows)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out_from_its_ground(page: Page, theme: str) -> None:
    page.run("document.documentElement.dataset.theme = arguments[0]", theme)
    read = "return getComputedStyle(document.documentElement).getPropertyValue(arguments[0]).trim()"
    colours = {name: page.run(read, f"--{name}") for name in ("ink", "soft", "link", "paper", "ground")}
    for text in ("ink", "soft", "link"):
        for ground in ("paper", "ground"):
            assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    for i in range(1, 7):
        label = page.run(read, "--on-dark" if i <= 2 else "--on-light")
        assert contrast(label, page.run(read, f"--heat{i}")) >= 4.5, i


def contrast(first: str, second: str) -> float:
    """Contrast of two colours as the accessibility guidelines define it."""
    lights = sorted(map(_light, (first, second)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def _light(colour: str) -> float:
    parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_pictures_have_words_and_everything_is_reached_by_keyboard(page: Page, opened: Run) -> None:
    for view in opened.views:
        said = page.run("return document.querySelector(arguments[0])?.getAttribute('aria-label')",
                        f"#view-{view.name} .drawing")
        assert view.drawing == "table" or view.title in said
    assert page.run("return [...document.querySelectorAll('select')].every(s => s.labels.length)")
    assert page.run("return document.querySelectorAll('#view-material .place[tabindex=\"0\"]').length") > 0
    assert page.run("return document.documentElement.lang") == "en"


def test_fits_a_phone_and_paper(folder: Path) -> None:
    with browser(390, 850) as driver:
        metrics = {"width": 390, "height": 850, "deviceScaleFactor": 1, "mobile": True}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        page = Page(driver, folder / "report.html")
        assert page.run("return document.documentElement.scrollWidth") <= 390
        assert page.messages() == []
        printed = driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})
        assert len(printed["data"]) > 100_000


def test_report_is_small_and_replaces_only_reports(folder: Path, tmp_path: Path) -> None:
    assert (folder / "report.html").stat().st_size < 2_000_000
    result = planner("report", folder, "--json", "--out", tmp_path / "new.html", cwd=ROOT)
    assert json.loads(result.stdout)["bytes"] == (tmp_path / "new.html").stat().st_size
    assert planner("report", folder, "--quiet", "--out", tmp_path / "new.html", cwd=ROOT).returncode == 0
    mine = tmp_path / "mine.html"
    mine.write_text("my own page")
    result = planner("report", folder, "--out", mine, cwd=ROOT)
    assert result.returncode == 2
    assert "occupied" in result.stderr
    assert mine.read_text() == "my own page"
    result = planner("report", tmp_path, cwd=ROOT)
    assert result.returncode == 2
    assert "no-run" in result.stderr


def test_several_runs_stand_side_by_side(driver: webdriver.Chrome, folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "dear"
    dearer = ("--set", "projects.*.capital.variable*=30")
    changed = planner("solve", QUICKSTART, *dearer, "--quiet", "--out", other, cwd=tmp_path)
    assert changed.returncode == 0, changed.stderr
    result = planner("report", folder, other, folder, "--out", tmp_path / "both.html", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    page = Page(driver, tmp_path / "both.html")
    assert page.messages() == []
    names = page.run("return [...document.querySelectorAll('.figures dt')].map(d => d.textContent)")
    assert names == ["run", "dear", "run #2"]
    figures = {(row["figure"], row["run"]): row for row in page.csv("figures")}
    first, second = open_run(folder).figures, open_run(other).figures
    assert float(figures["expected cost", "dear"]["value"]) == second["expected_cost"]
    difference = second["expected_cost"] - first["expected_cost"]
    assert float(figures["expected cost", "dear"]["difference"]) == pytest.approx(difference)
    assert float(figures["expected cost", "run #2"]["difference"]) == 0
    frames = compare([folder, other, folder]).tables
    for name in ("costs", "shares", "prices", "requirements", "inputs", "plan"):
        shown = page.csv(name)
        assert len(shown) == len(frames[name]), name
        for column in set(shown[0]) & set(frames[name]) & {"baseline", "difference", "decided", "size", "factor"}:
            if name != "inputs" or column == "factor":
                numbers = sorted(float(row[column]) for row in shown if row[column])
                assert numbers == sorted(frames[name][column].dropna().astype(float)), (name, column)
    costs = {(row["run"], row["item"]): float(row["value"]) for row in page.csv("costs") if row["value"]}
    assert costs["dear", "capital"] == second["cost_by_item"]["capital"]
    for view in ("costs", "plan", "served_by_run", "shares"):
        assert page.run("return document.querySelectorAll(arguments[0]).length", f"#view-{view} svg") > 0
    result = planner("compare", folder, other, folder, "--html", "same.html", "--quiet", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "same.html").read_bytes() == (tmp_path / "both.html").read_bytes()
    (tmp_path / "mine.html").write_text("my own page")
    assert planner("compare", folder, other, "--html", "mine.html", cwd=tmp_path).returncode == 2
    assert (tmp_path / "mine.html").read_text() == "my own page"


def test_a_run_with_a_report_can_be_replaced(folder: Path, tmp_path: Path) -> None:
    planner("solve", QUICKSTART, "--quiet", "--out", "run", cwd=tmp_path)
    (tmp_path / "run" / "report.html").write_bytes((folder / "report.html").read_bytes())
    result = planner("solve", QUICKSTART, "--quiet", "--force", "--out", "run", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert not (tmp_path / "run" / "report.html").exists()


def test_a_tree_too_large_for_a_page_keeps_the_first_and_dearest_futures(
    driver: webdriver.Chrome, opened: Run, tmp_path: Path
) -> None:
    whole = of_run(opened)
    room = len(embedded(payload(whole.with_futures(len(whole.paths) - 1))).encode())
    shown, data = fitted(whole, room)
    assert len(data.encode()) <= room
    costs = opened.tables["scenarios"].set_index("scenario")["cost"]
    first, *others = opened.paths
    kept = list(shown.paths)
    assert first in kept
    left = set(others) - set(kept)
    assert left
    assert len(kept) > 1
    assert min(costs.get(n, 0.0) for n in kept if n != first) >= max(costs.get(n, 0.0) for n in left)
    (tmp_path / "page.html").write_text(page_of(shown))
    page = Page(driver, tmp_path / "page.html")
    assert page.messages() == []
    assert set(page.options("future")) == set(kept)
    head = page.run("return document.querySelector('header').textContent")
    assert f"{len(kept)} futures of {len(opened.paths)}" in head
    for name in kept:
        page.choose("future", name)
        assert {row["node"] for row in page.csv("cost_by_year")} == set(opened.paths[name])


def test_material_that_no_plant_makes_flows_from_where_it_is_bought(driver: webdriver.Chrome, tmp_path: Path) -> None:
    case = ROOT / "instances" / "published" / "netdes-10-10-L-01.yaml"
    for command in (("solve", case, "--quiet", "--out", "run"), ("report", "run")):
        assert planner(*command, cwd=tmp_path).returncode == 0
    page = Page(driver, tmp_path / "run" / "report.html")
    assert page.messages() == []
    assert page.run("return document.querySelectorAll('#view-material .place').length") == 3  # One source, two users.
    every = "return [...document.querySelectorAll('#view-plan .mark-rect path')].map(p => p.getAttribute('fill'))"
    bars = page.run(every)
    assert bars
    assert all(fill and fill != "null" for fill in bars)  # Lanes, too, have a colour.


def test_a_total_of_all_regions_is_not_drawn_on_top_of_its_parts(driver: webdriver.Chrome, tmp_path: Path) -> None:
    case = ROOT / "instances" / "published" / "trnsport.yaml"  # So few rows that columns are given as they are.
    for command in (("solve", case, "--quiet", "--out", "run"), ("report", "run")):
        assert planner(*command, cwd=tmp_path).returncode == 0
    page = Page(driver, tmp_path / "run" / "report.html")
    tables = page.run("""
        return Object.entries(Data.views).filter(([_, view]) => view.switches.includes("region") && view.table.region)
          .map(([name, view]) => [name, [...new Set(rowsOf(view).map(column(view.table.region)))]]);""")
    assert "cost_by_year" in dict(tables)
    assert all(shown == [ALL] for _, shown in tables if ALL in shown)
    assert sum(row["yearly"] for row in page.drawn("cost_by_year")) == pytest.approx(153.675)


def test_what_is_not_there_is_said(page: Page) -> None:
    said = page.run("return document.querySelector('#safety .absent').textContent")
    assert "kind outage" in said
