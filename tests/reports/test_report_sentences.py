"""Sentences of the page follow its switches: each is worked out anew from the rows drawn below it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from planner.reports.plan import _growth
from planner.reports.run import Run, open_run
from planner.reports.says import Says
from tests.browser import Page, browser
from tests.commands import planner
from tests.paths import QUICKSTART

FOLLOWING = {
    "plan", "capacity", "capital", "sites", "cost_by_year", "exporter_share", "shares", "shares_along", "requirements",
    "supply", "material", "stocks", "elements", "prices",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with two elements and a region on the map, so that every switch has something to choose."""
    place = tmp_path_factory.mktemp("sentences")
    text = re.sub(r"NdPr: ([\d.]+)", lambda m: f"NdPr: {0.97 * float(m[1]):.6g}, Dy: {0.03 * float(m[1]):.6g}",
                  QUICKSTART.read_text()).replace("elements: [NdPr]", "elements: [NdPr, Dy]")
    text = text.replace("AU: {title: Australia}", "AU: {title: Australia, latitude: -25, longitude: 134}")
    (place / "instance.yaml").write_text(text)
    for command in (("solve", "instance.yaml", "--quiet", "--out", "run"), ("report", "run")):
        result = planner(*command, cwd=place)
        assert result.returncode == 0, result.stderr
    return place / "run"


@pytest.fixture(scope="module")
def opened(folder: Path) -> Run:
    return open_run(folder)


@pytest.fixture(scope="module")
def page(folder: Path) -> Iterator[Page]:
    with browser() as driver:
        yield Page(driver, folder / "report.html")


def choices(page: Page) -> Iterator[dict[str, str]]:
    names = page.switches()
    assert names == ["future", "year", "element", "region"]
    for values in itertools.product(*map(page.options, names)):
        yield dict(zip(names, values, strict=True))


def under(page: Page, view: str, choice: dict[str, str]) -> tuple[str, pd.DataFrame]:
    """What a view says under a choice, and the rows that are drawn with it."""
    page.run("Object.assign(chosen, arguments[0])", choice)
    rows = pd.DataFrame(page.csv(view))
    numbers = {name: pd.to_numeric(rows[name], errors="coerce") for name in rows}
    return (page.run("return message(Data.views[arguments[0]])", view),
            rows.assign(**{name: c for name, c in numbers.items() if not rows.empty and c.notna().all()}))


def first_number(text: str) -> float:
    return float(re.findall(r"-?[\d,]*\.?\d+", text)[0].replace(",", ""))


@pytest.fixture(scope="module")
def said(page: Page) -> list[tuple[dict[str, str], dict[str, str]]]:
    """What every view says on the page, by choice."""
    script = ("Object.assign(chosen, arguments[0]);"
              "return Object.fromEntries(Object.entries(Data.views).map(([name, view]) => [name, message(view)]))")
    return [(choice, page.run(script, choice)) for choice in choices(page)]


def test_every_view_with_a_switch_follows_it(opened: Run, said: list[tuple[dict[str, str], dict[str, str]]]) -> None:
    following = {view.name for view in opened.views if view.switches}
    assert following - {"balances"} == FOLLOWING  # Balances state nothing but how to choose.
    assert {view.name for view in opened.views if isinstance(view.said, Says)} == FOLLOWING
    for name in FOLLOWING:
        assert len({texts[name] for _, texts in said}) > 1, name


def test_page_and_notebook_say_the_same(opened: Run, said: list[tuple[dict[str, str], dict[str, str]]]) -> None:
    views = [view for view in opened.views if view.name in FOLLOWING]
    for choice, texts in said:
        wanted: dict[str, Any] = {**choice, "year": float(choice["year"])}
        assert {view.name: view.under(wanted) for view in views} == {view.name: texts[view.name] for view in views}
    for view in views:
        shown = opened.show(view.name, **{name: wanted[name] for name in view.switches})
        assert shown.message == texts[view.name]
        assert texts[view.name] in unescape(shown._repr_html_())


def test_a_moved_switch_changes_the_sentence_on_the_page(page: Page) -> None:
    read = "return document.querySelector('#view-material .message').textContent"
    for year in page.options("year"):
        page.choose("year", year)
        assert f"In {float(year):g} of" in page.run(read) or "nothing" in page.run(read)
    page.choose("future", "embargo")
    assert " of embargo " in page.run(read)
    said = page.run("return document.querySelector('#view-material .drawing').getAttribute('aria-label')")
    assert page.run(read) in said


def test_counts_and_capital_are_those_of_the_chart(page: Page) -> None:
    for choice in choices(page):
        said, rows = under(page, "plan", choice)
        if rows.empty:
            assert said == "Nothing is to be built."
        else:
            assert first_number(said) == len(rows)
            assert rows["label"].str.endswith(" · firm").tolist() == (rows["standing"] == "firm").tolist()
            assert f"Firm: {(rows['standing'] == 'firm').sum()} of" in said
            money = re.search(r"([\d,.]+) MUSD of capital", said)
            assert money is not None
            assert float(money[1].replace(",", "")) == pytest.approx(rows["capital_cost"].sum(), rel=6e-3)
        said, rows = under(page, "capital", choice)
        if not rows.empty:
            assert first_number(said) == pytest.approx(rows["amount"].sum(), rel=6e-3)


def test_users_take_what_is_drawn(page: Page) -> None:
    seen = 0
    for choice in choices(page):
        said, rows = under(page, "material", choice)
        users = rows[rows["target"].str.startswith("users|")] if len(rows) else rows
        if choice["region"] != "all regions" and len(users):
            users = users[users["target"].str.startswith(f"users|{choice['region']} ")]
        if users.empty:
            assert said == "Users take nothing of it here."
            continue
        seen += 1
        assert set(users["element"]) == {choice["element"]}
        total = re.search(r"take ([\d,.]+) ", said)
        assert total is not None
        assert float(total[1].replace(",", "")) == pytest.approx(users["amount"].sum(), rel=6e-3)
        largest = users.groupby("source")["amount"].sum()
        share = re.search(r"([\d.]+)% comes from the stage (\w+)", said)
        assert share is not None
        assert float(share[1]) == pytest.approx(100 * largest.max() / largest.sum(), abs=0.06)
        assert largest[largest.index.str.startswith(f"{share[2]}|")].max() == pytest.approx(largest.max())
    assert seen > 20


def test_capacity_names_the_stage_that_most_is_added_to(page: Page) -> None:
    for choice in choices(page):
        said, rows = under(page, "capacity", choice)
        if rows.empty or rows["added"].max() <= 0:
            assert "adds no capacity" in said
            continue
        stages = set(rows.loc[rows["added"] == rows["added"].max(), "stage"])
        assert any(f"most to {stage}" in said for stage in stages)
        added = re.search(r": ([\d,.]+) t/year", said)
        assert added is not None
        assert float(added[1].replace(",", "")) == pytest.approx(rows["added"].max(), rel=6e-3)


def test_a_stage_with_nothing_yet_is_told(opened: Run) -> None:
    """By hand: alloy has nothing and gains 300, metal has 100 and gains 100, so that growth alone would mislead."""
    node, (future, *_) = opened.paths["truce"][0], opened.paths
    rows = [("alloy", 0.0, 300.0), ("metal", 100.0, 100.0), ("mine", 900.0, 0.0)]
    sums = pd.DataFrame([(stage, node, future, 2026.0, "all regions", kept, added) for stage, kept, added in rows],
                        columns=["stage", "node", "future", "year", "region", "kept", "added"])
    choice = {"future": future, "region": "all regions"}
    assert _growth(opened, sums).under(choice) == (
        f"It adds most to alloy: 300 t/year in 2026 of {future}, where nothing stands without it.")
    assert "alloy: 300 t/year in 2026" in _growth(opened, sums.assign(kept=sums["kept"] + 50)).under(choice)
    assert "on top of 50." in _growth(opened, sums.assign(kept=sums["kept"] + 50)).under(choice)


@pytest.mark.parametrize(("view", "amount", "pattern"), [
    ("cost_by_year", "yearly", r": ([\d,.]+) MUSD"), ("stocks", "stock", r": ([\d,.]+) t"),
    ("shares", "share", r": ([\d.]+)%"), ("supply", "amount", r"cannot be had: \w+.* lack ([\d,.]+) "),
])
def test_the_largest_is_that_of_the_chart(page: Page, view: str, amount: str, pattern: str) -> None:
    seen = 0
    for choice in choices(page):
        said, rows = under(page, view, choice)
        if rows.empty:
            assert not re.search(pattern, said)
            continue
        if view == "supply":
            rows = rows[rows["measure"] == "short: could not be had"]
        by = ["year"] if view == "cost_by_year" else ["commodity", "owner", "year"] if view == "stocks" else None
        largest = rows.groupby(by)[amount].sum().max() if by else rows[amount].max()
        found = re.search(pattern, said)
        if found is None:
            assert not largest > 1e-6
            continue
        seen += 1
        shown = float(found[1].replace(",", "")) / (100 if view == "shares" else 1)
        assert shown == pytest.approx(largest, rel=6e-3, abs=6e-4 if view == "shares" else 0)
    assert seen > 5


def test_prices_compare_what_is_drawn(page: Page) -> None:
    seen = 0
    for choice in choices(page):
        said, rows = under(page, "prices", choice)
        both = rows.pivot_table(index="commodity", columns="kind", values="price") if len(rows) else rows
        found = re.search(r"(\S+) stands furthest above its stated price: ([\d,.]+) against ([\d,.]+)", said)
        if found is None:
            assert rows.empty or "stated" not in both or not (both["shadow price"] > both["stated"]).any()
            continue
        seen += 1
        times = both["shadow price"] / both["stated"]
        assert times[found[1]] == pytest.approx(times.max())
        shown = [float(text.replace(",", "")) for text in found.groups()[1:]]
        assert shown == pytest.approx(both.loc[found[1], ["shadow price", "stated"]].tolist(), rel=6e-3)
    assert seen > 5


def test_missed_requirements_are_those_drawn(page: Page) -> None:
    for choice in choices(page):
        said, rows = under(page, "requirements", choice)
        missed = int((rows["violation"] > 1e-6).sum())
        assert said.startswith(f"{missed} of {len(rows)} rows" if missed else "Every requirement is met")
        assert choice["future"] in said


def test_shares_along_say_their_years(page: Page) -> None:
    said, rows = under(page, "shares_along", {"future": "embargo"})
    ends = [rows["year"].min(), rows["year"].max()]
    assert f"year {ends[0]:g} and its share in {ends[1]:g} of embargo" in said
    assert "today" not in said
    mine = rows[(rows["year"] == ends[0]) & (rows["stage"] == "magnet")]
    top = mine.sort_values("share", ascending=False).iloc[0]
    assert f"magnet {top['country']} {top['share']:.0%} to" in said
