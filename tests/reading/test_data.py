"""Instances that are data: a mapping, the model object or a document say the same as the file they come from."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import planner
from planner.common.errors import InputError
from planner.language.instance import Instance
from planner.reading.compose import MOST_DEPTH, plain
from planner.reading.files import Reader
from tests.paths import INSTANCES, ROOT

SHIPPED = sorted([*INSTANCES.glob("*.yaml"), *INSTANCES.glob("published/*.yaml"), ROOT / "tests" / "small.yaml"])
SMALL: dict[str, Any] = yaml.safe_load("""
name: small
units: {quantity: t, money: MUSD, price: USD/kg}
time: {start: 2030, periods: [1], discount_rate: 0, base_year: 2030, discounting: mid_period, capital_charge: annuity}
regions: {US: {}}
commodities: {m: {stage: magnet, disposal: free}}
suppliers: {s: {commodity: m, regions: [US], steps: [{price: 3, amount: 60}]}}
demands: {d: {region: US, class: c, accepts: {m: 1}, amount: 100, shortage: [{share: 1, cost: 10}]}}
scenarios: {more: {"demands.d.amount *=": 2}}
""")
COST = (60 * 3 + 40 * 10) / 1000  # MUSD: what is sold is bought, the rest is missed; t times USD/kg are thousands.


def refused(data: Any) -> str:
    with pytest.raises(InputError) as caught:
        planner.validate(data)
    return str(caught.value)


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_a_mapping_and_a_model_object_are_the_instance_of_the_file(file: Path) -> None:
    """Digests know an instance, so that a run is also read back whichever way it is asked for."""
    stated = planner.load(file)
    merged = plain(Reader(file).read())
    assert planner.load(merged).sha256 == stated.sha256
    assert planner.load(planner.load(merged).resolved()).sha256 == stated.sha256
    again = planner.load(stated.before_futures)
    assert again.instance == stated.instance
    assert again.instances() == stated.instances()


def test_all_ways_have_the_same_cost_and_the_folder_stands_alone(tmp_path: Path) -> None:
    model = Instance.model_validate({key: part for key, part in SMALL.items() if key != "scenarios"})
    for name, given in {"mapping": SMALL, "model": model, "document": planner.load(SMALL)}.items():
        run = planner.solve(given, out=tmp_path / name)
        assert run.figures["objective"] == pytest.approx(COST), name
        assert run.recalled is False
        assert planner.solve(tmp_path / name / "instance.yaml", out=tmp_path / name).recalled
    assert planner.build(SMALL).matrix.shape[1] > 0
    other = {"futures": {"other": {"probability": 1}}}
    elsewhere = planner.evaluate(tmp_path / "mapping", instance=SMALL, on=other, out=tmp_path / "other")
    assert elsewhere.run.figures["objective"] == pytest.approx(COST)


def test_a_document_is_changed_further(tmp_path: Path) -> None:
    document = planner.load(SMALL, sets=["suppliers.s.steps.0.amount=80"])
    assert planner.load(document) is document
    more = planner.load(document, "more", ["demands.d.amount+=10"])
    assert more.instance.demands["d"].amount.value == 100 * 2 + 10
    assert more.instance.suppliers["s"].steps[0].amount.value == 80
    assert (more.scenario, more.sets) == ("more", ("suppliers.s.steps.0.amount=80", "demands.d.amount+=10"))
    assert document.instance.demands["d"].amount.value == 100
    assert [statement.how for statement in more.why("demands.d.amount")] == ["data", "scenario more *=", "--set +="]
    assert planner.load(document.changed(["demands.d.amount=7"]), "more").instance.demands["d"].amount.value == 14


def test_what_yaml_libraries_and_arrays_give_is_taken() -> None:
    data = SMALL | {"suppliers": {"s": {"commodity": "m", "regions": ("US",), "date": datetime.date(2026, 3, 1),
                    "steps": [{"price": np.float64(3), "amount": np.int64(60)}], "source": 2025}},
                    "sources": {2025: {"title": "A book"}}}  # fmt: skip
    supplier = planner.load(data).instance.suppliers["s"]
    assert (supplier.source, supplier.date, supplier.regions) == ("2025", "2026-03-01", ["US"])
    assert planner.load(yaml.safe_load(planner.load(data).resolved_text())).sha256 == planner.load(data).sha256


def with_amount(value: Any) -> dict[str, Any]:
    return SMALL | {"demands": {"d": SMALL["demands"]["d"] | {"amount": value}}}


@pytest.mark.parametrize(("data", "said"), [
    (with_amount("much"), "instance['demands']['d']['amount'] wrong-type"),
    (with_amount(np.zeros(2)), "instance['demands']['d']['amount'] wrong-type a number, text, list or mapping is"
     " expected: found ndarray"),
    (with_amount(float("nan")), "instance['demands']['d']['amount'] not-finite"),
    (with_amount(10**400), "instance['demands']['d']['amount'] not-finite"),
    (SMALL | {"suppliers": {"s": SMALL["suppliers"]["s"] | {"steps": [{"price": 3, "amuont": 1}]}}},
     "instance['suppliers']['s']['steps'][0]['amuont'] unknown-key"),
    (SMALL | {"regions": {"US": {"title": "a\x1bb"}}}, "instance['regions']['US']['title'] control-character"),
    (SMALL | {"regions": {True: {}}}, "instance['regions'] wrong-key"),
    (SMALL | {"regions": {1.5: {}}}, "instance['regions'] wrong-key"),
    (SMALL | {"extends": "base.yaml"}, "instance['extends'] outside-directory"),
    (SMALL | {"include": ["/etc/passwd"]}, "instance['include'][0] outside-directory"),
    (SMALL | {"demands": {"d": SMALL["demands"]["d"] | {"region": "UK"}}},
     "instance['demands']['d']['region'] dangling-name"),
])  # fmt: skip
def test_errors_say_where_in_the_data(data: dict[str, Any], said: str) -> None:
    assert said in refused(data)


def test_data_is_bounded_like_files() -> None:
    nested: dict[str, Any] = {}
    nested["regions"] = nested
    assert "too-deep" in refused(SMALL | nested)
    wide: list[Any] = [0] * 10
    for _ in range(MOST_DEPTH // 2):
        wide = [wide] * 10
    assert "too-large" in refused(SMALL | {"regions": wide})
