"""Commands that solve: solve, evaluate, value."""

from __future__ import annotations

import argparse

from planner.__main__ import GOOD
from planner.commands.common import console, listening, report, settings_of


def solve(options: argparse.Namespace) -> int:
    from planner.run import solve as solve_instance

    settings = settings_of(options)
    with listening(options) as listener:
        result = solve_instance(
            options.instance, options.scenario, options.sets, options.out, settings, listener, options.write_model,
            options.force,
        )
    return report(result, options)


def evaluate(options: argparse.Namespace) -> int:
    from planner.evaluate import evaluate
    from planner.screen_uncertainty import show_evaluation

    settings = settings_of(options)
    with listening(options) as listener:
        found = evaluate(
            options.plan, options.on, options.instance, options.scenario, options.sets, options.out, settings, listener,
            options.force,
        )
    code = report(found.run, options, {"made_for": found.made_for.to_dict("records")})
    if found.run.outcome.has_plan and not (options.json or options.quiet):
        show_evaluation(found, console())
    return code


def value(options: argparse.Namespace) -> int:
    from planner.screen_uncertainty import show_values
    from planner.value import DELAYS, value

    settings = settings_of(options)
    delays = DELAYS if options.delays is None else options.delays
    with listening(options) as listener:
        found = value(options.instance, options.scenario, options.sets, options.out, settings, delays, listener)
    if options.json:
        from planner.results.write import plain_json

        tables = {"costs": found.costs.to_dict("records"), "values": found.values.to_dict("records")}
        print(plain_json(tables | {"folder": str(found.folder)}))
    elif not options.quiet:
        show_values(found, console())
    return GOOD
