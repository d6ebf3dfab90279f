"""Tests of `planner/common/`."""
