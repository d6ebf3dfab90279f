"""Commands of many runs: sweep."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from planner.cli.common import console
from planner.cli.exit_codes import GOOD, INTERNAL, INTERRUPTED

if TYPE_CHECKING:
    from planner.workflows.sweep.sweep import Sweep


def sweep(options: argparse.Namespace) -> int:
    from planner.terminal.rebuilt import show_rebuilt
    from planner.terminal.sweep import SweepProgress, show_plan, show_sweep
    from planner.workflows.sweep.sweep import sweep as carry_out

    if options.dry_run:
        from planner.workflows.sweep.forecast import forecast

        found = forecast(options.study, options.executor, options.instance)
        if options.json:
            _print(found.described())
        else:
            show_plan(found, console())
        return GOOD
    try:
        with SweepProgress(options.quiet) as progress:
            done = carry_out(
                options.study, options.out, options.executor, None, options.shard, options.force, progress.tell,
                options.instance,
            )
    except KeyboardInterrupt:
        print("Interrupted. Finished runs are saved; run the same command to resume.", file=sys.stderr)
        return INTERRUPTED
    if options.json:
        _print(_described(done) | ({"rebuilt": done.rebuilt} if options.profile else {}))
    elif not options.quiet:
        show_sweep(done, console())
        if options.profile:
            show_rebuilt(done.rebuilt, console())
    return INTERNAL if done.wrong else GOOD


def _described(done: Sweep) -> dict[str, Any]:
    tables = {name: table.to_dict("records") for name, table in done.tables.items() if name in ("runs", "no_regret")}
    facts = {"runs_known": len(done.records), "runs_total": len(done.jobs), "solved_now": done.solved}
    return facts | {"wrong": done.wrong, "folder": str(done.folder)} | {f"table_{k}": v for k, v in tables.items()}


def _print(content: dict[str, Any]) -> None:
    from planner.results.write import plain_json

    print(plain_json(content))
