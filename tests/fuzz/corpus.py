"""What rounds start from: instances small enough to solve in a moment, as plain trees."""

from __future__ import annotations

import copy
import random
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, Phase, given, seed, settings

from planner.reading.document import load
from tests.generators.instances import Raw, instances
from tests.paths import ROOT

FILES = (
    "planner/language/starter.yaml", "instances/quickstart.yaml", "tests/small.yaml", "tests/golden/tiny.yaml",
    "tests/golden/secure.yaml", "instances/published/farmer.yaml", "instances/published/lands.yaml",
    "instances/published/mexss.yaml", "instances/published/robert.yaml", "instances/published/trnsport.yaml",
    "instances/published/trnspwl.yaml", "instances/published/orlib-cap71.yaml", "instances/published/interdict-1.yaml",
)  # fmt: skip
GENERATED = 40


@cache
def trees() -> tuple[Any, ...]:
    """Every instance as the YAML says it: the shipped small ones, then generated ones."""
    return (*(_read(ROOT / file) for file in FILES), *_generated())


def _read(file: Path) -> Any:
    """An instance as written; one made of several files, or with Norway's NO in it, as the planner reads it."""
    text = file.read_text("utf-8")
    is_plain = not any(word in text for word in ("extends:", "include:", "NO:"))
    return yaml.safe_load(text) if is_plain else load(file).resolved()


def _generated() -> list[Raw]:
    """The same instances every time."""
    found: list[Raw] = []

    @seed(1)
    @settings(max_examples=GENERATED, database=None, derandomize=False, deadline=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(raw=instances())
    def collect(raw: Raw) -> None:
        found.append(copy.deepcopy(raw))

    collect()
    return found


def drawn(chance: random.Random) -> Any:
    """A copy of one of the instances; the shipped ones as often as the generated."""
    shipped = len(FILES)
    number = chance.randrange(shipped) if chance.random() < 0.5 else chance.randrange(shipped, len(trees()))
    return copy.deepcopy(trees()[number])
