"""Where files stand that tests read."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[1]
INSTANCES = ROOT / "instances"
PUBLISHED = INSTANCES / "published"
QUICKSTART = INSTANCES / "quickstart.yaml"
STARTER = ROOT / "planner" / "language" / "starter.yaml"
SMALL = ROOT / "tests" / "small.yaml"
