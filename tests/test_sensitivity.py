"""Sensitivities by our own sampling and tables: Ishigami's function, and a toy whose answers are known by hand."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import pandas as pd
import pytest

from planner.study.reading import StudyFile, read_study
from planner.study.sampling import Job, jobs_of
from planner.study.sensitivity import sensitivities
from planner.study.sweep import sweep
from tests.test_commands import QUICKSTART

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
