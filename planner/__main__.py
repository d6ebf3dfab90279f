"""The command line: `planner VERB ...`. Heavy imports wait until they are needed."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence

from planner.cli.parser import parser

SELDOM = 50_000, 20, 50  # Collections of garbage, of which there is little: nearly all that is made stays.


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = parser().parse_args(given or ["--help"])
    gc.set_threshold(*SELDOM)
    from planner.cli.dispatch import run

    return run(options)


if __name__ == "__main__":
    sys.exit(main())
