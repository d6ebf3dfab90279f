"""One rank of the engine mpi-sppy: `python -m planner.solving.mpi_sppy TASK ANSWER` under mpiexec."""

import sys

from planner.solving.mpi_sppy.ranks import main

if __name__ == "__main__":
    main(*sys.argv[1:])
