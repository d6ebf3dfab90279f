"""A document changed in place of being read again: the same instance, variants, digest, program and refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from planner.common.errors import InputError
from planner.formulation.network import build_network
from planner.program.blocks import Compiled
from planner.program.program import assemble
from planner.reading.document import load
from planner.validation.validate import validate
from tests.paths import INSTANCES, QUICKSTART, ROOT

SMALL = ROOT / "tests" / "small.yaml"
CHANGES = (
    [], ["demands.*.amount *= 1.1"], ["demands.ev.amount = 150", "demands.ev.amount *= 2"],
    ["time.discount_rate = 0.02"], ["processes.*.variable_cost *= 1.5", "suppliers.*.steps.*.price += 3"],
    ["futures.storm.overrides = {demands.ev.amount: 77}"],
    ["facilities.mill.availability = 0.8"], ["projects.*.lead_time = 2"], ["*.reserve.capacity = 90"],
    ["controls.export_licence.passes = 0.3"], ["time.periods = [1, 2]"], ["requirements.guns.target = 0.5"],
    ["requirements.china_share.share = 0.6"], ["facilities.mill.minimum_load = 0.2"], ["returns.*.rate = 0.1"],
)


@pytest.mark.parametrize("sets", CHANGES, ids=str)
def test_changed_is_read_with_sets(sets: list[str]) -> None:
    base = load(SMALL, None, ["demands.ev.amount *= 0.9"])
    fresh = load(SMALL, None, ["demands.ev.amount *= 0.9", *sets])
    document = base.changed(sets)
    assert document.instances() == fresh.instances()
    assert document.resolved() == fresh.resolved()
    assert document.sha256 == fresh.sha256
    assert base.instances() == load(SMALL, None, ["demands.ev.amount *= 0.9"]).instances()
    validate(document)


@pytest.mark.parametrize("sets", [["demand.ev.amount = 1"], ["demands.ev.amount = -1"], ["time.discount_rate = 7"]])
def test_what_is_refused_is_refused(sets: list[str]) -> None:
    with pytest.raises(InputError) as fresh:
        load(SMALL, None, sets)
    with pytest.raises(InputError) as changed:
        load(SMALL).changed(sets)
    assert str(changed.value) == str(fresh.value)


def same_program(path: Path, sets: list[str], compiled: Compiled) -> None:
    base = load(path)
    kept = assemble(build_network(base.changed(sets).instances()), compiled).arrays
    fresh = assemble(build_network(load(path, None, sets).instances())).arrays
    for name in ("cost", "lower", "upper", "row_lower", "row_upper", "integer"):
        np.testing.assert_array_equal(getattr(kept, name), getattr(fresh, name), err_msg=f"{sets} {name}")
    assert kept.offset == fresh.offset
    assert (kept.matrix != fresh.matrix).nnz == 0
    assert list(kept.rows) == list(fresh.rows)


def test_kept_blocks_give_the_same_program() -> None:
    """Blocks compiled for one instance are used for the next only where nothing in them has changed."""
    compiled = Compiled()
    for sets in CHANGES:
        try:
            load(SMALL, None, sets)
        except InputError:
            continue
        same_program(SMALL, sets, compiled)
    more = (["processes.separate.use = 2"], ["lanes.*.loss = 0.1"], ["demands.*.accepts.magnet.n = 0.5"],
            ["projects.magnets_1.size.fixed = 500"], ["projects.metal_more.size.most = 900"], ["regions.AU.title = x"],
            ["stockpiles.*.decay = 0.1"], ["returns.*.lifetime.2 = 0.3"])  # fmt: skip
    compiled = Compiled()
    for sets in more:
        try:
            load(QUICKSTART, None, sets)
        except InputError:
            continue
        same_program(QUICKSTART, sets, compiled)


@pytest.mark.parametrize("name", ["rare-earths", "rare-earths-tree"])
def test_a_change_of_the_shipped_instances(name: str) -> None:
    base, sets = load(INSTANCES / f"{name}.yaml"), ["demands.*.amount *= 1.2", "suppliers.*.steps.*.price *= 1.1"]
    assert base.changed(sets).instances() == load(INSTANCES / f"{name}.yaml", None, sets).instances()
