"""Commands that trade one thing for another: frontier, alternatives."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from planner.cli.common import console, ended, listening, settings_of

if TYPE_CHECKING:
    from planner.workflows.tradeoff.answer import TradeoffAnswer


def frontier(options: argparse.Namespace) -> int:
    from planner.terminal.tradeoff import show_frontier
    from planner.workflows.tradeoff.frontier import frontier as find

    settings = settings_of(options)
    with listening(options) as listener:
        found = find(options.instance, options.requirement, options.points, options.scenario, options.sets,
                     options.out, settings, listener)  # fmt: skip
    if not _as_json(found, options) and not options.quiet:
        show_frontier(found, options.requirement, console())
    points = f"{len(found.tables['frontier'])} of {options.points} points"
    return ended(found.status, points, goes_on=True)


def alternatives(options: argparse.Namespace) -> int:
    from planner.terminal.tradeoff import show_alternatives
    from planner.workflows.tradeoff.alternatives import alternatives as find

    settings = settings_of(options)
    with listening(options) as listener:
        found = find(options.instance, options.within, options.count, options.least, options.scenario, options.sets,
                     options.out, settings, listener)  # fmt: skip
    if not _as_json(found, options) and not options.quiet:
        show_alternatives(found, options.within, console())
    plans, verdicts = (len(found.tables[name]) for name in ("alternatives", "projects"))
    return ended(found.status, f"{plans} plans and {verdicts} verdicts on projects", goes_on=True)


def _as_json(found: TradeoffAnswer, options: argparse.Namespace) -> bool:
    from planner.results.write import plain_json

    if options.json:
        tables = {name: table.to_dict("records") for name, table in found.tables.items()}
        print(plain_json(tables | {"folder": str(found.folder), "status": found.status}))
    return bool(options.json)
