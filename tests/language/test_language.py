"""The JSON Schema that editors use accepts every shipped file and refuses what the loader refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from planner.language.figure import Part, walk_figures
from planner.language.instance import Instance
from planner.language.json_schema import json_schema
from planner.reading.document import load
from tests.paths import ROOT

FILES = sorted(path for path in (ROOT / "instances").rglob("*.yaml"))
VALIDATOR = jsonschema.Draft202012Validator(json_schema())


def as_json(path: Path) -> Any:
    return json.loads(json.dumps(yaml.safe_load(path.read_text("utf-8").replace("1e-", "1.0e-"))))


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_shipped_file_is_accepted(path: Path) -> None:
    errors = [f"{list(e.absolute_path)}: {e.message[:200]}" for e in VALIDATOR.iter_errors(as_json(path))]
    assert not errors


@pytest.mark.parametrize(
    "wrong", [{"facilitys": {}}, {"regions": {"A": {"latitude": 100}}}, {"plan": "commun"}, {"units": {"mass": "t"}}]
)
def test_wrong_words_are_refused(wrong: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid(wrong)


def test_every_field_says_its_unit_and_meaning() -> None:
    """No field of a number without a unit, no figure without a meaning."""
    for model in _models(Instance):
        for name, field in model.model_fields.items():
            extra = field.json_schema_extra
            if isinstance(extra, dict) and "unit" in extra:
                assert field.description, f"{model.__name__}.{name}"
        assert model.__doc__, model.__name__


def _models(model: type[Part]) -> list[type[Part]]:
    found = [model]
    for definition in Part.__subclasses__():
        found.append(definition)
    return found


def test_real_instance_is_sourced() -> None:
    """Every figure of the shipped instance has a source, or is marked as an estimate with its range."""
    instance = load(ROOT / "instances" / "rare-earths.yaml").instance
    assert instance.sourced
    figures = list(walk_figures(instance))
    assert len(figures) > 1000
    estimates = [f for f in figures if f.figure.estimate]
    assert all(f.figure.low is not None and f.figure.high is not None for f in estimates)
    named = [f for f in instance.facilities.values() if f.status != "generic"]
    assert len(named) >= 60
    assert all(f.source is not None for f in named)
    assert {"LaCe", "NdPr", "Sm", "Gd", "Dy", "Tb", "Y"} == set(instance.elements)
    assert {(d.region, d.user_class) for d in instance.demands.values()} >= {
        (region, users)
        for region in ("US", "EU", "JP", "KR")
        for users in ("defence", "ev", "wind", "industrial", "consumer")
    }
