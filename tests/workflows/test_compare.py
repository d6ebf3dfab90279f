"""Runs beside each other: the differences are those that were made, with file and line."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from planner import compare, solve
from planner.common.errors import InputError
from planner.reports.comparison import UNLIKE, of_comparison
from planner.solving.proof import difference, proven
from planner.terminal.comparison import TITLES, show_comparison
from planner.workflows.comparison.tables import changed
from tests.cases import case_file
from tests.commands import planner
from tests.paths import QUICKSTART, ROOT
from tests.workflows.test_reasons import LATE

REFERENCE = ROOT / "results" / "reference"


def made(folder: Path, *sets: str) -> Path:
    run = solve(QUICKSTART, sets=list(sets), out=folder)
    assert run.folder is not None
    return run.folder


def test_a_run_does_not_differ_from_itself(tmp_path: Path) -> None:
    run = made(tmp_path / "run")
    tables = compare([run, run]).tables
    assert tables["inputs"].empty
    assert set(tables["plan"]["change"]) == {"same"}
    for name in ("figures", "costs", "served", "shares", "requirements", "prices"):
        assert len(tables[name])
        assert changed(tables[name]).empty, name


def test_a_change_on_one_and_the_same_plan(tmp_path: Path) -> None:
    """By hand: built, the line saves 1,200 and is charged 5, or 1,500 where it is dear, when it is not built.

    The plan made for the cheap line costs 1,495 more where it is dear, the plan without it the same on both sides; the
    least costs differ by 1,195, between the two.
    """
    file = case_file(tmp_path, LATE, {})
    cheap, dear = tmp_path / "cheap", tmp_path / "dear"
    solve(file, out=cheap, options={"gap": 0.0})
    solve(file, sets=["projects.line.capital.fixed=30000"], out=dear, options={"gap": 0.0})
    found = compare([cheap, dear], one_plan=True)
    rows = found.tables["same_plan"].set_index("plan")
    assert rows["difference"].to_list() == pytest.approx([1495, 0], abs=1e-6)
    assert rows["told"].to_list() == [True, False]
    (proof,) = found.tables["proof"].to_dict("records")
    assert [proof[k] for k in ("difference", "least", "most")] == pytest.approx([1195] * 3)
    assert proof["told"]


FOR_EMERGENCIES = ("stockpiles={home: {commodity: magnet, region: HOME, owner: government, initial: 300, capacity: 300,"
                   " holding_cost: 0, final_value: 0, release: emergency}}")  # fmt: skip


def test_a_ban_that_opens_a_stock_is_no_gain_without_a_word(tmp_path: Path) -> None:
    """What the ban lets out is free, and 300 t of it; with the stock open in both nothing is said."""
    folders = [tmp_path / name for name in ("peace", "ban", "open peace", "open ban")]
    for folder in folders:
        peace = ["futures.embargo.controls=[]"] if "peace" in folder.name else []
        opened = ["stockpiles.home.release=always"] if "open" in folder.name else []
        solve(ROOT / "planner" / "language" / "starter.yaml", sets=[FOR_EMERGENCIES, *opened, *peace], out=folder)
    found = compare(folders[:2])
    (note,) = found.tables["proof"]["note"]
    assert "home: 300 released here alone" in note
    console = Console(record=True, width=400, file=io.StringIO())
    show_comparison(found, console)
    assert note in console.export_text()
    assert any(note in view.note for view in of_comparison(found).views)
    assert "home: 300 released in the baseline alone" in compare(folders[1::-1]).tables["proof"]["note"].item()
    assert compare(folders[2:]).tables["proof"]["note"].item() == ""


def test_a_plan_that_does_not_fit_the_other_instance_is_told(tmp_path: Path) -> None:
    file = case_file(tmp_path, LATE, {})
    solve(file, out=tmp_path / "with", options={"gap": 0.0})
    solve(file, sets=["projects.line.size.fixed=30"], out=tmp_path / "small", options={"gap": 0.0})
    (first, second) = compare([tmp_path / "with", tmp_path / "small"], one_plan=True).tables["same_plan"]["reason"]
    assert "which it cannot have" in first
    assert "which it cannot have" in second


def test_runs_in_other_units_are_not_subtracted(tmp_path: Path) -> None:
    """-108,390 USD beside 212.83 MUSD were said to differ by +108,603 MUSD, proven."""
    farmer = solve(ROOT / "instances" / "published" / "farmer.yaml", out=tmp_path / "farmer")
    starter = solve(ROOT / "planner" / "language" / "starter.yaml", out=tmp_path / "starter")
    assert farmer.folder
    assert starter.folder
    found = compare([farmer.folder, starter.folder], one_plan=True)
    proof = found.tables["proof"].iloc[0]
    assert proof[["difference", "least", "most"]].isna().all()
    assert proof["note"] == (
        "This run states MUSD and t, the baseline USD and t: objectives and plans are not compared."
    )
    assert found.tables["plan"].empty
    assert set(found.tables["same_plan"]["reason"]) == {"the two state other units"}
    for name in ("figures", "costs"):
        money = found.tables[name][found.tables[name]["unit"].isin(["USD", "MUSD"])]
        assert len(money)
        assert money["difference"].isna().all()
    text = io.StringIO()
    show_comparison(found, Console(file=text, width=200))
    assert "The plan is the same" not in text.getvalue()
    said = {view.name: view.message for view in of_comparison(found).views}
    assert {said[name] for name in ("figures", "costs", "served_by_run")} == {UNLIKE}


def test_the_same_objective_to_the_gap_makes_no_findings(tmp_path: Path) -> None:
    """101, at least 99, beside 100, at least 98: from -3 to 1."""
    base, other = made(tmp_path / "base"), made(tmp_path / "other", "demands.*.amount*=1.1")
    found = compare([base, other])
    row = difference(proven(101.0, 99.0), proven(100.0, 98.0)).row
    proof = found.tables["proof"].assign(**{name: [value] for name, value in row.items()})
    doubted = replace(found, tables={**found.tables, "proof": proof})
    with (console := Console(width=110)).capture() as shown:
        show_comparison(doubted, console)
    text = " ".join(shown.get().split())
    assert "proven between -3 and +1. The sign is not proven" in text
    doubt = "No findings: it cannot be told whether other costs more."
    subject, told = of_comparison(doubted), of_comparison(found)
    page = {view.name: view.message for view in subject.views}
    differing = {name for name in TITLES if len(changed(found.tables[name]))} | {"figures"}
    assert differing >= {"figures", "costs", "shares"}
    for name in differing:
        assert doubt in page[{"served": "served_by_run"}.get(name, name)], name
        assert f"{TITLES[name][0]} (may be chance)" in text
    assert "(which is larger cannot be told)" in page["proof"]
    assert subject.lead.endswith(doubt)
    assert doubt not in told.lead + "".join(view.message for view in told.views)


def test_runs_without_projects_are_compared(tmp_path: Path) -> None:
    """Dantzig's transport has no project and no horizon beyond a year; nor has it with economies of scale."""
    folder = ROOT / "instances" / "published"
    runs = [solve(folder / f"{name}.yaml", out=tmp_path / name).folder for name in ("trnsport", "trnspwl")]
    found = compare([str(run) for run in runs])
    assert found.tables["plan"].empty
    assert found.tables["proof"]["difference"].item() == pytest.approx(8.786852757777865 - 153.675, abs=0.001)


def test_inputs_differ_where_they_were_changed(tmp_path: Path) -> None:
    base = made(tmp_path / "base")
    other = made(tmp_path / "other", "facilities.separation.availability*=0.9", "demands.*.amount*=1.1")
    inputs = compare([base, other]).tables["inputs"]
    numbers = inputs[~inputs["provenance"].astype(bool)].set_index("path")
    assert numbers.loc["facilities.separation.availability", "factor"] == pytest.approx(0.9)
    assert all(p.startswith(("facilities.separation.availability", "demands.")) for p in numbers.index)
    assert numbers["factor"].drop("facilities.separation.availability").to_list() == pytest.approx(
        [1.1] * (len(numbers) - 1)
    )
    file, line, _ = numbers.loc["facilities.separation.availability", "place"].rsplit(":", 2)
    assert "value:" in Path(file).read_text().splitlines()[int(line) - 1]


def test_differences_are_those_of_the_tables(tmp_path: Path) -> None:
    base, other = made(tmp_path / "base"), made(tmp_path / "other", "futures.truce.probability=0.2",
                                                "futures.embargo.probability=0.8")  # fmt: skip
    tables = compare([base, other]).tables
    figures = tables["figures"].set_index("figure")
    objectives = [json.loads((run / "summary.json").read_text())["objective"] for run in (base, other)]
    row = figures.loc["objective"]
    assert [row["baseline"], row["value"]] == pytest.approx(objectives)
    assert row["difference"] == pytest.approx(objectives[1] - objectives[0])
    assert row["relative"] == pytest.approx(objectives[1] / objectives[0] - 1)
    plans = [pd.read_csv(run / "plan.csv").set_index("project") for run in (base, other)]
    for part in tables["plan"].to_dict("records"):
        sizes = [plan["size"].get(part["project"], 0.0) for plan in plans]
        assert part["difference"] == pytest.approx(sizes[1] - sizes[0])
        if all(part["project"] in plan.index for plan in plans):
            years = [plan.loc[part["project"], "decided"] for plan in plans]
            assert part["moved"] == pytest.approx(years[1] - years[0])
    shares = tables["shares"].groupby("stage")[["baseline", "value"]].sum()
    assert shares.to_numpy().ravel() == pytest.approx(1.0)
    costs = tables["costs"]
    assert costs["difference"].sum() == pytest.approx(objectives[1] - objectives[0])


def test_a_project_that_moves_is_seen(tmp_path: Path) -> None:
    base, late = made(tmp_path / "base"), made(tmp_path / "late", "projects.recycling.earliest=2029")
    plan = compare([base, late]).tables["plan"].set_index("project")
    assert plan.loc["recycling", "moved"] == pytest.approx(1.0)
    assert "later" in plan.loc["recycling", "change"]
    gone = made(tmp_path / "gone", "projects.recycling.size.most=1", "projects.recycling.capital.fixed=1000")
    plan = compare([base, gone]).tables["plan"].set_index("project")
    assert plan.loc["recycling", "change"] == "not built"
    assert plan.loc["recycling", "difference"] == -plan.loc["recycling", "baseline_size"]


def test_an_adaptive_plan_is_compared_branch_by_branch(tmp_path: Path) -> None:
    for name, cost in (("a", 1.0), ("b", 3.0)):
        solve(ROOT / "tests" / "small.yaml", sets=[f"projects.bigger_mill.capital.fixed*={cost}"], out=tmp_path / name)
    plan = compare([tmp_path / "a", tmp_path / "b"]).tables["plan"]
    assert (plan["branch"] != "").any()


def test_the_shipped_instance_beside_its_reference(tmp_path: Path) -> None:
    result = planner("compare", REFERENCE / "quickstart", QUICKSTART, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "The plan is the same" in result.stdout
    assert "Key figures: no difference" in result.stdout
    assert "Not compared" in result.stdout
    assert "No input differs" not in result.stdout
    dear = tmp_path / "dear.yaml"
    dear.write_text("extends: quickstart.yaml\nprojects: {recycling: {capital: {fixed: 60}}}\n")
    (tmp_path / "quickstart.yaml").write_text(QUICKSTART.read_text())
    other = planner("compare", REFERENCE / "quickstart", dear, "quickstart.yaml@certain_truce", "--json", cwd=tmp_path)
    tables = json.loads(other.stdout)
    assert {row["run"] for row in tables["plan"]} == {str(dear), "quickstart.yaml@certain_truce"}
    again = planner("compare", "quickstart.yaml", dear, cwd=tmp_path)
    assert "dear.yaml:2" in again.stdout


def test_tables_are_written_whole_and_nothing_else_replaced(tmp_path: Path) -> None:
    run = made(tmp_path / "run")
    assert compare([run, run], out=tmp_path / "cmp").folder == tmp_path / "cmp"
    assert (tmp_path / "cmp" / "inputs.csv").exists()
    again = planner("compare", "run", "run", "--out", "cmp", "--quiet", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    refused = planner("compare", "run", "run", "--out", "run", cwd=tmp_path)
    assert refused.returncode == 2
    assert planner("compare", "run", "cmp", cwd=tmp_path).returncode == 2


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for wrong in ([tmp_path / "empty"], [QUICKSTART], [tmp_path / "empty", tmp_path / "none.yaml"]):
        with pytest.raises(InputError):
            compare(wrong)
    result = planner("compare", "empty", "none.yaml", QUICKSTART, cwd=tmp_path)
    assert result.returncode == 2
    assert "empty" in result.stderr
    assert "none.yaml" in result.stderr
