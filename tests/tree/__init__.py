"""Tests of `planner/tree/`."""
