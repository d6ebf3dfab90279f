"""The instances that come with the planner: next to the package in a checkout, within an installed package."""

from __future__ import annotations

from pathlib import Path

from planner.common.errors import Place, did_you_mean
from planner.language.starter import STARTER, written_once
from planner.reading.compose import refuse

EXAMPLE = "example:"
_PACKAGE = Path(__file__).resolve().parents[1]
FOLDER = next((place for place in (_PACKAGE / "instances", _PACKAGE.parent / "instances") if place.is_dir()), _PACKAGE)
LAID_OVER = """\
# The shipped instance {name} with changes: what stands here counts before what it says.
# What it says of a figure, and where:   planner show THIS-FILE --why demands.NAME.amount
extends: example:{name}
# name: my-case
# time: {{discount_rate: 0.05}}
"""


def examples() -> dict[str, Path]:
    """The file of every shipped instance by its name, such as `quickstart` or `published/farmer`."""
    files = sorted([*FOLDER.glob("*.yaml"), *FOLDER.glob("published/*.yaml")])
    return {file.relative_to(FOLDER).with_suffix("").as_posix(): file for file in files}


def shipped(name: str, place: Place | None = None) -> Path:
    """The file of the shipped instance of this name. InputError when there is none."""
    known = examples()
    if name not in known:
        hint = did_you_mean(name, known, EXAMPLE) or f"there are {', '.join(known)}"
        refuse("no-file", f"there is no shipped instance {name}", place, hint)
    return known[name]


def new(path: str | Path, example: str | None = None) -> Path:
    """Write a small commented instance to start from, or one that is laid over a shipped `example`; returns the file.

    InputError when the file exists or cannot be written, or when there is no such example.
    """
    target = Path(path)
    if target.suffix not in (".yaml", ".yml"):
        refuse("wrong-choice", "an instance is a .yaml file", Place(str(target), 0, 0))
    if example is None:
        return written_once(target, STARTER.read_text("utf-8"))
    name = example.removeprefix(EXAMPLE)
    shipped(name)
    return written_once(target, LAID_OVER.format(name=name))
