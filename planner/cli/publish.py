"""Commands that write pages and files: report, export, reference, manual."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import planner
from planner.cli.common import listening, settings_of
from planner.cli.exit_codes import GOOD


def report(options: argparse.Namespace) -> int:
    from planner.reports.report import report

    with listening(options) as listener:
        target = report(options.runs, options.out, settings_of(options), listener)
    if options.json:
        print(json.dumps({"report": str(target), "bytes": target.stat().st_size}))
    elif not options.quiet:
        print(f"wrote {target} ({target.stat().st_size / 1e6:.1f} MB); open it in a browser")
    return GOOD


def export(options: argparse.Namespace) -> int:
    from planner.exports.export import export

    target = export(options.run, options.format, options.out)
    if options.json:
        print(json.dumps({"export": str(target), "format": options.format}))
    elif not options.quiet:
        print(f"wrote {target}")
    return GOOD


def reference(options: argparse.Namespace) -> int:
    return _written("reference", planner.reference(options.out), options)


def manual(options: argparse.Namespace) -> int:
    return _written("manual", planner.manual_site(options.out), options)


def _written(name: str, target: Path, options: argparse.Namespace) -> int:
    if options.json:
        print(json.dumps({name: str(target)}))
    elif not options.quiet:
        print(f"wrote {target}; open it in a browser")
    return GOOD
