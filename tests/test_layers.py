"""What may import what: rooms stand on floors, import from below alone, and no two modules need each other."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.paths import ROOT

PLANNER = ROOT / "planner"
FLOORS = (
    ("common",), ("language",), ("tree", "executors", "tables"), ("formulation", "reading", "check"), ("program",),
    ("solving",), ("validation",), ("results",), ("contingency",), ("workflows",), ("terminal", "reports"),
    ("exports",), ("cli",), ("manual",),
)  # fmt: skip
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
# Tests of the package as a whole; all others stand in the folder of the room that they are about.
WHOLE = {"agreement", "layers", "newcomer", "packaging", "public", "published", "readme", "style"}
MODULES = {
    ".".join(("planner", *path.relative_to(PLANNER).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in PLANNER.rglob("*.py")
}


def imports(path: Path) -> Iterator[str]:
    """The modules of the planner that a file imports, wherever it does so, but for the names of types alone."""
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "planner":
            named = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from dict.fromkeys(name if name in MODULES else str(node.module) for name in named)


def foreign(path: Path) -> set[str]:
    """The packages that a file imports, also for the names of types alone."""
    nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
    plain = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    return {name.split(".")[0] for name in (*plain, *(str(n.module) for n in nodes if isinstance(n, ast.ImportFrom)))}


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def test_no_module_stands_loose() -> None:
    assert sorted(path.name for path in PLANNER.glob("*.py")) == ["__init__.py", "__main__.py"]
    assert {path.name for path in PLANNER.iterdir() if path.is_dir() and path.name != "__pycache__"} == set(FLOOR)


def test_tests_stand_in_the_rooms_of_what_they_test() -> None:
    tests = ROOT / "tests"
    assert {path.stem for path in tests.glob("test_*.py")} == {f"test_{name}" for name in WHOLE}
    assert {path.parent.relative_to(tests).as_posix() for path in tests.glob("*/**/test_*.py")} == {
        *FLOOR, "reference_model",
    }  # fmt: skip


@pytest.mark.parametrize("module", sorted(name for name in MODULES if room(name) in FLOOR))
def test_a_room_imports_from_below(module: str) -> None:
    above = [to for to in imports(MODULES[module]) if room(to) not in ("", room(module))
             and FLOOR[room(to)] >= FLOOR[room(module)]]  # fmt: skip
    assert above == []


def test_the_check_shares_the_language_alone() -> None:
    found = {room(to) for module, path in MODULES.items() if room(module) == "check" for to in imports(path)}
    assert found == {"check", "language"}


def test_one_module_knows_the_solver() -> None:
    assert [module for module, path in MODULES.items() if "highspy" in foreign(path)] == ["planner.solving.highs"]


def test_no_modules_need_each_other() -> None:
    graph = {module: {to for to in imports(path) if to != module} for module, path in MODULES.items()}
    TopologicalSorter(graph).prepare()  # CycleError with the circle.
