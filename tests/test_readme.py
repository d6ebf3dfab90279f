"""The commands of the README work as they stand."""

from __future__ import annotations

import ast
import re
import shlex
import sys
import tomllib
from pathlib import Path

import pytest

from tests import play
from tests.paths import ROOT
from tests.test_newcomer import carry_out

README = (ROOT / "README.md").read_text()
MOST_LINES = 120


def commands() -> list[list[str]]:
    """Every command of the table of questions, in the order in which a reader meets them."""
    rows = [line for line in README.splitlines() if line.startswith("| ")]
    said = [command for row in rows for command in re.findall("`planner ([^`]*)`", row)]
    return [shlex.split(command) for command in said if "STUDY" not in command]  # Studies are run on their own page.


def test_every_command_on_a_new_instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run, other = "runs/first", "runs/other"
    stands_for = {
        "RUN": run, "OTHER-RUN": other, "my-case.yaml@NAME": "my-case.yaml@cheap-imports",
        "PATH": "demands.cars.amount", "FORMAT": "graphml",
    }
    names = {"--scenario": "cheap-imports", "--requirement": "cars-served", "--project": "build-magnet-plant"}
    met = set()
    for words in commands():
        filled = [names.get(before, "") if word == "NAME" else stands_for.get(word, word)
                  for before, word in zip(["", *words], words, strict=False)]
        carry_out(*filled, *(["--out", other] if "--scenario" in words else []))
        met.add(words[0])
    assert met >= {"new", "validate", "show", "solve", "value", "futures", "evaluate", "losses", "explain", "compare",
                   "frontier", "alternatives", "report", "export", "manual"}


def test_python_of_the_readme(tmp_path: Path) -> None:
    player, made = play.Player(tmp_path), [block for block in play.blocks(README) if block.kind == "python"]
    assert made
    assert [player.play(block) for block in made] == [""] * len(made)


def test_it_is_short_and_its_links_lead_somewhere() -> None:
    assert len(README.splitlines()) <= MOST_LINES
    assert [link for link in re.findall(r"\]\(([^)]+)\)", README) if not (ROOT / link).exists()] == []


def test_no_run_is_named_that_only_one_machine_has() -> None:
    """A run's folder has a name of its own digest, which other versions of a library change: nobody can type it."""
    typed = [word for words in commands() for word in words]
    assert [word for word in typed if word.startswith("results/") and not word.startswith("results/reference")] == []


def test_the_first_command_installs_what_pages_need() -> None:
    """A newcomer's second step, `planner report`, asked to install an extra first."""
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    installed = {re.split(r"[^\w-]", line)[0].replace("-", "_").removesuffix("_python").removesuffix("_py")
                 for line in stated}  # fmt: skip
    files = [*(ROOT / "planner" / "reports").rglob("*.py"), *(ROOT / "planner" / "manual").rglob("*.py")]
    nodes = [node for file in files for node in ast.walk(ast.parse(file.read_text("utf-8")))]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    others = {name.partition(".")[0] for name in names} - sys.stdlib_module_names - {"planner", "yaml"}
    assert "altair" in others
    assert others <= installed
