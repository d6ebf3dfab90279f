"""The path of a newcomer, command by command: everything works on every instance, whatever it leaves out."""

from __future__ import annotations

import contextlib
import copy
import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from planner.__main__ import main
from tests.browser import Page, browser
from tests.commands import PATIENCE
from tests.paths import ROOT, STARTER

PUBLISHED = sorted((ROOT / "instances" / "published").glob("*.yaml"))
LARGE = [pytest.param(file, marks=pytest.mark.long if file.stem == "rare-earths" else pytest.mark.large)
         for file in sorted((ROOT / "instances").glob("rare-earths*.yaml"))]  # fmt: skip
FORMATS = ("xlsx", "iamc", "parquet", "mps", "lp", "graphml", "datapackage")
QUICK = ("--gap", "0.05", "--threads", "1", "--time-limit", str(PATIENCE), "--quiet")


def carry_out(*words: str | Path) -> str:
    """What a command prints; it must end well."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([str(word) for word in words])
    assert code == 0, f"planner {' '.join(map(str, words))}: {code}\n{err.getvalue()}"
    return out.getvalue()


def journey(
    folder: Path, file: Path, formats: tuple[str, ...] = FORMATS, change: str = "time.discount_rate=0.03"
) -> Path:
    """All that one does with an instance and its run, also beside that of a changed instance; the run's folder."""
    run, other = folder / "run", folder / "other"
    carry_out("validate", file)
    carry_out("solve", file, "--out", run, *QUICK)
    assert '"recalled": true' in carry_out("solve", file, "--out", run, *QUICK, "--json")
    carry_out("solve", file, "--set", change, "--out", other, *QUICK)
    carry_out("show", file)
    carry_out("report", run, "--quiet")
    assert (run / "report.html").stat().st_size > 100_000
    carry_out("compare", run, run, "--out", folder / "none")
    carry_out("compare", run, other, "--out", folder / "differences")
    carry_out("evaluate", run, "--out", folder / "evaluated", *QUICK)
    carry_out("explain", run, *QUICK)
    for name in formats:
        carry_out("export", run, "--format", name, "--out", folder / f"export-{name}.{_ending(name)}", "--quiet")
    if len(pd.read_csv(run / "scenarios.csv")) > 1:
        carry_out("value", file, "--out", folder / "value", "--delays", "1", *QUICK)
    return run


def _ending(name: str) -> str:
    return {"iamc": "csv", "datapackage": "zip"}.get(name, name)


@pytest.mark.parametrize("file", PUBLISHED, ids=[file.stem for file in PUBLISHED])
def test_published_instances(file: Path, tmp_path: Path) -> None:
    journey(tmp_path, file)


@pytest.mark.parametrize("file", [STARTER, ROOT / "instances" / "quickstart.yaml"], ids=lambda file: file.stem)
def test_first_instances(file: Path, tmp_path: Path) -> None:
    """The whole way, and both kinds of page in a browser."""
    run = journey(tmp_path, file, change="demands.*.amount*=1.1")
    carry_out("report", run, tmp_path / "other", "--out", tmp_path / "both.html", "--quiet")
    with browser() as driver:
        for page in (run / "report.html", tmp_path / "both.html"):
            assert Page(driver, page).messages() == []


@pytest.mark.parametrize("file", LARGE, ids=lambda file: file.stem)
def test_large_instances(file: Path, tmp_path: Path) -> None:
    """Each solved once; what follows from a run costs little beside it."""
    run = tmp_path / "run"
    carry_out("validate", file)
    carry_out("solve", file, "--out", run, *QUICK)
    assert '"recalled": true' in carry_out("solve", file, "--out", run, *QUICK, "--json")
    carry_out("report", run, "--quiet")
    carry_out("compare", run, run, "--out", tmp_path / "none")
    carry_out("evaluate", run, "--out", tmp_path / "evaluated", *QUICK)
    carry_out("export", run, "--format", "xlsx", "--out", tmp_path / "run.xlsx", "--quiet")


# A little of everything that the language has.
EVERYTHING = yaml.safe_load("""
name: everything
units: {quantity: t, money: MUSD, price: USD/kg}
time:
  {start: 2030, periods: [1, 1], discount_rate: 0, base_year: 2030, discounting: mid_period, capital_charge: annuity}
regions: {US: {}, AU: {}, CN: {}}
elements: [Nd]
commodities:
  ore: {stage: mine, disposal: free, elements: {Nd: 0.2}}
  m: {stage: magnet, disposal: free, elements: {Nd: 0.1}}
  scrap: {stage: recycling, disposal: free, elements: {Nd: 0.1}}
processes:
  make: {inputs: {ore: 1}, outputs: {m: 1}, variable_cost: 1}
  again: {inputs: {scrap: 1}, outputs: {m: 1}, variable_cost: 1}
facilities: {f: {region: US, stage: magnet, capacity: 10, processes: [make, again], fixed_cost: 0.1}}
projects: {p: {facility: f, size: {most: 100}, capital: {fixed: 0.1, variable: 1}, lead_time: 0, life: 10}}
project_groups: {g: {projects: [p], at_most: 1}}
lanes: {x: {commodities: [ore], from: [AU], to: [US], freight: 0.1, capacity: 50}}
suppliers:
  s: {commodity: ore, origin: CN, regions: [AU, US], steps: [{price: 10, amount: 60}]}
  sm: {commodity: m, origin: CN, regions: [US], steps: [{price: 50, amount: 90}]}
outlets: {o: {commodity: m, regions: [US], steps: [{price: 1, amount: 10}]}}
limits: {most: {suppliers: [s], most: 100}}
demands: {d: {region: US, class: c, accepts: {m: 1}, amount: 100, shortage: [{share: 1, cost: 1000}]}}
stockpiles: {w: {commodity: m, region: US, owner: commercial, initial: 1, holding_cost: 0.1, final_value: 1}}
returns: {q: {commodity: scrap, region: US, delivered: {m: 1}, demands: [d], lifetime: {1: 1}, rate: 0.5, cost: 0.1}}
controls: {ban: {exporter: CN, kind: ban, stages: [magnet], destinations: [US], start: 2031}}
futures: {calm: {probability: 0.5}, storm: {probability: 0.5, from: calm, branches: 2031, controls: [ban]}}
requirements: {r: {kind: served, target: 0.9, elastic: {penalty: 100}}}
""")
NEEDED_BY = {  # Sections that make no sense without another.
    "projects": ("project_groups",), "demands": ("returns", "requirements"), "futures": ("controls",),
    "controls": ("futures",), "suppliers": ("limits", "controls", "futures"),
}  # fmt: skip
SECTIONS = ("elements", "projects", "project_groups", "lanes", "outlets", "limits", "demands", "stockpiles", "returns",
            "controls", "requirements", "suppliers")  # fmt: skip


def without(section: str) -> dict[str, Any]:
    """The instance without a section and what hangs on it."""
    content: dict[str, Any] = copy.deepcopy(EVERYTHING)
    for name in (section, *NEEDED_BY.get(section, ())):
        content.pop(name, None)
    if section == "elements":
        for commodity in content["commodities"].values():
            del commodity["elements"]
    if section in ("returns", "demands"):  # Nobody then brings scrap.
        del content["processes"]["again"]
        content["facilities"]["f"]["processes"] = ["make"]
    if section == "suppliers":  # Ore then comes from the ground.
        content["processes"]["dig"] = {"outputs": {"ore": 1}, "variable_cost": 1}
        content["facilities"]["mine"] = {"region": "US", "capacity": 50, "processes": ["dig"]}
        content["lanes"]["x"] |= {"from": ["US"], "to": ["AU"]}
    return content


@pytest.fixture(params=["arrow", "plain"])
def texts(request: pytest.FixtureRequest) -> Iterator[str]:
    """Columns of text as pandas keeps them with pyarrow, and as it does without."""
    with pd.option_context("mode.string_storage", "pyarrow" if request.param == "arrow" else "python"):
        yield request.param


@pytest.mark.parametrize("section", ["", *SECTIONS])
def test_instances_without_a_section(section: str, texts: str, tmp_path: Path) -> None:
    file = tmp_path / "case.yaml"
    file.write_text(yaml.safe_dump(without(section), sort_keys=False))
    journey(tmp_path, file, tuple(name for name in FORMATS if texts == "arrow" or name != "parquet"))


@pytest.mark.parametrize("count", [1, 40])
def test_one_future_and_many(count: int, tmp_path: Path) -> None:
    content = copy.deepcopy(EVERYTHING)
    content["futures"] = {f"f{number}": {"probability": 1 / count} | ({"controls": ["ban"]} if number % 2 else {})
                          for number in range(count)}  # fmt: skip
    file = tmp_path / "case.yaml"
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    journey(tmp_path, file, ("xlsx", "iamc"))


HIDDEN = """
import sys
sys.modules["pyarrow"] = None
from planner.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


def test_all_but_parquet_works_without_pyarrow(tmp_path: Path) -> None:
    def ends(*words: str) -> tuple[int, str]:
        result = subprocess.run([sys.executable, "-c", HIDDEN, *words], cwd=tmp_path, capture_output=True, text=True,
                                check=False, timeout=PATIENCE)  # fmt: skip
        return result.returncode, result.stderr

    assert ends("solve", str(STARTER), "--out", "run", *QUICK) == (0, "")
    for command in ("report run --quiet", "compare run run --quiet", "export run --format xlsx --quiet"):
        assert ends(*command.split()) == (0, "")
    code, said = ends("export", "run", "--format", "parquet")
    assert code == 2, said
    assert "parquet" in said
