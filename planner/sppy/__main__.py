"""One rank of the engine mpi-sppy: `python -m planner.sppy TASK ANSWER` under mpiexec."""

import sys

from planner.sppy.ranks import main

if __name__ == "__main__":
    main(*sys.argv[1:])
