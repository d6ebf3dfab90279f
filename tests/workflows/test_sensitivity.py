"""Sensitivities by our own sampling and tables: Ishigami's function, and a toy whose answers are known by hand."""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from planner.workflows.sweep.reading import StudyFile, read_study
from planner.workflows.sweep.sampling import Job, jobs_of
from planner.workflows.sweep.sensitivity import morris_rows, ranking, sensitivities
from planner.workflows.sweep.sweep import sweep
from planner.workflows.sweep.tables import figures, no_regret, projects
from tests.paths import QUICKSTART

PI = math.pi
TOY = """name: toy
units: {quantity: t, money: MUSD, price: USD/kg}
time: {start: 2026, periods: [1, 1], discount_rate: 0, base_year: 2026, discounting: mid_period,
       capital_charge: annuity}
regions: {US: {}, CN: {}}
commodities: {magnet: {disposal: free}}
suppliers: {china: {commodity: magnet, origin: CN, regions: [US], steps: [{price: 50, amount: 2000}]}}
demands: {cars: {region: US, class: ev, accepts: {magnet: 1}, amount: 1000, shortage: [{share: 1, cost: 900}]}}
"""


def study(folder: Path, text: str) -> StudyFile:
    (folder / "study.yaml").write_text(text)
    shutil.copy(QUICKSTART, folder)
    return read_study(folder / "study.yaml")


def ishigami(job: Job) -> float:
    one, two, three = (float(job.values[name]) for name in ("x1", "x2", "x3"))
    return math.sin(one) + 7 * math.sin(two) ** 2 + 0.1 * three**4 * math.sin(one)


def of_ishigami(folder: Path, design: str) -> pd.DataFrame:
    paths = ("time.discount_rate", "facilities.mine.capacity", "facilities.metal.capacity")
    vary = "\n".join(f"  x{i}: {{path: {path}, range: [{-PI!r}, {PI!r}]}}" for i, path in enumerate(paths, 1))
    file = study(folder, f"study: ishigami\ninstance: {QUICKSTART.name}\nvary:\n{vary}\ndesign: {design}\n")
    jobs = jobs_of(file)
    rows = [{"run": job.number, "figure": "objective", "value": ishigami(job), "unit": "1"} for job in jobs[1:]]
    found = sensitivities(file.study, file.factors, jobs, pd.DataFrame(rows))
    return found.set_index(["measure", "factor"])


def test_sobol_indices_of_ishigami(tmp_path: Path) -> None:
    """First order 0.3139, 0.4424, 0; total 0.5576, 0.4424, 0.2437 (a = 7, b = 0.1)."""
    found = of_ishigami(tmp_path, "{kind: sobol, samples: 4096}")
    known = {"first_order": (0.3139, 0.4424, 0.0), "total_order": (0.5576, 0.4424, 0.2437)}
    for measure, values in known.items():
        for number, value in enumerate(values, 1):
            row = found.loc[(measure, f"x{number}")]
            assert row["value"] == pytest.approx(value, abs=0.02), (measure, number)
            assert row["low"] - 0.01 <= value <= row["high"] + 0.01


def test_morris_effects_of_ishigami(tmp_path: Path) -> None:
    """On four levels the effects can be worked out: mu* 7.70, 7.875, 6.25; sigma of x2 is 7.875 around a mean of 0."""
    found = of_ishigami(tmp_path, "{kind: morris, trajectories: 2000}")
    fourth = (PI**4 + (PI / 3) ** 4) / 2
    first = 1.5 * math.sin(PI / 3) * (1 + 0.1 * fourth)
    third = 1.5 * 0.1 * (PI**4 - (PI / 3) ** 4) * math.sin(PI / 3) / 2
    for name, value in (("x1", first), ("x2", 1.5 * 7 * 0.75), ("x3", third)):
        assert found.loc[("mu_star", name), "value"] == pytest.approx(value, rel=0.06)
    assert found.loc[("mu", "x1"), "value"] == pytest.approx(first, rel=0.06)
    assert found.loc[("mu", "x2"), "value"] == pytest.approx(0, abs=0.6)
    assert found.loc[("sigma", "x2"), "value"] == pytest.approx(7.875, rel=0.02)


def toy(folder: Path, vary: str, design: str) -> pd.DataFrame:
    (folder / "toy.yaml").write_text(TOY)
    text = f"study: toy\ninstance: toy.yaml\nvary:\n{vary}\ndesign: {design}\nrelaxation: true\n"
    (folder / "study.yaml").write_text(text)
    done = sweep(folder / "study.yaml", out=folder / "out", executor="inline")
    assert not done.wrong
    found = done.tables["sensitivity"]
    return found[found["figure"] == "objective"]


def test_tornado_of_a_linear_toy_is_exact(tmp_path: Path) -> None:
    """Two years of 1000 t at 50 USD/kg cost 100 MUSD; each factor changes that by its own product."""
    vary = "  price: {path: suppliers.china.steps.0.price, range: [40, 65]}\n"
    vary += "  need: {path: demands.cars.amount *=, range: [0.9, 1.2]}"
    found = toy(tmp_path, vary, "one_way")
    changes = {(row["factor"], float(row["at"])): row["value"] for row in found.to_dict("records")}
    expected = {("price", 40): -20, ("price", 65): 30, ("need", 0.9): -10, ("need", 1.2): 20}
    assert changes == pytest.approx(expected)


def test_morris_of_a_linear_toy_is_exact(tmp_path: Path) -> None:
    vary = "  price: {path: suppliers.china.steps.0.price, range: [40, 60]}\n"
    vary += "  cost: {path: demands.cars.shortage.0.cost, range: [800, 900]}"
    found = toy(tmp_path, vary, "{kind: morris, trajectories: 4}").set_index(["measure", "factor"])["value"]
    assert found["mu_star", "price"] == pytest.approx(40)
    assert found["sigma", "price"] == pytest.approx(0, abs=1e-9)
    assert found["mu_star", "cost"] == pytest.approx(0, abs=1e-9)


def test_trajectories_with_a_run_without_a_plan_are_left_out_whole() -> None:
    """y = 3a - 2b: what is left tells it exactly; to leave the run alone would join steps of two trajectories."""
    points = np.array([[0, 0], [1, 0], [1, 1], [1, 1], [0, 1], [0, 0], [0, 1], [0, 0], [1, 0]], dtype=float)
    outputs = points @ np.array([3.0, -2.0])
    outputs[4] = np.nan
    rows = {(r["factor"], r["measure"]): r for r in morris_rows(["a", "b"], points, outputs, 2, 0)}
    assert [rows[name, "mu"]["value"] for name in ("a", "b")] == pytest.approx([3, -2])
    assert [rows[name, "sigma"]["value"] for name in ("a", "b")] == pytest.approx([0, 0], abs=1e-9)
    assert {(r["used"], r["of"]) for r in rows.values()} == {(2, 3)}
    assert list(morris_rows(["a", "b"], points[:6], outputs[:6], 2, 0)) == []  # One is too few.


HALF = """name: half
units: {quantity: t, money: MUSD, price: USD/kg}
time: {start: 2030, periods: [1], discount_rate: 0, base_year: 2030, discounting: mid_period, capital_charge: annuity}
regions: {US: {}}
commodities: {m: {disposal: free}}
suppliers: {s: {commodity: m, origin: CN, regions: [US], steps: [{price: 10, amount: 200}]}}
demands: {d: {region: US, class: c, accepts: {m: 1}, amount: 100}}
"""
NEED, LIMIT = "need: {path: demands.d.amount, range: [%s]}", "limit: {path: suppliers.s.steps.0.amount, range: [%s]}"


def half_study(folder: Path, design: str, need: str = "50, 150", limit: str = "50, 150") -> StudyFile:
    """Cost is 10 USD/kg times need alone, but where need exceeds the limit of supply there is no plan."""
    (folder / "half.yaml").write_text(HALF)
    text = f"study: half\ninstance: half.yaml\nvary:\n  {NEED % need}\n  {LIMIT % limit}\ndesign: {design}\n"
    (folder / "study.yaml").write_text(text)
    return read_study(folder / "study.yaml")


def half(folder: Path, design: str, need: str = "50, 150", limit: str = "50, 150") -> dict[str, pd.DataFrame]:
    half_study(folder, design, need, limit)
    return dict(sweep(folder / "study.yaml", out=folder / "out", executor="inline").tables)


def foreseen(file: StudyFile) -> dict[str, pd.DataFrame]:
    """What the runs of the study find, as computed by hand."""
    jobs = jobs_of(file)
    records: dict[int, dict[str, Any]] = {0: {"status": "infeasible"}}
    for job in jobs[1:]:
        need, limit = float(job.values["need"]), float(job.values["limit"])
        plan = {"status": "optimal", "figures": {"objective": [need / 100, "MUSD"]}}
        records[job.number] = plan if need <= limit else {"status": "infeasible"}
    table = sensitivities(file.study, file.factors, jobs, figures(jobs, records))
    return {"sensitivity": table, "runs": pd.DataFrame([records[job.number]["status"] for job in jobs])}


def measured(tables: dict[str, pd.DataFrame], figure: str) -> pd.DataFrame:
    found = tables["sensitivity"]
    return found[found["figure"] == figure].set_index(["measure", "factor", "at"])


def test_sobol_indices_are_not_those_of_the_runs_that_are_left(tmp_path: Path) -> None:
    """Need does all to cost; need <= limit on a square has first order 1/3 and total order 2/3 in both."""
    tables = foreseen(half_study(tmp_path, "{kind: sobol, samples: 512}"))
    cost, planned = measured(tables, "objective"), measured(tables, "has_plan")
    for order in ("first_order", "total_order"):
        assert cost.loc[(order, "need", ""), "value"] == pytest.approx(1)
        assert cost.loc[(order, "limit", ""), "value"] == pytest.approx(0, abs=1e-9)
        for factor in ("need", "limit"):
            value = {"first_order": 1 / 3, "total_order": 2 / 3}[order]
            assert planned.loc[(order, factor, ""), "value"] == pytest.approx(value, abs=0.05)
    assert set(planned["used"]) == set(planned["of"]) == set(cost["of"]) == {512}
    blocks = (tables["runs"][0][1:] == "optimal").to_numpy().reshape(-1, 4)
    assert set(cost["used"]) == {int(blocks.all(axis=1).sum())}


def test_ranks_are_not_tied_by_the_runs_that_are_left(tmp_path: Path) -> None:
    cost = measured(foreseen(half_study(tmp_path, "{kind: latin_hypercube, runs: 40}")), "objective")
    assert cost.loc[("rank_regression", "need", ""), "value"] == pytest.approx(1)
    assert cost.loc[("rank_regression", "limit", ""), "value"] == pytest.approx(0, abs=1e-9)
    assert set(cost["of"]) == {40}
    assert cost["used"].max() < 40


def test_no_plan_is_a_bar_of_the_tornado(tmp_path: Path) -> None:
    tables = half(tmp_path, "one_way", need="50, 250", limit="120, 150")
    cost = measured(tables, "objective")
    assert pd.isna(cost.loc[("no_plan", "need", "250.0"), "value"])
    assert cost.loc[("change", "need", "50.0"), "value"] == pytest.approx(-0.5)
    assert measured(tables, "has_plan").loc[("change", "need", "250.0"), "value"] == -1
    assert ranking(tables["sensitivity"])["measure"].iloc[0] == "no_plan"


def test_a_grid_has_exact_effects(tmp_path: Path) -> None:
    """Need of 50, 100, 150 t costs 0.5, 1, 1.5 MUSD whatever the limit: variance is that of need alone."""
    whole = measured(half(tmp_path, "{kind: grid, levels: 3}", limit="160, 180"), "objective")
    for at, effect in (("50.0", -0.5), ("100.0", 0), ("150.0", 0.5)):
        assert whole.loc[("effect", "need", at), "value"] == pytest.approx(effect, abs=1e-9)
    assert whole.loc[("total_order", "need", ""), "value"] == pytest.approx(1)
    assert whole.loc[("first_order", "limit", ""), "value"] == pytest.approx(0, abs=1e-9)
    assert whole["low"].isna().all()


def test_a_grid_with_gaps_tells_effects_from_gaps(tmp_path: Path) -> None:
    """Three of nine cells have no plan: 6 of 9 are used; of has_plan all, whose variance splits 1/3, 1/3, 1/3."""
    tables = half(tmp_path, "{kind: grid, levels: 3}")
    cost, planned = measured(tables, "objective"), measured(tables, "has_plan")
    assert cost.loc[("effect", "need", "150.0"), "value"] == pytest.approx(0.5)
    assert cost.loc[("effect", "limit", "150.0"), "value"] == pytest.approx(0, abs=1e-9)
    assert (set(cost["used"]), set(cost["of"])) == ({6}, {9})
    assert planned.loc[("first_order", "need", ""), "value"] == pytest.approx(1 / 3)
    assert planned.loc[("total_order", "need", ""), "value"] == pytest.approx(2 / 3)


def test_shares_are_of_all_runs(tmp_path: Path) -> None:
    """A project that every plan builds is not built where there is no plan."""
    jobs = [Job(i, {"x": i}, {"x": i / 3}, (), 0) for i in range(4)]
    record = {"status": "optimal", "projects": {"mine": [2030.0, 5.0, 1.0]}}
    records = {0: record, 1: record, 2: {"status": "infeasible"}, 3: {"status": "failed"}}
    titles = {"mine": ("Mine", "US", "mine")}
    (row,) = no_regret(projects(jobs, records, titles), jobs, [], titles).to_dict("records")
    assert (row["runs"], row["plans"], row["share"], row["verdict"]) == (4, 2, 0.5, "depends")
    known = figures(jobs, records)
    assert known[known["figure"] == "has_plan"]["value"].tolist() == [1, 1, 0]
