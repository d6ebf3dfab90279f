"""Commands that set runs beside each other: compare."""

from __future__ import annotations

import argparse

from planner.__main__ import GOOD
from planner.commands.common import console, listening, settings_of


def compare(options: argparse.Namespace) -> int:
    from planner.comparison.compare import compare as compare_runs
    from planner.screen_comparison import show_comparison

    settings = settings_of(options)
    with listening(options) as listener:
        found = compare_runs(options.runs, options.out, settings, listener)
    if options.json:
        from planner.results.write import plain_json

        folder = str(found.folder) if found.folder else None
        tables = {name: table.to_dict("records") for name, table in found.tables.items()}
        print(plain_json(tables | {"missing": list(found.missing), "folder": folder}))
    elif not options.quiet:
        show_comparison(found, console())
    return GOOD
