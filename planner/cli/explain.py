"""The command explain: why there is no plan, how far money could reach, why a project is in or out."""

from __future__ import annotations

import argparse
from pathlib import Path

from planner.cli.common import console, listening, settings_of
from planner.cli.exit_codes import GOOD, INFEASIBLE, INTERRUPTED, STOPPED
from planner.common.errors import InputError, Problem


def explain(options: argparse.Namespace) -> int:
    from planner.results.folder import stands

    settings = settings_of(options)
    is_run = stands(Path(options.instance))
    if options.project is not None:
        if not is_run:
            raise InputError([Problem("bad-option", "--project asks about the plan of a run: name its folder")])
        return _project(options, settings)
    if is_run:
        from planner.results.folder import open_folder
        from planner.results.write import RESOLVED

        options.instance = str(open_folder(Path(options.instance)).path / RESOLVED)
    return _bounds(options, settings) if options.bounds else _conflict(options, settings)


def _conflict(options: argparse.Namespace, settings: dict[str, object]) -> int:
    from dataclasses import asdict

    from planner.common.signals import listening as heard
    from planner.results.write import plain_json
    from planner.workflows.explain.explain import explain as explain_instance

    with listening(options) as listener, heard(listener.stopping) as requests:
        found = explain_instance(options.instance, options.scenario, options.sets, settings, listener)
    if options.json:
        print(plain_json({"feasible": found is None, "explanation": asdict(found) if found else None}))
    elif found is not None:
        console().print(str(found), soft_wrap=True)
    elif not options.quiet:
        print(f"{options.instance} has a plan: nothing conflicts.")
    if requests.count:
        return INTERRUPTED
    return GOOD if found is None else INFEASIBLE


def _bounds(options: argparse.Namespace, settings: dict[str, object]) -> int:
    from planner.common.signals import listening as heard
    from planner.results.write import plain_json
    from planner.terminal.explain import show_bounds
    from planner.workflows.explain.explain import reach

    with listening(options) as listener, heard(listener.stopping):
        found = reach(options.instance, options.scenario, options.sets, settings, listener)
    if options.json:
        print(plain_json({"bounds": found.to_dict("records")}))
    elif not options.quiet:
        show_bounds(found, console())
    return GOOD if found["is_least"].all() else STOPPED


def _project(options: argparse.Namespace, settings: dict[str, object]) -> int:
    from planner.results.write import plain_json
    from planner.terminal.explain import show_worth, worth_figures
    from planner.workflows.explain.project import project_worth

    with listening(options) as listener:
        found = project_worth(options.instance, options.project, settings, listener)
    if options.json:
        print(plain_json(worth_figures(found)))
    elif not options.quiet:
        show_worth(found, console())
    return GOOD
