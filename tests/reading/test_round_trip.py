"""What is written is what is read: instances as YAML and as JSON, and the instance of a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

import planner
from planner.language.figure import Name
from planner.reading.compose import compose, plain
from planner.reading.document import load
from planner.reading.dump import written_yaml
from planner.validation.validate import validate
from tests.generators.instances import Raw, instances
from tests.paths import ROOT

SHIPPED = sorted([*ROOT.glob("instances/*.yaml"), *ROOT.glob("instances/published/*.yaml"), ROOT / "tests/small.yaml"])
LOOKS = ["1e5", "2.5e3", "007", "0x1F", "0o17", "1_000", "12:30", "NO", "on", "null", "~", "true", "nan", ".inf", "<<",
         "=", "- a", "a: b", "a #b", "2026-01-01", "+1", "1.", ".5", "y", " x", "x ", "'", '"', "\\", "\t", "%", "!t"]
TEXT = st.sampled_from(LOOKS) | st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Zl", "Zp", "Cs")))
VALUE = st.recursive(
    TEXT | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT.filter(bool) | st.integers(), inner, max_size=4),
    max_leaves=12,
)


def kept(path: Path, again: Path) -> None:
    """An instance, written as YAML and as JSON, is read as it was."""
    document = load(path)
    for text in (document.resolved_text(), json.dumps(document.resolved(), ensure_ascii=False)):
        again.write_text(text, "utf-8")
        found = load(again)
        assert found.resolved() == document.resolved()
        assert found.sha256 == document.sha256


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_instances(path: Path, tmp_path: Path) -> None:
    kept(path, tmp_path / "again.yaml")


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(raw=instances())
def test_generated_instances(raw: Raw, tmp_path: Path) -> None:
    path = tmp_path / "instance.yaml"
    path.write_text(written_yaml(raw), "utf-8")
    kept(path, tmp_path / "again.yaml")


@settings(max_examples=200, deadline=None)
@given(content=VALUE)
def test_any_value(content: Any) -> None:
    node = compose(written_yaml({"a": content}), "x")
    assert node is not None
    assert plain(node) == {"a": content}


def may_be_a_name(text: str) -> bool:
    try:
        return bool(TypeAdapter(Name).validate_python(text))
    except ValidationError:
        return False


@pytest.mark.parametrize("name", list(filter(may_be_a_name, LOOKS)))
def test_names_that_look_like_something_else(name: str, tmp_path: Path) -> None:
    raw = {
        "name": "x", "units": {"quantity": "t", "money": "MUSD", "price": "USD/kg"}, "regions": {name: {"title": name}},
        "time": {"start": 2026, "periods": [1], "discount_rate": 0, "base_year": 2026, "discounting": "mid_period",
                 "capital_charge": "annuity"},
        "commodities": {name: {"stage": name, "disposal": "free"}},
        "suppliers": {name: {"commodity": name, "regions": [name], "steps": [{"price": 1}]}},
        "demands": {name: {"region": name, "class": name, "accepts": {name: 1}, "amount": {2026: 1}}},
    }
    path = tmp_path / "instance.yaml"
    path.write_text(written_yaml(raw), "utf-8")
    assert load(path).resolved() == raw
    kept(path, tmp_path / "again.yaml")
    validate(load(tmp_path / "again.yaml"))


def test_a_run_can_be_solved_again_from_its_own_instance(tmp_path: Path) -> None:
    """Also one whose control only a scenario uses, as scenarios are not part of what was solved."""
    text = (ROOT / "tests/small.yaml").read_text().replace("[export_*]", "[export_licence]", 1)
    path = tmp_path / "instance.yaml"
    path.write_text(text + "  banned:\n    futures.storm.controls: [export_ban]\n")
    first = planner.solve(path, out=tmp_path / "first")
    again = planner.solve(tmp_path / "first" / "instance.yaml", out=tmp_path / "again")
    assert again.figures["objective"] == first.figures["objective"]
