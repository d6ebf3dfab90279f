"""Manifests: every file of a folder with its digest, so that nothing is read but what was written.

A manifest carries a digest of itself too. That finds accidents and slips, not forgers who write new digests.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from planner.common.errors import InputError, Place, Problem
from planner.reading.files import content_of
from planner.results.write import MARK, plain_json, write_json

WRITTEN, SEAL = "written", "manifest_sha256"  # In a manifest: digests by name of file, and of all else it states.
MOST_BYTES = 4 * 1024**3  # Of one file.


def seal(folder: Path, facts: Mapping[str, Any]) -> None:
    """Write the manifest of a folder that is complete: its facts, and the digest of every file."""
    files = sorted(file for file in folder.iterdir() if file.name != MARK)
    digests = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    stated = json.loads(plain_json({**facts, WRITTEN: digests}))
    write_json(stated | {SEAL: _digest(stated)}, folder / MARK)


def stated_manifest(folder: Path) -> dict[str, Any]:
    """Contents of a manifest, not verified; empty when it cannot be read."""
    try:
        stated = json.loads(content_of(folder / MARK))
    except (InputError, ValueError, RecursionError):
        return {}
    return stated if isinstance(stated, dict) else {}


def names_written(manifest: Mapping[str, Any]) -> set[str]:
    """The names of all files of a folder by its manifest, itself among them; those that are paths are left out."""
    stated = manifest.get(WRITTEN)
    return {MARK} | {name for name in stated if _is_plain(name)} if isinstance(stated, dict) else set()


def require_sealed(folder: Path, manifest: Mapping[str, Any], remedy: str) -> None:
    """InputError, with what to do, when a manifest is not as it was written."""
    if manifest.get(SEAL) != _digest({key: value for key, value in manifest.items() if key != SEAL}):
        raise InputError([changed(folder / MARK, "is not as it was written", remedy)])


def contents_as_written(folder: Path, manifest: Mapping[str, Any], remedy: str) -> dict[str, bytes]:
    """Every file that a manifest names. InputError, with what to do, naming all that are not as they were written."""
    contents, problems = dict[str, bytes](), list[Problem]()
    for name, digest in manifest[WRITTEN].items():
        if not _is_plain(name):
            problems.append(changed(folder / MARK, f"names {name}, which is no file of the folder", remedy))
        elif not (folder / name).is_file():
            problems.append(changed(folder / name, "is missing", remedy))
        else:
            contents[name] = content_of(folder / name, most=MOST_BYTES)
            if hashlib.sha256(contents[name]).hexdigest() != digest:
                problems.append(changed(folder / name, "is not as it was written", remedy))
    if problems:
        raise InputError(problems)
    return contents


def changed(file: Path, what: str, remedy: str) -> Problem:
    """The problem of a file that is not as the planner wrote it."""
    return Problem("changed", f"{file.name} {what}", Place(str(file), 0, 0), remedy)


def _is_plain(name: str) -> bool:
    return Path(name).name == name not in ("", "..") and "\\" not in name and "\0" not in name


def _digest(stated: Mapping[str, Any]) -> str:
    return hashlib.sha256(plain_json(stated).encode()).hexdigest()
