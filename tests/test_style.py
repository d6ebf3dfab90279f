"""The style page holds for the code: field's terms first, no word in a text that we avoid, one meaning a name."""

from __future__ import annotations

import ast
import tokenize
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import planner
from tests.paths import ROOT
from tests.style import AVOIDED, FENCE, MOST_WORDS, PAGES, sentences, words

CODE = Path(planner.__file__).parent
LABELLED = ("tables", "reports", "terminal")  # Rooms whose texts are labels; questions are none.
WRITTEN = [*sorted(PAGES.rglob("*.md")), ROOT / "README.md", *sorted((ROOT / ".github").glob("*.md"))]
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


def labels(path: Path) -> Iterator[str]:
    """Texts of a module that begin with What and are no questions."""
    tree = ast.parse(path.read_text("utf-8"))
    pieces = [part.values for part in ast.walk(tree) if isinstance(part, ast.JoinedStr)]
    ends = {id(piece) for values in pieces for piece in values[1:]}  # Not the beginning of a text.
    for part in ast.walk(tree):
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and id(part) not in ends:
            text = part.value
            if text.lower().startswith("what ") and not text.endswith("?"):
                yield f"{path.name}:{part.lineno}: {text}"


@pytest.mark.parametrize("room", LABELLED)
def test_a_label_begins_with_its_noun(room: str) -> None:
    assert not [found for path in sorted((CODE / room).rglob("*.py")) for found in labels(path)]


def test_labels_that_begin_with_what_are_found(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text('a = "what is lost"\nb = f"What {a} costs"\nc = "What is scarce?"\nd = f"{a} what is left"\n')
    assert list(labels(module)) == ["module.py:1: what is lost", "module.py:2: What "]


@pytest.mark.parametrize("path", WRITTEN, ids=[path.relative_to(ROOT).as_posix() for path in WRITTEN])
def test_pages_follow_the_style(path: Path) -> None:
    text = path.read_text("utf-8")
    assert not [sentence for sentence in sentences(text) if words(sentence) > MOST_WORDS]
    if path.name != "style.md":
        assert not [found[0] for found in AVOIDED.finditer(FENCE.sub("", text))]


def test_words_that_we_avoid_are_those_of_the_style_page() -> None:
    for word in ("so many", "beside", "whatever", "nobody", "borne", "bears", "it is said", "is told", "put down to"):
        assert AVOIDED.search(f"all {word} here"), word
    assert not AVOIDED.search("besides what is borneo")


def test_sentences_are_counted() -> None:
    """Headings, tables and code are left out, a list has one sentence an item, and code between backticks is a word."""
    page = "# A title\n\nOne two\nthree. `Four five` [six seven](there.md), 8 %!\n\n- **Nine.** Ten\n- eleven\n"
    page += "\n| a | b |\n\n    code code\n\n```sh\ncode\n```\n1. It has 1.5 of `x`, so there.\n"
    found = list(sentences(page))
    assert list(map(words, found)) == [3, 4, 1, 1, 1, 7], found


def named(module: Path) -> Iterator[str]:
    """The classes and type aliases that a module defines; type variables are single letters and may be met anywhere."""
    for part in ast.parse(module.read_text("utf-8")).body:
        if isinstance(part, ast.ClassDef):
            yield part.name
        elif isinstance(part, ast.Assign | ast.AnnAssign):
            targets = part.targets if isinstance(part, ast.Assign) else [part.target]
            yield from (t.id for t in targets if isinstance(t, ast.Name) and t.id[:1].isupper() and not t.id.isupper())


def clashes(modules: Iterable[Path]) -> dict[str, list[str]]:
    """The names that are defined in more than one module, and where."""
    found = defaultdict[str, list[str]](list)
    for module in modules:
        for name in dict.fromkeys(named(module)):
            found[name].append(module.name)
    return {name: places for name, places in found.items() if len(places) > 1}


def test_a_class_or_alias_name_has_one_meaning() -> None:
    """The check shares no code with the model, so that it has classes of its own for the same things."""
    modules = sorted(CODE.rglob("*.py"))
    check = [path for path in modules if path.is_relative_to(CODE / "check")]
    assert not clashes(check)
    assert not clashes(path for path in modules if path not in check)


def test_names_of_two_meanings_are_found(tmp_path: Path) -> None:
    one, other = tmp_path / "one.py", tmp_path / "other.py"
    one.write_text("class Plan:\n    pass\n\n\nRow = tuple[str, float]\nK = TypeVar('K')\nMOST = 1\n")
    other.write_text("Plan = dict[str, float]\nRow: TypeAlias = str\nK = TypeVar('K')\nMOST = 2\n")
    assert clashes([one, other]) == {"Plan": ["one.py", "other.py"], "Row": ["one.py", "other.py"]}
