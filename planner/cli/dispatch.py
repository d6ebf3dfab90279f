"""Dispatch of the commands; failures become messages and exit codes."""

from __future__ import annotations

import argparse
import contextlib
import errno
import importlib
import os
import signal
import sys
from collections.abc import Iterator
from typing import Any

from planner.cli import lean
from planner.cli.exit_codes import BAD_INPUT, GOOD, INFEASIBLE, INTERNAL, INTERRUPTED, STOPPED
from planner.cli.parser import COMMANDS
from planner.common.errors import InputError, NoAnswerError, WorkerLostError

lean.start()

# The module of each command, imported when it is used; its function has the command's name.
MODULES = {command.name: command.module for command in COMMANDS}

# What the system says of a path that somebody chose; anything else it says is our mistake.
REFUSALS = {errno.EACCES, errno.EPERM, errno.EROFS, errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG,
            errno.ELOOP}  # fmt: skip
NO_ROOM = "no room to write (disk, quota or ulimit -f): the previous files are kept; make room and run again"


def run(options: argparse.Namespace) -> int:
    """Run the command named by `options.verb`; every failure has one message and one exit code."""
    try:
        with _stops_like_interrupt():
            module = importlib.import_module(f"planner.cli.{MODULES[options.verb]}")
            code = int(getattr(module, options.verb)(options))
            sys.stdout.flush()  # Here a full disk has a message; when Python ends it has none.
            return code
    except InputError as error:
        return _failed(str(error), BAD_INPUT)
    except (NoAnswerError, WorkerLostError) as error:
        has_none = isinstance(error, NoAnswerError) and error.status in ("infeasible", "unbounded")
        return _failed(str(error), INFEASIBLE if has_none else STOPPED)
    except KeyboardInterrupt:
        return _failed("interrupted; nothing unfinished was written", INTERRUPTED)
    except BrokenPipeError:
        _close_output()
        return GOOD
    except Exception as error:
        from planner.results.atomic_files import lacks_room

        code = _code(error)
        if code == INTERNAL and os.environ.get("PLANNER_TRACEBACK"):
            raise
        if lacks_room(error):
            _close_output()  # What waits to be written there would fail again.
        hint = "\n(set PLANNER_TRACEBACK=1 for the traceback)" if code == INTERNAL else ""
        return _failed(f"{_sentence(error)}{hint}", code)


def _close_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _code(error: Exception) -> int:
    from planner.results.atomic_files import OccupiedError, lacks_room

    is_refused = isinstance(error, OccupiedError) or (isinstance(error, OSError) and error.errno in REFUSALS)
    return BAD_INPUT if is_refused or lacks_room(error) else INTERNAL


def _sentence(error: Exception) -> str:
    from planner.results.atomic_files import OccupiedError, lacks_room
    from planner.workflows.solve import CheckFailedError

    if lacks_room(error):
        return NO_ROOM
    if isinstance(error, CheckFailedError | OccupiedError | OSError):
        return str(error)
    return f"internal error: {type(error).__name__}: {error}"


def _failed(message: str, code: int) -> int:
    shown = "".join(c if c.isprintable() or c == "\n" else "?" for c in message)
    print(shown, file=sys.stderr)  # An input must not steer the terminal through its own error message.
    return code


@contextlib.contextmanager
def _stops_like_interrupt() -> Iterator[None]:
    """A polite request to terminate is handled like Ctrl-C: the best plan is kept."""

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
