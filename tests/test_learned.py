"""What a sweep takes over from the first network: every program is the same, to the last bit, as if built anew."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from planner.formulation.network import build_network
from planner.language.figure import walk_figures
from planner.program.blocks import Compiled
from planner.program.program import Program, assemble
from planner.reading.blame import dotted
from planner.reading.document import Document, load
from planner.workflows.sweep.dependency_tracking import Learned

INSTANCES = Path(__file__).parents[1] / "instances"
ARRAYS = ("cost", "lower", "upper", "integer", "row_lower", "row_upper")


class Desk:
    """An instance and what was learned from it."""

    def __init__(self, name: str) -> None:
        self.document = load(INSTANCES / name)
        self.compiled = Compiled()
        self.learned = Learned(build_network(self.document.instances()), self.compiled)
        self.taken = 0

    def differs(self, change: str) -> bool:
        """Whether a change makes another program than one built anew; counts those that take something over."""
        changed = self.document.changed([change])
        self.taken += self.learned.reuse(build_network(changed.instances())).recall is not None
        return not same(_program(changed, self.compiled), _program(changed, None))


def _program(document: Document, compiled: Compiled | None) -> Program:
    return assemble(build_network(document.instances()), compiled)


def same(one: Program, other: Program) -> bool:
    return (
        all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ARRAYS)
        and one.offset == other.offset and (one.matrix != other.matrix).nnz == 0 and list(one.rows) == list(other.rows)
    )


def changes(document: Document) -> list[str]:
    """A change of every figure that is not 0."""
    figures = [f for f in walk_figures(document.instance) if any(f.figure.numbers())]
    return [f"{dotted(f.path)} *= 0.9" for f in figures]


@pytest.mark.parametrize("name", ["quickstart.yaml", "published/mexss.yaml"])
def test_any_figure_changes_the_program_as_if_it_were_built_anew(name: str) -> None:
    desk = Desk(name)
    every = changes(desk.document)
    assert [change for change in every if desk.differs(change)] == []
    assert desk.taken > len(every) / 2


@pytest.mark.long
def test_figures_of_the_shipped_instance_change_the_program_as_if_it_were_built_anew() -> None:
    desk = Desk("rare-earths-secure.yaml")
    sections: dict[str, list[str]] = {}
    for change in changes(desk.document):
        sections.setdefault(change.partition(".")[0], []).append(change)
    some = [every[len(every) // 2] for every in sections.values()]
    assert [change for change in some if desk.differs(change)] == []
    assert desk.taken


@pytest.mark.parametrize("change", ["time.discount_rate = 0.2", "facilities.mine.retirement = true", "plan = adaptive"])
def test_what_differs_in_more_than_figures_takes_nothing_over(change: str) -> None:
    desk = Desk("quickstart.yaml")
    assert not desk.differs(change)
    assert desk.taken == 0
