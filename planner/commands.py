"""What each command does, and how failures become messages and exit codes."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import ValidationError
from rich.console import Console
from rich.text import Text

from planner.__main__ import BAD_INPUT, GOOD, INFEASIBLE, INTERNAL, INTERRUPTED, STOPPED
from planner.errors import InputError, NoAnswerError, Place, Problem

if TYPE_CHECKING:
    from planner.reading.document import Document
    from planner.run import Listener, Run

PLAIN: dict[str, Any] = {"markup": False, "highlight": False, "emoji": False}  # Names are text, whatever they hold.


def run(options: argparse.Namespace) -> int:
    """Run the command named by `options.verb`; every failure has one message and one exit code."""
    verbs: dict[str, Callable[[argparse.Namespace], int]] = {
        "solve": _solve, "evaluate": _evaluate, "value": _value, "futures": _futures,
        "validate": _validate, "show": _show, "schema": _schema, "new": _new,
    }
    try:
        with _stops_like_interrupt():
            return verbs[options.verb](options)
    except InputError as error:
        return _failed(str(error), BAD_INPUT)
    except NoAnswerError as error:
        return _failed(str(error), INFEASIBLE if error.status in ("infeasible", "unbounded") else STOPPED)
    except KeyboardInterrupt:
        return _failed("interrupted; nothing was written", INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return GOOD
    except Exception as error:
        if os.environ.get("PLANNER_TRACEBACK"):
            raise
        code = _code(error)
        hint = "\n(set PLANNER_TRACEBACK=1 for the traceback)" if code == INTERNAL else ""
        return _failed(f"{_sentence(error)}{hint}", code)


def _code(error: Exception) -> int:
    from planner.results.write import OccupiedError

    return BAD_INPUT if isinstance(error, OccupiedError | PermissionError | FileExistsError) else INTERNAL


def _sentence(error: Exception) -> str:
    from planner.results.write import OccupiedError
    from planner.run import CheckFailedError

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


def _solve(options: argparse.Namespace) -> int:
    from planner.run import solve as solve_instance

    settings = _settings(options)
    with _listening(options) as listener:
        result = solve_instance(
            options.instance, options.scenario, options.sets, options.out, settings, listener, options.write_model
        )
    return _report(result, options)


@contextlib.contextmanager
def _listening(options: argparse.Namespace) -> Iterator[Listener]:
    """Progress on standard error, unless it shall be quiet."""
    from planner.run import Listener
    from planner.screen import Ticker

    ticker = None if options.quiet else Ticker()
    try:
        yield Listener(ticker.phase, ticker.progress, ticker.stopping) if ticker else Listener()
    finally:
        if ticker:
            ticker.close()


def _report(result: Run, options: argparse.Namespace, more: dict[str, Any] | None = None) -> int:
    """The screen or the JSON of a run, and its exit code."""
    from planner.screen import show_conflict, show_run

    if options.json:
        from planner.results.write import plain_json

        folder = str(result.folder) if result.folder else None
        print(plain_json(result.figures | {"folder": folder} | (more or {})))
    elif not options.quiet and result.outcome.has_plan:
        show_run(result, _console())
    if not result.outcome.has_plan:
        show_conflict(result, Console(stderr=True, soft_wrap=True, **PLAIN))
    return _exit_code(result.outcome.status)


def _evaluate(options: argparse.Namespace) -> int:
    from planner.evaluate import evaluate
    from planner.screen_uncertainty import show_evaluation

    settings = _settings(options)
    with _listening(options) as listener:
        found = evaluate(
            options.plan, options.on, options.instance, options.scenario, options.sets, options.out, settings, listener
        )
    code = _report(found.run, options, {"made_for": found.made_for.to_dict("records")})
    if found.run.outcome.has_plan and not (options.json or options.quiet):
        show_evaluation(found, _console())
    return code


def _value(options: argparse.Namespace) -> int:
    from planner.screen_uncertainty import show_values
    from planner.value import DELAYS, value

    settings = _settings(options)
    delays = DELAYS if options.delays is None else options.delays
    with _listening(options) as listener:
        found = value(options.instance, options.scenario, options.sets, options.out, settings, delays, listener)
    if options.json:
        from planner.results.write import plain_json

        tables = {"costs": found.costs.to_dict("records"), "values": found.values.to_dict("records")}
        print(plain_json(tables | {"folder": str(found.folder)}))
    elif not options.quiet:
        show_values(found, _console())
    return GOOD


def _futures(options: argparse.Namespace) -> int:
    from planner.sample import futures

    if options.count < 1:
        raise InputError([Problem("bad-option", f"--count: {options.count} futures cannot be drawn")])
    text = futures(options.instance, options.count, options.seed, options.scenario, options.sets)
    if options.out is not None:
        target = _written_once(Path(options.out), text)
        if not (options.quiet or options.json):
            print(f"wrote {target}; now: planner evaluate RUN --on {target}")
    elif not options.json:
        print(text, end="")
    if options.json:
        print(json.dumps(yaml.safe_load(text), indent=2))
    return GOOD


def _console() -> Console:
    """The terminal, or a page of 110 columns when the output goes to a file."""
    return Console(**PLAIN) if sys.stdout.isatty() else Console(width=110, **PLAIN)


def _exit_code(status: str) -> int:
    codes = {"optimal": GOOD, "infeasible": INFEASIBLE, "unbounded": INFEASIBLE, "interrupted": INTERRUPTED}
    return codes.get(status, STOPPED)


def _settings(options: argparse.Namespace) -> dict[str, Any]:
    """The options given on the command line, refused when out of range."""
    from planner.schema import Options

    given = {name: getattr(options, name) for name in ("gap", "time_limit", "threads", "seed")}
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


def _validate(options: argparse.Namespace) -> int:
    from planner.reading.document import load
    from planner.validation.validate import validate as check

    document = load(options.instance, options.scenario, options.sets)
    warnings = [str(warning) for warning in check(document)]
    if options.json:
        print(json.dumps({"valid": True, "warnings": warnings}))
    elif not options.quiet:
        for warning in warnings:
            print(f"note: {warning}")
        print(f"{options.instance} is a valid instance: {_sizes(document.instance)}")
    return GOOD


def _sizes(instance: Any) -> str:
    sections = ("regions", "commodities", "processes", "facilities", "projects", "lanes", "suppliers", "outlets",
                "demands", "stockpiles", "returns", "controls", "requirements", "futures", "shocks", "sources")
    counted = [(len(getattr(instance, name)), name) for name in sections]
    return ", ".join(f"{count} {name}" for count, name in counted if count)


def _show(options: argparse.Namespace) -> int:
    from planner.reading.document import load

    document = load(options.instance, options.scenario, options.sets)
    console = _console()
    if options.why:
        for statement in document.why(options.why):
            value = yaml.safe_dump(statement.value, default_flow_style=True, width=10_000).strip().removesuffix("\n...")
            console.print(Text(f"{statement.place}  {statement.how}: {value}"), soft_wrap=True)
        return GOOD
    if options.resolved:
        content = document.resolved()
        text = json.dumps(content, indent=2) if options.json else yaml.safe_dump(
            content, sort_keys=False, allow_unicode=True, width=120)
        print(text)
        return GOOD
    if options.nodes:
        from planner.branching import build_tree

        for node in build_tree(document.instance).nodes:
            print(f"{'  ' * node.period}{node.key}  {node.start:g} +{node.length:g} y  probability "
                  f"{node.probability:g}  weight {node.weight:.4g}")
        return GOOD
    if options.controls:
        return _show_controls(document, options.json, console)
    instance = document.instance
    console.print(Text(instance.title or instance.name, style="bold"))
    if instance.description:
        console.print(Text(instance.description))
    console.print(Text(_sizes(instance)))
    return GOOD


def _show_controls(document: Document, as_json: bool, console: Console) -> int:
    from planner.network import build_network
    from planner.passing import passing_table, touched
    from planner.screen_uncertainty import show_controls
    from planner.validation.validate import validate

    validate(document)
    frame = passing_table(build_network(document.instances()))
    if as_json:
        from planner.results.write import plain_json

        print(plain_json(frame.to_dict("records")))
    else:
        show_controls(touched(frame), console)
    return GOOD


def _schema(options: argparse.Namespace) -> int:
    from planner.language import json_schema

    print(json.dumps(json_schema(), indent=2))
    return GOOD


def new(path: str | Path) -> Path:
    """Write a small commented instance to start from. InputError when it exists or cannot be written there."""
    target = Path(path)
    if target.suffix not in (".yaml", ".yml"):
        raise InputError([Problem("wrong-choice", "an instance is a .yaml file", Place(str(target), 0, 0))])
    return _written_once(target, Path(__file__).with_name("starter.yaml").read_text("utf-8"))


def _written_once(target: Path, text: str) -> Path:
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


def _new(options: argparse.Namespace) -> int:
    target = new(options.file)
    print(f"wrote {target}; now: planner solve {target}")
    return GOOD
