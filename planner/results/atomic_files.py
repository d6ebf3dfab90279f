"""Atomic replacement of a folder: whole or not at all, even when the process is killed at any moment.

A new version is made in a hidden workshop next to the target: new/ is being written, old/ is what stood there before.
While its process lives it holds a lock; the next process at the same target repairs what a killed one has left.
"""

from __future__ import annotations

import errno
import fcntl
import glob
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from planner.results.seal import names_written, stated_manifest

REPORT = "report.html"  # What `planner report` adds to a run, made from nothing else.
PAGE_MARK = '<meta name="generator" content="planner'
OURS = {"run_sha256", "rejected"}  # Words that only manifests of runs, or of rejected ones, have.
WORKSHOP, LOCK, NEW, OLD = ".planner-", "lock", "new", "old"


class OccupiedError(Exception):
    """The folder holds something that is not a run; nothing was written."""


def require_free(target: Path, instance: str | None = None, given: Mapping[str, Any] | None = None) -> None:
    """Raise OccupiedError when a run folder cannot stand here; asked before a long solve, not after it.

    A folder may be replaced when it is empty or holds a run (of `instance`, if named) and nothing else; the answer
    to a question, `given`, only by one to the same question.
    """
    if not target.name:
        raise OccupiedError(f"{target} cannot be replaced by a run folder: choose another --out")
    recover(target)
    if target.exists():
        _require_replaceable(target, instance, given or {})
    parent = next(p for p in (target.parent, *target.parent.absolute().parents) if p.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        raise OccupiedError(f"{target} cannot be written: {parent} is not a folder one can write in")


def free_place(target: Path, instance: str | None = None, given: Mapping[str, Any] | None = None) -> Path:
    """Place of a finished answer: the target, or a free name next to it if something else has been put there meanwhile.

    The free name is NAME-2, then NAME-3 and so on: no file put there meanwhile costs the result of a long search.
    """
    beside = (target.with_name(f"{target.name}-{number}") for number in itertools.count(2))
    return next(place for place in itertools.chain([target], beside) if _is_free(place, instance, given))


def _is_free(target: Path, instance: str | None, given: Mapping[str, Any] | None) -> bool:
    recover(target.resolve())
    try:
        if target.exists():
            _require_replaceable(target.resolve(), instance, given or {})
    except OccupiedError:
        return False
    return True


def lacks_room(error: BaseException) -> bool:
    """Whether the disk, the quota or the limit on sizes of files ended it; libraries wrap what the system says."""
    raised = (error, *error.args, error.__cause__, error.__context__)
    return any(isinstance(e, OSError) and e.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) for e in raised)


def _require_replaceable(target: Path, instance: str | None, given: Mapping[str, Any]) -> None:
    if target.is_dir() and not any(target.iterdir()):
        return
    manifest = stated_manifest(target)
    stated = manifest.get("given")
    asked = stated.get("question") if isinstance(stated, dict) else None
    is_same = asked == given.get("question") and instance in (None, manifest.get("instance", instance))
    if not OURS & manifest.keys() or not is_same:
        raise OccupiedError(f"{target} exists and is not a run of this instance alone: choose another --out")
    foreign = sorted(file.name for file in target.iterdir() if file not in _own_files(target))
    if foreign:
        raise OccupiedError(f"{target} also holds {', '.join(foreign[:5])}: move that, or choose another --out")


def _own_files(folder: Path) -> set[Path]:
    """The files of a folder that the planner wrote: those its manifest names, and the page about it."""
    named = {folder / name for name in names_written(stated_manifest(folder))}
    return {file for file in named if file.is_file()} | {file for file in [folder / REPORT] if is_page(file)}


def is_page(file: Path) -> bool:
    """Whether a file is a page that the planner wrote."""
    if not file.is_file():
        return False
    with file.open(encoding="utf-8", errors="replace") as stream:
        return PAGE_MARK in stream.read(4000)


@contextmanager
def whole_folder(target: Path, given: Mapping[str, Any] | None = None) -> Iterator[Path]:
    """A folder to write into; it takes the target's place when the block ends without an error.

    Raises OccupiedError when the target exists and is not a run folder or empty.
    """
    require_free(target, given=given)
    target.parent.mkdir(parents=True, exist_ok=True)
    with workshop(target) as place:
        fresh = place / NEW
        fresh.mkdir()
        yield fresh
        if target.exists():
            target.rename(place / OLD)
        fresh.rename(target)


@contextmanager
def workshop(target: Path) -> Iterator[Path]:
    """A hidden folder next to the target to make things in; when the block ends, the target stands and this is gone."""
    recover(target)
    place = Path(tempfile.mkdtemp(prefix=WORKSHOP, dir=target.absolute().parent))
    with (place / LOCK).open("w") as lock:
        with suppress(OSError):  # On a file system without locks no process takes this one for that of a dead process.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        place = place.rename(place.with_name(f".{target.name}{place.name}"))  # Found by others only when it is locked.
        try:
            yield place
        finally:
            _settle(place, target)


def recover(target: Path) -> None:
    """Repair what killed processes left next to a target: restore a half-replaced folder and remove new ones."""
    for place in target.absolute().parent.glob(f".{glob.escape(target.name)}{WORKSHOP}*"):
        with suppress(OSError):  # Its process lives, or it is not ours to touch.
            if not place.is_symlink() and place.stat().st_uid == os.getuid():
                with (place / LOCK).open("r+") as lock:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    _settle(place, target)


def _settle(place: Path, target: Path) -> None:
    """End the work in a workshop: the target is what was put there, or else what stood there before."""
    old = place / OLD
    if old.exists() and not target.exists():
        old.rename(target)
    elif old.exists():
        remove(old)
    if not old.exists():  # Else it holds more than the planner wrote, and stays.
        shutil.rmtree(place, ignore_errors=True)


def remove(old: Path) -> None:
    """Remove an old folder, if it holds nothing but what the planner wrote."""
    with suppress(OSError):
        own = _own_files(old)
        if set(old.iterdir()) <= own:
            shutil.rmtree(old)
