"""The package as a user's script sees it: what is public has a name, a module and types."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import planner
from planner.cli.dispatch import MODULES
from tests.test_commands import QUICKSTART, ROOT

SCRIPT = """
import planner

run = planner.solve("quickstart.yaml", options={"gap": 0.01})
reveal_type(run)
reveal_type(run.figures)
reveal_type(planner.evaluate("runs/first"))
reveal_type(planner.open_run("runs/first").tables)
planner.sweep(3)
"""
REVEALED = ("planner.workflows.solve.Run", "dict[str, Any]", "planner.workflows.evaluate.Evaluation",
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
    """`show` prints what `load` knows, and `schema` what `json_schema` returns."""
    assert set(MODULES) - set(planner.__all__) == {"show", "schema"}


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
        "again = planner.evaluate('run', out='again');"
        "assert abs(again.run.figures['objective'] - run.figures['objective']) < 1e-6 * abs(run.figures['objective'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code.format(path=str(QUICKSTART))], capture_output=True, text=True, cwd=tmp_path,
        check=False, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
