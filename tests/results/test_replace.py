"""A folder takes the place of another whole or not at all, whenever its process is killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from planner.cli.dispatch import NO_ROOM
from planner.results.atomic_files import LOCK, NEW, OLD, OccupiedError, require_free, whole_folder, workshop
from planner.results.folder import open_folder, open_reference, stands
from planner.results.seal import seal
from planner.workflows.solve import solve
from tests.paths import QUICKSTART, ROOT

# Kills itself with the signal that no process can catch, at the n-th rename of whole_folder.
WRITER = """
import os, signal, sys
from pathlib import Path
from planner.results.atomic_files import whole_folder
from planner.results.seal import seal

fatal, count, rename = int(sys.argv[2]), 0, Path.rename

def counted(self, target):
    global count
    count += 1
    if count == fatal:
        os.kill(os.getpid(), signal.SIGKILL)
    return rename(self, target)

Path.rename = counted
with whole_folder(Path(sys.argv[1])) as fresh:
    (fresh / "plan.csv").write_text("new")
    seal(fresh, {"run_sha256": "1"})
"""


def write(target: Path, text: str) -> None:
    with whole_folder(target) as fresh:
        (fresh / "plan.csv").write_text(text)
        seal(fresh, {"run_sha256": "1"})


def killed_at(target: Path, rename: int) -> None:
    result = subprocess.run([sys.executable, "-c", WRITER, str(target), str(rename)], cwd=ROOT, check=False)
    assert result.returncode == -9


def hidden(folder: Path) -> list[str]:
    return [name for name in os.listdir(folder) if name.startswith(".")]


@pytest.mark.parametrize("rename", [2, 3])  # The first gives the workshop its name; 2 moves the old, 3 the new.
def test_killed_between_renames_the_old_run_stands(rename: int, tmp_path: Path) -> None:
    target = tmp_path / "run"
    write(target, "old")
    killed_at(target, rename)
    assert len(hidden(tmp_path)) == 1
    assert target.exists() == (rename == 2)
    assert stands(target)
    assert (target / "plan.csv").read_text() == "old"
    assert hidden(tmp_path) == []
    write(target, "newer")
    assert (target / "plan.csv").read_text() == "newer"
    assert os.listdir(tmp_path) == ["run"]


def test_killed_before_anything_stood_there_leaves_nothing(tmp_path: Path) -> None:
    killed_at(tmp_path / "run", 2)
    assert len(hidden(tmp_path)) == 1
    require_free(tmp_path / "run")
    assert os.listdir(tmp_path) == []


def test_a_workshop_at_work_and_those_of_others_stay(tmp_path: Path) -> None:
    target = tmp_path / "run"
    others = [tmp_path / ".run.planner-mine", tmp_path / ".run2.planner-x", tmp_path / ".run-x"]
    for folder in others:
        folder.mkdir()
        (folder / "thesis.txt").write_text("mine")
    with workshop(target) as place:
        (place / NEW).mkdir()
        write(target, "by another at the same time")
        assert (place / NEW).is_dir()
    assert all((folder / "thesis.txt").read_text() == "mine" for folder in others)
    assert stands(target)


def test_what_is_not_ours_in_an_old_folder_is_never_removed(tmp_path: Path) -> None:
    target, place = tmp_path / "run", tmp_path / ".run.planner-abc"
    for folder in (target, place / OLD):
        write(folder, "old")
    (place / LOCK).touch()
    (place / OLD / "notes.csv").write_text("mine")
    assert stands(target)
    assert (place / OLD / "notes.csv").read_text() == "mine"


@pytest.mark.parametrize("name", ["notes.csv", "notes.json", "notes.yaml", "report.html", "folder/notes.csv"])
def test_a_folder_with_files_of_others_is_not_replaced(name: str, tmp_path: Path) -> None:
    target = tmp_path / "run"
    write(target, "old")
    (target / name).parent.mkdir(exist_ok=True)
    (target / name).write_text("mine")
    with pytest.raises(OccupiedError, match=name.split("/", maxsplit=1)[0]):
        write(target, "new")
    assert ((target / name).read_text(), (target / "plan.csv").read_text()) == ("mine", "old")


def test_a_block_that_fails_leaves_what_stood_there(tmp_path: Path) -> None:
    target = tmp_path / "run"
    write(target, "old")
    with pytest.raises(TypeError):
        write(target, 5)  # type: ignore[arg-type]
    assert (target / "plan.csv").read_text() == "old"
    assert os.listdir(tmp_path) == ["run"]


@pytest.mark.parametrize(
    "line",
    [f"solve {QUICKSTART} --force --quiet --out run", f"solve {QUICKSTART} --quiet --out other --write-model model.lp",
     "export run --format xlsx", "export run --format mps", "report run"],
)  # fmt: skip
def test_without_room_what_stood_before_is_kept(line: str, tmp_path: Path) -> None:
    """4 KB for every file stand for a full disk."""
    solve(QUICKSTART, out=tmp_path / "run")
    before = {file: file.read_bytes() for file in (tmp_path / "run").iterdir()}
    command = f"ulimit -f 4; exec {sys.executable} -m planner {line}"
    result = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (2, f"{NO_ROOM}\n")
    assert {file: file.read_bytes() for file in (tmp_path / "run").iterdir()} == before
    assert os.listdir(tmp_path) == ["run"]


def test_a_full_disk_behind_the_output_is_said() -> None:
    command = f"{sys.executable} -m planner schema > /dev/full"
    result = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (2, f"{NO_ROOM}\n")


# Runs the command line; when the solve is over and nothing is written yet, the disk changes as the first argument says.
LATE = """
import errno, sys
from pathlib import Path
import planner.workflows.solve as run
from planner.__main__ import main

happens, out, solved, write = sys.argv[1], Path(sys.argv[2]).resolve(), run.solve_by_method, run.write_tables

def late(*given, **named):
    outcome = solved(*given, **named)
    if happens == "foreign file":
        (out / "notes.txt").write_text("mine")
    return outcome

def full(tables, folder, schema):
    if happens == "full disk" and out.parent in folder.parents:
        raise OSError(errno.ENOSPC, "No space left on device")
    write(tables, folder, schema)

run.solve_by_method, run.write_tables = late, full
sys.exit(main(sys.argv[3:]))
"""


@pytest.mark.parametrize("happens", ["foreign file", "full disk"])
def test_a_solve_is_not_lost_to_what_happens_to_the_disk_meanwhile(happens: str, tmp_path: Path) -> None:
    out, spare = tmp_path / "place" / "run", tmp_path / "spare"
    spare.mkdir()
    solve(QUICKSTART, out=out)
    before = {file.name: file.read_bytes() for file in out.iterdir()}
    line = [sys.executable, "-c", LATE, happens, str(out), "solve", str(QUICKSTART), "--force", "--quiet", "--out",
            str(out)]  # fmt: skip
    result = subprocess.run(line, cwd=ROOT, env=os.environ | {"TMPDIR": str(spare)}, capture_output=True, text=True,
                            check=False)  # fmt: skip
    assert result.returncode == 0, result.stderr
    found = [Path(f"{out}-2")] if happens == "foreign file" else list(spare.glob("planner-*"))
    assert len(found) == 1
    assert f"this run is in {found[0]}" in result.stderr
    tables = open_folder(found[0]).texts()
    assert (tables["plan"]["project"] == open_reference(out)["plan"]["project"]).all()
    added = {"notes.txt": b"mine"} if happens == "foreign file" else {}
    assert {file.name: file.read_bytes() for file in out.iterdir()} == before | added
    assert not hidden(out.parent)
