"""The commands of the README work as they stand."""

from __future__ import annotations

import ast
import re
import shlex
import sys
import tomllib
from pathlib import Path

import pytest

from tests.test_newcomer import ROOT, carry_out

README = (ROOT / "README.md").read_text()
ELSEWHERE = ("mpi-sppy", "STUDY", "FRONTIER", "instances/")  # Of extras, of what other tests make, of larger instances.


def commands() -> list[list[str]]:
    """Every line that is a command, without what is said of it, in the order in which a reader meets them."""
    lines = [line.strip().partition("  ")[0] for line in README.splitlines() if line.startswith("    planner ")]
    return [shlex.split(line)[1:] for line in lines if not any(word in line for word in ELSEWHERE)]


def test_every_command_on_a_new_instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run, other = "runs/first", "runs/other"
    stands_for = {
        "RUN": run, "OTHER-RUN": other, "case.yaml": "my-case.yaml", "case.yaml@NAME": "my-case.yaml@cheap-imports",
        "INSTANCE": "my-case.yaml", "PATH": "demands.cars.amount", "FORMAT": "graphml",
    }
    names = {"--scenario": "cheap-imports", "--requirement": "cars-served", "--project": "build-magnet-plant"}
    met = set()
    for words in commands():
        filled = [names.get(before, "") if word == "NAME" else stands_for.get(word, word)
                  for before, word in zip(["", *words], words, strict=False)]
        if "schema" in words:
            filled = filled[:1]  # The rest of the line is the shell's.
        carry_out(*filled, *(["--out", other] if "--scenario" in words else []))
        met.add(words[0])
    assert met >= {"new", "validate", "show", "solve", "value", "futures", "evaluate", "losses", "explain", "schema",
                   "compare", "frontier", "alternatives", "report", "export", "reference"}


def test_no_run_is_named_that_only_one_machine_has() -> None:
    """A run's folder has a name of its own digest, which other versions of a library change: nobody can type it."""
    typed = [word for line in README.splitlines() if line.startswith("    planner ") for word in line.split()]
    assert [word for word in typed if word.startswith("results/") and not word.startswith("results/reference")] == []


def test_the_first_command_installs_what_pages_need() -> None:
    """A newcomer's second step, `planner report`, asked to install an extra first."""
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    installed = {re.split(r"[^\w-]", line)[0].replace("-", "_").removesuffix("_python") for line in stated}
    files = [*(ROOT / "planner" / "reports").rglob("*.py"), *(ROOT / "planner" / "manual").rglob("*.py")]
    nodes = [node for file in files for node in ast.walk(ast.parse(file.read_text("utf-8")))]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    others = {name.partition(".")[0] for name in names} - sys.stdlib_module_names - {"planner", "yaml"}
    assert "altair" in others
    assert others <= installed
