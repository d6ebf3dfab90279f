"""The command line of plans in other futures: evaluate, and what knowledge is worth: value."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_uncertainty_commands import BLOCKADE, EXACT, NO_PLAN, SAMPLING, SQUEEZE, STORM, bytes_of, rows
from tests.commands import planner
from tests.paths import QUICKSTART


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of the quickstart, and a file of futures drawn from it beside it."""
    folder = tmp_path_factory.mktemp("made")
    solved = planner("solve", QUICKSTART, "--set", SAMPLING, "--quiet", "--out", "run", cwd=folder)
    assert solved.returncode == 0, solved.stderr
    drawn = planner("futures", QUICKSTART, "--set", SAMPLING, "--count", "3", "--out", "drawn.yaml", cwd=folder)
    assert drawn.returncode == 0, drawn.stderr
    return folder


# planner evaluate


def test_a_plan_on_drawn_futures_as_json_and_tables(made: Path, tmp_path: Path) -> None:
    before = bytes_of(made / "run")
    command = ("evaluate", made / "run", "--on", made / "drawn.yaml", *EXACT, "--out", "again")
    result = planner(*command, "--json", "--quiet", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert not result.stderr
    figures = json.loads(result.stdout)
    assert (figures["status"], figures["folder"]) == ("optimal", "again")
    scenarios = rows(tmp_path / "again" / "scenarios.csv")
    assert [row["scenario"] for row in scenarios] == ["f1", "f2", "f3"]
    assert figures["objective"] == pytest.approx(sum(float(row["cost"]) for row in scenarios) / 3)
    assert [row["scenario"] for row in figures["made_for"]] == ["truce", "embargo"]
    manifest = json.loads((tmp_path / "again" / "manifest.json").read_text())
    assert manifest["check"]["passed"]
    assert manifest["given"]["plan_sha256"]
    assert bytes_of(made / "run") == before


def test_the_json_of_an_evaluation_has_numbers(made: Path, tmp_path: Path) -> None:
    result = planner("evaluate", made / "run", "--json", "--quiet", "--out", "again", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert [row["probability"] for row in json.loads(result.stdout)["made_for"]] == [0.7, 0.3]


def test_the_screen_of_an_evaluation_compares_nothing_unlike(made: Path, tmp_path: Path) -> None:
    result = planner("evaluate", made / "run", "--on", made / "drawn.yaml", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "building the model" in result.stderr
    assert "firm" not in result.stdout + result.stderr  # What a plan given could do without is no question.
    compared = {tuple(line.split()[:3]) for line in result.stdout.splitlines()}
    assert ("evaluated", "on", "3") in compared
    assert not any(words[:2] == ("made", "for") for words in compared)  # Other futures need other things.
    said = ("Build:", "expected", "best", "worst", "in all 3 futures", "Tables")
    assert [word for word in said if word not in result.stdout] == []
    assert len(list((tmp_path / "results" / "quickstart").iterdir())) == 1


def test_a_plan_on_its_own_futures_costs_the_same(made: Path, tmp_path: Path) -> None:
    result = planner("evaluate", made / "run", "--quiet", "--out", "again", cwd=tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    objectives = [json.loads((f / "summary.json").read_text())["objective"] for f in (made / "run", tmp_path / "again")]
    assert objectives[0] == pytest.approx(objectives[1], rel=1e-4)


def test_a_plan_on_futures_with_a_shock_and_a_control_of_their_own(made: Path, tmp_path: Path) -> None:
    siege = "shocks:\n  siege: {length: 2, hazard: 0.1, earliest: 2030, controls: [ban]}\n"
    (tmp_path / "on.yaml").write_text(STORM + siege + SQUEEZE)
    command = ("evaluate", made / "run", "--on", "on.yaml", "--json", "--quiet", "--out", "again")
    result = planner(*command, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    names = [row["scenario"] for row in rows(tmp_path / "again" / "scenarios.csv")]
    assert names == ["truce", "siege@2030", "siege@2031", "siege@2032", "storm"]


ON = {
    "unknown control": (STORM, "on.yaml:7:21 dangling-name there is no control squeeze"),
    "control of an unknown exporter": (
        STORM + SQUEEZE.replace("CN", "XX"), "on.yaml:9:13 dangling-name there is no exporter XX"
    ),
    "probabilities": (
        STORM.replace("squeeze", "ban").replace("truce: {probability: 0.5", "truce: {probability: 0.4"),
        "on.yaml:1:1 probabilities the probabilities of the futures add up to 0.9, not 1",
    ),
    "branch outside": (STORM.replace("2028", "2040") + SQUEEZE, "on.yaml:6:5 outside-horizon storm branches in 2040"),
    "override of nothing": (
        STORM + "    overrides: {demands.US.ev.amonut: 3}\n" + SQUEEZE,
        "on.yaml:8:17 unknown-path demands.US.ev.amonut matches nothing - did you mean demands.US.ev.amount?",
    ),
    "section that does not belong": (
        STORM + SQUEEZE + "demands: {}\n", "on.yaml:10:1 unknown-key demands does not belong in a file of futures"
    ),
    "no futures": (SQUEEZE, "on.yaml:1:1 missing a file of futures needs futures"),
    "nothing": ("", "on.yaml:1:1 missing a file of futures needs futures"),
}


@pytest.mark.parametrize("name", ON)
def test_futures_that_are_wrong_are_refused_at_their_own_place(name: str, made: Path, tmp_path: Path) -> None:
    text, says = ON[name]
    (tmp_path / "on.yaml").write_text(text)
    result = planner("evaluate", made / "run", "--on", "on.yaml", "--quiet", "--out", "again", cwd=tmp_path)
    assert result.returncode == 2, result.stdout
    assert any(line.startswith(says) for line in result.stderr.splitlines()), result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["on.yaml"]


EVALUATE_REFUSED = {
    "folder that is no run": (["mine"], "mine:1:1 no-run mine is not a folder of a run"),
    "folder that is not there": (["nowhere"], "nowhere:1:1 no-run nowhere is not a folder of a run"),
    "file": (["mine/thesis.txt"], "mine/thesis.txt:1:1 no-run"),
    "futures that are not there": (["RUN", "--on", "nothing.yaml"], "nothing.yaml no-file"),
    "instance that is not there": (["RUN", "--instance", "nothing.yaml"], "nothing.yaml no-file"),
    "out that is not ours": (["RUN", "--out", "mine"], "mine exists and is not a run of this instance alone"),
    "out that is a file": (["RUN", "--out", "mine/thesis.txt"], "thesis.txt exists and is not a run"),
    "gap": (["RUN", "--gap", "3"], "--gap out-of-range"),
    "unknown path": (["RUN", "--set", "demands.US.ev.amonut=3"], "did you mean demands.US.ev.amount?"),
    "windows that do not fit": (
        ["RUN", "--set", "projects.*.earliest=2028"],
        "plan.csv:1:1 plan-does-not-fit magnets_1 cannot be decided in 2026",
    ),
    "no plan": ([], "the following arguments are required: plan"),
}


@pytest.mark.parametrize("name", EVALUATE_REFUSED)
def test_evaluations_that_are_refused(name: str, made: Path, tmp_path: Path) -> None:
    arguments, says = EVALUATE_REFUSED[name]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    given = [str(made / "run") if word == "RUN" else word for word in arguments]
    result = planner("evaluate", *given, cwd=tmp_path)
    assert result.returncode == 2, result.stdout
    assert says in result.stderr
    assert not result.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"


def test_a_plan_is_not_replaced_by_its_evaluation(made: Path, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    for path in (made / "run").iterdir():
        (tmp_path / "run" / path.name).write_bytes(path.read_bytes())
    planner("evaluate", "run", "--on", made / "drawn.yaml", "--quiet", "--out", "run", cwd=tmp_path)
    assert bytes_of(tmp_path / "run") == bytes_of(made / "run")


# planner value


def test_values_as_json_and_tables(tmp_path: Path) -> None:
    command = ("value", QUICKSTART, "--delays", "1", *EXACT, "--out", "worth")
    result = planner(*command, "--json", "--quiet", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert not result.stderr
    found = json.loads(result.stdout)
    assert found["folder"] == "worth"
    cost = {row["question"]: row["objective"] for row in found["costs"]}
    assert list(cost) == [
        "common plan", "adaptive plan", "perfect information", "mean future", "plan for the mean future",
        "common plan 1 year later",
    ]  # fmt: skip
    worth = {row["value"]: row["amount"] for row in found["values"]}
    plan = cost["common plan"]
    assert worth == pytest.approx({
        "value of perfect information": plan - cost["perfect information"],
        "value of the stochastic solution": cost["plan for the mean future"] - plan,
        "value of adaptivity": plan - cost["adaptive plan"],
        "cost of acting 1 year later": cost["common plan 1 year later"] - plan,
    })
    assert min(worth.values()) >= 0
    for name in ("costs", "values"):
        assert len(rows(tmp_path / "worth" / f"{name}.csv")) == len(found[name])
    assert {row["unit"] for row in found["costs"] + found["values"]} == {"MUSD"}


def test_the_screen_of_values(tmp_path: Path) -> None:
    result = planner("value", QUICKSTART, "--delays", "--set", BLOCKADE, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    told = ["common plan", "adaptive plan", "(wait and see, WS)", "EVPI = RP - WS", "VSS = EEV - RP", "MUSD", "between"]
    assert [text for text in told if text not in result.stdout] == []
    assert "later" not in result.stdout
    (folder,) = (tmp_path / "results" / "quickstart").iterdir()
    assert f"Tables in results/quickstart/{folder.name}/" in result.stdout
    assert "perfect information" in result.stderr
    assert max(map(len, result.stdout.splitlines())) <= 110


def test_quiet_values_are_only_written(tmp_path: Path) -> None:
    result = planner("value", QUICKSTART, "--delays", "--quiet", "--out", "worth", cwd=tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    names = ["costs.csv", "datapackage.json", "manifest.json", "values.csv"]
    assert sorted(path.name for path in (tmp_path / "worth").iterdir()) == names


VALUE_REFUSED = {
    "delay of words": (["--delays", "soon"], "argument --delays: invalid float value: 'soon'"),
    "out that is not ours": (["--out", "mine"], "mine exists and is not a run of this instance alone"),
    "out below a file": (["--out", "mine/thesis.txt/x"], "is not a folder one can write in"),
    "gap": (["--gap", "1"], "--gap out-of-range"),
    "scenario": (["--scenario", "certain-truce"], "did you mean certain_truce?"),
    "hazards": (["--set", BLOCKADE.replace("0.05", "1")], "must be less than 1"),
}
NEGATIVE = {"negative delay": "-1", "delay that is no number": "nan", "delay without end": "inf"}


@pytest.mark.parametrize("name", VALUE_REFUSED)
def test_values_that_are_refused(name: str, tmp_path: Path) -> None:
    arguments, says = VALUE_REFUSED[name]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    result = planner("value", QUICKSTART, *arguments, cwd=tmp_path)
    assert result.returncode == 2, result.stdout
    assert says in result.stderr
    assert not result.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("name", NEGATIVE)
def test_delays_must_be_years_above_zero(name: str, tmp_path: Path) -> None:
    result = planner("value", QUICKSTART, "--delays", NEGATIVE[name], "--quiet", cwd=tmp_path)
    assert result.returncode == 2
    assert "--delays" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_values_without_a_plan_end_like_a_solve_without_one(tmp_path: Path) -> None:
    result = planner("value", QUICKSTART, *NO_PLAN, "--quiet", cwd=tmp_path)
    assert "common plan: no plan was found" in result.stderr
    assert list(tmp_path.iterdir()) == []
    assert result.returncode == 3
    assert "internal" not in result.stderr


def test_values_do_not_replace_a_run(made: Path, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    for path in (made / "run").iterdir():
        (tmp_path / "run" / path.name).write_bytes(path.read_bytes())
    planner("value", QUICKSTART, "--delays", "--quiet", "--out", "run", cwd=tmp_path)
    assert (tmp_path / "run" / "plan.csv").exists()
