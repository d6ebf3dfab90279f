"""The words of the command line. Nothing heavy is imported: `--help` is instant."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import NamedTuple

import planner
from planner.cli.exit_codes import EXIT_CODES


class Command(NamedTuple):
    """A command: its name, the module of `planner.cli` whose function of that name carries it out, and its words."""

    name: str
    module: str
    help: str
    words: Callable[[argparse.ArgumentParser], None]
    epilog: str | None = None


def parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    top = argparse.ArgumentParser(
        prog="planner", description=planner.__doc__, epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"planner {planner.__version__}")
    verbs = top.add_subparsers(dest="verb", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.words(verbs.add_parser(command.name, help=command.help, epilog=command.epilog))
    return top


def _nothing(_: argparse.ArgumentParser) -> None:
    """A command without options."""


def _new(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("file", help="file to write, such as my-case.yaml; it must not exist")
    verb.add_argument("--from", dest="example", metavar="EXAMPLE",
                     help="lay it over a shipped instance, such as quickstart, rare-earths or published/farmer")


def _instance(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("instance", help="a YAML instance; of a shipped one example:NAME")
    _changes(verb)


def _changes(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--scenario", metavar="NAME", help="apply a scenario of the instance")
    verb.add_argument(
        "--set", dest="sets", action="append", default=[], metavar="PATH=VALUE",
        help="change a value: path.to.field=3, 'demands.*.amount*=1.1', 'x.y+=2' (repeatable)",
    )
    _quiet(verb)


def _quiet(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--quiet", action="store_true", help="print no progress and no results")
    verb.add_argument("--json", action="store_true", help="write JSON to standard output")


def _solve(verb: argparse.ArgumentParser) -> None:
    _instance(verb)
    verb.add_argument("--out", metavar="DIR", help="run folder (default results/<instance>/<hash>)")
    _solver(verb)
    _force(verb)
    verb.add_argument("--write-model", metavar="FILE", help="also write the model as FILE.lp or FILE.mps")
    verb.add_argument("--profile", action="store_true",
                      help="also print seconds and peak memory of each phase, and what was rebuilt")
    verb.add_argument("--engine", choices=["highs", "mpi-sppy"], default="highs", help="solver (default highs)")
    verb.add_argument("--algorithm", choices=["extensive", "lshaped", "ph"], default="extensive",
                      help="algorithm of mpi-sppy: extensive form, L-shaped method or progressive hedging")
    verb.add_argument("--method", choices=["auto", "extensive", "benders"],
                      help="extensive: all futures in one model; benders: decomposition by branch (default: by size)")
    verb.add_argument("--executor", metavar="WHERE",
                      help="workers for branches: processes:N, mpi:N or dask:ADDRESS (default threads here)")
    verb.add_argument("--ranks", type=int, default=1, metavar="N", help="MPI ranks for mpi-sppy (default 1)")


def _evaluate(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("plan", help="folder of a run that planner solve has written")
    verb.add_argument("--on", metavar="FUTURES", help="a file with futures, shocks and controls (default: its own)")
    verb.add_argument("--instance", metavar="FILE", help="evaluate on this instance instead of the run's own")
    _changes(verb)
    verb.add_argument("--out", metavar="DIR", help="run folder (default results/<instance>/<hash>)")
    _solver(verb)
    _force(verb)


def _losses(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("plan", help="folder of a run that planner solve has written")
    verb.add_argument("--of", nargs="+", metavar="KIND", choices=["facility", "country", "supplier", "lane"],
                      help="kinds of loss: facility, country, supplier, lane (default all four)")  # fmt: skip
    verb.add_argument("--classes", nargs="+", default=["*"], metavar="CLASS",
                      help="classes of users whose harm counts (default all)")  # fmt: skip
    verb.add_argument("--together", type=int, default=1, metavar="N", help="number of simultaneous losses (default 1)")
    verb.add_argument("--out", metavar="DIR", help="folder for the table (default results/<instance>/<hash>)")
    _quiet(verb)
    _solver(verb)


def _value(verb: argparse.ArgumentParser) -> None:
    _instance(verb)
    verb.add_argument("--delays", type=float, nargs="*", metavar="YEARS", help="years of delay (default 1 2 3)")
    verb.add_argument("--out", metavar="DIR", help="folder for the tables (default results/<instance>/<hash>)")
    _solver(verb)


def _compare(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("runs", nargs="+", metavar="RUN", help="folders of runs, or instances (INSTANCE@SCENARIO) to"
                      " solve; the first is the baseline")  # fmt: skip
    verb.add_argument("--same-plan", action="store_true", help="also evaluate each plan in the other instance: the"
                      " cost of the change alone")  # fmt: skip
    verb.add_argument("--out", metavar="DIR", help="also write the differences as CSV")
    verb.add_argument("--html", metavar="FILE", help="also write the differences as one HTML page")
    verb.add_argument("--quiet", action="store_true", help="print no progress and no results")
    verb.add_argument("--json", action="store_true", help="write JSON to standard output")
    _solver(verb)


def _sweep(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("study", help="a study file (YAML): instance, factors, design")
    verb.add_argument("--instance", metavar="FILE", help="sweep this instance instead of the one the study names")
    verb.add_argument("--out", metavar="DIR", help="folder of the study (default results/<study>/<hash>)")
    _executor(verb)
    verb.add_argument("--shard", metavar="I/N", help="run the I-th of N parts, as one job of a batch array")
    verb.add_argument("--dry-run", action="store_true", help="list the runs and estimate their time; run nothing")
    verb.add_argument("--profile", action="store_true", help="also print how much of each model was rebuilt, and why")
    _force(verb)
    verb.add_argument("--quiet", action="store_true", help="print no progress and no results")
    verb.add_argument("--json", action="store_true", help="write JSON to standard output")


def _frontier(verb: argparse.ArgumentParser) -> None:
    _instance(verb)
    verb.add_argument("--requirement", required=True, metavar="NAME", help="requirement whose level varies")
    verb.add_argument("--points", type=int, default=8, help="points from the cheapest to the safest (default 8)")
    verb.add_argument("--out", metavar="DIR", help="folder for the tables (default results/<instance>/<hash>)")
    _solver(verb)


def _alternatives(verb: argparse.ArgumentParser) -> None:
    _instance(verb)
    verb.add_argument("--within", type=float, default=0.02, metavar="SHARE",
                      help="cost tolerance as a share of the least cost (default 0.02)")  # fmt: skip
    verb.add_argument("--count", type=int, default=5, help="number of plans that differ by project (default 5)")
    verb.add_argument("--least", type=float, default=0.01, metavar="SHARE",
                      help="least share of its maximum size that counts as built (default 0.01)")  # fmt: skip
    verb.add_argument("--out", metavar="DIR", help="folder for the tables (default results/<instance>/<hash>)")
    _solver(verb)


def _executor(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--executor", default="processes", metavar="NAME",
                      help="inline, processes[:N] (default), mpi[:N], dask[:N] or dask:ADDRESS")  # fmt: skip


def _explain(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("instance", help="a YAML instance, or the folder of a run")
    _changes(verb)
    verb.add_argument("--bounds", action="store_true", help="best level that money could reach, by requirement")
    verb.add_argument("--project", metavar="NAME", help="value of a project in the plan of a run, or outside it")
    _solver(verb)


def _futures(verb: argparse.ArgumentParser) -> None:
    _instance(verb)
    verb.add_argument("--count", type=int, default=20, help="number of futures (default 20)")
    verb.add_argument("--seed", type=int, default=0, help="seed of the draw (default 0)")
    verb.add_argument("--out", metavar="FILE", help="file to write (default: standard output); it must not exist")


def _report(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("runs", nargs="+", metavar="RUN", help="folder of a run; of several the first is the baseline;"
                      " or folders of a sweep, a frontier and alternatives, one of each")  # fmt: skip
    verb.add_argument("--out", metavar="FILE", help="file to write (default report.html in the first RUN)")
    _quiet(verb)


def _reference(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--out", metavar="FILE", default="reference.html", help="file to write (default reference.html)")
    _quiet(verb)


def _manual(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--out", metavar="DIR", default="manual", help="folder to write (default manual)")
    _quiet(verb)


def _export(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("run", help="folder of a run that planner solve has written")
    verb.add_argument("--format", required=True, help="xlsx, iamc, parquet, mps, lp, graphml or datapackage")
    verb.add_argument("--out", metavar="FILE", help="file to write (default next to the run); it must not exist")
    _quiet(verb)


def _solver(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--gap", type=float, help="relative gap at which the search stops, such as 0.005")
    verb.add_argument("--time-limit", type=float, metavar="SECONDS", help="wall-clock limit; the best plan is kept")
    verb.add_argument("--threads", type=int, help="solver threads")
    verb.add_argument("--seed", type=int, help="seed of the solver")


def _force(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--force", action="store_true", help="solve again even if an identical run exists")


def _show(verb: argparse.ArgumentParser) -> None:
    _instance(verb)
    verb.add_argument("--resolved", action="store_true", help="print the resolved instance as YAML")
    verb.add_argument("--why", metavar="PATH", help="every statement that set a value, with file and line")
    verb.add_argument("--nodes", action="store_true", help="print the tree of nodes")
    verb.add_argument("--periods", nargs="?", const="", metavar="FIGURE",
                      help="values by period, of all figures that vary or of those that a pattern names")
    verb.add_argument("--controls", action="store_true", help="shares that controls let pass, by commodity and class")


COMMANDS = (
    Command("solve", "solve", "find the least-cost plan and write its tables", _solve, EXIT_CODES),
    Command("evaluate", "solve", "carry out the plan of a run in other futures", _evaluate, EXIT_CODES),
    Command("losses", "solve", "rank losses of plants, countries, suppliers and lanes by harm to users", _losses),
    Command("value", "solve", "value of information and flexibility, and cost of waiting", _value),
    Command("compare", "compare", "list the differences between runs, in input and results", _compare),
    Command("sweep", "sweep", "many runs under changed assumptions; run again to resume", _sweep),
    Command("frontier", "tradeoff", "minimum cost for each level of a requirement", _frontier),
    Command("alternatives", "tradeoff", "plans of nearly the same cost; must, optional, never", _alternatives),
    Command("explain", "explain", "why no plan exists and what would help; value of a project", _explain),
    Command("futures", "inspect", "draw random futures to evaluate a plan on", _futures),
    Command("validate", "inspect", "check an instance without solving it", _instance),
    Command("show", "inspect", "show an instance, or where a value comes from", _show),
    Command("schema", "inspect", "print the JSON Schema of the instance language for editors", _nothing),
    Command("report", "publish", "write one HTML page about a run, a comparison or a study", _report),
    Command("reference", "publish", "write language, mathematics and tables as one HTML page", _reference),
    Command("manual", "publish", "write the manual as HTML pages into a folder", _manual),
    Command("export", "publish", "write a run in the format of another tool", _export),
    Command("new", "inspect", "write a small commented instance to start from", _new),
)
