"""Tests of `planner/reading/`."""
