"""Tests of `planner/cli/`."""
