"""The command line: `planner VERB ...`. Heavy imports wait until they are needed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import planner

GOOD, BAD_INPUT, INFEASIBLE, STOPPED, INTERNAL, INTERRUPTED = 0, 2, 3, 4, 5, 130
EXIT_CODES = """exit codes: 0 solved to the gap asked; 2 bad input; 3 no plan exists; 4 stopped early, best plan kept;
5 internal error or failed check; 130 interrupted, best plan kept"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = parser().parse_args(arguments)
    from planner import commands

    return commands.run(options)


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="planner", description=planner.__doc__, epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"planner {planner.__version__}")
    verbs = top.add_subparsers(dest="verb", metavar="COMMAND", required=True)
    _solve(verbs.add_parser("solve", help="find the least-cost plan and write its tables", epilog=EXIT_CODES))
    _evaluate(verbs.add_parser("evaluate", help="carry out the plan of a run in other futures", epilog=EXIT_CODES))
    _value(verbs.add_parser("value", help="what information and flexibility are worth, and what waiting costs"))
    _explain(verbs.add_parser("explain", help="why there is no plan and what would help; bounds; projects"))
    _futures(verbs.add_parser("futures", help="draw random futures to evaluate a plan on"))
    _instance(verbs.add_parser("validate", help="check an instance without solving it"))
    _show(verbs.add_parser("show", help="show what an instance says, where, and why"))
    verbs.add_parser("schema", help="print the JSON Schema of the instance language for editors")
    new = verbs.add_parser("new", help="write a small commented instance to start from")
    new.add_argument("file", help="file to write, such as my-case.yaml; it must not exist")
    return top


def _instance(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("instance", help="a YAML instance")
    _changes(verb)


def _changes(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--scenario", metavar="NAME", help="apply a scenario of the instance")
    verb.add_argument(
        "--set", dest="sets", action="append", default=[], metavar="PATH=VALUE",
        help="override: path.to.field=3, 'demands.*.amount*=1.1', 'x.y+=2' (repeatable)",
    )
    verb.add_argument("--quiet", action="store_true", help="no progress, no screen")
    verb.add_argument("--json", action="store_true", help="machine-readable output on standard output")


def _solve(verb: argparse.ArgumentParser) -> None:
    _instance(verb)
    verb.add_argument("--out", metavar="DIR", help="run folder (default results/<instance>/<hash>)")
    _solver(verb)
    verb.add_argument("--write-model", metavar="FILE", help="also write the program as FILE.lp or FILE.mps")


def _evaluate(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("plan", help="folder of a run that planner solve has written")
    verb.add_argument("--on", metavar="FUTURES", help="a file with futures, shocks and controls (default: its own)")
    verb.add_argument("--instance", metavar="FILE", help="evaluate on this instance instead of the run's own")
    _changes(verb)
    verb.add_argument("--out", metavar="DIR", help="run folder (default results/<instance>/<hash>)")
    _solver(verb)


def _value(verb: argparse.ArgumentParser) -> None:
    _instance(verb)
    verb.add_argument("--delays", type=float, nargs="*", metavar="YEARS", help="years of waiting (default 1 2 3)")
    verb.add_argument("--out", metavar="DIR", help="folder for the tables (default results/<instance>/<hash>)")
    _solver(verb)


def _explain(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("instance", help="a YAML instance, or the folder of a run")
    _changes(verb)
    verb.add_argument("--bounds", action="store_true", help="the best any amount of money could reach, by requirement")
    verb.add_argument("--project", metavar="NAME", help="why a project is in the plan of a run or not")
    _solver(verb)


def _futures(verb: argparse.ArgumentParser) -> None:
    _instance(verb)
    verb.add_argument("--count", type=int, default=20, help="how many futures (default 20)")
    verb.add_argument("--seed", type=int, default=0, help="seed of the draw (default 0)")
    verb.add_argument("--out", metavar="FILE", help="file to write (default: standard output); it must not exist")


def _solver(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--gap", type=float, help="relative gap to stop at, such as 0.005")
    verb.add_argument("--time-limit", type=float, metavar="SECONDS", help="stop after this time, keep the best plan")
    verb.add_argument("--threads", type=int, help="threads of the solver")
    verb.add_argument("--seed", type=int, help="seed of the solver")


def _show(verb: argparse.ArgumentParser) -> None:
    _instance(verb)
    verb.add_argument("--resolved", action="store_true", help="print the instance with everything applied, as YAML")
    verb.add_argument("--why", metavar="PATH", help="where a value came from: every statement with file and line")
    verb.add_argument("--nodes", action="store_true", help="print the tree of nodes")
    verb.add_argument("--controls", action="store_true", help="print what passes, by commodity, destination and class")


if __name__ == "__main__":
    sys.exit(main())
