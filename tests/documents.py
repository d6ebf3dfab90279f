"""The small instance with texts replaced, and what is said of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.common.errors import InputError, Problem
from planner.reading.document import Document, load
from tests.paths import SMALL as FILE

SMALL = FILE.read_text()
HERE = "  # here"


def write(tmp_path: Path, text: str, name: str = "instance.yaml") -> Path:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def small(tmp_path: Path, *changes: tuple[str, str], **options: object) -> Document:
    """The small instance with texts replaced."""
    text = SMALL
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return load(write(tmp_path, text), **options)  # type: ignore[arg-type]


def refused(tmp_path: Path, text: str) -> list[Problem]:
    with pytest.raises(InputError) as caught:
        load(write(tmp_path, text))
    return caught.value.problems


def replaced(old: str, new: str) -> str:
    assert old in SMALL, old
    return SMALL.replace(old, new, 1)
