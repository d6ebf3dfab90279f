"""Commands that compare runs: compare."""

from __future__ import annotations

import argparse
from pathlib import Path

from planner.cli.common import console, listening, settings_of
from planner.cli.exit_codes import GOOD


def compare(options: argparse.Namespace) -> int:
    from planner.reports.report import report_comparison, require_replaceable
    from planner.terminal.comparison import show_comparison
    from planner.workflows.comparison.compare import compare as compare_runs

    settings = settings_of(options)
    if options.html is not None:
        require_replaceable(Path(options.html))  # Before a long solve, not after it.
    with listening(options) as listener:
        found = compare_runs(options.runs, options.out, settings, listener, options.same_plan)
    if options.html is not None:
        report_comparison(found, options.html)
    if options.json:
        from planner.results.write import plain_json

        folder = str(found.folder) if found.folder else None
        tables = {name: table.to_dict("records") for name, table in found.tables.items()}
        print(plain_json(tables | {"missing": list(found.missing), "folder": folder, "html": options.html}))
    elif not options.quiet:
        show_comparison(found, console())
        if options.html is not None:
            print(f"Page in {options.html}; open it in a browser")
    return GOOD
