"""Ledger of a study's finished jobs: one line of JSON per job, on disk before anything builds on it.

A line that was being written when the machine stopped is dropped; a damaged one (its digest does not fit) is skipped,
and its job is done again. The end of a job, from which its neighbours start, has a file of its own. That file is
complete before the job's line is, and is removed when all neighbours are done.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from planner.common.errors import InputError, Place, Problem
from planner.reading.files import content_of

MOST_BYTES = 2 * 1024**3
DIGEST = "sha256"


class ShardLedger:
    """The records of one shard; only one process at a time may write them."""

    def __init__(self, folder: Path, shard: str) -> None:
        self.path = folder / f"runs{shard}.jsonl"
        self.starts = folder / f"starts{shard}"
        self._file: IO[bytes] | None = None

    def __enter__(self) -> ShardLedger:
        self.starts.mkdir(parents=True, exist_ok=True)
        if self.path.exists() and not self.path.is_file():
            raise InputError([Problem("no-file", f"{self.path.name} is no file", Place(str(self.path), 0, 0))])
        file = self.path.open("ab+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            message = "another sweep is at work on this study"
            raise InputError([Problem("occupied", message, Place(str(self.path), 0, 0))]) from None
        content = content_of(self.path, most=MOST_BYTES)
        file.truncate(content.rfind(b"\n") + 1)
        self._file = file
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        assert self._file is not None
        self._file.close()

    def records(self) -> dict[str, dict[str, Any]]:
        """Every record by the key of its job."""
        return dict(read_records(self.path))

    def append(self, key: str, record: dict[str, Any], start: bytes | None) -> None:
        """Add a job's record, and where it ended."""
        assert self._file is not None
        if start is not None:
            put_whole(self._start(key), start)
        self._file.write(written({"job": key, **record}))
        self._file.flush()
        os.fsync(self._file.fileno())

    def start(self, key: str) -> bytes | None:
        """The start a job left for its neighbours, if it left one."""
        path = self._start(key)
        return path.read_bytes() if path.exists() else None

    def drop(self, key: str) -> None:
        """No neighbour needs it any more."""
        self._start(key).unlink(missing_ok=True)

    def _start(self, key: str) -> Path:
        return self.starts / f"{key}.npz"


def put_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, on disk when this returns."""
    fresh = path.with_suffix(".part")
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def written(record: dict[str, Any]) -> bytes:
    """The line of a record, with its digest."""
    return json.dumps(record | {DIGEST: _digest(record)}, allow_nan=False).encode() + b"\n"


def read_records(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Keys and records of a file, those of damaged lines left out."""
    for record in _lines(path):
        if record is not None:
            yield record.pop("job"), record


def damaged(path: Path) -> int:
    """Number of damaged lines in a file."""
    return sum(record is None for record in _lines(path))


def _lines(path: Path) -> Iterator[dict[str, Any] | None]:
    """The record of every line that was written to its end, or None where it is not as it was written."""
    content = content_of(path, most=MOST_BYTES) if path.exists() else b""
    for line in content.split(b"\n")[:-1]:
        try:
            record = json.loads(line)
            is_good = isinstance(record, dict) and record.pop(DIGEST, "") == _digest(record) and "job" in record
        except (ValueError, RecursionError):
            is_good = False
        yield record if is_good else None


def _digest(record: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()[:16]
