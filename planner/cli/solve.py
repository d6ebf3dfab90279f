"""Commands that solve: solve, evaluate, value, losses."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from planner.cli import BEGUN
from planner.cli.common import console, ended, listening, report, settings_of

if TYPE_CHECKING:
    from planner.workflows.solve import Engine


def solve(options: argparse.Namespace) -> int:
    from planner.terminal.rebuilt import show_rebuilt
    from planner.terminal.run import show_profile
    from planner.workflows.solve import solve as solve_instance

    settings, engine = settings_of(options), _engine(options)
    with listening(options) as listener:
        result = solve_instance(
            options.instance, options.scenario, options.sets, options.out, settings, listener, options.write_model,
            engine, options.profile, options.executor, options.force,
        )
    if not options.profile:
        return report(result, options)
    phases = result.clock.profile(BEGUN)
    told = {"profile": [asdict(phase) for phase in phases], "rebuilt": result.clock.rebuilt}
    code = report(result, options, told)
    if not (options.json or options.quiet):
        show_rebuilt(result.clock.rebuilt, console())
        show_profile(phases, result.clock.marks, console())
    return code


def _engine(options: argparse.Namespace) -> Engine | None:
    """The engine asked for, None for the solver itself."""
    if options.engine == "highs":
        return None
    from planner.solving.mpi_sppy.engine import Sppy

    return Sppy(options.algorithm, options.ranks)


def evaluate(options: argparse.Namespace) -> int:
    from planner.terminal.uncertainty import show_evaluation
    from planner.workflows.evaluate import evaluate

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
    from planner.terminal.uncertainty import show_values
    from planner.workflows.value_of_information import DELAYS, value

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
    return ended(found.status, f"{len(found.costs)} answers")


def losses(options: argparse.Namespace) -> int:
    from planner.results.write import plain_json
    from planner.terminal.losses import show_losses
    from planner.workflows.loss_ranking import KINDS, losses

    settings, of = settings_of(options), options.of or KINDS
    with listening(options) as listener:
        found = losses(options.plan, of, options.classes, options.together, options.out, settings, listener)
    if options.json:
        print(plain_json({"losses": found.table.to_dict("records"), "folder": str(found.folder)}))
    elif not options.quiet:
        show_losses(found, console())
    return ended(found.status, f"{len(found.table):,} losses tried")
