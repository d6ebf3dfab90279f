"""What the planner wrote is read as it was written, or refused: every file, by every command and function."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import planner as package
from planner.common.errors import InputError
from planner.results import seal as seal_module
from planner.results.folder import open_folder
from planner.results.seal import SEAL, WRITTEN, seal
from planner.workflows.evaluate import evaluate
from planner.workflows.loss_ranking import losses
from tests.commands import planner
from tests.paths import QUICKSTART

PROJECT = "separation"
FILES = (
    "activity.csv", "capacity.csv", "costs.csv", "cover.csv", "datapackage.json", "demand.csv", "disposal.csv",
    "element_balance.csv", "flows.csv", "instance.yaml", "manifest.json", "nodes.csv", "origin.csv", "plan.csv",
    "prices.csv", "purchases.csv", "requirements.csv", "retirements.csv", "returns.csv", "sales.csv", "scenarios.csv",
    "shares.csv", "stocks.csv", "summary.csv", "summary.json",
)  # fmt: skip


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written") / "run"
    package.solve(QUICKSTART, out=folder)
    return folder


@pytest.fixture
def run(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "run"))


def swap(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def halve(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def touch_up(file: Path) -> None:
    """One digit becomes another, such as by a slip in an editor."""
    content = file.read_bytes()
    at = max(content.rfind(b"%d" % digit) for digit in range(10))
    file.write_bytes(content[:at] + (b"1" if content[at : at + 1] != b"1" else b"2") + content[at + 1 :])


def pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def objective(folder: Path) -> None:
    """A cheaper plan, as it were."""
    content = json.loads((folder / "summary.json").read_text())
    (folder / "summary.json").write_text(json.dumps(content | {"objective": 1.0}))


DAMAGES: dict[str, Callable[[Path], None]] = {
    "plan.csv": lambda folder: swap(folder / "plan.csv", "1000.0", "1001.0"),
    "purchases.csv": lambda folder: halve(folder / "purchases.csv"),
    "summary.json": objective,
    "instance.yaml": lambda folder: swap(folder / "instance.yaml", "discount_rate: ", "discount_rate: 1"),
    "manifest.json": lambda folder: swap(folder / "manifest.json", '"gap": 0.0', '"gap": 0.1'),
}
FUNCTIONS: dict[str, Callable[[Path], Any]] = {
    "open_run": package.open_run,
    "solve": lambda run: package.solve(QUICKSTART, out=run),
    "evaluate": lambda run: evaluate(run, out=run.with_name("other")),
    "losses": lambda run: losses(run, out=run.with_name("other")),
    "project_worth": lambda run: package.project_worth(run, PROJECT),
    "compare": lambda run: package.compare([run, run]),
    "report": lambda run: package.report(run, run.with_name("page.html")),
    "export": lambda run: package.export(run, "graphml"),
}
COMMANDS = (
    f"solve {QUICKSTART} --out run", "evaluate run --out other", "losses run --out other",
    f"explain run --project {PROJECT}", "explain run", "explain run --bounds", "compare run run",
    f"compare {QUICKSTART} run", "report run", "report run run", "export run --format xlsx",
    "export run --format datapackage", "evaluate run --instance run/instance.yaml --out other",
)  # fmt: skip


def test_the_files_of_a_run_are_these(written: Path) -> None:
    assert tuple(sorted(file.name for file in written.iterdir())) == FILES
    assert {*open_folder(written).contents, "manifest.json"} == set(FILES)


@pytest.mark.parametrize("damage", [halve, touch_up, Path.unlink, pipe])
@pytest.mark.parametrize("name", FILES)
def test_every_file_is_compared_with_its_digest(name: str, damage: Callable[[Path], None], run: Path) -> None:
    damage(run / name)
    with pytest.raises(InputError, match=rf"{name} (is missing|is not as it was written) - solve it again with"):
        package.open_run(run)


@pytest.mark.parametrize("name", DAMAGES)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_refuses_what_was_changed(function: str, name: str, run: Path) -> None:
    DAMAGES[name](run)
    before = {file: file.read_bytes() for file in run.iterdir()}
    with pytest.raises(InputError, match=rf"{name} is not as it was written"):
        FUNCTIONS[function](run)
    assert {file: file.read_bytes() for file in run.iterdir()} == before
    assert list(run.parent.iterdir()) == [run]


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_refuses_what_was_changed(line: str, run: Path) -> None:
    for name in ("plan.csv", "purchases.csv", "summary.json"):
        DAMAGES[name](run)
    result = planner(*line.split(), cwd=run.parent)
    assert result.returncode == 2, result.stdout + result.stderr
    assert result.stdout == ""
    for name in ("plan.csv", "purchases.csv", "summary.json"):
        assert f"{name} is not as it was written - solve it again with --force, or restore the file" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_run_without_its_manifest_is_no_reference(run: Path) -> None:
    (run / "manifest.json").unlink()
    with pytest.raises(InputError, match="manifest"):
        package.compare([run, run])


@pytest.mark.parametrize("path", ["../secret.csv", "/etc/passwd", "sub/plan.csv", "notes.csv", "..", ""])
def test_a_description_names_no_file_of_elsewhere(path: str, run: Path) -> None:
    """Not even in a folder whose digests were made anew."""
    (run.parent / "secret.csv").write_text("a\n1\n")
    content = json.loads((run / "datapackage.json").read_text())
    content["resources"][0]["path"] = path
    (run / "datapackage.json").write_text(json.dumps(content))
    facts = {k: v for k, v in json.loads((run / "manifest.json").read_text()).items() if k not in (SEAL, WRITTEN)}
    seal(run, facts)
    (run / "notes.csv").write_text("mine")
    with pytest.raises(InputError, match=r"datapackage\.json names .* no file of the folder"):
        package.report(run, run.with_name("page.html"))


@pytest.mark.parametrize("name", ["../secret.csv", "/etc/passwd", "sub\\plan.csv", ".."])
def test_a_manifest_names_no_file_of_elsewhere(name: str, run: Path) -> None:
    manifest = json.loads((run / "manifest.json").read_text())
    manifest[WRITTEN][name] = "0" * 64
    manifest[SEAL] = seal_module._digest({k: v for k, v in manifest.items() if k != SEAL})
    (run / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(InputError, match=r"manifest\.json names .* no file of the folder"):
        package.open_run(run)


def test_files_beside_the_tables_are_not_read(run: Path) -> None:
    (run / "outages.csv").write_text("of,another,run\n")
    assert "outages" not in package.open_run(run).tables


def test_answers_to_questions_are_compared_with_their_digests_too(tmp_path: Path) -> None:
    (tmp_path / "frontier.csv").write_text("level\n0.5\n")
    seal(tmp_path, {"run_sha256": "0", "given": {"question": "frontier"}})
    assert open_folder(tmp_path, "frontier").contents["frontier.csv"] == b"level\n0.5\n"
    with pytest.raises(InputError, match="is not a folder of a run"):
        open_folder(tmp_path)
    (tmp_path / "frontier.csv").write_text("level\n0.6\n")
    with pytest.raises(InputError, match=r"frontier\.csv is not as it was written - ask planner frontier again"):
        open_folder(tmp_path, "frontier")


def test_a_package_unpacked_is_the_run(run: Path, tmp_path: Path) -> None:
    shutil.unpack_archive(package.export(run, "datapackage"), tmp_path / "unpacked")
    assert dict(open_folder(tmp_path / "unpacked").contents) == dict(open_folder(run).contents)
