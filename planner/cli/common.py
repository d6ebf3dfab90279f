"""Common parts of commands: progress, the terminal, the solver's options, exit codes."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from rich.console import Console

from planner.cli.exit_codes import GOOD, INFEASIBLE, INTERRUPTED, STOPPED
from planner.common.errors import InputError, Place, Problem

if TYPE_CHECKING:
    from planner.workflows.solve import Listener, Solved
    from planner.workflows.tradeoff.answer import AnswerStatus

PLAIN: dict[str, Any] = {"markup": False, "highlight": False, "emoji": False}  # Names are text with any characters.


@contextlib.contextmanager
def listening(options: argparse.Namespace) -> Iterator[Listener]:
    """Progress on standard error, unless it shall be quiet."""
    from planner.terminal.run import Ticker
    from planner.workflows.solve import Listener

    ticker = None if options.quiet else Ticker()
    try:
        yield Listener(ticker.phase, ticker.progress, ticker.stopping) if ticker else Listener()
    finally:
        if ticker:
            ticker.close()


def report(result: Solved, options: argparse.Namespace, more: dict[str, Any] | None = None) -> int:
    """The screen or the JSON of a run, and its exit code."""
    from planner.terminal.run import show_conflict, show_run

    if options.json:
        from planner.results.write import plain_json

        folder = str(result.folder) if result.folder else None
        told = {"folder": folder, "recalled": result.recalled}
        print(plain_json(result.figures | told | (more or {})))
    elif not options.quiet and result.outcome.has_plan:
        show_run(result, console())
    if result.moved:
        print(result.moved, file=sys.stderr)
    if exit_code(result.outcome.status) == STOPPED:
        print(f"stopped: {result.outcome.message}", file=sys.stderr)
    if not result.outcome.has_plan:
        show_conflict(result, Console(stderr=True, soft_wrap=True, **PLAIN))
    return exit_code(result.outcome.status)


def ended(status: AnswerStatus, kept: str, goes_on: bool = False) -> int:
    """The exit code of an answer to a question that is no single run; an incomplete answer names what was kept."""
    if status != "complete":
        rest = "; run the same command to resume" if goes_on else ""
        print(f"{status} after {kept}, which are saved{rest}", file=sys.stderr)
    return {"complete": GOOD, "stopped": STOPPED, "interrupted": INTERRUPTED}[status]


def console() -> Console:
    """The terminal, or a page of 110 columns when the output goes to a file."""
    return Console(**PLAIN) if sys.stdout.isatty() else Console(width=110, **PLAIN)


def exit_code(status: str) -> int:
    codes = {"optimal": GOOD, "infeasible": INFEASIBLE, "unbounded": INFEASIBLE, "interrupted": INTERRUPTED}
    return codes.get(status, STOPPED)


def settings_of(options: argparse.Namespace) -> dict[str, Any]:
    """The options given on the command line, refused when out of range."""
    from planner.language.instance import Options

    given = {name: getattr(options, name, None) for name in ("gap", "time_limit", "threads", "seed", "method")}
    settings = {name: value for name, value in given.items() if value is not None}
    try:
        Options.model_validate(settings)
    except ValidationError as error:
        raise InputError(
            Problem("out-of-range", f"{detail['msg'].lower()}, found {detail['input']}",
                    Place("--" + str(detail["loc"][0]).replace("_", "-"), 0, 0))
            for detail in error.errors()
        ) from None
    if getattr(options, "write_model", None):
        target, place = Path(options.write_model), Place("--write-model", 0, 0)
        if target.suffix not in (".lp", ".mps"):
            raise InputError([Problem("wrong-choice", "the model is written as .lp or .mps", place)])
        if not target.absolute().parent.is_dir():
            raise InputError([Problem("no-folder", f"there is no folder {target.parent}", place)])
    return settings
