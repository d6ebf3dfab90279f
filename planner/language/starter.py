"""Files that are written once: a small instance to start from, drawn futures."""

from __future__ import annotations

from pathlib import Path

from planner.common.errors import InputError, Place, Problem

STARTER = Path(__file__).with_name("starter.yaml")  # A small commented instance to start from.


def written_once(target: Path, text: str) -> Path:
    """Write a file that must not exist."""
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileNotFoundError:
        problem = Problem("no-folder", f"there is no folder {target.parent}", Place(str(target), 0, 0))
        raise InputError([problem]) from None
    except FileExistsError:
        problem = Problem("exists", "the file exists: nothing was written", Place(str(target), 0, 0))
        raise InputError([problem]) from None
    return target
