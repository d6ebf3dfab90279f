"""Choose the method of a solve: one program or Benders' decomposition, by the user's option or the program's size."""

from __future__ import annotations

from collections.abc import Callable

from planner.common.errors import InputError, Place, Problem
from planner.language.instance import Options
from planner.program.program import Program
from planner.solving.benders.solve import decompose, obstacle
from planner.solving.benders.subproblems import trunk
from planner.solving.extensive import solve
from planner.solving.highs import Basis
from planner.solving.outcome import Outcome, SearchProgress

MANY = 16  # Nodes outside the trunk for each inside, from which branches are solved apart.
LARGE = 50_000  # Columns from which it is worth while.


def solve_by_method(
    program: Program, options: Options, news: Callable[[SearchProgress], None] | None = None,
    stopping: Callable[[], None] | None = None, executor: str | None = None, start: Basis | None = None,
) -> Outcome:
    """Solve by the method of the options. InputError when the program cannot be decomposed as it was asked.

    `start` is a basis near that of the relaxation, for a program that is solved as one.
    """
    wanted = options.method == "benders" or (options.method == "auto" and executor is not None)
    stated = Place("--method benders" if executor is None else f"--executor {executor}", 0, 0)
    if wanted and (reason := obstacle(program)) is not None:
        message = f"the instance cannot be solved branch by branch: {reason}"
        raise InputError([Problem("cannot-decompose", message, stated, "--method extensive solves any instance")])
    if executor is not None and options.method == "extensive":
        message = "the extensive form is solved in this process alone"
        raise InputError([Problem("wrong-choice", message, stated, "--method benders")])
    if wanted or (options.method == "auto" and is_wide(program) and obstacle(program) is None):
        return decompose(program, options, news, stopping, executor)
    return solve(program, options, news, stopping=stopping, start=start)


def is_wide(program: Program) -> bool:
    """Whether a program is large, and most of it in branches."""
    tree = program.network.tree
    return program.frame.width >= LARGE and len(tree.nodes) >= MANY * max(1, len(trunk(tree)))
