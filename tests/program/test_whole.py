"""The whole Pyomo model and the stamped program are one and the same, down to the last coefficient."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo
import pytest
import scipy.sparse as sp
from hypothesis import HealthCheck, given, settings
from numpy.typing import NDArray
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler

from planner import build
from planner.formulation.declarations import Chapter, Key
from planner.language.instance import Options
from planner.program.program import Program
from planner.program.pyomo_model import whole
from planner.reading.document import load
from planner.solving.extensive import solve
from planner.tree.nodes import Node
from planner.workflows.solve import formulate
from tests.generators.instances import by_future, instances
from tests.paths import QUICKSTART

EXACT = Options(gap=0.0)


def same(ours: Any, theirs: Any) -> None:
    np.testing.assert_allclose(np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float), rtol=1e-12, atol=1e-12)


def block_of(model: Any, program: Program, node: Node | None, family: str) -> Any:
    """The block of a family of variables or rows."""
    if node is not None:
        return model.operation[node.key]
    weighing = program.weighing
    names = [part.name for part in weighing.variables] + [part.name for part in weighing.constraints]
    if family not in names:
        return model.investments
    beside = [block for block in (model.find_component("risk"), model.find_component("rules")) if block is not None]
    return next(b for b in beside if b.find_component(family) or b.find_component(f"{family}_rows"))


def columns_of(model: Any, program: Program) -> list[Any]:
    """The model's variables in the order of the program's columns."""
    blocks: list[tuple[Node | None, Chapter]] = [(None, program.investments)]
    blocks += [(node, program.operation) for node in program.network.tree.nodes]
    blocks.append((None, program.weighing))
    return [
        getattr(block_of(model, program, node, family.name), family.name)[key]
        for node, chapter in blocks for family in chapter.variables for key in family.keys
    ]  # fmt: skip


def row_of(model: Any, program: Program, row: tuple[Node | None, str, Key]) -> Any:
    node, family, key = row
    return getattr(block_of(model, program, node, family), f"{family}_rows")[key]


class Written:
    """A Pyomo model as matrices, its columns and rows in a program's order."""

    def __init__(self, model: Any, program: Program) -> None:
        form = LinearStandardFormCompiler().write(model, mixed_form=True, nonnegative_vars=False)
        self.columns = columns_of(model, program)
        assert len(self.columns) == len(list(model.component_data_objects(pyo.Var)))
        place = {id(column): i for i, column in enumerate(self.columns)}
        where = np.array([place[id(column)] for column in form.columns], dtype=np.int64)
        found = {id(row.constraint): i for i, row in enumerate(form.rows)}
        kept = np.diff(program.matrix.indptr) > 0  # Pyomo leaves out a row without columns.
        stated = [row for row, keep in zip(program.rows, kept, strict=True) if keep]
        order = np.array([found.pop(id(row_of(model, program, row))) for row in stated], dtype=np.int64)
        assert not found, f"rows that the program lacks: {[form.rows[i].constraint.name for i in found.values()]}"
        self.kept, self.shape = kept, (len(order), len(self.columns))
        self.matrix, self.cost = self._placed(form.A, where, order), np.zeros(len(self.columns))
        self.cost[where] = form.c.toarray().ravel()
        self.offset = float(form.c_offset[0])
        self.rhs = np.asarray(form.rhs, dtype=float)[order]
        self.sense = -np.array([row.bound_type for row in form.rows])[order]

    def _placed(self, matrix: Any, where: NDArray[np.int64], order: NDArray[np.int64]) -> sp.csr_array:
        by_row = sp.coo_array(sp.csr_array(matrix)[order])
        return sp.csr_array((by_row.data, (by_row.coords[0], where[by_row.coords[1]])), shape=self.shape)


def assert_same(model: Any, program: Program) -> None:
    """The same columns, bounds, integers, costs, rows, sides and coefficients."""
    written = Written(model, program)
    assert written.shape[1] == len(program.cost)
    same([c.lb if c.lb is not None else -np.inf for c in written.columns], program.lower)
    same([c.ub if c.ub is not None else np.inf for c in written.columns], program.upper)
    assert [c.is_integer() for c in written.columns] == program.integer.tolist()
    scale = max(1.0, float(np.abs(program.cost).max()))
    same(written.cost / scale, program.cost / scale)
    assert written.offset == pytest.approx(program.offset, rel=1e-12, abs=1e-12)
    lower, upper = program.row_lower[written.kept], program.row_upper[written.kept]
    sense = np.where(lower == upper, 0, np.where(np.isfinite(lower), 1, -1))
    # Pyomo turns a row round, from at least to at most, when its right-hand side is a number.
    sign = np.where(sense == written.sense, 1.0, -1.0)
    assert (sense == sign * written.sense).all()
    same(sign * written.rhs, np.where(sense > 0, lower, upper))
    same((sp.diags_array(sign) @ written.matrix).toarray(), program.matrix[written.kept].toarray())


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(raw=instances())
def test_whole_model_is_the_stamped_program(raw: dict[str, Any]) -> None:
    program = formulate(by_future(raw), EXACT)
    assert_same(whole(program), program)


@pytest.mark.parametrize("scenario", [None, "certain_truce"])
def test_whole_quickstart_is_the_stamped_program(scenario: str | None) -> None:
    document = load(QUICKSTART, scenario)
    program = formulate(document.instances(), EXACT)
    assert_same(whole(program.network), program)


REGRET = "objective.risk={measure: regret, weight: 0.5}"


@pytest.mark.parametrize("sets", [[], ["plan=adaptive"], [REGRET]], ids=["common", "adaptive", "regret"])
def test_public_build_gives_both(sets: list[str]) -> None:
    assert_same(build(QUICKSTART, sets=sets, whole=True), build(QUICKSTART, sets=sets))


def test_pyomo_finds_the_same_optimum() -> None:
    program = formulate(load(QUICKSTART).instances(), EXACT)
    model = whole(program)
    pyo.SolverFactory("appsi_highs").solve(model)
    assert pyo.value(model.objective) == pytest.approx(solve(program, EXACT).objective, rel=1e-6)
