"""Run commands in a process of their own, forked from this one so that nothing need be imported again."""

from __future__ import annotations

import faulthandler
import json
import os
import re
import resource
import select
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from planner.__main__ import main

PROCESSOR, PATIENCE = 5.0, 90.0  # Seconds of work and of waiting after which a command is stopped.
MEMORY = 4 << 30
TOLD = 4000
FRAME = re.compile(r'File "[^"]*/(planner/[^"]*\.py)", line \d+,? in (\w+)')


class Result(NamedTuple):
    """What a command did. `code` is None when it did not end by itself, then `signal` says how it was stopped."""

    command: tuple[str, ...]
    code: int | None
    seconds: float
    out: str
    err: str
    trace: str = ""
    signal: int = 0

    @property
    def place(self) -> str:
        """The innermost place of our own code in the trace."""
        found = FRAME.findall(self.trace)
        if not found:
            return "?"
        file, function = found[0] if self.signal else found[-1]
        return f"{file}:{function}"


Examine = Callable[[Path, list[Result]], list[str]]


def run(
    folder: Path, commands: Sequence[tuple[str, ...]], examine: Examine, tracing: bool = False
) -> tuple[list[Result], list[str]]:
    """The results of commands run one after the other in a folder, and what an examination of it finds.

    With `tracing` internal errors come with their trace.
    """
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(reading)
        with os.fdopen(writing, "w") as told:
            _child(folder, commands, examine, told, tracing)
    os.close(writing)
    lines, status = _listen(process, reading)
    results = [Result(tuple(line["command"]), *line["rest"]) for line in lines if "command" in line]
    flaws = [flaw for line in lines for flaw in line.get("flaws", [])]
    if os.WIFSIGNALED(status) and len(results) < len(commands):
        results.append(_stopped(folder, commands[len(results)], os.WTERMSIG(status)))
    return results, flaws


def _listen(process: int, reading: int) -> tuple[list[dict[str, Any]], int]:
    """What the child tells, line by line, until it ends or patience does."""
    told, until = b"", time.monotonic() + PATIENCE
    while True:
        ready, _, _ = select.select([reading], [], [], max(0.0, until - time.monotonic()))
        piece = os.read(reading, 1 << 20) if ready else b""
        if not ready:
            os.kill(process, signal.SIGABRT)
        if not piece:
            break
        told += piece
    os.close(reading)
    _, status = os.waitpid(process, 0)
    return [json.loads(line) for line in told.splitlines()], status


def _stopped(folder: Path, command: tuple[str, ...], number: int) -> Result:
    """What is known of a command that was stopped or crashed."""
    out, err, trace = (_text(folder / name) for name in ("out.txt", "err.txt", "trace.txt"))
    return Result(command, None, PROCESSOR, out, err, trace, number)


def _text(path: Path) -> str:
    return path.read_text("utf-8", "replace")[-TOLD:] if path.exists() else ""


def _child(folder: Path, commands: Sequence[tuple[str, ...]], examine: Examine, told: TextIO, tracing: bool) -> None:
    """The forked process: never returns."""
    try:
        results: list[Result] = []
        _confine(folder, tracing)
        for command in commands:
            results.append(_carry_out(folder, command))
            _tell(told, {"command": command, "rest": results[-1][1:]})
        signal.setitimer(signal.ITIMER_PROF, 4 * PROCESSOR)
        _tell(told, {"flaws": examine(folder, results)})
    except BaseException:
        _tell(told, {"flaws": [f"examination failed: {traceback.format_exc()[-TOLD:]}"]})
    finally:
        os._exit(0)


def _confine(folder: Path, tracing: bool) -> None:
    """Limits of memory and time, and the trace of whoever exceeds them."""
    os.chdir(folder)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    trace = (folder / "trace.txt").open("w")
    faulthandler.enable(trace, all_threads=False)
    faulthandler.register(signal.SIGPROF, trace, all_threads=False, chain=True)
    warnings.simplefilter("default")
    os.environ.update({"NO_COLOR": "1", "COLUMNS": "110"} | ({"PLANNER_TRACEBACK": "1"} if tracing else {}))


def _carry_out(folder: Path, command: tuple[str, ...]) -> Result:
    """One command with what it prints in files."""
    with (folder / "out.txt").open("w") as out, (folder / "err.txt").open("w") as err:
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        sys.stdout, sys.stderr = out, err
        before, trace = time.process_time(), ""
        signal.setitimer(signal.ITIMER_PROF, PROCESSOR)
        try:
            code: int | None = main(command)
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        except BaseException:
            code, trace = 5, traceback.format_exc()[-TOLD:]
        signal.setitimer(signal.ITIMER_PROF, 0)
        seconds = time.process_time() - before
    return Result(command, code, seconds, _text(folder / "out.txt"), _text(folder / "err.txt"), trace)


def _tell(told: TextIO, content: dict[str, Any]) -> None:
    told.write(json.dumps(content) + "\n")
    told.flush()
