"""Shadow prices: their sign, unit and meaning, against hand computation and finite differences."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from planner.workflows.solve import Solved, solve
from tests.paths import STARTER

NO_PLANT = ("projects.build-magnet-plant.size.most=200", "facilities.mine.capacity=0")


def run(tmp_path: Path, *sets: str) -> Solved:
    return solve(STARTER, sets=(*NO_PLANT, *sets), out=tmp_path / "run", options={"gap": 0.0})


def price(found: Solved, node: str) -> float:
    table = found.tables["prices"].set_index(["commodity", "region", "node"])["price"]
    return float(table.loc[("magnet", "HOME", node)])


def test_price_is_that_of_the_step_which_the_next_kilogram_comes_from(tmp_path: Path) -> None:
    found = run(tmp_path)
    assert price(found, "truce:2026") == pytest.approx(60)  # 600 t needed, 800 t offered at 60 USD/kg
    assert price(found, "truce:2030") == pytest.approx(90)  # 1,000 t needed, the second step at 90 USD/kg
    with pytest.raises(KeyError):  # Under the ban nothing moves, so there is no price to speak of.
        price(found, "embargo:2029")


def test_price_equals_the_finite_difference_of_the_objective(tmp_path: Path) -> None:
    """Before the ban, where more demand changes nothing but what must be bought."""
    base = {2026: 600.0, 2027: 850.0, 2028: 800.0, 2029: 900.0, 2030: 1000.0}

    def found(amounts: dict[int, float]) -> Solved:
        return run(tmp_path, f"demands.cars.amount={{{', '.join(f'{y}: {v}' for y, v in amounts.items())}}}")

    first = found(base)
    weight = first.tables["nodes"].set_index("node")["weight"]
    for year in (2026, 2027):
        more = found(base | {year: base[year] + 0.5})
        node = f"truce:{year}"
        marginal = price(first, node) * weight[node] * 0.5 * 0.001
        assert more.outcome.objective - first.outcome.objective == pytest.approx(marginal, rel=1e-5), node


def test_shadow_price_of_a_requirement_is_what_easing_it_saves(tmp_path: Path) -> None:
    found = run(tmp_path)
    rows = found.tables["requirements"]
    binding = rows[rows["violation"] > 0]
    assert not binding.empty
    assert binding["shadow_price"].to_numpy() == pytest.approx(2000)
    assert (rows["shadow_price"] >= 0).all()


def test_element_balance_adds_up_and_shares_add_to_one(tmp_path: Path) -> None:
    quickstart = STARTER.parents[2] / "instances" / "quickstart.yaml"
    tables = solve(quickstart, out=tmp_path / "run").tables
    balance = tables["element_balance"].groupby(["element", "region", "node"])["amount"].sum()
    assert balance.abs().max() < 1e-6
    shares = tables["shares"].groupby(["stage", "node"])["share"].sum()
    assert isinstance(shares, pd.Series)
    assert shares.to_numpy() == pytest.approx(1.0)


def test_a_plant_that_costs_nothing_is_no_larger_than_needed(tmp_path: Path) -> None:
    """By hand: a kg made costs 20 + 0.42 x 45 = 38.9, one bought 60: all of the largest need, 1,000 t, is made."""
    free = [f"projects.build-magnet-plant.{path}" for path in ("capital.fixed=0", "capital.variable=0", "ramp=[]")]
    plan = solve(STARTER, sets=free, out=tmp_path / "run", options={"gap": 0.0}).tables["plan"]
    assert plan["size"].tolist() == pytest.approx([1000], abs=1e-6)
