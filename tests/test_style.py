"""The style page holds for the code: docstrings name the field's term first, and texts have no word we avoid."""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

import planner

CODE = Path(planner.__file__).parent
AVOIDED = re.compile(r"\b(so many|beside|whatever|borne|bears|nobody|it is said|is told|put right|put down to)\b", re.I)
TEXTS = {"COMMENT", "STRING", "FSTRING_MIDDLE"}
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def faults(path: Path) -> Iterator[str]:
    """Each comment, docstring or message of a module that breaks the rules, with its line."""
    with tokenize.open(path) as file:
        for token in tokenize.generate_tokens(file.readline):
            if tokenize.tok_name[token.type] in TEXTS and (found := AVOIDED.search(token.string)):
                yield f"{path.name}:{token.start[0]}: {found[0]}"
    for part in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(part, DOCUMENTED) and (ast.get_docstring(part) or "").startswith("What "):
            yield f"{path.name}: a docstring begins with What: {ast.get_docstring(part)}"


@pytest.mark.parametrize("room", sorted(p.name for p in CODE.iterdir() if p.is_dir() and p.name != "__pycache__"))
def test_texts_in_the_code_follow_the_style(room: str) -> None:
    assert not [fault for path in sorted((CODE / room).rglob("*.py")) for fault in faults(path)]


def test_faults_of_style_are_found(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text('"""What it does."""\n\nbeside = 1  # So many of them.\nerror = f"{1} is told"\n')
    assert len(list(faults(module))) == 3
    module.write_text('"""Purpose."""\n\nbeside = 1  # Number of them.\n')
    assert not list(faults(module))
