"""Where sales pay for costs and no more: gaps are measured against what changes hands, nothing is printed as -0."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console

from planner.terminal.run import show_run
from planner.workflows.solve import Solved, solve

SOLD, COST, FIXED = 131_272, 50.0, 3.0  # kg a year, USD a kg, USD a kg of capacity and year.
CURVE = [(0.0, 0.0), (36_480.0, 11_702.0), (634_240.0, 39_023.0)]
# By hand: between the second and third corner the plant costs 11702 + (131272 - 36480) * 27321 / 597760 = 16034.53;
# three years at 5.77 %, counted at their start, are 1 + 1/1.0577 + 1/1.0577^2 = 2.839321 years.
CAPITAL = 11_702 + (SOLD - 36_480) * (39_023 - 11_702) / (634_240 - 36_480)
YEARS = 1 + 1.0577**-1 + 1.0577**-2
EVEN = COST + FIXED + CAPITAL / (SOLD * YEARS)  # 53.04302 USD/kg


def solved(folder: Path, price: float, gap: float) -> Solved:
    """A plant that must sell so much at a price."""
    content: dict[str, Any] = {
        "name": "break-even", "units": {"quantity": "kg", "money": "USD", "price": "USD/kg"},
        "objective": {"sense": "maximise"},
        "time": {"start": 2024, "periods": [1, 1, 1], "discount_rate": 0.0577, "base_year": 2024,
                 "discounting": "start_of_period", "capital_charge": "lump_sum"},
        "regions": {"here": {}}, "commodities": {"magnets": {"disposal": "forbidden"}},
        "processes": {"make": {"outputs": {"magnets": 1}, "adds_mass": 1, "variable_cost": COST}},
        "facilities": {"plant": {"region": "here", "capacity": 0, "processes": ["make"], "fixed_cost": FIXED}},
        "projects": {"plant": {
            "facility": "plant", "size": {"most": 634_240}, "earliest": 2024, "latest": 2024, "lead_time": 0,
            "life": 10, "capital": {"curve": [{"size": size, "cost": cost} for size, cost in CURVE]}}},
        "outlets": {"market": {"commodity": "magnets", "regions": ["here"], "least": SOLD,
                               "steps": [{"price": price, "amount": SOLD}]}},
    }  # fmt: skip
    (folder / "case.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    return solve(folder / "case.yaml", out=folder / "run", options={"gap": gap})


@pytest.mark.parametrize("gap", [1e-9, 0.005])
@pytest.mark.parametrize(("price", "worth"), [(53.2, 58_510.087), (53.0, -16_034.528), (EVEN, 0.0), (53.043, -7.436)])
def test_profit_is_what_sales_leave_of_costs(price: float, worth: float, gap: float, tmp_path: Path) -> None:
    """Sums of 20 million each leave nothing at the break-even price: noise over nothing ended in an error."""
    assert SOLD * YEARS * (price - COST - FIXED) - CAPITAL == pytest.approx(worth, abs=1e-3)
    run = solved(tmp_path, price, gap)
    assert run.outcome.status == "optimal"
    assert run.figures["objective"] == pytest.approx(worth, rel=gap, abs=2e-2)
    assert run.figures["bound"] >= run.figures["objective"]
    assert run.figures["gap"] <= gap


def test_nothing_is_printed_without_a_sign(tmp_path: Path) -> None:
    page = StringIO()
    run = solved(tmp_path, EVEN, 1e-9)
    show_run(run, Console(width=110, file=page))
    assert "value 0.00 USD, proven best" in page.getvalue()
    assert str(run.figures["objective"]) == str(run.figures["bound"]) == "0.0"
