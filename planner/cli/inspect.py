"""Commands that look at instances or write them: validate, show, schema, new, futures."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from rich.console import Console
from rich.text import Text

from planner.cli.common import console
from planner.cli.exit_codes import BAD_INPUT, GOOD
from planner.common.errors import InputError, Problem
from planner.common.words import count

if TYPE_CHECKING:
    from planner.reading.document import Document


def futures(options: argparse.Namespace) -> int:
    from planner.language.starter import written_once
    from planner.workflows.futures_sampling import futures

    if options.count < 1:
        raise InputError([Problem("bad-option", f"--count: {options.count} futures cannot be drawn")])
    text = futures(options.instance, options.count, options.seed, options.scenario, options.sets)
    if options.out is not None:
        target = written_once(Path(options.out), text)
        if not (options.quiet or options.json):
            print(f"wrote {target}; now: planner evaluate RUN --on {target}")
    elif not options.json:
        print(text, end="")
    if options.json:
        print(json.dumps(yaml.safe_load(text), indent=2))
    return GOOD


def validate(options: argparse.Namespace) -> int:
    """Whether an instance is valid; with --json as JSON on the output for every answer."""
    from planner.reading.document import load
    from planner.validation.validate import validate as check

    try:
        document = load(options.instance, options.scenario, options.sets)
        warnings = check(document)
    except InputError as error:
        if not options.json:
            raise
        print(json.dumps({"valid": False, "problems": list(map(_told, error.problems)), "warnings": []}))
        return BAD_INPUT
    if options.json:
        print(json.dumps({"valid": True, "problems": [], "warnings": list(map(_told, warnings))}))
    elif not options.quiet:
        for warning in warnings:
            print(f"note: {warning}")
        print(f"{options.instance} is a valid instance: {_sizes(document.instance)}")
    return GOOD


def _told(problem: Problem) -> dict[str, Any]:
    """A problem for programs; what stands in no file, such as a `--set`, has no line."""
    place = problem.place
    line, column = (place.line, place.column) if place and place.line else (None, None)
    return {"code": problem.code, "message": problem.message, "hint": problem.hint,
            "file": place.file if place else None, "line": line, "column": column}


def _sizes(instance: Any) -> str:
    sections = {"regions": "region", "commodities": "commodity", "processes": "process", "facilities": "facility",
                "projects": "project", "lanes": "lane", "suppliers": "supplier", "outlets": "outlet",
                "demands": "demand", "stockpiles": "stockpile", "returns": "return", "controls": "control",
                "requirements": "requirement", "futures": "future", "shocks": "shock", "sources": "source"}
    stated = {many: len(getattr(instance, many)) for many in sections}
    return ", ".join(count(stated[many], one, many) for many, one in sections.items() if stated[many])


def show(options: argparse.Namespace) -> int:
    from planner.reading.document import load
    from planner.reading.dump import written_yaml

    document = load(options.instance, options.scenario, options.sets)
    terminal = console()
    if options.why:
        for statement in document.why(options.why):
            value = yaml.safe_dump(statement.value, default_flow_style=True, width=10_000).strip().removesuffix("\n...")
            terminal.print(Text(f"{statement.place}  {statement.how}: {value}"), soft_wrap=True)
        return GOOD
    if options.resolved:
        content = document.resolved()
        print(json.dumps(content, indent=2, ensure_ascii=False) if options.json else written_yaml(content))
        return GOOD
    if options.nodes:
        from planner.tree.builder import build_tree
        from planner.validation.validate import validate

        validate(document)
        for node in build_tree(document.instance).nodes:
            print(f"{'  ' * node.period}{node.key}  {node.start:g} +{node.length:g} y  probability "
                  f"{node.probability:g}  weight {node.weight:.4g}")
        return GOOD
    if options.periods is not None:
        return _show_periods(document, options.periods or None, options.json, terminal)
    if options.controls:
        return _show_controls(document, options.json, terminal)
    instance = document.instance
    terminal.print(Text(instance.title or instance.name, style="bold"))
    if instance.description:
        terminal.print(Text(instance.description))
    terminal.print(Text(_sizes(instance)))
    return GOOD


def _show_periods(document: Document, pattern: str | None, as_json: bool, console: Console) -> int:
    from planner.language.units import periods
    from planner.reading.moments import readings_by_period

    rows = readings_by_period(document, pattern)
    names = [span.name for span in periods(document.instance.time)]
    if as_json:
        told = [row._asdict() | {"values": dict(zip(names, row.values, strict=True))} for row in rows]
        print(json.dumps(told, indent=2))
    for row in rows if not as_json else ():
        console.print(Text(f"{row.figure} [{row.unit}]" + (f" in {row.future}" if row.future else "")), soft_wrap=True)
        read = zip(names, row.values, strict=True)
        console.print(Text("  " + "; ".join(f"{name} {value:.6g}" for name, value in read)), soft_wrap=True)
    return GOOD


def _show_controls(document: Document, as_json: bool, console: Console) -> int:
    from planner.formulation.network import build_network
    from planner.terminal.uncertainty import show_controls
    from planner.validation.validate import validate
    from planner.workflows.control_effects import passing_table, touched

    validate(document)
    frame = passing_table(build_network(document.instances()))
    if as_json:
        from planner.results.write import plain_json

        print(plain_json(frame.to_dict("records")))
    else:
        show_controls(touched(frame), console)
    return GOOD


def schema(options: argparse.Namespace) -> int:
    from planner.language.json_schema import json_schema

    print(json.dumps(json_schema(), indent=2))
    return GOOD


def new(options: argparse.Namespace) -> int:
    from planner.reading.examples import new

    target = new(options.file, options.example)
    print(f"wrote {target}; now: planner solve {target}")
    return GOOD
