"""Shortage that is chosen: goods lie beside users who go short of them. Cases worked out by hand."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console

import planner
from planner.language.instance import Instance, Options
from planner.reports.run import open_run
from planner.reports.safety import BY_CHOICE, LACKING
from planner.results.solution import Solution
from planner.results.tables import all_tables
from planner.results.verify import verified
from planner.solving.extensive import solve
from planner.terminal.run import show_run
from planner.workflows.solve import formulate
from tests.formulation.test_origin import LOOP

# 10 t at 10 USD/kg; to go short costs users 5, in stock a kilogram is worth 20 in the end, of which room is for 6 t.
HOARD: dict[str, Any] = LOOP | {
    "controls": {}, "futures": {"base": {"probability": 1}}, "lanes": {},
    "suppliers": {"s": {"commodity": "m", "origin": "CN", "regions": ["US"], "steps": [{"price": 10, "amount": 10}]}},
    "demands": {"arms": {"region": "US", "class": "defence", "accepts": {"m": 1}, "amount": 10,
                         "shortage": [{"share": 1, "cost": 15}]}},
    "stockpiles": {"store": {"commodity": "m", "region": "US", "owner": "government", "initial": 0, "capacity": 6,
                             "holding_cost": 0, "final_value": 40}},
}


def test_the_screen_and_the_report_say_what_is_chosen(tmp_path: Path) -> None:
    """Of 10 t a year that users need 4 t are delivered, and 6 t are stored beside them: 60 % by choice of 60 %."""
    (tmp_path / "hoard.yaml").write_text(yaml.safe_dump(HOARD))
    run = planner.solve(tmp_path / "hoard.yaml", out=tmp_path / "run")
    page = StringIO()
    show_run(run, Console(width=110, file=page))
    assert "sold or thrown away: defence 60.0% of 60.0% in base" in page.getvalue()
    supply = open_run(tmp_path / "run").view("supply")
    sums = supply.table[supply.table["region"] == "US"].groupby("measure")["amount"].sum()
    years = supply.table["year"].nunique()
    assert sums[BY_CHOICE] == pytest.approx(6 * years)
    assert sums[LACKING] == pytest.approx(0, abs=1e-9)
    assert "by choice: defence lack 6 t/year" in supply.message


def told(raw: dict[str, Any]) -> tuple[float, float]:
    """What the users go short of and what of it is chosen; the tables are checked."""
    variants = {"base": Instance.model_validate(raw)}
    program = formulate(variants, Options(gap=0.0))
    outcome = solve(program, Options(gap=0.0))
    tables = all_tables(Solution(program, outcome))
    report = verified(variants, tables, outcome.objective)
    assert report.passed, str(report)
    sums = tables["demand"].groupby("measure")["amount"].sum()
    return sums["short"], sums.get("chosen", 0.0)


def test_what_is_stored_beside_users_in_want_is_their_choice() -> None:
    assert told(HOARD) == pytest.approx((6, 6))


def test_what_must_lie_in_stock_is_not_chosen() -> None:
    store = HOARD["stockpiles"]["store"] | {"least": 6}
    assert told(HOARD | {"stockpiles": {"store": store}}) == pytest.approx((6, 0))


def test_what_could_not_be_had_is_not_chosen() -> None:
    supplier = HOARD["suppliers"]["s"] | {"steps": [{"price": 10, "amount": 4}]}
    assert told(HOARD | {"suppliers": {"s": supplier}, "stockpiles": {}}) == pytest.approx((6, 0))


def test_what_is_stored_is_nothing_to_those_who_are_denied_it() -> None:
    denied = {"controls": LOOP["controls"], "futures": LOOP["futures"]}
    assert told(HOARD | denied) == pytest.approx((10, 0))


def test_what_is_sold_abroad_is_chosen() -> None:
    outlet = {"o": {"commodity": "m", "regions": ["US"], "steps": [{"price": 30, "amount": 7}]}}
    assert told(HOARD | {"stockpiles": {}, "outlets": outlet}) == pytest.approx((7, 7))
