"""What a study has done so far: one line of JSON per job, on disk before anything builds on it.

A line that was being written when the machine stopped is dropped. Where a job ended, for its neighbours to start
from, lies in a file of its own that is complete before the job's line is, and goes when all neighbours are done.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from planner.errors import InputError, Place, Problem


class Ledger:
    """The records of one shard; only one process at a time may write them."""

    def __init__(self, folder: Path, shard: str) -> None:
        self.path = folder / f"runs{shard}.jsonl"
        self.starts = folder / f"starts{shard}"
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Ledger:
        self.starts.mkdir(parents=True, exist_ok=True)
        file = self.path.open("ab+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            message = "another sweep is at work on this study"
            raise InputError([Problem("occupied", message, Place(str(self.path), 0, 0))]) from None
        end = sum(len(line) for line in _whole(self.path))
        file.truncate(end)
        file.seek(end)
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
            self._put(self._start(key), start)
        self._file.write(json.dumps({"job": key, **record}, allow_nan=False).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def start(self, key: str) -> bytes | None:
        """Where a job ended, if it can be started from."""
        path = self._start(key)
        return path.read_bytes() if path.exists() else None

    def drop(self, key: str) -> None:
        """No neighbour needs it any more."""
        self._start(key).unlink(missing_ok=True)

    def _start(self, key: str) -> Path:
        return self.starts / f"{key}.npz"

    def _put(self, path: Path, content: bytes) -> None:
        fresh = path.with_suffix(".part")
        with fresh.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)


def read_records(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Keys and records of a file, without a torn last line."""
    for line in _whole(path) if path.exists() else ():
        record = json.loads(line)
        yield record["job"], record


def _whole(path: Path) -> Iterator[bytes]:
    """The lines that are whole."""
    with path.open("rb") as file:
        for line in file:
            if not line.endswith(b"\n"):
                return
            try:
                json.loads(line)
            except ValueError:
                return
            yield line
