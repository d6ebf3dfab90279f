"""The command line of the fuzzer; its exit code is 1 when there are findings."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
from pathlib import Path

from tests.fuzz.hunt import Hunt, warm_up
from tests.fuzz.kinds import KINDS

MANY = 10**9


def main() -> int:
    """Hunt for a while, tell what was found."""
    options = _parser().parse_args()
    out = Path(options.out or tempfile.mkdtemp(prefix="fuzz-findings-")).absolute()
    jobs = [multiprocessing.Process(target=_hunt, args=(options, seed, out))
            for seed in range(options.seed + 1, options.seed + options.jobs)]  # fmt: skip
    for job in jobs:
        job.start()
    found = _hunt(options, options.seed, out)
    for job in jobs:
        job.join()
        found += job.exitcode or 0
    return min(found, 1)


def _hunt(options: argparse.Namespace, seed: int, out: Path) -> int:
    """One process: the number of kinds of findings, told at the end."""
    warm_up()
    hunt = Hunt(seed, out, options.kinds)
    try:
        if options.round is None:
            hunt.go_on(options.seconds, options.rounds)
        else:
            hunt.round(options.round)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
    finally:
        hunt.close()
        print(hunt.summary(), flush=True)
    return min(len(hunt.found), 100)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="how long (default 60)")
    parser.add_argument("--rounds", type=int, default=MANY, help="how many rounds at most")
    parser.add_argument("--seed", type=int, default=0, help="seed of the first process (default 0)")
    parser.add_argument("--round", type=int, help="this one round only")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=tuple(KINDS), help="what is damaged (default all)")
    parser.add_argument("--jobs", type=int, default=1, help="processes, each with a seed of its own (default 1)")
    parser.add_argument("--out", help="folder for findings (default a new temporary one)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
