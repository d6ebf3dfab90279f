"""The package as a user's script sees it: what is public has a name, a module and types."""

from __future__ import annotations

import html
import inspect
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import planner
import planner.reports.run
from planner.cli.dispatch import MODULES
from planner.common.errors import NoAnswerError
from tests.paths import INSTANCES, QUICKSTART, ROOT

SCRIPT = """
import planner

run = planner.solve("quickstart.yaml", options={"gap": 0.01})
reveal_type(run)
reveal_type(run.figures)
reveal_type(run.show("plan").table)
instance = planner.load({"name": "small"}).instance
reveal_type(planner.solve(instance))
planner.validate(instance)
reveal_type(planner.evaluate("runs/first"))
reveal_type(planner.evaluate("runs/first").run)
reveal_type(planner.open_run("runs/first"))
reveal_type(planner.open_run("runs/first").tables)
planner.sweep(3)
"""
REVEALED = ("planner.reports.run.Run", "dict[str, Any]", "planner.reports.run.Evaluation",
            "pandas.core.frame.DataFrame", 'incompatible type "int"')  # fmt: skip


def test_every_public_name_is_listed_once_and_there() -> None:
    assert dir(planner) == sorted(planner.__all__)
    assert set(planner.__all__) == {"__version__", *planner._PUBLIC}
    rooms = {path.name for path in Path(planner.__file__).parent.iterdir()}
    for name in planner._PUBLIC:
        assert name not in rooms  # Once imported it would stand in the function's place.
        assert callable(getattr(planner, name)), name
    with pytest.raises(AttributeError, match="planner has no nothing"):
        _ = planner.nothing


def test_every_command_is_a_function_of_the_package() -> None:
    """`show` prints what `load` knows, `schema` what `json_schema` returns; `manual` is `manual_site`, as a room has
    its name."""
    assert set(MODULES) - set(planner.__all__) == {"show", "schema", "manual"}


@pytest.mark.long
def test_a_script_sees_types(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), str(script)]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, check=False, env=os.environ | {"MYPYPATH": str(ROOT)}
    )
    assert (Path(planner.__file__).parent / "py.typed").exists()  # So that it is seen from where it is installed too.
    for said in REVEALED:
        assert said in done.stdout, done.stdout


def test_what_the_command_line_does_a_script_can_do(tmp_path: Path) -> None:
    """Solve, evaluate on itself: the same cost; nothing is printed."""
    code = (
        "import planner; run = planner.solve({path!r}, out='run');"
        "again = planner.evaluate('run', out='again'); again.run.view('plan');"
        "assert abs(again.run.figures['objective'] - run.figures['objective']) < 1e-6 * abs(run.figures['objective'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code.format(path=str(QUICKSTART))], capture_output=True, text=True, cwd=tmp_path,
        check=False, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("name", ["quickstart.yaml", "published/lands.yaml"])
def test_a_run_is_the_same_however_one_comes_by_it(name: str, tmp_path: Path) -> None:
    """Just solved, read back instead of solved again, opened: tables to the type, figures, charts, what it is of."""
    def solved() -> planner.reports.run.Run:
        return planner.solve(INSTANCES / name, options={"gap": 0.01}, out=tmp_path / "run")

    fresh, again, opened = solved(), solved(), planner.open_run(tmp_path / "run")
    assert (fresh.recalled, again.recalled) == (False, True)
    assert type(fresh) is type(again) is type(opened)
    for other in (again, opened):
        assert fresh.tables.keys() == other.tables.keys()
        for table, frame in fresh.tables.items():
            pd.testing.assert_frame_equal(frame, other.tables[table], check_exact=True, obj=table)
        assert fresh.figures == other.figures
        assert fresh.manifest == other.manifest
        assert (fresh.outcome.status, fresh.outcome.gap) == (other.outcome.status, other.outcome.gap)
        assert fresh.instance == other.instance
        assert fresh._repr_html_() == other._repr_html_()
        assert [view.message for view in fresh.views] == [view.message for view in other.views]


def test_a_run_without_a_plan_says_why(tmp_path: Path) -> None:
    run = planner.solve(QUICKSTART, sets=["requirements.all={kind: served, target: 1}", "demands.*.amount*=100"],
                        out=tmp_path / "run")  # fmt: skip
    assert run.folder is None
    assert str(run.explanation) in html.unescape(run._repr_html_())
    with pytest.raises(NoAnswerError, match="infeasible"):
        run.view("plan")
    with pytest.raises(NoAnswerError, match="infeasible"):
        planner.export(run, "xlsx", tmp_path / "run.xlsx")


def test_help_tells_what_a_function_takes_and_returns() -> None:
    """What `solve` and `evaluate` take is said where they are solved, what they return where it shows itself."""
    assert str(inspect.signature(planner.solve)).endswith("-> 'Run'")
    assert "executor" in inspect.signature(planner.solve).parameters
    assert str(inspect.signature(planner.evaluate)).endswith("-> 'Evaluation'")
