"""Tests of `planner/validation/`."""
