"""Periods of any length: they begin where the sum of those before ends, and every plan passes the check."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from planner.errors import InputError
from planner.reading.document import load
from planner.run import solve
from planner.schema import Time
from planner.units import periods
from tests.test_circulation import case


def test_starts_of_thirds_do_not_drift() -> None:
    """Three thirds are a year; the thirteenth begins in 2030."""
    time = Time(
        start=2026, periods=[1 / 3] * 13, discount_rate=0, base_year=2026, discounting="mid_period",
        capital_charge="annuity",
    )  # fmt: skip
    starts = [span.start for span in periods(time)]
    assert starts[::3] == [2026, 2027, 2028, 2029, 2030]


@pytest.mark.parametrize("length", [1 / 3, 0.3333333, 0.333333333, 0.1428571, 0.6666667, 0.7, 0.0833333])
def test_every_length_passes_the_check(tmp_path: Path, length: float) -> None:
    """13 periods of users of 10 t a year, who cost 60 a year (see test_circulation)."""
    content = case()
    content["time"] |= {"periods": [length] * 13}
    (tmp_path / "case.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    run = solve(tmp_path / "case.yaml", out=tmp_path / "run", options={"gap": 0.0})
    assert run.figures["objective"] == pytest.approx(60 * length * 13)


def test_a_period_of_a_moment_is_refused(tmp_path: Path) -> None:
    content = case()
    content["time"] |= {"periods": [1e-9, 1]}
    (tmp_path / "case.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    with pytest.raises(InputError, match=r"case\.yaml:\d+:\d+ .*0\.001"):
        load(tmp_path / "case.yaml")
