"""Tests of `planner/manual/`."""
