"""Tests of `planner/workflows/`."""
