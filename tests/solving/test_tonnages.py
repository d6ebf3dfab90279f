"""Branches solved apart of large tonnages: a branch that is short by a solver's tolerance keeps its plan."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from planner.common.arrays import Array
from planner.language.instance import Options
from planner.reading.document import load
from planner.solving.benders import solve as module
from planner.solving.benders.solve import decompose
from planner.solving.benders.subproblem_solver import Oracle
from planner.solving.benders.subproblems import Branches
from planner.solving.formulate import formulate
from planner.solving.outcome import SolverError
from tests.circulation import case
from tests.generators.instances import by_future
from tests.other_units import restated
from tests.paths import QUICKSTART

SHORT, NEED = 2.9e-7, 21_000.0  # t, as once was met.


def never(*_: Any, **__: Any) -> None:
    raise AssertionError("the decomposition failed and all was solved anew as one program")


class Works:
    """Two branches that need works for 21,000 t a year; ore costs 1 or 2, each step 1."""

    def __init__(self) -> None:
        plant = {"facility": "works", "size": {"most": 1e5}, "capital": {"variable": 1}, "lead_time": 0, "life": 9}
        raw = case(
            futures={"calm": {"probability": 0.5}, "dear": {
                "probability": 0.5, "from": "calm", "branches": 2026, "overrides": {"suppliers.ore.steps.0.price": 2}}},
            projects={"plant": plant | {"earliest": 2026, "latest": 2026}},
            facilities={"works": {"region": "here", "capacity": 0, "processes": ["precipitate"]},
                        "leach": {"region": "here", "capacity": 1e6, "processes": ["leach"]}},
        )  # fmt: skip
        raw["demands"]["users"]["amount"] = NEED / 2
        self.program = formulate(by_future(raw), Options())
        self.branches = Branches(self.program.pieces)
        assert self.branches.column_factors is None  # Amounts are handed over as they are.
        self.oracle = Oracle(self.branches, self.branches.scale, 1)

    def of(self, size: float) -> Array:
        """The trunk's columns for works of a size [t/year]."""
        layout, x = self.program.investment_layout, np.zeros(self.branches.width)
        x[[layout.column("start", key) for key in layout.positions["start"]]] = 1.0
        x[[layout.column("size", key) for key in layout.positions["size"]]] = size
        return x

    def leached(self, size: float) -> list[float]:
        """How much the branches leach when a plan is carried out [t/year]."""
        column = self.program.node_layout.column("activity", ("leach", "leach"))
        return [float(plan.values[column]) for plan in self.oracle.run(self.of(size), [])]


def test_a_branch_short_by_less_than_a_tolerance_has_a_cost() -> None:
    """A year of 21,000 t of each step and of ore: 63,000, or 84,000 where ore costs 2."""
    works = Works()
    answers = works.oracle.ask(works.oracle.every, works.of(NEED - 5e-8))
    assert [answer.value for answer in answers] == pytest.approx([63_000, 84_000])


def test_a_branch_short_by_what_once_was_met_says_why_and_keeps_its_plan() -> None:
    """No reason was found why there should be none, and the best plan was lost."""
    works = Works()
    for answer in works.oracle.ask(works.oracle.every, works.of(NEED - SHORT)):
        assert answer.cut.is_limit
        assert answer.cut.at(works.of(NEED - SHORT)) > 0 >= answer.cut.at(works.of(NEED)) - 1e-9
    assert works.leached(NEED - SHORT) == pytest.approx([NEED, NEED])


def test_a_branch_that_is_really_short_has_no_plan() -> None:
    works = Works()
    assert all(math.isinf(answer.value) for answer in works.oracle.ask(works.oracle.every, works.of(NEED - 1)))
    with pytest.raises(SolverError):
        works.leached(NEED - 1)


@pytest.mark.parametrize("factor", [1e3, 1e5, 1e7])
def test_the_decomposition_keeps_its_plan(factor: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """The quickstart with so many times the tonnes, cheaper by as much: 1,806.965389 as before."""
    monkeypatch.setattr(module, "solve", never)
    variants = {name: restated(part, factor, 1 / factor) for name, part in load(QUICKSTART).instances().items()}
    options = Options(gap=1e-4)
    outcome = decompose(formulate(variants, options), options)
    assert outcome.status == "optimal"
    assert outcome.bound <= 1806.965389 * (1 + 1e-6)
    assert 1806.965389 * (1 - 1e-6) <= outcome.objective <= 1806.965389 * (1 + 1.1e-4)
