"""Tests of `planner/check/`."""
